"""A saved plan is executed only while the world is as it was then: one thing changes, and apply names that and does nothing."""
import dataclasses
import json
import os
import re
import shutil

import server
from project import ENVIRONMENTS, FIRST, HOOK, LAST, MIGRATIONS, SECOND, psql
from situations import DEPLOY, E2E, bring_evidence

STEPS = [DEPLOY[0], DEPLOY[1] | {"timeout": "10m"}, {"id": "seed", "seed": "staging"}, E2E, DEPLOY[2],
         {"id": "smoke", "hook": ["./hook.sh", "x"], "needs": ["e2e"]}]
HAS = {"development": "full", "staging": "half", "production": "shaped"}
DEMANDS = {"staging": {"seed": "seed.sql"}, "production": {"require": {"evidence": ["e2e"]}}}
NEW = "20260104000000_new"
SHAPE = r'environment "production": its shape: .*'
HISTORY = r'environment "{0}": its history{1}: migrations were applied, rolled back or resolved there: {2}'
SCHEMA = """
create table t (id integer primary key, a integer, b integer);
create index t_a on t (a);
create function f() returns integer language sql as 'select 1';
create function touched() returns trigger language plpgsql as 'begin return new; end';
create trigger touch before insert on t for each row execute function touched();
create view v as select a from t;
"""


@dataclasses.dataclass
class Change:
    name: str
    change: object  # called with the project; what it returns are variables for apply
    says: str  # the only line of what has changed, as an expression
    status: int = 9
    words: tuple = ()  # of plan
    databases: tuple = ()  # that have to be made anew afterwards


def production_sql(name, *statements):
    return Change(name,
                  lambda project: project.sql("production",
                                              *(text.format(database=project.databases["production"]) for text in statements)),
                  SHAPE, databases=("production",))


# --- files ---

def pipeline(change):
    def apply(project):
        change(project.pipeline["steps"])
        project.write_files()
    return apply


def environments(name, **members):
    def apply(project):
        project.environments[name] = project.environments[name] | members
        project.write_files()
    return apply


def step(name, **members):
    return pipeline(lambda steps: next(step for step in steps if step["id"] == name).update(members))


def rename_migration(project):
    os.rename(f"{project.folder}/migrations/{LAST}", f"{project.folder}/migrations/{NEW}")


def edit_saved(change):
    """Of the plan's own file, which is text."""
    def apply(project):
        with open(f"{project.folder}/saved.plan", encoding="utf-8") as file:
            text = file.read()
        with open(f"{project.folder}/saved.plan", "w", encoding="utf-8") as file:
            file.write(change(text))
    return apply


FILES = [
    Change("a migration is added", lambda project: project.migration(NEW, "select 1;\n"),
           rf"the release: \w+ now, \w+ then: {NEW} was added"),
    Change("a migration is removed", lambda project: project.remove_migration(LAST), rf"the release: .*: {LAST} was removed"),
    Change("a pending migration is edited", lambda project: project.migration(LAST, "select 2;\n"), rf"the release: .*: {LAST} was edited"),
    Change("a migration has another name", rename_migration, rf"the release: .*: {NEW} was added, {LAST} was removed"),
    Change("an applied migration is edited", lambda project: project.migration(FIRST, MIGRATIONS[FIRST] + "--\n"),
           rf'the release: \w+ now, \w+ then: .*"{FIRST}".* edited.*'),
    Change("a step is added", pipeline(lambda steps: steps.insert(2, {"id": "new", "hook": ["./hook.sh"]})),
           r"the pipeline's file: step \"new\" was added"),
    Change("a step is removed", pipeline(lambda steps: steps.pop()), r"the pipeline's file: step \"smoke\" was removed"),
    Change("a timeout", step("staging", timeout="20m"), r"the pipeline's file: step \"staging\": its timeout: 20m now, 10m then"),
    Change("a hook's argument", step("smoke", hook=["./hook.sh", "y"]),
           r"the pipeline's file: step \"smoke\": its arguments: ./hook.sh y now, ./hook.sh x then"),
    Change("the order", pipeline(lambda steps: steps.insert(0, steps.pop(1))),
           r"the pipeline's file: the order of the steps: staging, development.* now, .* then"),
    Change("a blank in the pipeline", lambda project: project.write("pipelines/promote.json", json.dumps(project.pipeline, indent=2)),
           r"the pipeline's file: it says something else now"),
    Change("a hook's contents", lambda project: project.write("pipelines/hook.sh", "#!/bin/sh\n", 0o755),
           r"steps \"e2e\" and \"smoke\": program pipelines/hook.sh has other contents now"),
    Change("what is seeded", lambda project: project.write("pipelines/seed.sql", "select 1;\n"),
           r"step \"seed\": its file has other contents now"),
    Change("what production demands", environments("production", require={"evidence": ["e2e"], "approvals": 2}),
           r"the environments file: what environment \"production\" demands; policy of \"production\": approvals: .*"),
    Change("evidence is demanded", environments("production", require={"evidence": ["e2e", "smoke"]}),
           r"the environments file: policy of \"production\": evidence smoke: fails now"),
    Change("a lock_timeout", environments("production", deploy={"lock_timeout": "1s"}),
           r"the environments file: it says something else now"),
    Change("a kind", environments("staging", kind="test"),
           r"the environments file: environment \"staging\" is of kind test now, staging then"),
]
# --- the saved plan itself ---

