"""Looking writes nothing: not into a database, not into its log, not into a file."""
import dataclasses
import json
import os
import shutil
import subprocess
import time

import server
from project import ENVIRONMENTS, psql

# So that nothing but our own sessions writes, and every write is seen.
SETTINGS = ("log_statement=none", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0", "checkpoint_timeout=1h",
            "track_functions=all")
COUNTERS = """
select 'database', datname, tup_inserted, tup_updated, tup_deleted, temp_files, temp_bytes, conflicts, deadlocks
from pg_stat_database where datname = current_database();
select 'table', schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_all_tables
where schemaname !~ '^pg_toast' order by 2, 3;
select 'vacuumed', relname, last_vacuum, last_analyze from pg_stat_user_tables order by 2;
select 'transaction', (pg_control_checkpoint()).checkpoint_lsn, txid_current_if_assigned();
"""
READER = """
do $$
begin
    if to_regnamespace('headgate') is not null then
        grant usage on schema headgate to looker;
        grant select on all tables in schema headgate to looker;
        grant select on all tables in schema public to looker;
    end if;
end $$;
"""


@dataclasses.dataclass
class Looking:
    name: str
    words: tuple
    status: int = 0
    user: str = "tester"  # of the database
    writable: bool = True  # the folder of the project


COMMANDS = [
    Looking("run --dry-run", ("run", "promote", "--dry-run")),
    Looking("run --dry-run --json", ("run", "promote", "--dry-run", "--json")),
    Looking("plan", ("plan", "promote")),
    Looking("plan --json", ("plan", "promote", "--json")),
    Looking("plan --markdown --until", ("plan", "promote", "--markdown", "--until", "staging")),
    Looking("plan of something that cannot be done", ("plan", "broken"), 65),
    Looking("show", ("show",)),
    Looking("show --markdown", ("show", "--markdown")),
    Looking("runs", ("runs", "--json")),
    Looking("logs", ("logs", "RUN")),
    Looking("audit verify", ("audit", "verify")),
    Looking("status", ("status",)),
]
# Who may only read: what would be to do for somebody who may write is told, and refused.
READING = [Looking(f"{command.name}, as a role that may only read", command.words, status, "looker") for command, status in
           ((COMMANDS[2], 4), (COMMANDS[3], 4), (COMMANDS[-1], 1))]
# A state that is not there is not made by looking for it.
NOWHERE = [Looking(f"{words[0]}, without a state", (*words, "--state", "nowhere"), status) for words, status in
           ((("plan", "promote"), 0), (("run", "promote", "--dry-run"), 0), (("runs",), 0), (("show",), 64), (("audit", "verify"), 0))]
SEALED = [Looking(f"{command.name}, in a folder that cannot be written to", command.words, command.status, writable=False) for command in
          (COMMANDS[0], COMMANDS[2], *COMMANDS[6:])]
CASES = COMMANDS + READING + NOWHERE + SEALED


def contents(folder):
    """Names, sizes, times and inodes."""
    found = {}
    for path, folders, files in os.walk(folder):
        for name in [".", *folders, *files]:
            about = os.lstat(f"{path}/{name}")
            found[f"{path}/{name}"] = (about.st_mode, about.st_uid, about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino)
    return found


def differences(before, after):
    """The first of them."""
    lines = [[f"{name} {about}" for name, about in side.items()] if isinstance(side, dict) else side.splitlines() for side in (before,
             after)]
    return [sorted(set(lines[0]) - set(lines[1]))[:3], sorted(set(lines[1]) - set(lines[0]))[:3]]


