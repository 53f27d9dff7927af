"""What a step costs: 200 hooks that do nothing, each in the journal, against a shell that starts the same program as often."""
import json
import resource
import shutil
import tempfile

import measure

N = 200
PROGRAM = "/bin/true"
LOOP = f'i=0; while [ "$i" -lt {N} ]; do {PROGRAM}; i=$((i + 1)); done'
MAX_MS = 5


def with_cpu(measured):
    """(ms by the clock, ms of CPU): the second says what is ours where others keep the machine busy."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = measured()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def run(bench):
    folder = tempfile.mkdtemp(prefix="hb-", dir="/tmp")
    try:
        project = measure.Project(bench, f"{folder}/shop", measure.tiny(1))
        with open(f"{project.folder}/pipelines/hooks.json", "w", encoding="utf-8") as file:
            json.dump({"name": "hooks", "environments": "environments.json", "release": "../migrations",
                       "steps": [{"id": f"hook-{i}", "hook": [PROGRAM]} for i in range(1, N + 1)]}, file)
        ours = project.command("run", "hooks", "--quiet")
        times = measure.interleaved(bench.rounds, {
            "headgate run": lambda: with_cpu(lambda: project.timed("postgresql:///nobody-asks", *ours[1:-1])),
            "shell loop": lambda: with_cpu(lambda: measure.timed_ms(["sh", "-c", LOOP]))})
        memory = measure.peak_mb(ours, project.environment("postgresql:///nobody-asks"), project.folder)
    finally:
        shutil.rmtree(folder)

    bench.title(f"hooks: {N} steps, each {PROGRAM}")
    for name, pairs in times.items():
        clock, cpu = zip(*pairs)
        bench.row(name, measure.ms(clock), f"{measure.ms(cpu)} CPU", measure.spread(clock))
    above, cpu_above = ([(a[i] - b[i]) / N for a, b in zip(times["headgate run"], times["shell loop"])] for i in (0, 1))
    bench.row("above the shell, a step", measure.ms(above), f"{measure.ms(cpu_above)} CPU")
    bench.row("peak memory of the run", f"{memory:.1f} MB")
    bench.target("a step above what the shell takes", measure.statistics.median(above), MAX_MS, " ms")
