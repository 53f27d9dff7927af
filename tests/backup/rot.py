"""Bit rot: whatever happens to the bytes of an archive, `verify --level checksums` says so."""
import os
import random
import shutil

from place import Project, Row

FULL, SAMPLE = {"flip": 1000, "cut": 50, "removed": 50, "swapped": 50, "repeated": 50}, {"flip": 15, "cut": 8, "removed": 2, "swapped": 2, "repeated": 2}
FRAME = b"\x28\xb5\x2f\xfd"  # zstd's
LONGEST_PIECE = 2_000_000


def frames(archive):
    """Where frames may begin; the last is the end."""
    found, at = [], archive.find(FRAME)
    while at >= 0:
        found.append(at)
        at = archive.find(FRAME, at + 1)
    return [*found, len(archive)]


def two_pieces(chance, archive):
    """Two pieces that do not overlap and are not the same: any bytes, or whole frames."""
    borders = frames(archive)
    while True:
        if chance.random() < 0.5 and len(borders) > 3:
            first, second = sorted(chance.sample(range(len(borders) - 1), 2))
            a, b, c, d = borders[first], borders[first + 1], borders[second], borders[second + 1]
        else:
            size = int(chance.random() ** 4 * min(LONGEST_PIECE, len(archive) // 3)) + 1
            a = chance.randrange(len(archive) - 2 * size + 1)
            c = chance.randrange(a + size, len(archive) - size + 1)
            b, d = a + size, c + size
        if archive[a:b] != archive[c:d]:
            return a, b, c, d


def damage(kind, chance, archive):
    """The damaged bytes, and what was done."""
    if kind == "flip":
        # The end of the file, where index and footer are, is small: it gets every fifth.
        least = max(0, len(archive) - 400) if chance.random() < 0.2 else 0
        at, bit = chance.randrange(least, len(archive)), chance.randrange(8)
        return archive[:at] + bytes([archive[at] ^ 1 << bit]) + archive[at + 1:], f"bit {bit} of byte {at}"
    if kind == "cut":
        at = chance.choice((chance.randrange(len(archive)), len(archive) - 1 - int(chance.random() ** 6 * len(archive)), chance.choice(frames(archive)[:-1]), 0))
        return archive[:max(at, 0)], f"cut at {at}"
    a, b, c, d = two_pieces(chance, archive)
    if kind == "removed":
        return archive[:a] + archive[b:], f"{a} to {b} are gone"
    if kind == "swapped":
        return archive[:a] + archive[c:d] + archive[b:c] + archive[a:b] + archive[d:], f"{a} to {b} and {c} to {d} are swapped"
    return archive[:b] + archive[a:b] + archive[b:], f"{a} to {b} twice"


class Rot:
    """An archive that is good and was proven, and copies of its vault."""

    def __init__(self, place, full, seed):
        self.place, self.counts, self.seed = place, FULL if full else SAMPLE, seed
        self.name, self.path = place.project.newest()
        with open(self.path, "rb") as file:
            self.archive = file.read()

    def rows(self):
        return [(f"bit rot: {kind}", lambda row, kind=kind: self.run(kind, row)) for kind in self.counts]

    def run(self, kind, row: Row):
        for i in range(self.counts[kind]):
            seed = f"{self.seed}/{kind}/{i}"
            damaged, what = damage(kind, random.Random(seed), self.archive)
            row.points += 1
            if complaint := self.complaint(damaged):
                row.wrong.append(f"seed {seed}, {what} of {len(self.archive)} bytes: {complaint}")
            else:
                row.refused += 1

    def complaint(self, damaged):
        folder = f"{self.place.folder}/rot"
        shutil.rmtree(folder, ignore_errors=True)
        copy = Project(self.place.headgate, folder, self.place.urls(self.place.scratch.port))
        shutil.copytree(self.place.project.vault, copy.vault)
        with open(f"{copy.vault}/{os.path.basename(self.path)}", "wb") as file:
            file.write(damaged)
        ended = copy.do("backup", "verify", self.name, "--level", "checksums")
        if ended.status != 10:
            return str(ended)
        return copy.calls_it_proven(self.name)
