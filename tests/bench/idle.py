"""Nothing to do: a database that has all of 1,000 migrations."""
import os
import shutil

import measure
import peers
import server

N = 1000
MAX_MS, MAX_MB = 20, 15


def run(bench):
    migrations = measure.tiny(N)
    with server.Server("log_statement=none", "shared_buffers=128MB") as scratch:
        project = measure.Project(bench, f"{scratch.folder}/shop", migrations)
        url = scratch.url(scratch.database())
        project.timed(url, "deploy", "development")
        psql = ["psql", "-Xq", "-d", url, "-c", "select 1"]
        environment = project.environment(url)
        ours = {f"headgate {word}": project.command(word, "development") for word in ("deploy", "status")}
        # {name: a function that hands the command line to the function that measures it}
        tools = {"psql -c 'select 1'": lambda how: how(psql)}
        for name, command in ours.items():
            tools[name] = lambda how, command=command: how(command, environment, project.folder)
        add_peers(bench, scratch, project, migrations, url, tools)
        for measured in tools.values():
            measured(measure.timed_ms)  # once before, for what is only done once
        times = measure.interleaved(4 * bench.rounds, {  # each is short
            name: lambda m=m: m(measure.timed_ms) for name, m in tools.items()})
        memory = {name: measured(measure.peak_mb) for name, measured in tools.items()}

    bench.title(f"idle: nothing to do, {N:,} applied")
    for name in tools:
        bench.row(name, measure.ms(times[name]), f"{measure.ratio(times[name], times[next(iter(tools))]):.2f}",
                  f"{memory[name]:.1f} MB", measure.spread(times[name]))
    for name in ours:
        bench.target(f"{name}, nothing to do, time", measure.statistics.median(times[name]), MAX_MS, " ms")
        bench.target(f"{name}, nothing to do, peak memory", memory[name], MAX_MB, " MB")


def add_peers(bench, scratch, project, migrations, url, tools):
    program = peers.dbmate(bench)
    if program:
        dbmate = peers.Dbmate(program, f"{scratch.folder}/dbmate", migrations)
        theirs = scratch.url(scratch.database())
        dbmate.timed(theirs)
        tools["dbmate migrate"] = lambda how: how(dbmate.command(theirs))
    else:
        bench.skip("dbmate; --peers fetches it")
    program = shutil.which(os.environ.get("HEADGATE_PRISMA", ""))
    if program:
        prisma = peers.Prisma(program, f"{scratch.folder}/prisma", f"{project.folder}/migrations")
        tools["prisma migrate deploy"] = lambda how: prisma.measured(url, how)
    else:
        bench.skip("Prisma; HEADGATE_PRISMA names one")
