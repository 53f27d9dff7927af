"""What `headgate status` costs on three running embedded databases."""
import json
import os
import shutil
import tempfile

import measure
import server

MAX_MS, MAX_MB = 150, 20


def run(bench):
    folder = tempfile.mkdtemp(prefix="hb-", dir="/tmp")
    os.chmod(folder, 0o711)  # servers are another user where we are root

    def headgate(*words):
        return [bench.headgate, *words, "--state", f"{folder}/state"]

    environment = server.clean_environment()  # without a URL they are embedded
    try:
        measure.timed_ms(headgate("status"), environment, server.SOURCE)  # makes and starts them
        listed = json.loads(server.must(headgate("embedded", "list", "--json"), env=environment, cwd=server.SOURCE))
        urls = [database["url"] for database in listed["embedded"]]
        results = measure.interleaved(bench.rounds, {
            "psql": lambda: sum(measure.timed_ms(["psql", "-X", "-d", url, "-c", "select 1"]) for url in urls),
            "headgate": lambda: measure.timed_ms(headgate("status"), environment, server.SOURCE),
        })
        mb = measure.peak_mb(headgate("status"), environment, server.SOURCE)
    finally:
        server.run(headgate("embedded", "remove", "--all", "--confirm", "remove", "--quiet"), cwd=server.SOURCE)
        shutil.rmtree(folder)

    ours, theirs = results["headgate"], results["psql"]
    bench.title(f"embedded: status of {len(urls)} private databases")
    bench.row("psql -c 'select 1', once for each", measure.ms(theirs), "1.00")
    bench.row("headgate status", measure.ms(ours), f"{measure.ratio(ours, theirs):.2f}", f"{mb:.1f} MB")
    bench.target("status of three databases, time", measure.statistics.median(ours), MAX_MS, " ms")
    bench.target("status of three databases, peak memory", mb, MAX_MB, " MB")
