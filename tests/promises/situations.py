"""Situations in which a pipeline is planned and run: what the plan has to say of each step, and how each has to end."""
import dataclasses
import datetime
import json
import os

from project import FIRST, LAST, MIGRATIONS, SECOND

DEPLOY = [{"id": name, "deploy": name} for name in ("development", "staging", "production")]
E2E = {"id": "e2e", "hook": ["./hook.sh", "out", "checked=yes"], "on": "staging", "evidence": "e2e"}
GO = {"id": "go", "gate": {"approvals": 1}}
WHOLE = [*DEPLOY[:2], E2E, GO, DEPLOY[2]]
FULL = {"development": "full", "staging": "full", "production": "full"}
HALF = {name: "half" for name in FULL}
TELL = {"id": "tell", "hook": ["./hook.sh"]}
OVERRIDE = ("--reason", "ticket 42", "--override")


@dataclasses.dataclass
class Situation:
    name: str
    plan: str  # the verdict of each step; or "refused CODE"
    run: str = ""  # how each step ends
    status: int = 0
    steps: list = dataclasses.field(default_factory=lambda: WHOLE)
    always: list = dataclasses.field(default_factory=list)
    has: dict = dataclasses.field(default_factory=dict)
    environments: dict = dataclasses.field(default_factory=dict)
    prepare: object = None  # called with the project
    words: tuple = ()
    then: tuple = ()  # commands after the run; "RUN" is its id
    policies: dict = dataclasses.field(default_factory=dict)  # the state of each policy of production
    together: tuple = ()  # steps of which each begins before the other one ends


def day(offset):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=offset)).date()


def closed_window():
    """Not today, and neither yesterday nor tomorrow: it may be midnight."""
    return f"{day(3):%a} 08:00-16:00 UTC"


def hook(name, *arguments, **more):
    return {"id": name, "hook": ["./hook.sh", *arguments]} | more


def production(**require):
    return {"production": {"require": require}}


# --- what was before ---

def bring_evidence(project):
    """By an earlier run of another pipeline."""
    project.write("pipelines/earlier.json", json.dumps(project.pipeline | {"name": "earlier", "steps": [DEPLOY[1], E2E]}))
    project.must("run", "earlier")
    project.forget_hooks()


def fail_in_staging(project):
    project.sql("staging", "insert into item values (0, -1)")


def mend_staging(project):
    project.sql("staging", "delete from item where price < 0")


def leave_unfinished(project):
    """A unique index that could not be made, and now can."""
    project.sql("staging", "insert into item values (0, 1)")
    status, *_ = project.do("deploy", "staging")
    assert status != 0
    project.sql("staging", "delete from item where id = 0")


def leave_failed(project):
    project.sql("staging", f"insert into _prisma_migrations (id, checksum, migration_name) values ('x', 'y', '{SECOND}')")


def edit_applied(project):
    project.migration(FIRST, MIGRATIONS[FIRST] + "-- edited\n")


def break_text(project):
    project.migration(LAST, "copy item from stdin;\n")


def forget_program(project):
    os.remove(f"{project.folder}/pipelines/hook.sh")


def with_when(condition, **more):
    return [*DEPLOY[:1], hook("out", "out", "go=yes", "empty="), hook("maybe", when=condition, **more)]


