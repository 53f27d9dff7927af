"""What a promotion has left in its journal and in the lines of its hooks, held against each other."""
import json
import os
from collections import Counter

from promotion_release import HOOKS, MIGRATIONS

ALWAYS = ("tell",)  # again whenever a run comes to an end
DEPLOYS = ("development", "staging", "production")


def journals(state):
    """{run: its events}; a last line that is torn counts as not written."""
    found = {}
    folder = f"{state}/runs"
    for run in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        path = f"{folder}/{run}/journal"
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                found[run] = [json.loads(line) for line in file.read().split("\n")[:-1]]
    return found


def kinds(events, kind, step=None):
    return [event for event in events if event["kind"] == kind and step in (None, event.get("step"))]


def is_approved(events):
    return bool(kinds(events, "approved"))


def begun_twice(events):
    """A step begins again only after an end, a failure that is tried again, or a new beginning of the run."""
    working, wrong = set(), []
    for event in events:
        kind, step = event["kind"], event.get("step")
        if kind == "step-begun":
            wrong += [f"step {step} begins in event {event['number']} although it works already"] if step in working else []
            working.add(step)
        elif kind in ("step-ended", "step-retrying"):
            working.discard(step)
        elif kind == "run-resumed":
            working.clear()
    return wrong


def before_the_approval(events):
    begun, approved = kinds(events, "step-begun", "production"), kinds(events, "approved")
    if begun and (not approved or begun[0]["number"] < approved[0]["number"]):
        return ["production was begun before it was approved"]
    return []


def told_twice(events):
    told = Counter((event["step"], event["data"]["migration"]) for event in kinds(events, "deploy-applied"))
    return [f"{step}: {migration} was applied {n} times" for (step, migration), n in told.items() if n > 1]


def about_hooks(events, lines):
    """Each attempt is one that the journal had announced, and none that it has an end of did not happen."""
    wrong = []
    ran = Counter(lines)
    wrong += [f"hook: {n} times {line!r}" for line, n in ran.items() if n > 1]
    for hook in HOOKS:
        begun = {str(event["data"]["attempt"]) for event in kinds(events, "step-begun", hook)}
        ended = {str(event["data"]["attempt"]) for event in kinds(events, "step-ended", hook) if event["data"]["outcome"] == "done"}
        began = {line.split()[2] for line in lines if line.startswith(f"begin {hook} ")}
        came_to_end = {line.split()[2] for line in lines if line.startswith(f"end {hook} ")}
        wrong += [f"hook {hook}: attempt {n} ran, and no step-begun says so" for n in sorted(began - begun)]
        wrong += [f"hook {hook}: attempt {n} did not run, and a step-ended says so" for n in sorted(ended - came_to_end)]
    return wrong


def about_end(events):
    wrong = []
    ends = kinds(events, "run-ended")
    if not ends or ends[-1] is not events[-1] or ends[-1]["data"]["outcome"] != "done":
        wrong.append(f"the last event is {events[-1]['kind']} {events[-1]['data']}")
    for step in (*DEPLOYS, *HOOKS, "go"):
        done = [event for event in kinds(events, "step-ended", step) if event["data"]["outcome"] in ("done", "nothing")]
        is_right = len(done) == 1 or (done and step in ALWAYS)
        wrong += [] if is_right else [f"step {step} ended well {len(done)} times"]
    return wrong


def wrong_in(events, lines, over):
    """`over`: the promotion is, so its end counts as well."""
    wrong = begun_twice(events) + before_the_approval(events) + told_twice(events) + about_hooks(events, lines)
    return wrong + (about_end(events) if over else [])


def is_shown_done(text):
    shown = json.loads(text)
    applied = {step["id"]: step["applied"] for step in shown["steps"]}
    wrong = [f"show: step {step['id']} is {step['state']}" for step in shown["steps"] if step["state"] != "done"]
    wrong += [] if shown["state"] == "done" else [f"show: the run is {shown['state']}"]
    # What was applied and could not be told any more is missing there; more than the release has cannot be.
    return wrong + [f"show: {step} applied {names}" for step, names in applied.items() if set(names) - set(MIGRATIONS)]
