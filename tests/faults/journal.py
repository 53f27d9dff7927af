"""The disk of the state fails at each write and each sync of a promotion, or is full: no effect without a record, no false
success, and the next command goes on."""
import os

import pipeline_world
import server

KINDS = (("ENOSPC", "write"), ("EIO", "write"), ("short", "write"), ("sick", "write"),
         ("ENOSPC", "sync"), ("EIO", "sync"), ("sick", "sync"))
TITLES = {"ENOSPC": "no room at a", "EIO": "fails at a", "short": "short, full after a", "sick": "dies at a"}
COMMANDS = ("run", "approve", "resume")
GOOD = {"run": ("run-waiting", 3), "approve": ("approved", 0), "resume": ("run-ended", 0)}  # the event it ends with, exit status
DISK_KB = 200
PAGE = 4096


class Point:
    """A promotion right before one of its commands."""

    def __init__(self, world, command, site=None):
        self.site, self.command = site or world.fresh(), command
        for word in COMMANDS[:COMMANDS.index(command)]:
            rc, said = self.site.do(*self.words(word))
            if rc != GOOD[word][1]:
                raise server.Failed(f"the undisturbed {word} ends with {rc}\n{said}")
        self.before = len(self.site.events())

    def words(self, command=None):
        command = command or self.command
        return (command, *self.site.runs()) if command == "approve" else (command,)

    def effects_without_record(self):
        site = self.site
        wrong = [f"something is in {name}, and no step in the journal had begun" for name in pipeline_world.ENVIRONMENTS
                 if site.world.contents(name) and not site.begun(name)]
        if len(site.hooks()) > site.begun("e2e"):
            wrong.append(f"the hook ran {len(site.hooks())} times, the journal knows of {site.begun('e2e')}")
        return wrong

    def wrong_words(self, rc, said, accepted):
        wrong = []
        if rc not in accepted:
            wrong.append(f"exit status {rc}, not {' or '.join(map(str, accepted))}")
        if ".headgate" not in said:
            wrong.append("it names no file")
        if "hint: " not in said:
            wrong.append("it does not say what to do")
        return wrong

    def wrong_after(self, rc, said, unsure):
        """unsure: what could not be written may be on the disk all the same."""
        wrong = self.effects_without_record()
        event, status = GOOD[self.command]
        if rc != status:
            began = self.command != "approve" and len(self.site.events()) > self.before
            return wrong + self.wrong_words(rc, said, (1, 8) if unsure and began else (8,) if began else (1,))
        if event not in self.site.kinds():
            wrong.append(f"exit status {rc}, and the journal has no {event}")
        if self.command == "resume":
            wrong += self.site.wrong_at_end()
        return wrong

    def go(self, row, name, disturb=None, undo=None, unsure=False):
        """The disturbed command, and then the promotion to its end."""
        row.points += 1
        rc, said = self.site.do(*self.words(), disturb=disturb)
        wrong = self.wrong_after(rc, said, unsure)
        if undo:
            undo()
        wrong += self.site.finish()
        alone = rc == GOOD[self.command][1]
        row.alone += alone
        row.first += not alone
        if wrong:
            row.wrong.append(f"{name}: " + "\n    ".join(wrong) + f"\n  it had ended with {rc} and said\n    " + said.replace("\n", "\n    "))
        return alone


def some(n, full):
    """1 to n, or one in the middle, an end of a step, and the last."""
    return range(1, n + 1) if full else sorted({n // 2 + 1, max(1, n - 4), n})


def injected(world, what, call, full, commands):
    def run(row):
        for command in commands:
            point = Point(world, command)
            n = point.site.count(call, *point.words())[2]
            for at in some(n, full):
                Point(world, command).go(row, f"{command}, {call} {at} of {n}", f"{what}:{call}:{at}", unsure=what == "sick")
    return run


class Disk:
    """A small one, mounted where a site has its state."""

    def __init__(self, site):
        self.site, self.filler = site, f"{site.state}/filler"
        os.mkdir(site.state)
        self.mounted = server.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k", "tmpfs", site.state]).returncode == 0

    def leave(self, pages):
        room = os.statvfs(self.site.state).f_bavail * PAGE
        with open(self.filler, "wb") as file:
            file.write(b"x" * (room - pages * PAGE))

    def make_room(self):
        os.unlink(self.filler)

    def unmount(self):
        server.must(["umount", self.site.state])


def full_disk(world, full):
    """With ever more room, until it is enough."""
    def run(row):
        for command in ("run", "resume") if full else ("run",):
            enough, pages = False, 0
            while not enough and pages < DISK_KB // 4:
                site = world.fresh()
                disk = Disk(site)
                if not disk.mounted:
                    print("  skipped: nothing can be mounted here, so no disk can be full")
                    return
                try:
                    point = Point(world, command, site)
                    disk.leave(pages)
                    enough = point.go(row, f"{command}, {pages} pages are free", undo=disk.make_room)
                finally:
                    disk.unmount()
                pages += 1 if full else 6
    return run


def rows(scratch, headgate, full):
    world = pipeline_world.World(scratch, headgate)
    found = []
    for i, (what, call) in enumerate(KINDS):
        commands = COMMANDS if full else COMMANDS[i % 3:i % 3 + 1]
        found.append((f"state {TITLES[what]} {call}", injected(world, what, call, full, commands)))
    return [*found, ("state on a full disk", full_disk(world, full))]
