"""The places of a promotion at which something dies, for each kind of death."""
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import promotion_lane
import server
import tunnel
from promotion_course import USUAL, Blow
from promotion_release import ENVIRONMENTS, HOOKS
from relay import Fault

N_LANES = 2
COMMANDS = ("run", "approve", "resume")
WHERE = {"development": "run", "staging": "run", "production": "resume"}
KILLED, CUT, INTERRUPTED, SERVER = (-9,), (8,), (130,), (69, 8)


def some(items, wanted):
    """That many of them, evenly; None: all."""
    if wanted is None or wanted >= len(items):
        return items
    return [items[int((i + 0.5) * len(items) / wanted)] for i in range(wanted)]


class Matrix:
    """Lanes side by side, each with a server of its own; with a transport also with a host over which it is reached."""

    def __init__(self, headgate, full, transport=None):
        self.headgate, self.full, self.transport = headgate, full, transport
        self.disturb = os.environ.get("HEADGATE_DISTURB", f"{os.path.dirname(headgate)}/tests/libheadgate_disturb.so")
        self.servers, self.hosts, self.lanes = [], [None] * N_LANES, []
        self.syncs, self.messages = {}, {}

    def __enter__(self):
        self.servers = [server.Server("log_statement=none") for _ in range(N_LANES)]
        with ThreadPoolExecutor(N_LANES) as pool:
            list(pool.map(lambda scratch: scratch.__enter__(), self.servers))
            if self.transport:
                self.hosts = [tunnel.Host(f"{scratch.folder}/host").__enter__() for scratch in self.servers]
            self.lanes = [promotion_lane.Lane(scratch, self.headgate, self.disturb, host, self.transport)
                          for scratch, host in zip(self.servers, self.hosts)]
            list(pool.map(self.look_at_lane, self.lanes))
        if any(lane.expected != self.lanes[0].expected for lane in self.lanes):
            raise server.Failed("two undisturbed promotions end in different databases")
        return self

    def __exit__(self, *_):
        for lane in self.lanes:
            lane.close()
        for host in filter(None, self.hosts):
            host.__exit__()
        for scratch in self.servers:
            scratch.__exit__()

    def look_at_lane(self, lane):
        """Undisturbed promotions, each counted at one environment; the lanes share them."""
        for name in ENVIRONMENTS[self.lanes.index(lane)::N_LANES]:
            self.syncs, messages = lane.undisturbed(name)
            self.messages[name] = messages[WHERE[name]]

    # --- places ---

    def n_syncs(self, command):
        return self.syncs[command]

    def statements(self, name, side):
        """Where one statement ends and the next begins: of the client before each, of the server after each."""
        messages = self.messages[name][side]
        if side == "client":
            return [i for i, (kind, _) in enumerate(messages) if kind in (b"-", b"P", b"Q", b"X")] + [len(messages)]
        return [i + 1 for i, (kind, _) in enumerate(messages) if kind == b"C"]

    # --- points ---

    def deal(self, row, blows):
        """Each of them, as many at a time as there are lanes."""
        blows, lock = list(blows), threading.Lock()

        def work(lane):
            while True:
                with lock:
                    if not blows:
                        return
                    make = blows.pop(0)
                lane.point(row, make(lane))

        with ThreadPoolExecutor(len(self.lanes)) as pool:
            try:
                for done in [pool.submit(work, lane) for lane in self.lanes]:
                    done.result()
            finally:
                blows.clear()

    def sync_blow(self, when, command, at, ends):
        return lambda _: Blow(f"kill-{when} sync {at} of {command}", command, ends, {"DISTURB": f"kill-{when}:sync:{at}"})

    def at_syncs(self, row, when, wanted):
        places = [(command, at) for command in COMMANDS for at in range(1, self.n_syncs(command) + 1)]
        self.deal(row, [self.sync_blow(when, *place, KILLED) for place in some(places, wanted)])
        if wanted is None:
            self.no_more_syncs(row, when)

    def no_more_syncs(self, row, when):
        """One behind the last must not come: then these were all."""
        n = row.points
        self.deal(row, [self.sync_blow(when, command, self.n_syncs(command) + 1, (USUAL[command],)) for command in COMMANDS])
        row.points, row.alone = n, row.alone - len(COMMANDS)

    def at_statements(self, row, name, sides, strike, ends, wanted):
        places = [(side, at) for side in sides for at in self.statements(name, side)]

        def blow_at(side, at):
            def make(lane):
                fault = Fault(side, "message", at, "go on")
                fault.action = lambda: strike(lane, fault)
                # What had done all before may end as usual.
                may = (*ends, USUAL[WHERE[name]])
                return Blow(f"{name}: after {at} messages of {side}", WHERE[name], may, through=name, fault=fault)
            return make

        self.deal(row, [blow_at(*place) for place in some(places, wanted)])

    def in_hooks(self, row, whom, ends, wanted):
        places = [(hook, place) for hook in HOOKS for place in ("begin", "middle", "end")]

        def blow_at(hook, place):
            command = "run" if hook in ("e2e", "beside") else "resume"
            return lambda _: Blow(f"{whom} dies at the {place} of {hook}", command, ends, hook=f"{hook}:{place} {whom}")

        self.deal(row, [blow_at(*place) for place in some(places, wanted)])

    def rows(self):
        lane = promotion_lane.Lane

        def wanted(n):
            return None if self.full else n

        for when in ("before", "after"):
            yield f"kill -9 headgate {when} a sync", lambda row, when=when: self.at_syncs(row, when, wanted(3))
        for name in ENVIRONMENTS:
            sides = ["client", "server"] if name == "production" else ["client"]
            yield f"kill -9 the step, {name}", lambda row, name=name, sides=sides: self.at_statements(
                row, name, sides, lane.kill_step, CUT, wanted(1))
        yield "kill -9 headgate, production", lambda row: self.at_statements(
            row, "production", ["client"], lane.kill_engine, KILLED, wanted(1))
        for title, whom, ends in (("kill -9 the step", "step", CUT), ("kill -9 headgate", "engine", KILLED),
                                  ("SIGINT, twice,", "interrupt", INTERRUPTED)):
            yield f"{title} in a hook", lambda row, whom=whom, ends=ends: self.in_hooks(row, whom, ends, wanted(2))
        yield "pg_terminate_backend", lambda row: self.at_statements(
            row, "production", ["client"], lane.terminate, SERVER, wanted(1))
        if self.transport:
            yield "sessions of sshd killed", lambda row: self.at_statements(
                row, "production", ["client"], lane.drop_sessions, SERVER, wanted(2))
        yield "kill -9 the server", lambda row: self.at_statements(
            row, "production", ["client"], lane.kill_server, SERVER, wanted(1))

    def size(self):
        syncs = " + ".join(str(self.n_syncs(command)) for command in COMMANDS)
        statements = ", ".join(f"{len(self.statements(name, 'client')) - 1} in {name}" for name in ENVIRONMENTS)
        return f"{syncs} syncs in run, approve and resume; statements and connections of steps: {statements}"
