"""One server, one project, and deploys that something happens to."""
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field

import claims
import relay
import release
import server

LONGEST = 90  # seconds; a deploy that takes longer hangs
CLEAN_ENDS = (0, 69)


@dataclass
class Row:
    """A kind of fault, and how its points went."""
    kind: str
    points: int = 0
    alone: int = 0  # the disturbed deploy came to its end all the same
    first: int = 0  # the next one did
    second: int = 0
    recovery: list = field(default_factory=list)  # seconds of the deploys after it
    wrong: list = field(default_factory=list)


class Interrupted:
    """A deploy through the relay."""

    def __init__(self, world, database, fault=None):
        self.world, self.fault = world, fault
        world.relay.arm(fault)
        self.process = world.start(world.relay.port, database)

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)

    def finish(self):
        if self.fault and self.fault.then == "stall":
            while self.process.poll() is None and not self.fault.happened.wait(0.05):
                pass
            self.kill()
        said = finish(self.process)
        if self.fault and self.fault.failure:
            raise self.fault.failure
        return said


def finish(process):
    try:
        said = process.communicate(timeout=LONGEST)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[0] + "\n(it hung, and was killed)"
    return process.returncode, said


class Mortal:
    """Its server, self.scratch, may die and come back."""

    def wait_until_up(self):
        deadline = time.monotonic() + 30
        while server.run(["psql", "-XAtq", "-d", self.scratch.url("postgres"), "-c", "select"]).returncode != 0:
            if time.monotonic() > deadline:
                raise server.Failed("the server does not come back")
            time.sleep(0.05)

    def restart(self):
        """The shared memory of the old one must be free first."""
        deadline = time.monotonic() + 20
        while (done := server.run([f"{server.SUPPORT}/pg", "start", f"{self.scratch.folder}/pg"])).returncode != 0:
            if time.monotonic() > deadline:
                raise server.Failed(f"the server does not start again\n{done.stderr[-2000:]}")
            time.sleep(0.1)

    def pid_file(self):
        with open(f"{self.scratch.folder}/pg/data/postmaster.pid", encoding="utf-8") as file:
            return int(file.readline())


class World(Mortal):
    def __init__(self, scratch, headgate, migrations=None, relay_to=None):
        self.scratch, self.headgate = scratch, headgate
        self.folder = f"{scratch.folder}/shop{scratch.n_databases}"
        self.migrations = migrations or {name: release.MIGRATIONS[name] for name in release.names(scratch)}
        self.write_project()
        self.relay = relay.Relay(relay_to or scratch.port)
        scratch.psql("postgres", "create database empty")
        release.clear(scratch.url("empty"))  # so that a cleared one is like a new one
        self.spares, self.n_taken = [], 0
        self.remember_undisturbed()

    def write_project(self):
        release.write_project(self.folder, self.migrations)

    def fresh(self):
        """An empty database; one that has been used often is left alone."""
        self.n_taken += 1
        if not self.spares or self.n_taken % 200 == 0:
            return self.scratch.database("empty")
        spare = self.spares.pop()
        release.clear(self.scratch.url(spare))
        return spare

    def remember_undisturbed(self):
        database = self.scratch.database("empty")
        began = time.monotonic()
        rc, said = Interrupted(self, database).finish()
        self.took = time.monotonic() - began
        if rc != 0:
            raise server.Failed(f"the undisturbed deploy ends with {rc}\n{said}")
        self.n_bytes, self.messages = dict(self.relay.n_bytes), {side: list(all) for side, all in self.relay.messages.items()}
        self.expected = release.state(self.scratch.url(database))

    def start(self, port, database, *more):
        return self.launch(port, database, {}, *more)

    def launch(self, port, database, variables, *more):
        url = self.scratch.url(database, port) + "?sslmode=disable&gssencmode=disable"
        return subprocess.Popen(["env", "--default-signal=INT,TERM", self.headgate, "deploy", "development", *more], cwd=self.folder, text=True,
                                env={**server.clean_environment(), "DATABASE_URL": url, **variables}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def deploy(self, database, *more):
        """Undisturbed, past the relay."""
        return finish(self.start(self.scratch.port, database, *more))

    def difference(self, database):
        now = release.state(self.scratch.url(database))
        missing = [line for line in self.expected if line not in now]
        more = [line for line in now if line not in self.expected]
        same_but_often = [] if missing or more or now == self.expected else ["a line comes another number of times"]
        return [f"missing: {line}" for line in missing] + [f"too much: {line}" for line in more] + same_but_often

    def check_words(self, database, rc, said, ends):
        """What the disturbed deploy said, against what is there."""
        wrong = [] if rc in ends else [f"exit status {rc}"]
        if rc < 0:  # killed: it said nothing to the end
            return wrong
        rows, twice = release.progress(self.scratch.url(database))
        return wrong + (["a migration has two rows that count"] if twice else []) + claims.wrong_in(said, rows)

    def recover(self, row, database, rc, wait=()):
        """Deploys until it is done; what is wrong then."""
        said, n, took = "", 0, 0.0
        ends = rc
        while ends != 0 and n < 3:
            began = time.monotonic()
            ends, said = self.deploy(database, *wait)
            took += time.monotonic() - began
            n += 1
        if n > 0:
            row.recovery.append(took)
        row.alone += n == 0
        row.first += n == 1
        row.second += n > 1
        wrong = [] if n < 2 else [f"it took {n} deploys"]
        return wrong + ([f"exit status {ends} of the last\n{said}"] if ends != 0 else self.difference(database))

    def point(self, row, name, disturb, ends=CLEAN_ENDS, alone=True):
        """One fault in one fresh database: `disturb` takes its name, gives exit status and words of the disturbed deploy."""
        database = self.fresh()
        row.points += 1
        rc, said = disturb(database)
        # Of what another one applied it says nothing.
        wrong = self.check_words(database, rc, said, ends) if alone else [] if rc in ends else [f"exit status {rc}"]
        wrong += self.recover(row, database, rc)
        if wrong:
            row.wrong.append(f"{name}: " + "\n    ".join(wrong) + f"\n  it had ended with {rc} and said\n    "
                             + said.replace("\n", "\n    "))
        else:
            self.spares.append(database)


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(word) for word in found.split()]


def kill_all(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
