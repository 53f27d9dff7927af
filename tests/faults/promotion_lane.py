"""Promotions, one after the other, on a server of their own: to each of them something happens once."""
import os
import shutil
import signal
import subprocess
import time

import promotion_record as record
import relay
import release
import server
import world as worlds
from promotion_course import MOST_TRIES, USUAL, Blow, Course
from promotion_release import ENVIRONMENTS, write_project
from session import Session

LINGERS = 5  # seconds that what was told to end may take for it
LOOKS = 20

CLEAR = """set client_min_messages = error;
drop schema public cascade;
drop schema if exists headgate cascade;
create schema public;"""
IS_TOUCHED = """select to_regclass('_prisma_migrations') is not null or to_regclass('log') is not null
                or to_regnamespace('headgate') is not null"""


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def socket_of(port, to_port):
    """As links to descriptors name it; None: not found."""
    with open("/proc/net/tcp", encoding="utf-8") as table:
        for words in map(str.split, table):
            if words[1] == f"0100007F:{port:04X}" and words[2] == f"0100007F:{to_port:04X}":
                return f"socket:[{words[9]}]"
    return None


def has_open(pid, name):
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") == name for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def process_of(engine, port, to_port):
    """Which child of the engine has this connection on 127.0.0.1; 0: the engine itself, or nobody.

    The kernel's tables are read while they change, so that something may be missed: then they are read again."""
    for _ in range(LOOKS):
        name = socket_of(port, to_port)
        if name is None:
            continue
        if has_open(engine, name):
            return 0
        for pid in children_of(engine):
            if has_open(pid, name):
                return pid
    return 0


def worker_of(engine):
    """Which child of the engine does a step, and has no session with a host; 0: none."""
    for pid in children_of(engine):
        if read(f"/proc/{pid}/comm").strip() == "headgate":
            return pid
    return 0


