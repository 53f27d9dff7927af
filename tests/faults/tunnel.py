"""Deploys over SSH, whose line to the host breaks, stalls, crawls or crumbles: whatever happens, the next one ends as always."""
import json
import shlex
import signal

import matrix
import server
import world as worlds
from relay import Fault

KEEPALIVE = 2  # seconds of silence that a session survives
SLOW = 10_000  # bytes a second
EACH_DAY_OVER_BOTH = ("cut", "kill -9 headgate", "a byte at a time")


class Host:
    """A real sshd, gone with the block."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        said = server.must([f"{server.SUPPORT}/sshd", "start", self.folder])
        self.facts = dict(word.split("=", 1) for word in shlex.split(said))
        self.port = int(self.facts["port"])
        # Where the relay listens nobody knows this host's keys by that port.
        with open(self.facts["known_hosts"], encoding="utf-8") as file:
            keys = [line.split(None, 1)[1] for line in file]
        with open(f"{self.folder}/keys", "w", encoding="utf-8") as file:
            file.writelines(f"there {key}" for key in keys)
        return self

    def place(self, name, transport="libssh2"):
        """"ssh" of a file of environments."""
        return {"host": name, "user": self.facts["user"], "identity": self.facts["key"], "config": f"{self.folder}/config",
                "transport": transport, "keepalive": f"{KEEPALIVE}s"}

    def __exit__(self, *_):
        server.run([f"{server.SUPPORT}/sshd", "stop", self.folder])

    def configure(self, ports):
        """Each name is this host, by way of another port."""
        with open(f"{self.folder}/config", "w", encoding="utf-8") as file:
            for name, port in ports.items():
                file.write(f"Host {name}\n    HostName 127.0.0.1\n    Port {port}\n    HostKeyAlias there\n"
                           f"    UserKnownHostsFile {self.folder}/keys\n")

    def drop(self):
        """Its sessions die, the server lives."""
        server.run([f"{server.SUPPORT}/sshd", "drop", self.folder])


class World(worlds.World):
    """The relay stands between us and sshd; a deploy that is not disturbed goes past it, over SSH as well."""

    def __init__(self, scratch, headgate, host, transport):
        self.host, self.transport = host, transport
        super().__init__(scratch, headgate, relay_to=host.port)

    def write_project(self):
        super().write_project()
        path = f"{self.folder}/pipelines/environments.json"
        with open(path, encoding="utf-8") as file:
            environments = json.load(file)
        environments["environments"]["development"]["ssh"] = self.host.place("${FAULTS_SSH_HOST}", self.transport)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(environments, file)

    def start(self, port, database, *more):
        self.host.configure({"relayed": self.relay.port, "there": self.host.port})
        name = "relayed" if port == self.relay.port else "there"
        return self.launch(self.scratch.port, database, {"FAULTS_SSH_HOST": name}, *more)


def at_places(world, row, places, act, ends):
    """The line stands still until it is done, then goes on."""
    for side, at in places:
        def disturb(database, side=side, at=at):
            fault = Fault(side, "byte", at, "go on")
            fault.action = lambda: act(victim)
            victim = worlds.Interrupted(world, database, fault)
            return victim.finish()

        world.point(row, f"after {at} bytes of {side}", disturb, ends)


def silence(world, row, places):
    """Nothing comes any more, and nothing ends: the session counts as dead in time, and the deploy says so by itself."""
    for side, at in places:
        def disturb(database, side=side, at=at):
            fault = Fault(side, "byte", at, "stall")
            world.relay.arm(fault)
            rc, said = worlds.finish(world.start(world.relay.port, database))
            world.relay.release()
            return rc, said

        world.point(row, f"silence after {at} bytes of {side}", disturb)


def line(world, row, what, times, **manner):
    """The whole deploy over a poor line must come to its end."""
    for _ in range(times):
        def disturb(database):
            vars(world.relay).update(manner)
            try:
                return worlds.Interrupted(world, database).finish()
            finally:
                vars(world.relay).update(grain=None, rate=None)

        world.point(row, what, disturb, (0,))


def rows(world, full, thin):
    """Kind by kind; a crawling line takes its time and has no place in the everyday sample."""
    def places(sample):
        total = {side: world.n_bytes[side] for side in ("client", "server")}
        wanted = None if full else sample
        stride = {side: 150 * thin if wanted is None else max(1, total[side] // wanted) for side in total}
        return [(side, at) for side in total for at in range(stride[side] // 2, total[side], stride[side])]

    def breaks(then, sample):
        return [(side, "byte", at, then) for side, at in places(sample)]

    yield "cut", lambda row: matrix.cut(world, row, breaks("cut", 3))
    yield "reset", lambda row: matrix.cut(world, row, breaks("reset", 1))
    yield "silence", lambda row: silence(world, row, places(1)[full - 1:: 10 if full else 1])
    yield "sessions of sshd killed", lambda row: at_places(world, row, places(1)[:: 2 if full else 1], lambda _: world.host.drop(), worlds.CLEAN_ENDS)
    yield "kill -9 headgate", lambda row: at_places(world, row, places(1)[:: 2 if full else 1], lambda victim: victim.kill(), (-9, 0))
    yield "SIGTERM", lambda row: at_places(world, row, places(1)[full - 1:: 10 if full else 1], lambda victim: victim.kill(signal.SIGTERM), (143, 0, 69))
    yield "a byte at a time", lambda row: line(world, row, "a byte at a time", 20 if full else 1, grain=1)
    if full:
        yield f"{SLOW // 1000} kB a second", lambda row: line(world, row, "slow", 3, rate=SLOW)
