"""What a plan said, against what the journal and the databases say came of it. Each difference is a sentence."""
import fnmatch
import os

MAY_END = {"runs": ("done", "failed"), "nothing": ("nothing",), "skipped": ("skipped",), "open": ("done", "nothing", "skipped", "failed")}
KNOWN_ELSEWHERE = ("measured_milliseconds", "measured_in")  # beside the document of the plan
OURS = ("HEADGATE_", "DATABASE_URL", "NOT_FOR_HOOKS")


def of_step(events, step):
    return [event for event in events if event.get("step") == step]


def end_of(events, step):
    """How it stands when the run is left alone: done, nothing, skipped, failed, waiting, begun or open."""
    ends = {"step-ended": lambda event: event["data"]["outcome"], "gate-waiting": lambda _: "waiting", "step-begun": lambda _: "begun"}
    said = [ends[event["kind"]](event) for event in of_step(events, step) if event["kind"] in ends]
    return said[-1] if said else "open"


def passed(events, step):
    last = [event["data"] for event in of_step(events, step) if event["kind"] == "step-ended"][-1:]
    return bool(last) and (last[0]["outcome"] != "failed" or bool(last[0].get("went_on")))


def applied(events, step):
    return [event["data"]["migration"] for event in of_step(events, step) if event["kind"] == "deploy-applied"]


def document(plan, policies):
    """Of the plan for programs, or of the one in the journal: what both have."""
    steps = [{key: value for key, value in step.items() if key not in KNOWN_ELSEWHERE} for step in plan["steps"]]
    both = {key: plan[key] for key in ("pipeline", "environments", "release", "targets", "until", "overrides", "headgate")}
    return both | {"steps": steps, "policies": [(policy["step"], policy["policy"], policy.get("state")) for policy in policies]}


def begun_with(plan, events):
    """The journal's first event holds the plan that was printed before."""
    begun = events[0]["data"]
    if events[0]["kind"] != "run-begun":
        yield f"the first event is {events[0]['kind']}"
        return
    if begun["plan"] != plan["plan"]:
        yield f"plan {plan['plan'][:8]} was printed, run-begun has {begun['plan'][:8]}"
    then = {(policy["step"], policy["policy"]) for policy in begun["document"]["policies"] if "state" in policy}
    printed = [policy if (policy["step"], policy["policy"]) in then else policy | {"state": None} for policy in plan["policies"]]
    if document(begun["document"], begun["document"]["policies"]) != document(plan, printed):
        yield "the document in the journal is not what was printed"
    if [override["policy"] for override in begun["overrides"]] != plan["overrides"]:
        yield f"overrides {plan['overrides']} were printed, {begun['overrides']} begun with"


def order(step, events):
    """It begins after all that it needs has passed."""
    for event in of_step(events, step["id"]):
        before = [other for other in events if other["number"] < event["number"]]
        waits_for = [name for name in step["needs"] if not passed(before, name)]
        if event["kind"] in ("step-begun", "gate-waiting") and waits_for:
            yield f"{step['id']} has {event['kind']} before the end of {waits_for}"


def attempts(step, events):
    """As often as it may be tried, with the pauses that it was said to make."""
    pauses = [event["data"]["in"] for event in of_step(events, step["id"]) if event["kind"] == "step-retrying"]
    if pauses != [step["backoff"] * 2 ** i for i in range(len(pauses))] or len(pauses) > step["retries"]:
        yield f"{step['id']}: {step['retries']} retries from {step['backoff']} ms, pauses of {pauses}"
    begun = sum(event["kind"] == "step-begun" for event in of_step(events, step["id"]))
    if step["verdict"] in ("nothing", "skipped") and begun:
        yield f"{step['id']}: {step['verdict']} in the plan, but it began"


def end(step, events, run_is_over):
    how = end_of(events, step["id"])
    if how in ("open", "waiting", "begun"):
        if run_is_over == "done":
            yield f"{step['id']} is {how} at the end of the run"
    elif how not in MAY_END[step["verdict"]]:
        yield f"{step['id']}: {step['verdict']} in the plan, {how} in the run"
    ended = [event["data"] for event in of_step(events, step["id"]) if event["kind"] == "step-ended"]
    if how == "done" and ended[-1].get("evidence") != step["evidence"]:
        yield f"{step['id']}: evidence {step['evidence']} was announced, {ended[-1].get('evidence')} recorded"


