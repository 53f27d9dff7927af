"""The hard cases: backed up, proven, and restored into another database that is the same."""
import os
import subprocess

import server
from place import Place, differences, fingerprint


class Hard:
    def __init__(self, headgate, scratch, full):
        self.full = full
        self.place = Place(headgate, scratch, tables=2000 if full else 5, long_row=500_000_000 if full else 0, megabytes=0, name="h")

    def rows(self):
        return [("hard cases: proven", self.proven), ("hard cases: restored is the same", self.restored),
                ("hard cases: without headgate", self.without)]

    def proven(self, row):
        project = self.place.project
        row.points += 1
        ended = project.do("backup", "create", "source", "--verify", "restore")
        if ended.status != 0:
            row.wrong.append(str(ended))
            return
        name, _ = project.newest()
        proof = project.proof(name)
        if proof.get("level") != "restore" or proof.get("failed"):
            row.wrong.append(f"{ended}\nits proof: {proof}")
        if "restored and compared" not in project.must("backup", "list").printed:
            row.wrong.append("list does not say that it was restored and compared")
        if left := project.leftovers():
            row.wrong.append(f"left behind: {left}")
        row.done += 1

    def reference(self):
        """What PostgreSQL's own programs make of it: definitions that it rewrites when it reads them are rewritten there, too."""
        place = self.place
        place.psql("postgres", "-c", "create database h_reference")
        with subprocess.Popen(["pg_dump", "-Fc", "-Z0", "-d", place.scratch.url(place.source)], stdout=subprocess.PIPE,
                              env=server.clean_environment()) as dump:
            done = subprocess.run(["pg_restore", "--exit-on-error", "-d", place.scratch.url("h_reference")], stdin=dump.stdout, check=False,
                                  capture_output=True, text=True, env=server.clean_environment())
        if done.returncode != 0:
            raise server.Failed(done.stderr)
        return fingerprint(place.scratch.url("h_reference"))

    def restored(self, row):
        place, project = self.place, self.place.project
        row.points += 1
        project.must("backup", "restore", "latest", "--env", "source", "--to", "target")
        rows, _ = fingerprint(place.scratch.url(place.source))
        found_rows, found_text = fingerprint(place.scratch.url(place.target))
        row.wrong += [f"rows: {line}" for line in differences(rows, found_rows)]
        _, text = self.reference()
        row.wrong += [f"definitions: {line}" for line in differences(text, found_text)]
        project.must("backup", "restore", "--finish", "--to", "target", "--confirm", "target")
        if place.databases() != [place.target]:
            row.wrong.append(f"left behind: {place.databases()}")
        if left := project.leftovers():
            row.wrong.append(f"left behind: {left}")
        row.done += 1

    def without(self, row):
        """tar, sha256sum and pg_restore alone; of the members the dump is one behind the other."""
        place, (_, path) = self.place, self.place.project.newest()
        row.points += 1
        folder = f"{place.folder}/unpacked"
        os.makedirs(folder)
        server.must(["tar", "--zstd", "-xf", path, "-C", folder])
        server.must(["sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS"], cwd=folder)
        place.psql("postgres", "-c", "create database h_without")
        members = sorted(os.listdir(f"{folder}/dump"))
        with subprocess.Popen(["cat", *members], cwd=f"{folder}/dump", stdout=subprocess.PIPE) as cat:
            done = subprocess.run(["pg_restore", "--exit-on-error", "-d", place.scratch.url("h_without")], stdin=cat.stdout, check=False,
                                  capture_output=True, text=True, env=server.clean_environment())
        if done.returncode != 0:
            row.wrong.append(done.stderr)
        ours, theirs = fingerprint(place.scratch.url("h_without")), fingerprint(place.scratch.url(place.source))
        row.wrong += [f"rows: {line}" for line in differences([line for line in theirs[0] if "\t" in line],
                                                              [line for line in ours[0] if "\t" in line])]
        server.must(["zstd", "-tq", path])
        row.done += 1
