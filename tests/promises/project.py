"""Projects over the databases of one server, and what they do there.

Each effect shows: migrations write into `log`, which has no key; a hook leaves what it was started with."""
import json
import os
import re
import subprocess

import server

LONGEST = 90  # seconds; a command that takes longer hangs
ENVIRONMENTS = ("development", "staging", "production")
FIRST, SECOND, LAST = "20260101000000_tables", "20260102000000_steps", "20260103000000_last"
MIGRATIONS = {
    FIRST: "create table log (what text not null);\ncreate table item (id integer, price integer);\n"
           "insert into item select i, i from generate_series(1, 100) as i;\ninsert into log values ('tables');\n",
    SECOND: "insert into log values ('before the index');\ncreate unique index concurrently item_price on item (price);\n"
            "insert into log values ('behind the index');\n",
    LAST: "alter table item add constraint positive check (price > 0);\ninsert into log values ('last');\n",
}
# What it was started with: its arguments, and the variables that it got. Its first argument says what it does.
HOOK = """#!/bin/sh
mark=TRACES/$HEADGATE_STEP.$HEADGATE_ATTEMPT
export -p >"$mark.variables"
printf '%s\\n' "$0" "$@" >"$mark.arguments"
case ${1:-} in
fail) exit 3 ;;
flaky) [ "$HEADGATE_ATTEMPT" -gt 1 ] ;;
out) shift && printf '%s\n' "$@" >>"$HEADGATE_OUTPUT" ;;
sleep) exec sleep 60 ;;
meet) n=0
    until [ -e "TRACES/$2.1.arguments" ]; do n=$((n + 1)); [ $n -lt 2000 ] || exit 1; sleep 0.01; done ;;
esac
"""
ASK = """
select to_regclass('_prisma_migrations') is not null as is_there, to_regclass('log') is not null as has_log \\gset
\\if :is_there
select 'row', migration_name, finished_at is not null, rolled_back_at is not null from _prisma_migrations order by started_at, finished_at;
\\endif
\\if :has_log
select 'log', what from log order by what;
\\endif
"""


def psql(url, *words):
    """Words of psql: -c SQL, -f FILE; each is a transaction of its own."""
    return server.must(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, *words])


class World:
    """A server with databases to copy: one has nothing, one the first migration, one all of them."""

    def __init__(self, headgate, scratch, other):
        self.scratch, self.headgate, self.other = scratch, headgate, other
        self.n_projects, self.n_databases = 0, 0
        self.templates = {"empty": "template1", "half": "has_half", "full": "has_full"}
        psql(other.url("postgres"), "-c", "create database there")
        folder = f"{scratch.folder}/made"
        os.makedirs(folder)
        with open(f"{folder}/ask.sql", "w", encoding="utf-8") as file:
            file.write(ASK)
        self.ask = f"{folder}/ask.sql"
        self.grow("has_half", "template1", [FIRST])
        self.grow("has_full", "has_half", MIGRATIONS)

    def grow(self, database, template, migrations):
        psql(self.scratch.url("postgres"), "-c", f"create database {database} template {template}")
        project = Project(self, {name: database for name in ENVIRONMENTS}, [])
        for name in MIGRATIONS.keys() - set(migrations):
            project.remove_migration(name)
        project.must("deploy", "development")
        psql(self.scratch.url(database), "-c", "truncate headgate.environment")  # its copies are of other environments

    def project(self, steps, has=None, **more):
        """Its databases are new; has: {"staging": "half"}, the others are empty."""
        has = has or {}
        self.n_databases += 1
        databases = {name: f"p{self.n_databases}_{name}" for name in ENVIRONMENTS}
        project = Project(self, databases, steps, **more)
        self.make(databases, has, project.names)
        return project

    def make(self, databases, has, names):
        words = ["-c", "select"]
        for name in names:
            words += ["-c", f"drop database if exists {databases[name]}",
                      "-c", f"create database {databases[name]} template {self.templates[has.get(name, 'empty')]}"]
        psql(self.scratch.url("postgres"), *words)