ORDINARY = [
    Situation("nothing has anything", "runs runs runs runs runs", "done done done waiting open", 3),
    Situation("half of it is everywhere", "runs runs runs runs runs", "done done done waiting open", 3, has=HALF),
    Situation("all of it is everywhere", "nothing nothing nothing", "", 0, steps=DEPLOY, has=FULL),
    Situation("all of it is everywhere, evidence is missing", "nothing nothing runs runs nothing", "nothing nothing done waiting open", 3,
              has=FULL),
    Situation("only staging lacks something", "nothing runs nothing", "nothing done nothing", steps=DEPLOY, has=FULL | {"staging": "half"}),
    Situation("until staging", "runs runs skipped skipped skipped", "done done skipped skipped skipped", words=("--until", "staging"),
              always=[TELL | {"id": "told"}]),
    Situation("approved, and gone on with", "runs runs runs runs runs", "done done done done done", 0,
              then=(("approve", "RUN"), ("resume", "RUN"))),
    Situation("rejected", "runs runs runs runs runs", "done done done failed open", 4,
              then=(("approve", "RUN", "--reject"), ("resume", "RUN")),
              always=[TELL]),
    Situation("a condition that says yes, and one that says no", "runs runs skipped", "done done skipped",
              steps=[DEPLOY[0], hook("yes", when="pending.development and env.HOME"),
                     hook("no", when="env.MISSING or not pending.development")]),
    Situation("a condition that comes out as yes", "runs runs open", "done done done", steps=with_when("steps.out.outputs.go == 'yes'")),
    Situation("a condition that comes out as no", "runs runs open", "done done skipped", steps=with_when("steps.out.outputs.empty")),
    Situation("a deploy under a condition, with nothing to deploy", "runs open", "done nothing", has=FULL,
              steps=[hook("out", "out", "go=yes"), {"id": "development", "deploy": "development", "when": "steps.out.outputs.go"}]),
    Situation("side by side to two environments", "runs runs runs", "done done done", together=("development", "staging"),
              steps=[DEPLOY[0] | {"needs": []}, DEPLOY[1] | {"needs": []}, DEPLOY[2] | {"needs": ["development", "staging"]}]),
    Situation("hooks that wait for each other", "runs runs runs", "done done done", together=("a", "b"),
              steps=[hook("a", "meet", "b", needs=[]), hook("b", "meet", "a", needs=[]), hook("c", needs=["a", "b"])]),
    Situation("a hook that succeeds at its second attempt", "runs", "done", steps=[hook("flaky", "flaky", retries=2, backoff="10ms")]),
    Situation("a hook that fails at all attempts", "runs runs", "failed open", 7,
              steps=[hook("bad", "fail", retries=2, backoff="10ms"), TELL]),
    Situation("a hook that fails where that is no matter", "runs runs open skipped", "failed done done skipped",
              steps=[hook("bad", "fail", on_failure="continue"), TELL, hook("so", when="steps.bad.outcome == 'failed'"),
                     hook("never", when="env.MISSING")]),
    Situation("a hook that takes too long", "runs runs", "failed done", 7, steps=[hook("slow", "sleep", timeout="300ms")], always=[TELL]),
    Situation("always, after success", "runs runs runs", "done done done", steps=DEPLOY[:1], always=[TELL, hook("second", "out", "a=b")]),
    Situation("always, after a failure, and itself failing", "runs runs runs", "failed failed done", 7, steps=[hook("bad", "fail")],
              always=[hook("bad-too", "fail"), TELL]),
    Situation("a migration that fails by what is in staging", "runs runs runs", "done failed open", 1, steps=DEPLOY, has=HALF,
              prepare=fail_in_staging),
    Situation("a migration that was left unfinished", "runs runs", "done done", steps=[DEPLOY[0], DEPLOY[1]], has=HALF,
              prepare=leave_unfinished),
    Situation("seeds and checks", "runs runs runs runs", "done done done done", has={"staging": "full"},
              steps=[DEPLOY[0], {"id": "seed", "seed": "development"}, {"id": "same", "check": "development"},
                     {"id": "there", "check": "staging"}],
              environments={"development": {"seed": "seed.sql"}}),
    Situation("a check that finds something else", "runs runs", "done failed", 4, has=HALF,
              steps=[DEPLOY[0], {"id": "there", "check": "staging"}]),
    Situation("two deploys to one environment", "runs open", "done nothing", steps=[DEPLOY[0], DEPLOY[0] | {"id": "again"}]),
    Situation("a deploy and a seed side by side in one environment", "runs runs", "done done",
              steps=[DEPLOY[0] | {"needs": []}, {"id": "seed", "seed": "development", "needs": []}],
              has=HALF, environments={"development": {"seed": "seed.sql"}}),
    Situation("a failed hook is gone on with", "runs runs runs", "done done done", steps=[DEPLOY[0], hook("flaky", "flaky"), DEPLOY[1]],
              then=(("resume", "RUN"),)),
    Situation("what was wrong in staging is mended, and gone on with", "runs runs runs", "done done done", steps=DEPLOY, has=HALF,
              prepare=fail_in_staging, then=(mend_staging, ("resume", "RUN", "--confirm", "production"))),
    Situation("outputs for later hooks", "runs runs runs", "done done done",
              steps=[hook("a-b", "out", "key=value"), hook("later", env={"OWN": "x"}, on="staging"), hook("aside", needs=[])]),
]