class Site:
    """The sample project: its release is in development, half of it in staging, and a run waits."""

    def __init__(self, world):
        self.headgate, self.scratch = world.headgate, world.other
        self.folder = f"{self.scratch.folder}/shop"
        self.databases = {name: f"shop_{name}" for name in ENVIRONMENTS}
        self.seen = None  # how all of it was when the last command had ended
        for name in ("migrations", "pipelines"):
            shutil.copytree(f"{server.SOURCE}/{name}", f"{self.folder}/{name}")
        os.makedirs(f"{self.folder}/scripts")
        for name in ("e2e", "smoke", "notify"):
            shutil.copy(f"{server.SOURCE}/scripts/{name}.sh", f"{self.folder}/scripts")
        psql(self.scratch.url("postgres"), *(word for name in self.databases.values() for word in ("-c", f"create database {name}")))
        self.prepare()

    def prepare(self):
        """One run up to development, one that waits for staging; and a pipeline that names what is not there."""
        with open(f"{self.folder}/pipelines/promote.json", encoding="utf-8") as file:
            pipeline = json.load(file)
        steps = {"broken": [{"id": "missing", "hook": ["./missing.sh"]}],
                 "waits": [{"id": "go", "gate": {"approvals": 1}}, {"id": "staging", "deploy": "staging"}]}
        for name, list_of_steps in steps.items():
            with open(f"{self.folder}/pipelines/{name}.json", "w", encoding="utf-8") as file:
                json.dump(pipeline | {"name": name, "steps": list_of_steps, "always": []}, file)
        self.do("run", "promote", "--until", "development")
        self.do("run", "waits")
        words = [word for name in self.databases.values() for word in ("-c", f"\\connect {name}", "-f", f"{self.folder}/roles.sql")]
        with open(f"{self.folder}/roles.sql", "w", encoding="utf-8") as file:
            file.write(READER)
        psql(self.scratch.url("postgres"), "-c", "create role looker login", "-c",
             "alter role looker set default_transaction_read_only = on", *words)
        self.settle()

    def settle(self):
        """What reading would tidy up by itself, in pages that were written just now, is tidied up."""
        words = [word for name in ("postgres", *self.databases.values()) for word in ("-c", f"\\connect {name}", "-c", "analyze", "-c",
                 "vacuum (freeze)")]
        psql(self.scratch.url("postgres"), *words, "-c", "checkpoint")

    def do(self, *words, user="tester", launcher=()):
        urls = {variable: self.scratch.url(self.databases[name]).replace("tester", user) for name, variable in
                zip(ENVIRONMENTS, ("DATABASE_URL", "STAGING_DATABASE_URL", "PRODUCTION_DATABASE_URL"))}
        done = subprocess.run([*launcher, self.headgate, *words, "--no-input"], cwd=self.folder, env=server.clean_environment() | urls,
                              check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout + done.stderr

    def seal(self):
        """From here on nobody may write in it. Root may always: then somebody else looks, whose folder it is."""
        self.modes = {path: about[0] & 0o777 for path, about in contents(self.folder).items()}
        for path, mode in self.modes.items():
            if os.getuid() == 0:
                shutil.chown(path, "postgres", "postgres")
            os.chmod(path, mode & ~0o222)
        return (f"{server.SUPPORT}/pg", "as") if os.getuid() == 0 else ()

    def unseal(self):
        for path, mode in self.modes.items():
            os.chmod(path, mode)
        self.seen = None

    def run(self):
        return sorted(os.listdir(f"{self.folder}/.headgate/runs"))[0]

    def position(self):
        return self.scratch.psql("postgres", "select pg_current_wal_insert_lsn()")

    def shape_and_rows(self):
        words = [word for name in self.databases.values() for word in
                 ("-c", f"\\connect {name}", "-f", f"{server.SUPPORT}/schema.sql", "-f", f"{server.SUPPORT}/rows.sql")]
        return psql(self.scratch.url("postgres"), *words)

    def counters(self):
        words = [word for name in self.databases.values() for word in ("-c", f"\\connect {name}", "-c", COUNTERS)]
        return psql(self.scratch.url("postgres"), *words)

    def quiet(self):
        """Sessions have told their counters when they are gone."""
        for _ in range(500):
            if self.scratch.psql("postgres", "select count(*) from pg_stat_activity where application_name like 'headgate%'") == "0":
                return
        raise server.Failed("a session of headgate stays")

    def settle(self):
        """Before PostgreSQL 15 counters come late: what was done before must have been counted."""
        before = None
        for _ in range(50):
            now = self.counters()
            if now == before:
                return
            before = now
            time.sleep(0.7)
        raise server.Failed("the counters do not come to rest")

    def look(self):
        """The position of the log last, so that our own looking is not seen."""
        return {"files": contents(self.folder), "counters": self.counters(), "contents": self.shape_and_rows(),
                "write-ahead log": self.position()}

    def check(self, case):
        launcher = self.seal() if not case.writable else ()
        if not self.seen:
            self.settle()
        before = self.seen if case.writable and self.seen else self.look()
        words = [self.run() if word == "RUN" else word for word in case.words]
        status, said = self.do(*words, user=case.user, launcher=launcher)
        self.quiet()
        position = self.position()
        self.seen = self.look()
        after = self.seen | {"write-ahead log": position}
        if not case.writable:
            self.unseal()
        found = [f"{what}: {differences(before[what], after[what])}" for what in before if before[what] != after[what]]
        if status != case.status:
            found.append(f"exit status {status}, expected was {case.status}: {said}")
        return found

    def check_that_it_sees(self):
        """What writes is noticed by each of them."""
        before = self.look()
        status, said = self.do("run", "promote", "--until", "staging")
        self.quiet()
        after = self.look()
        return [said] * (status != 0) + [f"a run was not seen in {what}" for what in before if before[what] == after[what]]
