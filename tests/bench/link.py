"""Round trips for a transactional migration over a slow link: the slope between 10 migrations and 60, so that connecting and looking
do not count."""
import json
import os
import signal
import subprocess
import sys
import time

import measure
import server

ONE_WAY_MS = 25
FEW, MORE = 10, 60
MOST = 2


class Relay:
    """tests/support/proxy.py before a server."""

    def __init__(self, folder, port):
        self.listen_file, self.count_file = f"{folder}/relay-port", f"{folder}/relay-counts"
        self.process = subprocess.Popen(
            [sys.executable, f"{server.SUPPORT}/proxy.py", "--listen-file", self.listen_file, "--count-file", self.count_file,
             "--to", f"127.0.0.1:{port}", "--delay-ms", str(ONE_WAY_MS)], stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not os.path.exists(self.listen_file):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise server.Failed("the relay does not start")
            time.sleep(0.05)
        with open(self.listen_file, encoding="utf-8") as file:
            self.port = int(file.read())

    def end(self):
        """Ends it; the round trips of all connections."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        with open(self.count_file, encoding="utf-8") as file:
            return sum(connection["round_trips"] for connection in json.load(file)["connections"])


def deployed(bench, scratch, n):
    """A deploy of n migrations through the relay: its round trips and its time."""
    folder = f"{scratch.folder}/shop{scratch.n_databases}"
    project = measure.Project(bench, folder, measure.tiny(n))
    database = scratch.database()
    relay = Relay(folder, scratch.port)
    try:
        took = project.timed(scratch.url(database, relay.port), "deploy", "development")
    finally:
        trips = relay.end()
    if scratch.psql(database, "select count(*) from _prisma_migrations where finished_at is not null") != str(n):
        raise server.Failed(f"not all {n} migrations were applied")
    return trips, took


def run(bench):
    with server.Server("log_statement=none") as scratch:
        results = measure.interleaved(bench.rounds, {n: lambda n=n: deployed(bench, scratch, n) for n in (FEW, MORE)})
    bench.title(f"link: deploy over a link of {2 * ONE_WAY_MS} ms a round trip")
    for n, measured in results.items():
        trips = measure.statistics.median(trips for trips, _ in measured)
        bench.row(f"{n} migrations", f"{trips:g} trips", measure.ms([took for _, took in measured]))
    slopes = [(more - few) / (MORE - FEW) for (few, _), (more, _) in zip(results[FEW], results[MORE])]
    times = [(more - few) / (MORE - FEW) for (_, few), (_, more) in zip(results[FEW], results[MORE])]
    bench.row("for each more", f"{measure.statistics.median(slopes):.2f} trips", measure.ms(times))
    bench.target("round trips for each migration", measure.statistics.median(slopes), MOST)
