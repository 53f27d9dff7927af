"""Creating, proving and restoring are interrupted: what looks finished is whole, a database is the old or the new one, nothing is
left behind, and no exit status lies."""
import os
import random
import signal
import threading
import time

import relay
import server
from disk import SmallDisk, SmallServer
from place import Ended, Project, interrupt_group, kill_family, psql, send

ACTIONS = {"create": ("create", "source", "--verify", "restore"), "verify": ("verify", "BASE", "--level", "restore"),
           "restore": ("restore", "BASE", "--to", "target")}
CLEAN_ENDS = (0, 1, 8, 10, 69, 130, 143)
SOME = 10  # of so many moments not all are after the end
REFUSED = 4  # what is too small for a second database is seen before anything is made
PG = f"{server.SUPPORT}/pg"
#          kind: points of create, verify, restore
FULL = {"killed": (70, 60, 70), "SIGTERM": (20, 20, 20), "Ctrl-C twice": (10, 10, 10), "cut connection": (20, 0, 20), "server restarted": (10, 0, 10),
        "sessions terminated": (10, 0, 10)}
# Every test run's share; full disks, servers that restart and sessions that are ended are only in --full.
SAMPLE = {"killed": (1, 0, 1), "SIGTERM": (0, 1, 0), "Ctrl-C twice": (0, 0, 1), "cut connection": (1, 0, 0)}
FULL_DISK = {True: 15, False: 0}


