"""A scratch PostgreSQL server on loopback, for the interop table and the benchmarks: started by tests/support/pg in a
private folder, gone with it."""
import os
import random
import shutil
import socket
import subprocess
import tempfile

SUPPORT = os.path.dirname(os.path.realpath(__file__))
SOURCE = os.path.realpath(os.path.join(SUPPORT, "../.."))


def disturbed(library, under, variables):
    """What makes a program load tests/support/disturb.c; only files under that folder are meant."""
    # Where the program has AddressSanitizer in it, that would want to be first.
    return {"LD_PRELOAD": library, "DISTURB_UNDER": under, **variables,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}


def clean_environment():
    """Nothing of the person who runs this: no databases, no choice of environment."""
    others = ("PG", "DATABASE_", "STAGING_", "PRODUCTION_", "NODE_ENV", "PRISMA_", "DBMATE_", "SQITCH_")
    return {name: value for name, value in os.environ.items() if not name.startswith(others)}


def run(arguments, **more):
    more.setdefault("env", clean_environment())
    return subprocess.run(arguments, text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False, **more)


class Failed(Exception):
    """A program that had to succeed did not."""


def must(arguments, **more):
    done = run(arguments, **more)
    if done.returncode != 0:
        raise Failed(f"exit status {done.returncode} of {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout.rstrip("\n")


def free_port():
    """Below the ephemeral ports, so that no outgoing connection takes it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Server:
    """with Server("fsync=on") as server: ..."""

    def __init__(self, *settings):
        self.settings = settings
        self.folder = tempfile.mkdtemp(prefix="hi-", dir=os.environ.get("HEADGATE_TEST_ROOT", "/tmp"))
        os.chmod(self.folder, 0o711)  # servers are another user where we are root
        self.n_databases = 0

    def __enter__(self):
        self.port = free_port()
        pg = [f"{SUPPORT}/pg", "start", f"{self.folder}/pg", f"port={self.port}", *self.settings]
        must(pg)
        return self

    def __exit__(self, *_):
        run([f"{SUPPORT}/pg", "stop", f"{self.folder}/pg", "immediate"])
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database, port=None):
        return f"postgresql://tester@127.0.0.1:{port or self.port}/{database}"

    def psql(self, database, sql):
        return must(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", sql])

    def database(self, template="template1"):
        self.n_databases += 1
        name = f"d{self.n_databases}"
        self.psql("template1" if template != "template1" else "postgres", f"create database {name} template {template}")
        return name

    def log(self):
        with open(f"{self.folder}/pg/log", encoding="utf-8", errors="replace") as file:
            return file.read()