OWN = [
    Change("the plan is edited", edit_saved(lambda text: text.replace('"retries": 0', '"retries": 9', 1)), "changed after it had been made",
           65),
    Change("its end is put off", edit_saved(lambda text: re.sub(r'("valid_until": "20)', r"\g<1>9", text, 1)), "", 65),
    Change("it has expired", edit_saved(lambda text: re.sub(r'"valid_until": "[^"]*"', '"valid_until": "2020-01-01T00:00:00.000000Z"',
           text)),
           "changed after it had been made", 65),
    Change("its override is edited", edit_saved(lambda text: text.replace("ticket 42", "ticket 43")), "changed after it had been made", 65,
           ("--override", "backup", "--reason", "ticket 42")),
    Change("it is of a newer format", edit_saved(lambda text: text.replace('"format": 1', '"format": 2', 1)),
           "of a format that this version does not know", 65),
    Change("it is truncated", edit_saved(lambda text: text[:len(text) // 2]), "is not a plan that can be applied", 65),
    Change("it is empty", edit_saved(lambda text: ""), "is not a plan that can be applied", 65),
    Change("it is something else", edit_saved(lambda text: "[]"), "is not a plan that can be applied", 65),
]


# --- the world ---

def deploy_staging(project):
    project.must("deploy", "staging", "--confirm", "staging")


def resolve(how, environment):
    return lambda project: project.must("resolve", environment, SECOND, how, "--confirm", environment)


def roll_back_row(project):
    project.sql("development", f"update _prisma_migrations set rolled_back_at = now() where migration_name = '{LAST}'")


def other_server(project):
    return {"PRODUCTION_HERE": project.world.other.url("there")}


def other_database(project):
    return {"PRODUCTION_HERE": project.world.scratch.url(project.databases["staging"])}


def move_state(project):
    os.rename(project.state, f"{project.state}.away")


WORLD = [
    Change("somebody has deployed to staging", deploy_staging,
           HISTORY.format("staging", " and its shape", f"{SECOND} is not pending any more, {LAST} is not pending any more"),
           databases=("staging",)),
    Change("somebody has resolved a migration", resolve("--applied", "production"),
           HISTORY.format("production", "", f"{SECOND} is not pending any more"),
           databases=("production",)),
    Change("a row was rolled back", roll_back_row, HISTORY.format("development", "", f"{LAST} is pending now"), databases=("development",)),
    Change("another database at the same server", other_database,
           r'environment "production" leads to another database: .*staging now, .*production then'),
    Change("a database at another server", other_server,
           r'environment "production" leads to another server: .*there now, .*production then'),
    Change("the mark", lambda project: project.must("mark", "production", "--confirm", "production"),
           r'environment "production": it is marked as production now, as nothing then', databases=("production",)),
    Change("evidence is lost", move_state, r'policy of "production": evidence e2e: comes now'),
]
SHAPES = [production_sql(name, *statements) for name, *statements in (
    ("a column", "alter table t add column c integer"), ("an index", "drop index t_a"),
    ("a function", "create or replace function f() returns integer language sql as 'select 2'"),
    ("a trigger is disabled", "alter table t disable trigger touch"), ("a right", "grant select on t to reader"),
    ("a right to a column", "grant select (a) on t to reader"), ("a right to a function", "revoke execute on function f() from public"),
    ("an owner", "alter table t owner to reader"), ("the owner of a function", "alter function f() owner to reader"),
    ("a default", "alter table t alter column a set default 1"), ("a type", "alter table t alter column b type bigint"),
    ("a view", "create or replace view v as select a + 1 as a from t"), ("a policy", "create policy p on t using (a > 0)"),
    ("row security", "alter table t enable row level security"), ("a constraint", "alter table t add check (a > 0) not valid"),
    ("a setting of the database", "alter database {database} set search_path = other"),
    ("default rights", "alter default privileges grant select on tables to reader"),
    ("statistics", "create statistics s on a, b from t"), ("an enum", "create type e as enum ('a')"),
)]


# --- the same world ---

@dataclasses.dataclass
class Same:
    name: str
    words: tuple = ()
    steps: tuple = (DEPLOY[0], E2E | {"on": "development"})
    status: int = 0
    environments: dict = dataclasses.field(default_factory=dict)
    elsewhere: bool = False  # apply is said in another folder, and the plan has a path

    def check(self, world):
        project = world.project(self.steps, environments=self.environments)
        saved = json.loads(project.must("plan", "promote", "-o", "saved.plan", "--json", *self.words))
        folder = "/" if self.elsewhere else project.folder
        status, *said = project.do("apply", f"{project.folder}/saved.plan" if self.elsewhere else "saved.plan", "--confirm", "production",
                                   folder=folder)
        words = ("show", "--json", *(("--state", f"{project.folder}/elsewhere") if "--state" in self.words else ()))
        run = json.loads(project.must(*words))
        ends = [step["state"] for step in run["steps"]]
        found = [] if status == self.status else [f"exit status {status}, expected was {self.status}: {said}"]
        if run["plan"] != saved["plan"] or ("open" in ends and status == 0):
            found.append(f"plan {saved['plan'][:8]} was saved, {run['plan'][:8]} was run, and ended with {ends}")
        if [item["policy"] for item in run["overrides"]] != saved["overrides"]:
            found.append(f"overridden was {saved['overrides']}, then {run['overrides']}")
        return found


class Twice(Same):
    def check(self, world):
        """Where a checkout stands is no part of a plan."""
        project = world.project(self.steps)
        first = json.loads(project.must("plan", "promote", "--json"))["plan"]
        shutil.copytree(project.folder, f"{project.folder}.copy")
        second = json.loads(project.must("plan", "promote", "--json", folder=f"{project.folder}.copy"))["plan"]
        return [] if first == second else [f"plan {first[:8]} here, {second[:8]} there"]


SAME = [
    Same("nothing has changed"),
    Same("nothing has changed, said elsewhere", elsewhere=True),
    Same("with a state of its own, said elsewhere", words=("--state", "elsewhere"), elsewhere=True),
    Same("nothing has changed, and it waits", status=3, steps=({"id": "go", "gate": {}}, DEPLOY[0])),
    Same("until, and what was overridden", words=("--until", "production", "--override", "backup", "--reason", "x"),
         steps=(DEPLOY[2], E2E | {"on": "production"}), environments={"production": {"require": {"backup": {"max_age": "1h"}}}}),
    Twice("the same in another folder"),
]
CHANGES = FILES + OWN + WORLD + SHAPES


class Site:
    """A project that is put back as it was after each change."""

    def __init__(self, world):
        if "shaped" not in world.templates:
            world.templates["shaped"] = "has_shape"
            psql(world.scratch.url("postgres"), "-c", "create role reader", "-c", "create database has_shape template has_half")
            psql(world.scratch.url("has_shape"), "-c", SCHEMA)
        self.world = world
        self.project = world.project(STEPS, {"staging": "empty"}, environments=DEMANDS)
        bring_evidence(self.project)
        self.folder = self.project.folder
        self.restore(ENVIRONMENTS)
        shutil.copytree(self.folder, f"{self.folder}.kept")
        self.pipeline, self.environments = json.dumps(self.project.pipeline), json.dumps(self.project.environments)
        self.plan = None

    def restore(self, databases):
        if databases:
            self.world.make(self.project.databases, HAS, databases)

    def put_back(self, databases):
        """Its files with their times; the state is left alone, so that it shows what becomes of it."""
        for name in ("pipelines", "migrations"):
            shutil.rmtree(f"{self.folder}/{name}")
            shutil.copytree(f"{self.folder}.kept/{name}", f"{self.folder}/{name}")
        if os.path.exists(f"{self.project.state}.away"):
            shutil.rmtree(self.project.state, ignore_errors=True)
            os.rename(f"{self.project.state}.away", self.project.state)
        self.project.pipeline, self.project.environments = json.loads(self.pipeline), json.loads(self.environments)
        self.restore(databases)

    def contents(self):
        """All that the databases hold; no hook has run, and no run was begun."""
        words = []
        for name in ENVIRONMENTS:
            words += ["-c", f"\\connect {self.project.databases[name]}", "-f", f"{server.SUPPORT}/schema.sql", "-f",
                      f"{server.SUPPORT}/rows.sql"]
        return psql(self.world.scratch.url("postgres"), *words), self.project.hooks(), self.project.runs()

    def apply(self, **variables):
        return self.project.json("apply", "saved.plan", "--confirm", "production", **variables)

    def check(self, case):
        """What is wrong."""
        saved = json.loads(self.project.must("plan", "promote", "-o", "saved.plan", "--json", *case.words))["plan"]
        found = []
        if not case.words:
            found = [] if self.plan in (None, saved) else [f"the same world has plan {saved[:8]} now, {self.plan[:8]} before"]
            self.plan = saved
        variables = case.change(self.project)
        before = self.contents()
        status, said = self.apply(**(variables if isinstance(variables, dict) else {}))
        found += self.refusal(case, status, said.get("error", {"message": str(said)}))
        if self.contents() != before:
            found.append("what was refused has changed something")
        self.put_back(case.databases)
        return found

    def refusal(self, case, status, error):
        found = [] if status == case.status else [f"exit status {status}, expected was {case.status}"]
        text = (error.get("detail") or "") if case.status == 9 else error["message"]
        lines = text.split("\n")
        if case.says and (len(lines) != 1 or not (re.fullmatch if case.status == 9 else re.search)(case.says, lines[0])):
            found.append(f"it says {lines} of {error['message']}; expected was {case.says}")
        return found
