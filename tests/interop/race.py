"""Two Headgates and two Prismas deploy the same folder to one database at once, CREATE INDEX CONCURRENTLY included.

Never applied twice, never a deadlock, no INVALID index left. A loser may leave with a refusal: Prisma with P1002 (it waited for 10 s)
or P3009 (it saw the row of a statement that another one is running outside a transaction), Headgate because the lock is held. Then
one more deploy by each finds nothing to do.

Two Prismas deadlock by themselves where one runs CONCURRENTLY while the other waits for the lock inside the server, with a snapshot.
So Prisma begins only in every second round, and there its twin comes after those statements."""
import time

import server
import table

SMALL, CONCURRENT = 20, (8, 16)
NAME = "two Headgates, two Prismas"


def fill(w):
    """20 small ones, slow enough that the others arrive in their midst; two more build an index outside a transaction."""
    w.migration("20260100000000_start", "create table ran (name text);\n"
                "create table big as select g as id from generate_series(1, 100000) g;\n")
    for i in range(1, SMALL):
        name = f"202601{i:02}000000_t{i}"
        w.migration(name, f"create table t{i} (id int);\ninsert into ran values ('{name}');\nselect pg_sleep(0.15);\n")
        if i in CONCURRENT:
            w.migration(f"202601{i:02}120000_index", f"create index concurrently big_id_{i} on big (id);\n")


def wait_for(w, sql, seconds=60):
    """Until it is true, or nobody makes it true any more."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if w.sql(f"select coalesce(({sql}), false)") == "t":
            return
        time.sleep(0.02)
    raise server.Failed(f"not within {seconds} s: {sql}")


def finished(name):
    """As SQL that also holds before the table is there."""
    return (f"""select to_regclass('_prisma_migrations') is not null and (xpath('/table/row/n/text()', query_to_xml(
        'select count(*) as n from _prisma_migrations where finished_at is not null and migration_name = ''{name}''',
        true, false, '')))[1]::text = '1'""")


def started(w, prisma_first):
    url, prisma, headgate = w.url(), w.table.prisma, w.table.headgate
    if not prisma_first:
        return [(program, program.start(w.folder, url, *arguments))
                for program, arguments in ((headgate, ("deploy", "development")), (prisma, ("deploy",))) * 2]
    running = [(prisma, prisma.start(w.folder, url, "deploy"))]
    wait_for(w, "select to_regclass('t2') is not null")
    running += [(headgate, headgate.start(w.folder, url, "deploy", "development")) for _ in range(2)]
    wait_for(w, finished(f"202601{max(CONCURRENT):02}120000_index"))
    return running + [(prisma, prisma.start(w.folder, url, "deploy"))]


def one_round(w, prisma_first):
    began = len(w.scratch.log())
    answers = [(program, program.finish(process)) for program, process in started(w, prisma_first)]
    said = {w.table.prisma: [], w.table.headgate: []}
    for program, answer in answers:
        said[program].append(answer)
    allowed = {w.table.prisma: ("applied", "nothing to do", "locked", "failed before"),
               w.table.headgate: ("applied", "nothing to do", "locked")}
    wrong = [f"{answer.word}: {answer.line}" for program, answer in answers if answer.word not in allowed[program]]
    if "deadlock detected" in w.scratch.log()[began:]:
        wrong.append("a deadlock")
    twice = w.sql("""select string_agg(migration_name, ' ') from (
        select migration_name from _prisma_migrations where finished_at is not null group by 1 having count(*) > 1
        union select name from ran group by 1 having count(*) > 1) as twice""")
    if twice:
        wrong.append(f"applied twice: {twice}")
    invalid = w.sql("select string_agg(indexrelid::regclass::text, ' ') from pg_index where not indisvalid")
    if invalid:
        wrong.append(f"INVALID: {invalid}")
    for program in (w.by_prisma, w.by_headgate):
        for question, word in (("deploy", ("nothing to do", "applied")), ("status", ("up to date",))):
            answer = program(question)
            if answer.word not in word:
                wrong.append(f"{question} afterwards: {answer.word}: {answer.line}")
    rows = w.sql("select count(*), count(distinct migration_name) from _prisma_migrations")
    if rows != f"{SMALL + len(CONCURRENT)}|{SMALL + len(CONCURRENT)}":
        wrong.append(f"rows and names in the history: {rows}")
    return [", ".join(answer.word for answer in said[program]) for program in said], wrong


def run(the_table, rounds):
    for i in range(rounds):
        prisma_first = i % 2 == 1
        name = f"{NAME}, round {i + 1}" + (", Prisma first" if prisma_first else "")
        try:
            w = table.World(the_table, name)
            fill(w)
            said, wrong = one_round(w, prisma_first)
        except server.Failed as failure:
            the_table.failed(name, str(failure))
            continue
        if wrong:
            the_table.failures.append(name)
        the_table.row(name, *said, "FAILED: " + "; ".join(wrong) if wrong else "each once, no deadlock, up to date")
