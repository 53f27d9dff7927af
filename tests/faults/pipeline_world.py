"""A promotion over three databases that something happens to: deploys, a hook, a gate, a deploy.

Each effect shows, and how often it was: migrations write into `log`, which has no key; the hook writes a line."""
import glob
import json
import os
import shutil
import subprocess

import release
import server

LONGEST = 90  # seconds; a command that takes longer hangs
ENVIRONMENTS = ("development", "staging", "production")
MIGRATIONS = {
    "20260101000000_tables": "create table log (what text not null);\ncreate table item (id integer, price integer);\n"
                             "insert into item select i, i from generate_series(1, 100) as i;\ninsert into log values ('tables');\n",
    "20260102000000_steps": "insert into log values ('before the index');\ncreate index concurrently item_price on item (price);\n"
                            "insert into log values ('behind the index');\n",
    "20260103000000_last": "alter table item add column weight integer;\ninsert into log values ('last');\n",
}
LOGGED = sorted(["tables", "before the index", "behind the index", "last"])
HOOK = """#!/bin/sh
echo "$HEADGATE_STEP" >>"$TRACES/hooks"
echo "checked=yes" >>"$HEADGATE_OUTPUT"
"""
STEPS = [
    {"id": "development", "deploy": "development"},
    {"id": "staging", "deploy": "staging"},
    {"id": "e2e", "hook": ["./hook.sh"], "on": "staging", "evidence": "e2e"},
    {"id": "go", "gate": {"approvals": 1}},
    {"id": "production", "deploy": "production"},
]
ASK = r"""
select to_regclass('_prisma_migrations') is not null as is_there, to_regclass('log') is not null as has_log \gset
\if :is_there
select 'row', migration_name, finished_at is not null, rolled_back_at is not null from _prisma_migrations order by 2, 3, 4;
\endif
\if :has_log
select 'log', what from log order by what;
\endif
select 'INVALID', indexrelid::regclass from pg_index where not (indisvalid and indisready and indislive);
"""


