#!/usr/bin/python3
"""The database that backups are measured on: made once, some minutes, then kept stopped in a folder.

  backup_data.py start|stop [FOLDER]   it is made where it is not there; start prints its connection string

FOLDER is build/bench-data, or HEADGATE_BENCH_DATA."""
import os
import shutil
import sys

sys.dont_write_bytecode = True
here = os.path.dirname(os.path.realpath(__file__))
sys.path[:0] = [here, f"{here}/../support"]

import server  # noqa: E402

PG = f"{server.SUPPORT}/pg"
SETTINGS = ("log_statement=none", "shared_buffers=256MB", "max_wal_size=4GB", "autovacuum=off", "wal_level=replica", "checkpoint_timeout=1h")
DATABASE = "shop"
LEAST = 1_500_000_000  # bytes of its tables


def default_folder():
    return os.environ.get("HEADGATE_BENCH_DATA") or f"{server.SOURCE}/build/bench-data"


class Data:
    """with Data() as data: its server runs."""

    def __init__(self, folder=None):
        self.folder = os.path.abspath(folder or default_folder())
        self.conninfo = f"host={self.folder} port=5432 user=tester dbname={DATABASE}"

    def psql(self, *words):
        return server.must(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.conninfo, *words])

    def start(self):
        if not os.path.exists(f"{self.folder}/made"):
            self.make()
        elif server.run(["psql", "-XAtq", "-d", self.conninfo, "-c", "select"]).returncode != 0:
            server.must([PG, "start", self.folder])

    def stop(self):
        server.must([PG, "stop", self.folder, "fast"])

    def make(self):
        """Where it was begun and not ended, it begins anew."""
        server.run([PG, "stop", self.folder, "immediate"])
        shutil.rmtree(self.folder, ignore_errors=True)
        server.must([PG, "start", self.folder, *SETTINGS])
        server.must(["createdb", "-h", self.folder, "-U", "tester", DATABASE])
        server.must(["pgbench", "-i", "-q", "-s", "50", "--foreign-keys", self.conninfo])
        self.psql("-f", f"{here}/backup_data.sql")
        self.psql("-c", "vacuum (freeze, analyze)", "-c", "checkpoint")
        with open(f"{self.folder}/made", "w", encoding="utf-8"):
            pass

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


def main():
    verb, *folder = sys.argv[1:] or ["help"]
    if verb not in ("start", "stop") or len(folder) > 1:
        print(__doc__, file=sys.stderr)
        return 64
    data = Data(*folder)
    if verb == "stop":
        data.stop()
    else:
        data.start()
        print(data.conninfo)
    return 0


if __name__ == "__main__":
    sys.exit(main())
