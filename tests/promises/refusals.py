"""Situations in which a policy, the state of a target or a mistake stands against it."""
from situations import (DEPLOY, E2E, HALF, OVERRIDE, Situation, break_text, bring_evidence, closed_window, day, edit_applied,
                        forget_program,
                        hook, leave_failed, production)

PRODUCTION = [DEPLOY[2]]
FREEZE = f"{day(-2)}/{day(2)}"
AFTER = {"production": {"after": ["staging"]}}
READY = {"staging": "full", "production": "half"}


def demand(name, policy, state, environments, **more):
    return Situation(name, "runs", "waiting", 3, steps=PRODUCTION, has=READY, environments=environments, policies={policy: state}, **more)


def overridden(policy, environments, has=None):
    return Situation(f"{policy} is overridden", "runs", "done", 0, steps=PRODUCTION, has=has or READY, environments=environments,
                     words=(*OVERRIDE, policy), policies={policy.split(":")[0]: "overridden"})


def refused(name, code, **more):
    return Situation(name, f"refused {code}", status=code, **more)


POLICIES = [
    demand("approvals of the environment", "approvals", "wait", production(approvals=2)),
    demand("the window is closed", "windows", "wait", production(windows=[closed_window()])),
    demand("a freeze", "freeze", "wait", production(freeze=[FREEZE])),
    Situation("the window is open, there is no freeze", "runs", "done", steps=PRODUCTION, has=READY,
              policies={"windows": "ok", "freeze": "ok"},
              environments=production(windows=["Mon-Sun 00:00-24:00 UTC"], freeze=["2020-01-01/2020-01-02"])),
    Situation("soak time", "runs runs runs", "done waiting open", 3, steps=[DEPLOY[0], {"id": "soak", "gate": {"soak": "1h"}}, DEPLOY[1]]),
    Situation("a gate of a window", "runs runs", "waiting open", 3,
              steps=[{"id": "go", "gate": {"windows": [closed_window()]}}, DEPLOY[0]]),
    Situation("a gate that only somebody else may approve", "runs runs", "waiting open", 3,
              steps=[{"id": "go", "gate": {"approvals": 1, "exclude_author": True}}, DEPLOY[0]],
              then=(("resume", "RUN"),)),
    Situation("evidence comes from a step", "runs runs runs", "done done done", steps=[DEPLOY[1], E2E, DEPLOY[2]],
              environments=production(evidence=["e2e"]), policies={"evidence": "comes"}),
    Situation("evidence is there from an earlier run", "runs", "done", steps=PRODUCTION, environments=production(evidence=["e2e"]),
              prepare=bring_evidence, policies={"evidence": "ok"}),
    Situation("evidence was to come, and does not", "runs runs runs", "done failed failed", 4, environments=production(evidence=["e2e"]),
              steps=[DEPLOY[1], hook("e2e", "fail", on="staging", evidence="e2e", on_failure="continue"),
                     DEPLOY[2]], policies={"evidence": "comes"}),
    Situation("staging was to get it first, and does not", "runs open runs", "done skipped failed", 4, environments=AFTER,
              policies={"after": "comes"},
              steps=[hook("out", "out", "go="), DEPLOY[1] | {"when": "steps.out.outputs.go"}, DEPLOY[2]]),
    refused("evidence is missing", 4, steps=PRODUCTION, has=READY, environments=production(evidence=["e2e"]),
            policies={"evidence": "fails"}),
    refused("staging does not have it", 4, steps=PRODUCTION, has=HALF, environments=AFTER, policies={"after": "fails"}),
    Situation("staging gets it first", "runs runs", "done done", steps=DEPLOY[1:], has=HALF, environments=AFTER,
              policies={"after": "comes"}),
    refused("staging gets it only side by side", 4, steps=[DEPLOY[1] | {"needs": []}, DEPLOY[2] | {"needs": []}], environments=AFTER,
            policies={"after": "fails"}),
    refused("a backup is demanded", 4, steps=PRODUCTION, has=READY, environments=production(backup={"max_age": "1h"}),
            policies={"backup": "fails"}),
    refused("the release is not signed", 4, steps=PRODUCTION, has=READY, environments=production(signed_by="signers"),
            policies={"signature": "fails"}),
    overridden("after", AFTER, HALF),
    overridden("evidence", production(evidence=["e2e", "other"])),
    overridden("backup:production", production(backup={"max_age": "1h"})),
    overridden("approvals", production(approvals=2)),
    overridden("windows", production(windows=[closed_window()])),
    overridden("freeze:production", production(freeze=[FREEZE])),
    overridden("signature", production(signed_by="signers")),
    refused("a hook whose program is missing", 65, steps=[DEPLOY[0], hook("e2e")], prepare=forget_program),
    refused("a migration that has failed before", 4, steps=DEPLOY, has=HALF, prepare=leave_failed),
    refused("an applied migration was edited", 4, steps=DEPLOY, has=HALF, prepare=edit_applied),
    refused("a text that is no SQL", 65, steps=DEPLOY, has=HALF, prepare=break_text),
    refused("another server than the one expected", 9, steps=DEPLOY, environments={"staging": {"expect": {"system_identifier": "4711"}}}),
    refused("a server that is not there", 69, steps=DEPLOY, environments={"production": {"url": "postgresql://x@127.0.0.1:1/x"}}),
    refused("another step is missing what it needs, and a policy fails", 65, steps=[hook("e2e"), *PRODUCTION], has=HALF, environments=AFTER,
            prepare=forget_program),
]
