"""What an interrupted deploy says of the database, held against what is there."""
import re

APPLIED = re.compile(r"^  (\S+) +applied in ", re.M)
MIGRATION = re.compile(r'^error: environment "development": migration "([^"]+)"', re.M)
COUNT = re.compile(r"^(\d+) of (\d+) applied in", re.M)
DONE = re.compile(r"Steps? (?:1 to )?(\d+) of \d+ (?:is|are) done and committed")
FIRST = re.compile(r"It is the first of \d+ steps: nothing before it was changed")
ALL_DONE = re.compile(r"All (\d+) steps are done and committed")
STEP_BACK = re.compile(r"Step (\d+) was rolled back")
WHOLE = "It was rolled back as a whole: nothing of it is in the database."
UNKNOWN = "The server could not be asked what became of it."
PERHAPS_NOTED = "whether that is noted as well, the next deploy sees"
PERHAPS_DONE = re.compile(r"Step (\d+) is there as a whole or not at all")


def steps_claimed(said):
    for pattern in (DONE, ALL_DONE):
        if found := pattern.search(said):
            return int(found[1])
    return 0 if FIRST.search(said) else None


def about_migration(said, name, rows):
    finished, steps, _ = rows.get(name, (False, None, ""))
    if WHOLE in said:
        return [f"{name} is there, in part or whole, and was said to be rolled back"] if name in rows else []
    claimed = steps_claimed(said)
    if claimed is None:
        return [] if UNKNOWN in said else [f"nothing is said of what became of {name}"]
    may_be = {claimed} | ({claimed - 1} if PERHAPS_NOTED in said else set()) | {int(step) for step in PERHAPS_DONE.findall(said)}
    wrong = []
    if finished and UNKNOWN not in said and PERHAPS_NOTED not in said:
        wrong.append(f"{name} is finished, and was said to be at step {claimed}")
    if not finished and (steps or 0) not in may_be and UNKNOWN not in said:
        wrong.append(f"{steps} steps of {name} are noted, said were {claimed}")
    back = STEP_BACK.search(said)
    if back and not finished and (steps or 0) >= int(back[1]):
        wrong.append(f"step {back[1]} of {name} is noted as done, and was said to be rolled back")
    return wrong


def wrong_in(said, rows):
    """The sentences that are not true."""
    finished = {name for name, (is_finished, *_) in rows.items() if is_finished}
    applied = APPLIED.findall(said)
    wrong = [f"{name} was said to be applied, and is not" for name in applied if name not in finished]
    failed = MIGRATION.search(said)
    count = COUNT.search(said)
    if count and int(count[1]) != len(applied):
        wrong.append(f"it counts {count[1]} as applied and names {len(applied)}")
    if failed:
        wrong += about_migration(said, failed[1], rows)
    elif len(finished) > len(applied):
        wrong.append("more is applied than was said, and no migration is named")
    return wrong
