"""A database of 1.9 GB backed up, proven and compared, each time against PostgreSQL's own programs and zstd.

A scratch server of ours and the one that pg_restore fills have the same settings. Medians of at most three rounds: one takes minutes."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

import backup_data
import measure
import server

ROUNDS = 3
MOST = {"create": 1.0, "checksums": 1.0, "restore": 1.2}
LEAST_OF_PG_DUMP, MOST_MB = 4, 128


def timed_shell(line):
    """Seconds of a line of shell, every part of which must succeed."""
    began = time.monotonic()
    done = subprocess.run(["bash", "-c", "set -eo pipefail; " + line], env=server.clean_environment(), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise server.Failed(f"{line}: {done.stderr}"[:2000])
    return time.monotonic() - began


def scratch_settings():
    """Those that make a server of ours that is thrown away fast."""
    with open(f"{server.SOURCE}/src/cluster/server_arguments.c", encoding="utf-8") as file:
        return re.findall(r'"([^"]+)"', re.search(r"fast\[\] = \{(.*?)\}", file.read(), re.S)[1])


class Memory(threading.Thread):
    """The most that all processes of one program have had at once: what they share counts once."""

    def __init__(self, program):
        super().__init__(daemon=True)
        self.program, self.most_mb, self.over = program, 0.0, threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            self.most_mb = max(self.most_mb, sum(self.of(entry) for entry in os.listdir("/proc") if entry.isdigit()) / 1024)

    def of(self, process):
        try:
            if os.readlink(f"/proc/{process}/exe") != self.program:
                return 0
            with open(f"/proc/{process}/smaps_rollup", encoding="utf-8") as file:
                return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (OSError, StopIteration):
            return 0


class Measured:
    def __init__(self, bench, data, folder):
        self.bench, self.data, self.folder = bench, data, folder
        self.dump = f"pg_dump -Fc -d '{data.conninfo}'"
        self.vault = f"{folder}/vault"
        os.makedirs(f"{folder}/pipelines")
        os.makedirs(f"{folder}/t")
        os.chmod(f"{folder}/t", 0o1777)
        with open(f"{folder}/pipelines/environments.json", "w", encoding="utf-8") as file:
            json.dump({"environments": {"source": {"kind": "development", "url": data.conninfo}}, "vault": {"path": self.vault}}, file)

    def environment(self):
        return server.clean_environment() | {"TMPDIR": f"{self.folder}/t"}

    def headgate(self, *words):
        return measure.timed_ms([self.bench.headgate, "backup", *words, "--no-input"], self.environment(), self.folder) / 1000

    def create(self):
        shutil.rmtree(self.vault, ignore_errors=True)
        return self.headgate("create", "source")

    def archive(self):
        return next(f"{self.vault}/{name}" for name in os.listdir(self.vault) if name.endswith(".tar.zst"))

    def verify(self, level):
        return self.headgate("verify", "latest", "--env", "source", "--level", level)

    def pg_restore(self):
        """Into a new server that is thrown away; its start and end count, as they do for us."""
        place = f"{self.folder}/s"
        began = time.monotonic()
        server.must([backup_data.PG, "start", place, *scratch_settings(), "log_statement=none"])
        try:
            server.must(["createdb", "-h", place, "-U", "tester", "restored"])
            server.must(["pg_restore", "-j2", "--exit-on-error", "-d", f"host={place} user=tester dbname=restored", f"{self.folder}/plain.dump"])
        finally:
            server.must([backup_data.PG, "stop", place, "immediate"])
        shutil.rmtree(place)
        return time.monotonic() - began

    def peak_mb(self, *words):
        process = subprocess.Popen([self.bench.headgate, "backup", *words, "--no-input"], env=self.environment(), cwd=self.folder,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        memory = Memory(self.bench.headgate)
        memory.start()
        complaint = process.communicate()[1]
        memory.over.set()
        memory.join()
        if process.returncode != 0:
            raise server.Failed(complaint)
        return memory.most_mb


def run(bench):
    folder = tempfile.mkdtemp(prefix="hb-", dir="/tmp")
    os.chmod(folder, 0o711)  # servers are another user where we are root
    try:
        with backup_data.Data() as data:
            measure_all(bench, Measured(bench, data, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure_all(bench, our):
    size = int(our.data.psql("-c", "select sum(pg_table_size(oid)) from pg_class where relkind = 'r'"))
    if size < backup_data.LEAST:
        raise server.Failed(f"the data is only {size} bytes")
    timed_shell(f"{our.dump} -Z0 -f {our.folder}/plain.dump")  # for pg_restore; and everybody finds warm caches
    rounds = min(bench.rounds, ROUNDS)
    times = measure.interleaved(rounds, {
        "pg_dump -Fc -Z0 > /dev/null": lambda: timed_shell(f"{our.dump} -Z0 > /dev/null"),
        "pg_dump -Fc -Z0 | zstd -3": lambda: timed_shell(f"{our.dump} -Z0 | zstd -q -3 -f -o {our.folder}/piped.zst"),
        "pg_dump -Fc": lambda: timed_shell(f"{our.dump} -f {our.folder}/gzip.dump"),
        "create": our.create,
        "zstd -t": lambda: timed_shell(f"zstd -q -t {our.archive()}"),
        "verify --level checksums": lambda: our.verify("checksums"),
        "pg_restore -j2": our.pg_restore,
        "verify --level restore": lambda: our.verify("restore"),
    })
    shutil.rmtree(our.vault)
    peaks = {"create": our.peak_mb("create", "source"),
             "verify --level restore": our.peak_mb("verify", "latest", "--env", "source", "--level", "restore")}
    tell(bench, times, peaks, os.path.getsize(f"{our.folder}/plain.dump"), os.path.getsize(our.archive()))


def tell(bench, times, peaks, dump_size, archive_size):
    bench.title(f"backup: {dump_size / 1e6:,.0f} MB as a dump, {archive_size / 1e6:,.0f} MB as an archive; rounds: {len(times['create'])}")
    for name, seconds in times.items():
        bench.row(name, f"{measure.statistics.median(seconds):.1f} s", f"{peaks[name]:.0f} MB" if name in peaks else "",
                  f"{min(seconds):.1f} to {max(seconds):.1f}")
    plain = times["pg_dump -Fc -Z0 > /dev/null"]
    added = measure.statistics.median(ours - theirs for ours, theirs in zip(times["create"], plain))
    bench.row("added to the source", f"{added:.1f} s", f"{measure.ratio(times['create'], plain):.2f}")
    bench.target("create, times pg_dump -Fc -Z0 | zstd -3", measure.ratio(times["create"], times["pg_dump -Fc -Z0 | zstd -3"]), MOST["create"])
    bench.target("create, times faster than pg_dump -Fc", measure.ratio(times["pg_dump -Fc"], times["create"]), LEAST_OF_PG_DUMP, least=True)
    bench.target("verify --level checksums, times zstd -t", measure.ratio(times["verify --level checksums"], times["zstd -t"]), MOST["checksums"])
    bench.target("verify --level restore, times pg_restore -j2", measure.ratio(times["verify --level restore"], times["pg_restore -j2"]), MOST["restore"])
    for name, peak in peaks.items():
        bench.target(f"{name}, peak memory of its processes", peak, MOST_MB, " MB")