class Site:
    """A project with a state of its own, over the databases of its world."""

    def __init__(self, world, number):
        self.world = world
        self.folder = f"{world.folder}/{number}"
        self.state = f"{self.folder}/.headgate"
        os.makedirs(f"{self.folder}/pipelines")
        self.write("pipelines/environments.json", json.dumps({"environments": {
            name: {"kind": name, "url": world.url(name)} | ({"after": ["staging"]} if name == "production" else {})
            for name in ENVIRONMENTS}}))
        self.write("pipelines/promote.json", json.dumps({
            "name": "promote", "environments": "environments.json", "release": "../migrations", "steps": world.steps,
            "always": world.always}))
        self.write("pipelines/hook.sh", HOOK)
        os.chmod(f"{self.folder}/pipelines/hook.sh", 0o755)
        for name, text in MIGRATIONS.items():
            os.makedirs(f"{self.folder}/migrations/{name}")
            self.write(f"migrations/{name}/migration.sql", text)

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def start(self, *words, disturb=None, environment=None):
        """disturb: "EIO:sync:3", see tests/support/disturb.c; only files of the state are meant."""
        variables = {"TRACES": self.folder} | (environment or {})
        if disturb:  # only of headgate, not of env
            variables |= server.disturbed(self.world.disturb, self.state, {"DISTURB": disturb})
        return subprocess.Popen(["env", "--default-signal=INT,TERM", *(f"{name}={value}" for name, value in variables.items()),
                                 self.world.headgate, *words, "--no-input"], cwd=self.folder, env=server.clean_environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def do(self, *words, **more):
        """Its exit status and what it said; -SIGNAL where it was killed."""
        process = self.start(*words, **more)
        try:
            said = process.communicate(timeout=LONGEST)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            said = process.communicate()[0] + "\n(it hung, and was killed)"
        return process.returncode, said

    def count(self, call, *words):
        """How often the undisturbed command calls what DISTURB can disturb."""
        path = f"{self.folder}/count"
        rc, said = self.do(*words, disturb=f"count:{call}:0", environment={"DISTURB_COUNT": path})
        with open(path, encoding="utf-8") as file:
            return rc, said, int(file.read())

    def runs(self):
        """In the order in which they began; those without any event come first."""
        names = [os.path.basename(os.path.dirname(path)) for path in glob.glob(f"{self.state}/runs/*/journal")]
        return sorted(names, key=lambda name: [event["time"] for event in self.events(name)[:1]])

    def events(self, run=None):
        """Of a run, or of all; a torn last line does not count."""
        found = []
        for name in [run] if run else self.runs():
            with open(f"{self.state}/runs/{name}/journal", "rb") as file:
                found += [json.loads(line) for line in file.read().split(b"\n")[:-1]]
        return found

    def kinds(self, run=None):
        return [event["kind"] for event in self.events(run)]

    def begun(self, step):
        return sum(event["kind"] == "step-begun" and event.get("step") == step for event in self.events())

    def hooks(self):
        try:
            with open(f"{self.folder}/hooks", encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def finish(self):
        """Undisturbed: what an operator does until the promotion is through; what is wrong then."""
        said = []
        for words in self.ways_on():
            rc, text = self.do(*words)
            said.append(f"$ headgate {' '.join(words)}\n{text}[{rc}]")
            if rc not in (0, 3):
                return ["\n".join(said)]
        return self.wrong_at_end()

    def ways_on(self):
        """Each word depends on what the one before has left."""
        for _ in range(6):
            runs = self.runs()
            kinds = self.kinds(runs[-1]) if runs else []
            if "run-ended" in kinds[-1:]:
                return
            if not kinds:
                yield ("run",)
            elif kinds[-1] == "run-waiting":
                yield ("approve", runs[-1])
            else:
                yield ("resume",)

    def wrong_at_end(self):
        wrong = []
        for name in ENVIRONMENTS:
            has = self.world.contents(name)
            if has != self.world.expected:
                wrong.append(f"{name} has {has}")
        runs = self.runs()
        if not runs or self.kinds(runs[-1])[-1] != "run-ended":
            wrong.append("the journal has no end")
        for name in set(self.hooks()):
            if self.hooks().count(name) != self.begun(name):
                wrong.append(f"{name} ran {self.hooks().count(name)} times, the journal says {self.begun(name)}")
        rc, said = self.do("audit", "verify")
        return wrong + ([] if rc == 0 else [f"audit verify ends with {rc}\n{said}"])


class World:
    """Three databases, cleared for each site."""

    def __init__(self, scratch, headgate, steps=None, always=None):
        self.scratch, self.headgate = scratch, headgate
        self.disturb = os.environ.get("HEADGATE_DISTURB", f"{os.path.dirname(headgate)}/tests/libheadgate_disturb.so")
        self.steps, self.always = steps or STEPS, always or []
        self.folder = f"{scratch.folder}/promotions{scratch.n_databases}"
        self.databases = {name: scratch.database() for name in ENVIRONMENTS}
        self.n_sites = 0
        self.expected = [f"log|{what}" for what in LOGGED] + [f"row|{name}|t|f" for name in sorted(MIGRATIONS)]

    def url(self, environment):
        return self.scratch.url(self.databases[environment]) + "?sslmode=disable&gssencmode=disable"

    def contents(self, environment):
        return sorted(release.ask(self.url(environment), ASK).splitlines())

    def fresh(self):
        """Empty databases and a new project; that of before is gone."""
        shutil.rmtree(f"{self.folder}/{self.n_sites}", ignore_errors=True)
        for name in ENVIRONMENTS:
            release.clear(self.url(name))
        return self.site()

    def site(self):
        """One more project over the same databases, as on another machine."""
        self.n_sites += 1
        return Site(self, self.n_sites)