class Faults:
    proven = "restore"  # how far creating and verifying prove it
    undisturbed = tuple(ACTIONS)
    n_survived = 0  # faults that came, and that it got over

    def __init__(self, place, full, seed):
        self.place, self.project, self.full, self.seed = place, place.project, full, seed
        self.relay = relay.Relay(place.scratch.port)
        options = "?sslmode=disable&gssencmode=disable"
        self.relayed = Project(place.headgate, f"{place.folder}/relay", {name: url + options for name, url in place.urls(self.relay.port).items()},
                               vault=self.project.vault)

    def __enter__(self):
        """What an undisturbed one takes, and says over the wire."""
        self.took, self.bytes = {}, {}
        self.base = "latest"
        for action in self.undisturbed:
            self.relay.arm(None)
            began = time.monotonic()
            self.relayed.must(*self.words(action))
            self.took[action], self.bytes[action] = time.monotonic() - began, dict(self.relay.n_bytes)
            self.base = self.project.newest()[0]
        if self.full:
            self.took["unproven"] = self.time_unproven()
        self.rows_of_bulk = self.place.psql(self.place.source, "-c", "select count(*), sum(hashtext(t)) from bulk")
        self.old_target()
        return self

    def __exit__(self, *_):
        pass

    def time_unproven(self):
        """How long the server is needed: proving a backup does without."""
        began = time.monotonic()
        self.project.must("backup", "create", "source")
        took = time.monotonic() - began
        os.unlink(self.project.newest()[1])
        return took

    def words(self, action):
        return ["backup", *(self.base if word == "BASE" else word for word in ACTIONS[action]), *(("--env", "source") if self.base == "latest" and action != "create" else ())]

    def rows(self):
        found = []
        for kind, counts in (FULL if self.full else SAMPLE).items():
            for action, n in zip(ACTIONS, counts):
                if n:
                    found.append((f"{kind}: {action}", lambda row, *about: self.run(row, *about), (kind, action, n)))
        n = FULL_DISK[self.full]
        found += [(f"full disk: {what}", lambda row, run: run(row, n), (run,)) for what, run in (
            ("vault", self.full_vault), ("scratch server", self.full_scratch), ("server that is restored into", self.full_target)) if n]
        return [(name, lambda row, function=function, about=about: function(row, *about)) for name, function, about in found]

    # --- points ---

    def run(self, row, kind, action, n):
        disturb = self.disturb(kind)
        for i in range(n):
            seed = f"{self.seed}/{kind}/{action}/{i}"
            chance = random.Random(seed)
            before = self.project.archives()
            ended, project, when = disturb(action, chance)
            self.judge(row, f"seed {seed}, {when}", action, ended, project, before, killed=kind == "killed")
        if n >= SOME and row.refused == 0 and self.n_survived == 0:
            row.wrong.append("nothing was disturbed by any of them")

    def disturb(self, kind):
        return {"killed": self.killed, "SIGTERM": self.terminated, "Ctrl-C twice": self.twice, "cut connection": self.cut,
                "server restarted": self.restarted, "sessions terminated": self.sessions_end}[kind]

    def at_moment(self, action, chance, do, within=None):
        """The action, and something at a moment of it."""
        took = self.took[within or action]
        moment = chance.random() * took * 1.05
        words = self.words(action)
        process = self.project.start(*words)
        timer = threading.Timer(moment, lambda: process.poll() is None and do(process))
        timer.start()
        ended = self.project.end(words, process)
        timer.cancel()
        timer.join()
        return ended, self.project, f"after {moment:.3f} s of about {took:.1f}"

    def killed(self, action, chance):
        return self.at_moment(action, chance, lambda process: kill_family(process.pid))

    def terminated(self, action, chance):
        return self.at_moment(action, chance, lambda process: send(process.pid, signal.SIGTERM))

    def twice(self, action, chance):
        """As a terminal does it: all of the group are told, and somebody is impatient."""
        pause = chance.choice((0, 0.01, 0.1, 0.5))

        def interrupt(process):
            for _ in range(2):
                interrupt_group(process.pid)
                time.sleep(pause)
        return self.at_moment(action, chance, interrupt)

    def restarted(self, action, chance):
        mode = chance.choice(("fast", "immediate"))

        def restart(_):
            server.must([PG, "stop", f"{self.place.scratch.folder}/pg", mode])
            server.must([PG, "start", f"{self.place.scratch.folder}/pg"])
        return self.at_moment(action, chance, restart, self.while_needed(action))

    @staticmethod
    def while_needed(action):
        return "unproven" if action == "create" else None

    def sessions_end(self, action, chance):
        return self.at_moment(action, chance, lambda _: self.place.psql(
            "postgres", "-c", "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'"),
            self.while_needed(action))

    def cut(self, action, chance):
        side = "server" if action == "create" else chance.choice(("client", "server"))
        at = chance.randrange(1, self.bytes[action][side])
        self.relay.arm(relay.Fault(side, "byte", at, chance.choice(("cut", "reset"))))
        ended = self.relayed.do(*self.words(action))
        self.relay.arm(None)
        return ended, self.relayed, f"after {at} bytes of the {side}"

    # --- what is right ---

    def judge(self, row, about, action, ended, project, before, killed=False):
        row.points += 1
        wrong = []
        if ended.status not in CLEAN_ENDS and not (killed and ended.status == -signal.SIGKILL):
            wrong.append(f"ends with {ended.status}")
        if ended.status == 0:
            row.done += 1
        else:
            row.refused += 1
        held = f"before any other command:\n{project.holds()}\ndatabases: {self.place.databases()}"
        listed = project.do(*self.following())
        if left := project.leftovers():
            wrong.append(f"left behind: {left}\n{listed}\nafterwards:\n{project.holds()}")
        wrong += self.judge_archives(action, ended, project, before)
        if action == "restore":
            wrong += self.judge_target(ended, project)
        row.wrong += [f"{about}: {line}\n{ended}\n{held}" for line in wrong]

    def following(self):
        """The next command, which clears up."""
        return ["backup", "list"]

    def judge_archives(self, action, ended, project, before):
        new = [name for name in project.archives() if name not in before]
        for name in new:
            verified = project.do("backup", "verify", name, "--level", "checksums")
            if verified.status != 0:
                yield f"{name} looks finished: {verified}"
        proof = project.proof(new[0] if new else self.base)
        if ended.status == 0 and action == "create" and len(new) != 1:
            yield f"success, and there are {len(new)} new ones"
        if ended.status == 0 and action in ("create", "verify") and (proof.get("level") != self.proven or proof.get("failed")):
            yield f"success, and the proof is {proof}"
        if proof.get("failed") and (ended.status in (0, -signal.SIGKILL)):
            yield f"a good archive is called bad: {proof}"
        for name in new:
            for path in (project.archives()[name], f"{project.vault}/{name}.proof.json"):
                if os.path.exists(path):
                    os.unlink(path)

    def judge_target(self, ended, project):
        """The old database or the whole new one; and the next restore clears up."""
        place = self.place
        is_old = place.psql(place.target, "-c", "select to_regclass('was_here') is not null")
        if is_old == "t":
            if ended.status == 0:
                yield "success, and the old database is there"
        elif place.psql(place.target, "-c", "select count(*), sum(hashtext(t)) from bulk") != self.rows_of_bulk:
            yield "neither the old database nor the new one is there"
        following = project.do(*self.words("restore"))
        if following.status != 0:
            yield f"the next restore: {following}"
        if names := place.databases("_restoring_"):
            yield f"after the next restore there are {names}"
        self.old_target()

    def old_target(self):
        place = self.place
        for name in place.databases():
            place.psql("postgres", "-c", f'drop database "{name}" with (force)')
        place.psql("postgres", "-c", f"create database {place.target}")
        place.mark()

    # --- full disks ---

    def full_vault(self, row, n):
        """The room ends before, or in the middle."""
        size = os.path.getsize(self.project.archives()[self.base])
        with SmallDisk(f"{self.place.folder}/small", 64) as disk:
            if not disk.is_there:
                row.skipped = "a tmpfs cannot be mounted here"
                return
            project = Project(self.place.headgate, f"{self.place.folder}/fv", self.place.urls(self.place.scratch.port), vault=f"{disk.folder}/vault")
            words = ["backup", "create", "source"]
            for i in range(n):
                chance = random.Random(f"{self.seed}/full vault/{i}")
                if i % 3 == 0:
                    disk.leave(chance.randrange(size if i == 0 else size * 3 // 2))
                    ended, about = project.do(*words), "a small disk"
                else:
                    ended, about = self.while_it_fills(project, words, disk, chance)
                disk.leave(None)
                self.judge(row, f"seed {self.seed}/full vault/{i}, {about}", "unproven", ended, project, {})

    def while_it_fills(self, project, words, disk, chance):
        moment = chance.random() * self.took["unproven"] * 0.8
        process = project.start(*words)
        timer = threading.Timer(moment, lambda: disk.leave(chance.randrange(200_000)))
        timer.start()
        ended = project.end(words, process)
        timer.join()
        return ended, f"full after {moment:.3f} s"

    def full_scratch(self, row, n):
        with SmallDisk(f"{self.place.folder}/fs/t", 400) as disk:
            if not disk.is_there:
                row.skipped = "a tmpfs cannot be mounted here"
                return
            project = Project(self.place.headgate, f"{self.place.folder}/fs", self.place.urls(self.place.scratch.port), vault=self.project.vault)
            for i in range(n):
                chance = random.Random(f"{self.seed}/full scratch/{i}")
                room = chance.randrange(30_000_000 if i == 0 else 200_000_000)
                disk.leave(room)
                ended = project.do(*self.words("verify"))
                disk.leave(None)
                if ended.status != 0 and "restored and compared" in ended.printed:
                    row.wrong.append(f"seed {self.seed}/full scratch/{i}: {ended}")
                self.judge(row, f"seed {self.seed}/full scratch/{i}, room for {room} bytes", "verify", ended, project, self.project.archives())

    def full_target(self, row, n):
        with SmallServer(f"{self.place.folder}/ft", 500) as small:
            if not small.disk.is_there:
                row.skipped = "a tmpfs cannot be mounted here"
                return
            urls = {"source": self.place.scratch.url(self.place.source), "target": small.url("target")}
            project = Project(self.place.headgate, f"{self.place.folder}/ftp", urls, vault=self.project.vault)
            small.prepare()
            for i in range(n):
                room = random.Random(f"{self.seed}/full target/{i}").randrange(150_000_000)
                small.disk.leave(room)
                ended = project.do(*self.words("restore"))
                small.disk.leave(None)
                small.wait_until_up()
                row.wrong += [f"seed {self.seed}/full target/{i}, room for {room} bytes: {line}\n{ended}"
                              for line in self.judge_small(row, project, small, ended)]

    def judge_small(self, row, project, small, ended: Ended):
        row.points += 1
        if ended.status == 0:
            row.done += 1
        else:
            row.refused += 1
        if ended.status not in (*CLEAN_ENDS, REFUSED):
            yield f"ends with {ended.status}"
        is_old = psql(small.url("target"), "-c", "select to_regclass('was_here') is not null") == "t"
        if is_old == (ended.status == 0):
            yield "the wrong database is there"
        following = project.do(*self.words("restore"))
        if following.status != 0:
            yield f"with room again: {following}"
        names = psql(small.url("postgres"), "-c", "select datname from pg_database").split()
        if any("_restoring_" in name for name in names):
            yield f"after the next restore there are {names}"
        small.prepare()