class Lane(worlds.Mortal):
    """host: the databases are reached over SSH, and the relay stands between that host and the server."""

    def __init__(self, scratch, headgate, disturb, host=None, transport=None):
        self.host = host
        if host:
            host.configure({"there": host.port})
        self.scratch, self.headgate, self.disturb = scratch, headgate, disturb
        self.folder, self.outside = f"{scratch.folder}/shop", f"{scratch.folder}/outside"
        os.makedirs(self.outside)
        write_project(self.folder, self.outside, host.place("there", transport) if host else None)
        with open(f"{server.SOURCE}/tests/support/schema.sql", encoding="utf-8") as file:
            self.schema = file.read()
        for name in ENVIRONMENTS:
            scratch.psql("postgres", f"create database {name}")
        self.sessions = {name: Session(scratch.url(name)) for name in (*ENVIRONMENTS, "postgres")}
        self.process = None
        self.relay = relay.Relay(scratch.port, self.step_of)
        self.through = ""
        self.waits = None  # the environment behind the relay in the run that is kept

    def step_of(self, port):
        """Whose the connection is that comes to the relay from there."""
        return worker_of(self.process.pid) if self.host else process_of(self.process.pid, port, self.relay.port)

    # --- one command ---

    def environment(self, blow):
        more = server.disturbed(self.disturb, self.folder, blow.variables) if blow and blow.variables else {}
        urls = {f"{name.upper()}_TEST_URL": self.scratch.url(name, self.relay.port if name == self.through else None)
                + "?sslmode=disable&gssencmode=disable" for name in ENVIRONMENTS}
        return {**server.clean_environment(), **urls, **more}

    def execute(self, arguments, blow=None):
        """Its exit status and its words. Who outlives it is not waited for."""
        with open(f"{self.outside}/said", "w+", encoding="utf-8", errors="replace") as said:
            self.process = subprocess.Popen([self.headgate, *arguments], cwd=self.folder, env=self.environment(blow),
                                            stdin=subprocess.DEVNULL, stdout=said, stderr=said)
            try:
                rc = self.process.wait(worlds.LONGEST)
            except subprocess.TimeoutExpired:
                self.process.kill()
                rc = self.process.wait()
                said.write("\n(it hung, and was killed)")
            said.seek(0)
            return rc, said.read()

    def command(self, name, blow=None):
        run = self.run_of()
        self.relay.arm(blow.fault if blow else None)
        if blow and blow.hook:
            with open(f"{self.outside}/blow", "w", encoding="utf-8") as file:
                file.write(f"{blow.hook}\n")
        rc, said = self.execute({"run": ["run", "promote"], "approve": ["approve", run], "resume": ["resume"]}[name], blow)
        if blow and blow.fault:
            self.wait_for_blow(blow.fault)
        return rc, said

    @staticmethod
    def wait_for_blow(fault):
        if fault.happened.is_set() and not fault.acted.wait(worlds.LONGEST):
            raise server.Failed("the blow does not end")
        if fault.failure:
            raise fault.failure

    # --- what there is ---

    def journals(self):
        return record.journals(f"{self.folder}/.headgate")

    def run_of(self):
        return next((run for run, events in self.journals().items() if events), "")

    def is_over(self):
        """Nothing is left to resume: it died after its end was in the journal."""
        return any(events and events[-1]["kind"] == "run-ended" for events in self.journals().values())

    def state_of(self, name):
        session = self.sessions[name]
        return session.ask(self.schema) + session.ask(release.CONTENTS)

    def lines(self):
        return read(f"{self.outside}/hooks").splitlines()

    def left_over(self):
        """Processes that work in the project's folder."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/cwd").startswith(self.folder):
                    found.append((int(pid), read(f"/proc/{pid}/cmdline").replace("\0", " ")))
            except OSError:
                continue
        return found

    # --- a promotion ---

    def prepare(self, through):
        """Nothing has happened."""
        self.through, self.waits = through, None
        self.forget()
        for name in ENVIRONMENTS:
            self.sessions[name].ask(CLEAR)

    def forget(self):
        shutil.rmtree(f"{self.folder}/.headgate", ignore_errors=True)
        for path in ("hooks", "blow"):
            if os.path.exists(f"{self.outside}/{path}"):
                os.unlink(f"{self.outside}/{path}")

    def prepare_to_wait(self, through):
        """A run waits for its approval. What it takes to get there is kept for the next time: until then only production changes."""
        kept = f"{self.outside}/waits"
        if self.waits != through:
            self.prepare(through)
            rc, said = self.command("run")
            if rc != USUAL["run"]:
                raise server.Failed(f"undisturbed, run ends with {rc}\n{said}")
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(f"{self.folder}/.headgate", f"{kept}/state")
            shutil.copy(f"{self.outside}/hooks", f"{kept}/hooks")
            self.waits = through
            return
        self.forget()
        shutil.copytree(f"{kept}/state", f"{self.folder}/.headgate")
        shutil.copy(f"{kept}/hooks", f"{self.outside}/hooks")
        self.sessions["production"].ask(CLEAR)

    def touched(self):
        is_touched = self.sessions["production"].ask(IS_TOUCHED) != ["f"]
        return ["production was touched before the approval"] if is_touched else []

    def look(self, over=False):
        """What is wrong by now."""
        found = [(run, events) for run, events in self.journals().items() if events]
        if len(found) > 1:
            return [f"there are {len(found)} runs"]
        events = found[0][1] if found else []
        wrong = record.wrong_in(events, self.lines(), over)
        if not record.is_approved(events):
            wrong += self.touched()
        rc, said = self.execute(["audit", "verify"])
        return wrong + ([] if rc == 0 else [f"audit verify ends with {rc}\n{said}"])

    def undisturbed(self, through):
        """Counts what there is to disturb: syncs by command, messages by command."""
        self.prepare(through)
        counts, messages = {}, {}
        for name in ("run", "approve", "resume"):
            path = f"{self.outside}/count"
            rc, said = self.command(name, Blow("", name, (), {"DISTURB": "count:sync:0", "DISTURB_COUNT": path}))
            if rc != USUAL[name]:
                raise server.Failed(f"undisturbed, {name} ends with {rc}\n{said}")
            counts[name] = int(read(path))
            messages[name] = {side: list(all) for side, all in self.relay.messages.items()}
        self.expected = {name: self.state_of(name) for name in ENVIRONMENTS}
        wrong = self.look(True)
        if wrong:
            raise server.Failed("undisturbed: " + "\n".join(wrong))
        return counts, messages

    def drive(self, row, blow):
        """To the end; what is wrong on the way, and what was said."""
        course = Course(self, row, blow)
        name = "run" if blow.command == "run" else "approve"
        while name is not None and course.n_after < MOST_TRIES:
            name = course.go(name)
        course.wrong += [] if name is None else [f"not done after {course.n_after} tries"]
        return course.wrong, course.said

    def wait_until_alone(self):
        deadline = time.monotonic() + LINGERS
        while (left := self.left_over()) and time.monotonic() < deadline:
            time.sleep(0.01)
        worlds.kill_all(pid for pid, _ in left)
        return [f"process {pid} is left over: {words}" for pid, words in left]

    def point(self, row, blow):
        """One promotion; what is wrong goes into the row."""
        if blow.command == "run":
            self.prepare(blow.through)
        else:
            self.prepare_to_wait(blow.through)
        wrong, course = self.drive(row, blow)
        wrong += self.look(True) + self.wait_until_alone()
        for name in ENVIRONMENTS:
            wrong += self.difference(name)
        rc, said = self.execute(["show", self.run_of(), "--json"])
        wrong += record.is_shown_done(said) if rc == 0 else [f"show ends with {rc}\n{said}"]
        row.points += 1
        if wrong:
            told = "\n".join(["\n  ".join([blow.name, *wrong]), *course, *self.story()])
            row.wrong.append(told.replace("\n", "\n    "))

    def difference(self, name):
        now, expected = self.state_of(name), self.expected[name]
        wrong = [f"{name}: missing: {line}" for line in expected if line not in now]
        wrong += [f"{name}: too much: {line}" for line in now if line not in expected]
        return wrong + ([] if sorted(now) == sorted(expected) else [f"{name} is not as after an undisturbed promotion"])

    def story(self):
        """The journal in short, and what the hooks wrote."""
        events = [event for found in self.journals().values() for event in found if not event["kind"].startswith("deploy-")]
        return [f"{event['number']} {event['kind']} {event.get('step', '')} {event['data'].get('outcome', '')}"
                for event in events] + self.lines()

    # --- blows ---

    def kill_step(self, fault):
        worlds.kill_all([fault.process])

    def kill_engine(self, _):
        self.process.send_signal(signal.SIGKILL)

    def terminate(self, _):
        self.sessions["postgres"].ask("select count(pg_terminate_backend(pid)) from pg_stat_activity "
                                      f"where datname = '{self.through}' and application_name like 'headgate%'")

    def drop_sessions(self, _):
        self.host.drop()

    def kill_server(self, _):
        for session in self.sessions.values():
            session.close()
        pid = self.pid_file()
        worlds.kill_all([pid] + worlds.children(pid))
        self.restart()

    def close(self):
        for session in self.sessions.values():
            session.close()
