"""How long other sessions wait while a table gets a column that is read and written all the time, also by readers of ten seconds each.

The waiting ALTER TABLE stands before everybody who comes after it. pgbench logs every transaction; those that overlap with the
deploy count."""
import glob
import os
import signal
import statistics
import subprocess
import threading
import time

import measure
import server

LOCK_TIMEOUT_MS, GAP_MS = 2000, 1000
READER_S, PAUSE_S = 10, 1
CLIENTS = 4
SCRIPT = """\\set id random(1, 10000)
select n from load where id = :id;
update load set n = n + 1 where id = :id;
"""
TABLE = ("20260101000000_load", "create table load as select g as id, 0 as n from generate_series(1, 10000) g;\n"
                               "alter table load add primary key (id);\n")
COLUMN = ("20260102000000_extra", "alter table load add column extra text;\n")


class Readers(threading.Thread):
    """One after the other, each in a transaction that keeps the table locked against ALTER TABLE."""

    def __init__(self, scratch, database):
        super().__init__()
        self.scratch, self.database = scratch, database
        self.reading, self.enough = threading.Event(), threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.enough.is_set():
                self.reading.set()
                self.scratch.psql(self.database, f"begin; select count(*) from load; select pg_sleep({READER_S}); commit")
                self.reading.clear()
                self.enough.wait(PAUSE_S)
        except server.Failed as failure:
            self.failure = failure


def waits(scratch, before, deploy):
    """Latencies in ms of what overlapped with the deploy, and how long that took."""
    database = scratch.database()
    before.timed(scratch.url(database), "deploy", "development")
    prefix = f"{scratch.folder}/{database}-log"
    with open(f"{scratch.folder}/load.sql", "w", encoding="utf-8") as file:
        file.write(SCRIPT)
    load = subprocess.Popen(
        ["pgbench", "-n", "-f", f"{scratch.folder}/load.sql", "-c", str(CLIENTS), "-j", "1", "-T", "600", "-R", "400", "--log",
         "--log-prefix", prefix, scratch.url(database)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=server.clean_environment())
    readers = Readers(scratch, database)
    try:
        readers.start()
        readers.reading.wait(20)
        time.sleep(1.5)  # pgbench and the reader are at work
        began = time.time()
        deploy(scratch.url(database))
        ended = time.time()
        time.sleep(0.5)  # what still waited has written its line
    finally:
        readers.enough.set()
        load.send_signal(signal.SIGINT)  # it writes its log to the end
        _, said = load.communicate()
        scratch.psql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity "
                                 "where query like '%pg_sleep%' and pid <> pg_backend_pid()")
        readers.join()
    if scratch.psql(database, "select count(*) from pg_attribute where attrelid = 'load'::regclass and attname = 'extra'") != "1":
        raise server.Failed("the column was not added")
    latencies = overlapping(prefix, began, ended)
    if not latencies:
        raise server.Failed(f"pgbench did nothing\n{said}")
    return latencies, (ended - began) * 1000


def overlapping(prefix, began, ended):
    latencies = []
    for path in glob.glob(f"{prefix}.*"):
        with open(path, encoding="utf-8") as file:
            for line in file:
                # client, number, latency, script, seconds, microseconds [, lag of the schedule]
                fields = line.split()
                if len(fields) < 7 or not fields[2].isdigit():
                    continue
                lag = float(fields[6]) / 1e6
                took = float(fields[2]) / 1e6 - lag  # the wait behind its own slow forerunner is no wait for the lock
                at = int(fields[4]) + int(fields[5]) / 1e6
                if at >= began and at - took <= ended:
                    latencies.append(took * 1000)
        os.unlink(path)
    return sorted(latencies)


def run(bench):
    with server.Server("log_statement=none", "shared_buffers=128MB", "max_connections=60") as scratch:
        courtesy = {"lock_timeout": f"{LOCK_TIMEOUT_MS}ms", "lock_retries": 1000}
        before = measure.Project(bench, f"{scratch.folder}/before", [TABLE])
        project = measure.Project(bench, f"{scratch.folder}/shop", [TABLE, COLUMN], courtesy)
        file = f"{project.folder}/migrations/{COLUMN[0]}/migration.sql"
        psql = ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-f", file, "-d"]
        results = measure.interleaved(bench.rounds, {
            "psql -f": lambda: waits(scratch, before, lambda url: measure.timed_ms([*psql, url])),
            "headgate deploy": lambda: waits(scratch, before, lambda url: project.timed(url, "deploy", "development")),
        })
    bench.title(f"load: ALTER TABLE under pgbench with readers of {READER_S} s; how long a transaction of others took")
    bench.row("", "p50", "p99", "max", "the deploy")
    worst = {}
    for name, measured in results.items():
        cells = [[latencies[min(len(latencies) - 1, int(len(latencies) * q))] for latencies, _ in measured]
                 for q in (0.5, 0.99, 1)]
        worst[name] = max(cells[2])
        bench.row(name, *map(measure.ms, cells), measure.ms([took for _, took in measured]))
    bench.row("of these the worst max of all rounds", *(f"{name}: {value:,.0f} ms" for name, value in worst.items()))
    limit = LOCK_TIMEOUT_MS + GAP_MS
    bench.target("the longest wait because of headgate (lock_timeout and a gap)", worst["headgate deploy"], limit, " ms")
