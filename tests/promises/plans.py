"""The plan says what happens: in each situation the plan is taken, then run, and held against the journal."""
import compare
import refusals
import situations

SITUATIONS = situations.ORDINARY + refusals.POLICIES
OF_NOW = ("made", "valid_until")


def same_as_dry_run(project, words, plan):
    _, dry = project.json("run", "promote", "--dry-run", *words)
    both = [{key: value for key, value in text.items() if key not in OF_NOW} for text in (plan, dry)]
    return [] if both[0] == both[1] else ["run --dry-run is not what plan says"]


def refusal(situation, project, plan, status):
    """What speaks against the plan speaks against the run, with the same words; nothing is begun."""
    runs, before = project.runs(), project.contents()
    ran, said = project.json("run", "promote", *situation.words)
    first = (plan.get("refusals") or [plan])[0]["error"]
    found = []
    if (ran, status) != (situation.status, situation.status):
        found.append(f"the plan ends with {status}, the run with {ran}, expected was {situation.status}")
    if "error" not in said or first["kind"] != said["error"]["kind"] or first["message"] not in said["error"]["message"]:
        found.append(f"the plan says {first}, the run says {said}")
    if project.runs() != runs or project.contents() != before or project.hooks():
        found.append("a refused run has changed something")
    return found


def expected(situation, plan, status):
    """That the plan is what it has to be here, so that not both are wrong."""
    verdicts = " ".join(step["verdict"] for step in plan["steps"] if not step["always"] or len(situation.plan.split()) == len(plan["steps"]))
    found = [] if verdicts == situation.plan else [f"the plan says {verdicts}, expected was {situation.plan}"]
    if status != 0:
        found.append(f"the plan ends with {status}: {plan['refusals']}")
    return found


def policies(situation, plan):
    said = {policy["policy"]: policy["state"] for policy in plan.get("policies", []) if policy["policy"] in situation.policies}
    return [] if said == situation.policies else [f"the plan says {said}, expected was {situation.policies}"]


def together(situation, events):
    begun = {event["step"]: event["number"] for event in reversed(events) if event["kind"] == "step-begun"}
    ended = {event["step"]: event["number"] for event in reversed(events) if event["kind"] == "step-ended"}
    late = [(a, b) for a in situation.together for b in situation.together if begun[a] > ended[b]]
    return [f"{a} began only after {b} had ended" for a, b in late]


def unconfirmed(project, words):
    """Who was told that production is asked for, and does not answer, has begun nothing."""
    runs = project.runs()
    status, _, complaint = project.do("run", "promote", *words)
    wrong = status == 0 or "confirm production" not in complaint or project.runs() != runs
    return [f"nobody has confirmed, and the run ended with {status}: {complaint}"] if wrong else []


def course(situation, project, plan, before):
    """Runs it, and what comes after."""
    old = project.runs()
    found = unconfirmed(project, situation.words) if plan["confirms"] and situation.together else []
    yes = ("--confirm", "production") if plan["confirms"] else ()
    status, printed, complaint = project.do("run", "promote", *situation.words, *yes)
    new = [run for run in project.runs() if run not in old]
    if not plan["changes"]:
        wrong = status != 0 or new or "Nothing to do" not in printed
        return [f"there was nothing to do, but: exit status {status}, runs {new}, {printed}{complaint}"] if wrong else []
    if len(new) != 1:
        return [f"{len(new)} runs were begun: {printed}{complaint}"]
    for words in situation.then:
        if callable(words):
            words(project)
            continue
        status, printed, complaint = project.do(*(new[0] if word == "RUN" else word for word in words))
    events, (_, show) = project.events(new[0]), project.json("show", new[0])
    ends = " ".join(compare.end_of(events, step["id"]) for step in plan["steps"] if not step["always"] or
                    len(situation.run.split()) == len(plan["steps"]))
    found += compare.differences(plan, project, events, show, before) + together(situation, events)
    if ends != situation.run:
        found.append(f"it ended with {ends}, expected was {situation.run}: {printed}{complaint}")
    if not status == show["exit_status"] == situation.status:
        found.append(f"exit status {status}, in the journal {show['exit_status']}, expected was {situation.status}")
    return found


def check(situation, world):
    """What is wrong."""
    project = world.project(situation.steps, situation.has, environments=situation.environments, always=situation.always)
    if situation.prepare is not None:
        situation.prepare(project)
    before = project.contents()
    status, plan = project.json("plan", "promote", *situation.words)
    found = policies(situation, plan)
    if "plan" in plan:
        found += same_as_dry_run(project, situation.words, plan)
    if situation.plan.startswith("refused"):
        return found + refusal(situation, project, plan, status)
    if "steps" not in plan:
        return [*found, f"there is no plan: {plan}"]
    return found + expected(situation, plan, status) + course(situation, project, plan, before)
