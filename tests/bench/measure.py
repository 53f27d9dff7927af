"""Times, medians, targets, and the tables they are printed in."""
import json
import os
import statistics
import subprocess
import sys
import time
import traceback

import server


class Bench:
    def __init__(self, rounds, peers):
        self.rounds, self.peers = rounds, peers
        self.headgate = os.path.realpath(os.environ.get("HEADGATE", f"{server.SOURCE}/build/headgate"))
        self.missed = []

    def part(self, name, run):
        try:
            run(self)
        except Exception:  # the other parts are worth something by themselves
            self.missed.append(f"{name} broke off")
            traceback.print_exc(limit=-2)

    def title(self, text):
        print(f"\n{text}", flush=True)

    def row(self, name, *cells):
        print("  " + name.ljust(42) + "".join(f"{cell:>12}  " for cell in cells).rstrip(), flush=True)

    def target(self, sentence, value, limit, unit="", least=False):
        kept = value >= limit if least else value <= limit
        bound = "at least" if least else "at most"
        print(f"  {'ok    ' if kept else 'MISSED'}  {sentence}: {value:.2f}{unit}, {bound} {limit:g}{unit}", flush=True)
        if not kept:
            self.missed.append(sentence)

    def skip(self, sentence):
        print(f"  skipped: {sentence}", flush=True)

    def end(self, strict):
        if not self.missed:
            print("\nscripts/bench: ok")
            return 0
        print(f"\nscripts/bench: {'FAILED' if strict else 'missed'}: {'; '.join(self.missed)}", file=sys.stderr)
        return 1 if strict else 0


def timed_ms(arguments, env=None, cwd=None, accepted=(0,)):
    """How long a program takes that must succeed."""
    began = time.monotonic()
    done = subprocess.run(arguments, env=env or server.clean_environment(), cwd=cwd, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    took = (time.monotonic() - began) * 1000
    if done.returncode not in accepted:
        raise server.Failed(f"exit status {done.returncode} of {' '.join(arguments)}\n{done.stdout}{done.stderr}"[:4000])
    return took


def peak_mb(arguments, env=None, cwd=None):
    """/usr/bin/time: what a child of ours is said to use starts from what we use."""
    path = f"/tmp/headgate-bench-{os.getpid()}"
    timed_ms(["/usr/bin/time", "-f", "%M", "-o", path, *arguments], env, cwd)
    with open(path, encoding="utf-8") as file:
        kb = int(file.read().split()[-1])
    os.unlink(path)
    return kb / 1024


def interleaved(rounds, measures):
    """{name: function} -> {name: [result of each round]}; in each round all of them, one after the other."""
    results = {name: [] for name in measures}
    for _ in range(rounds):
        for name, function in measures.items():
            results[name].append(function())
    return results


def ratio(ours, theirs):
    """Of the pairs: what disturbed a round disturbed both."""
    return statistics.median(a / b for a, b in zip(ours, theirs))


def ms(values):
    value = statistics.median(values)
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms"


def spread(values):
    return f"{min(values):,.0f} to {max(values):,.0f}"


class Project:
    """A folder with migrations and one environment, whose url is DATABASE_URL."""

    def __init__(self, bench, folder, migrations, deploy=None):
        self.bench, self.folder = bench, folder
        os.makedirs(f"{folder}/pipelines")
        environment = {"kind": "development", "url": "${DATABASE_URL}"}
        if deploy:
            environment["deploy"] = deploy
        with open(f"{folder}/pipelines/environments.json", "w", encoding="utf-8") as file:
            json.dump({"environments": {"development": environment}}, file)
        os.makedirs(f"{folder}/migrations")
        with open(f"{folder}/migrations/migration_lock.toml", "w", encoding="utf-8") as file:
            file.write('provider = "postgresql"\n')
        for name, text in migrations:
            os.makedirs(f"{folder}/migrations/{name}")
            with open(f"{folder}/migrations/{name}/migration.sql", "w", encoding="utf-8") as file:
                file.write(text)

    def command(self, *words):
        return [self.bench.headgate, *words, "--no-input"]

    def environment(self, url):
        return server.clean_environment() | {"DATABASE_URL": url}

    def timed(self, url, *words):
        return timed_ms(self.command(*words), self.environment(url), self.folder)


def tiny(n):
    """n migrations such as people write: one small table each, by names that any tool orders alike."""
    return [(f"2026{i:010}_t{i}", f"create table t{i} (\n    id bigint generated always as identity primary key,\n"
             f"    name text not null,\n    created_at timestamptz not null default now()\n);\ncreate index t{i}_name on t{i} (name);\n")
            for i in range(1, n + 1)]