class Project:
    def __init__(self, world, databases, steps, environments=None, always=()):
        world.n_projects += 1
        self.world, self.databases = world, databases
        self.folder = f"{world.scratch.folder}/project{world.n_projects}"
        self.state = f"{self.folder}/.headgate"
        self.traces = f"{self.folder}.traces"
        self.variables = {f"{name.upper()}_HERE": world.scratch.url(databases[name]) + "?sslmode=disable&gssencmode=disable"
                          for name in ENVIRONMENTS}
        self.environments = {name: {"kind": name, "url": f"${{{name.upper()}_HERE}}"} | (environments or {}).get(name, {})
                             for name in ENVIRONMENTS}
        self.pipeline = {"name": "promote", "environments": "environments.json", "release": "../migrations", "steps": list(steps),
                         "always": list(always)}
        self.names = [name for name in ENVIRONMENTS if self.uses(name)]
        os.makedirs(self.traces)
        self.write_files()
        self.write("pipelines/hook.sh", HOOK.replace("TRACES", self.traces), 0o755)
        self.write("pipelines/seed.sql", "insert into log select 'seed' where not exists (select from log where what = 'seed');\n")
        for name, text in MIGRATIONS.items():
            self.migration(name, text)

    def uses(self, name):
        """Others need no database."""
        steps = self.pipeline["steps"] + self.pipeline["always"]
        used = [step.get(key) for step in steps for key in ("deploy", "seed", "check", "on")]
        if any("evidence" in environment.get("require", {}) for environment in self.environments.values()):
            used.append("staging")  # where an earlier run has brought it
        return name in used or any(name in self.environments[other].get("after", ()) for other in used if other)

    def write(self, name, text, mode=0o644):
        path = f"{self.folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def write_files(self):
        self.write("pipelines/environments.json", json.dumps({"environments": self.environments}, indent=1))
        self.write("pipelines/promote.json", json.dumps(self.pipeline, indent=1))

    def step(self, name):
        return next(step for step in self.pipeline["steps"] + self.pipeline["always"] if step["id"] == name)

    def migration(self, name, text):
        self.write(f"migrations/{name}/migration.sql", text)

    def remove_migration(self, name):
        os.remove(f"{self.folder}/migrations/{name}/migration.sql")
        os.rmdir(f"{self.folder}/migrations/{name}")

    # --- the program ---

    def do(self, *words, folder=None, **variables):
        """Its exit status, what it printed, what it complained about."""
        environment = server.clean_environment() | self.variables | {"NOT_FOR_HOOKS": "secret"} | variables
        done = subprocess.run([self.world.headgate, *words, "--no-input"], cwd=folder or self.folder, env=environment, check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LONGEST)
        return done.returncode, done.stdout, done.stderr

    def must(self, *words, **more):
        status, printed, complaint = self.do(*words, **more)
        if status != 0:
            raise server.Failed(f"headgate {' '.join(words)}: exit status {status}\n{printed}{complaint}")
        return printed

    def json(self, *words, **more):
        """What it says for programs; where it says nothing, its error."""
        status, printed, complaint = self.do(*words, "--json", **more)
        return status, json.loads(printed or complaint)

    # --- what there is ---

    def runs(self):
        try:
            return sorted(os.listdir(f"{self.state}/runs"))
        except FileNotFoundError:
            return []

    def events(self, run):
        with open(f"{self.state}/runs/{run}/journal", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def sql(self, environment, *statements):
        return psql(self.world.scratch.url(self.databases[environment]), *(word for text in statements for word in ("-c", text)))

    def contents(self):
        """By environment, the rows of its history in their order, and its log."""
        words = []
        for name in self.names:
            words += ["-c", f"\\connect {self.databases[name]}", "-c", f"\\echo = {name}", "-f", self.world.ask]
        found = {}
        for line in psql(self.world.scratch.url("postgres"), *words).splitlines():
            if line.startswith("= "):
                lines = found.setdefault(line[2:], [])
            else:
                lines.append(line)
        return found

    def forget_hooks(self):
        for entry in os.listdir(self.traces):
            os.remove(f"{self.traces}/{entry}")

    def hooks(self):
        """Each time that a hook was started: {(step, attempt): (arguments, names of variables)}."""
        found = {}
        for entry in os.listdir(self.traces):
            step, attempt, kind = entry.rsplit(".", 2)
            with open(f"{self.traces}/{entry}", encoding="utf-8") as file:
                text = file.read()
            parts = found.setdefault((step, int(attempt)), {})
            parts[kind] = text.splitlines() if kind == "arguments" else set(re.findall(r"^export (\w+)", text, re.M))
        return found
