"""Eight at once: the same pipeline over the same databases, in one state or in two. Exactly one deploys."""
import json
import os
import re

import pipeline_world

CROWD = 8
ROUNDS = 50
STEPS = [step for step in pipeline_world.STEPS if "gate" not in step]
WORDS = ("run", "--confirm", "production")


def together(sites, *words):
    """[(exit status, words)] of CROWD runs that begin at the same moment, in turn from each of the sites."""
    processes = [sites[i % len(sites)].start(*WORDS, *words) for i in range(CROWD)]
    return [(process.communicate(timeout=pipeline_world.LONGEST)[0], process.returncode)[::-1] for process in processes]


def tokens_wrong(site):
    """Each lease gave its tokens once, in the order of time: the journals of its holders show which."""
    wrong = []
    for name in site.runs():
        tokens = [event["token"] for event in site.events(name) if event["token"]]
        if tokens != sorted(tokens):
            wrong.append(f"the tokens of run {name} are {tokens}")
    for name in os.listdir(f"{site.state}/leases"):
        with open(f"{site.state}/leases/{name}", "rb") as file:
            said = [json.loads(slot) for slot in file.read().split(b"\n") if slot.strip()]
        given = sorted(slot["token"] for slot in said)
        if any(b - a != 1 for a, b in zip(given, given[1:])):
            wrong.append(f"lease {name} has tokens {given}")
    return wrong


def deployers(site):
    """The runs that applied a migration."""
    return [name for name in site.runs() if "deploy-applied" in site.kinds(name)]


def go_on(site):
    """Whoever was in the way of the other goes on; what is wrong then."""
    while (is_open := [name for name in site.runs() if site.kinds(name)[-1] != "run-ended"]):
        rc, said = site.do("resume", is_open[0])
        if rc != 0:
            return [f"resume ends with {rc}\n{said}"]
    rc, said = site.do(*WORDS)
    return [] if rc == 0 else [f"the last run ends with {rc}\n{said}"]


def check_databases(site):
    return [f"{name} has {has}" for name in pipeline_world.ENVIRONMENTS if (has := site.world.contents(name)) != site.world.expected]


def check_one_state(site, ends, accepted):
    wrong = [f"one ends with {rc}\n{said}" for rc, said in ends if rc not in accepted]
    if len(deployers(site)) != 1:
        wrong.append(f"{len(deployers(site))} runs deployed")
    if (done := sum("Done in" in said for _, said in ends)) != 1:
        wrong.append(f"{done} said that they did it")
    held = [said for rc, said in ends if rc == 6]
    wrong += [f"it does not say who holds it\n{said}" for said in held if not re.search(r"held by run \S+ of \S+, process \d+, since", said)]
    return wrong + tokens_wrong(site) + check_databases(site) + site.wrong_at_end()


def one_state(world, rounds, accepted, *words):
    def run(row):
        for number in range(rounds):
            site = world.fresh()
            ends = together([site], *words)
            note(row, f"round {number + 1}", check_one_state(site, ends, accepted), ends)
    return run


def two_states(world, rounds):
    """As on two machines: only what is in the databases keeps them apart."""
    def run(row):
        for number in range(rounds):
            first = world.fresh()
            sites = [first, world.site()]
            ends = together(sites)
            wrong = [f"one ends with {rc}\n{said}" for rc, said in ends if rc not in (0, 6, 8, 9)]
            wrong += [line for site in sites for line in tokens_wrong(site)]
            for site in sites:  # whoever was in the way of the other goes on
                wrong += go_on(site)
            applied = sum(site.kinds().count("deploy-applied") for site in sites)
            wanted = len(pipeline_world.MIGRATIONS) * len(pipeline_world.ENVIRONMENTS)
            if applied != wanted:
                wrong.append(f"the journals have {applied} migrations, not {wanted}")
            note(row, f"round {number + 1}", wrong + check_databases(first), ends)
    return run


def note(row, name, wrong, ends):
    row.points += 1
    row.alone += 1
    if wrong:
        statuses = ", ".join(str(rc) for rc, _ in ends)
        row.wrong.append(f"{name}: " + "\n    ".join(wrong) + f"\n  they had ended with {statuses}")


def rows(scratch, headgate, full):
    world = pipeline_world.World(scratch, headgate, steps=STEPS)
    return [("eight runs, nobody waits", one_state(world, ROUNDS if full else 3, (0, 6), "--wait", "0s")),
            ("eight runs that wait", one_state(world, ROUNDS if full else 1, (0,), "--wait", "60s")),
            ("eight runs of two states", two_states(world, ROUNDS if full else 1))]