def migrations(step, events):
    """Those that were announced, in that order."""
    announced, ran, how = [item["name"] for item in step["to_apply"]], applied(events, step["id"]), end_of(events, step["id"])
    if ran != (announced if how == "done" else announced[:len(ran)]):
        yield f"{step['id']}: {announced} announced, {ran} applied"


def history(environment, plan, events, before, after):
    """The rows that it has got are those that the journal has. One that was begun before keeps its place."""
    steps = [step for step in plan["steps"] if step["kind"] == "deploy" and step["environment"] == environment]
    resumed = {item["name"] for step in steps for item in step["to_apply"] if item["state"] == "unfinished"}
    ran = [name for step in steps for name in applied(events, step["id"])]
    new = [line.split("|")[1] for line in after if line.startswith("row|") and line.endswith("|t|f") and line not in before]
    if sorted(new) != sorted(ran) or [name for name in new if name not in resumed] != [name for name in ran if name not in resumed]:
        yield f"{ran} in the journal, {new} in the history of {environment}"
    announced = {item["name"] for step in steps if step["verdict"] in ("runs", "open") for item in step["to_apply"]}
    if not announced and before != after and not any(step["kind"] == "seed" for step in plan["steps"]):
        yield f"{environment} was changed and nothing was announced"


def waits(step, plan, events):
    """A deploy waits only for what the plan said that it waits for."""
    found = [event for event in of_step(events, step["id"]) if event["kind"] == "gate-waiting"]
    said = [policy["policy"] for policy in plan["policies"] if policy["step"] == step["id"] and policy["state"] == "wait"]
    if found and step["kind"] != "gate" and not said:
        yield f"{step['id']} waits for {found[0]['data']['waits']}, which the plan did not say"


def hook(step, project, events, hooks):
    begun = [event["data"]["attempt"] for event in of_step(events, step["id"]) if event["kind"] == "step-begun"]
    ran = sorted(attempt for name, attempt in hooks if name == step["id"])
    if ran != begun:
        yield f"{step['id']}: attempts {begun} in the journal, attempts {ran} were made"
    for attempt in ran:
        trace = hooks[step["id"], attempt]
        program, *arguments = trace["arguments"]
        if os.path.relpath(os.path.realpath(program), os.path.realpath(project.folder)) != step["program"] or arguments != step["argv"][1:]:
            yield f"{step['id']}: {step['program']} {step['argv']} announced, {trace['arguments']} ran"
        missing = [name for name in step["variables"] if "*" not in name and name not in trace["variables"]]
        secret = [name for name in trace["variables"] if name.startswith(OURS)
                  and not any(fnmatch.fnmatchcase(name, pattern) for pattern in step["variables"])]
        if missing or secret:
            yield f"{step['id']}: it did not get {missing}, and got {secret} unannounced"


def shown(plan, show, events):
    """What `show` says of the same run."""
    if show["plan"] != plan["plan"] or show["events"] != len(events) or show["head"] != events[-1]["hash"]:
        yield "show is about another journal"
    if [step["id"] for step in show["steps"]] != [step["id"] for step in plan["steps"]]:
        yield "show has other steps"
    for step in show["steps"]:
        how = end_of(events, step["id"])
        if step["state"] != {"nothing": "done", "begun": "cut"}.get(how, how):
            yield f"show has {step['id']} as {step['state']}, the journal says {how}"
        if step["applied"] != applied(events, step["id"]):
            yield f"show has {step['applied']} applied by {step['id']}, the journal {applied(events, step['id'])}"


def differences(plan, project, events, show, before):
    """before: what the databases had when the plan was made."""
    after, hooks = project.contents(), project.hooks()
    over = events[-1]["data"].get("outcome") if events[-1]["kind"] == "run-ended" else None
    found = list(begun_with(plan, events)) + list(shown(plan, show, events))
    for step in plan["steps"]:
        found += [*order(step, events), *attempts(step, events), *end(step, events, over), *waits(step, plan, events)]
        if step["kind"] == "deploy":
            found += migrations(step, events)
        if step["kind"] == "hook":
            found += hook(step, project, events, hooks)
    for environment, had in before.items():
        found += history(environment, plan, events, had, after[environment])
    total = sum(len(applied(events, step["id"])) for step in plan["steps"])
    if over == "done" and "open" not in [step["verdict"] for step in plan["steps"]] and total != plan["to_apply"]:
        found.append(f"{plan['to_apply']} migrations were announced, {total} applied")
    unplanned = {name for name, _ in hooks} - {step["id"] for step in plan["steps"] if step["kind"] == "hook"}
    return found + [f"hook {name} ran and was in no plan" for name in sorted(unplanned)]
