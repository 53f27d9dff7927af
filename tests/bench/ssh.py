"""What goes over SSH, each time against OpenSSH's own programs, on loopback and over a line of 20 ms a round trip: COPY through a way in,
a program there, SFTP both ways, being let in. 500 MB each; HEADGATE_BENCH_MB says otherwise. Then many connections through one way in."""
import contextlib
import os
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time

import measure
import server

PROGRAMS = os.environ.get("HEADGATE_BENCH_PROGRAMS", f"{server.SOURCE}/build/tests")
PEER, DELAY_LINE = f"{PROGRAMS}/bench_remote_peer", f"{PROGRAMS}/bench_delay_line"
MB = int(os.environ.get("HEADGATE_BENCH_MB", "500"))
ONE_WAY_MS = 10
LEAST = {"loopback": 0.95, "far": 1.0}
AT_ONCE, ONE_BY_ONE = 32, 1000
OURS = ("libssh2", "openssh")


class Beside:
    """A program that runs until its stdin ends; `said` is its first line."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(arguments, env=server.clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.said = self.process.stdout.readline().split()
        if not self.said:
            self.process.wait()
            raise server.Failed(f"{' '.join(arguments)} says nothing")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)


def settings(text):
    """NAME=VALUE NAME=VALUE, as tests/support/sshd prints them."""
    return dict(word.split("=", 1) for word in text.split())


class Host:
    """An sshd and a database, both on loopback; the sshd also at the end of a long line."""

    def __init__(self, stack):
        self.folder = tempfile.mkdtemp(prefix="hb-", dir=os.environ.get("HEADGATE_TEST_ROOT", "/dev/shm"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o711)
        # An empty home: what a login's own files let its shell do is not to be measured.
        self.sshd = settings(server.must([f"{server.SUPPORT}/sshd", "start", f"{self.folder}/sshd", f"SetEnv=HOME={self.folder}"]))
        stack.callback(server.run, [f"{server.SUPPORT}/sshd", "stop", f"{self.folder}/sshd"])
        self.database = stack.enter_context(server.Server("log_statement=none", "shared_buffers=64MB", "autovacuum=off"))
        self.line = stack.enter_context(Beside(DELAY_LINE, str(ONE_WAY_MS), self.sshd["port"]))
        self.config = f"{self.folder}/config"
        self.write_config()
        self.fill()

    def write_config(self):
        with open(f"{self.folder}/known_hosts", "w", encoding="utf-8") as file:
            for kind in ("ed25519", "ecdsa", "rsa"):
                with open(f"{self.folder}/sshd/host_{kind}.pub", encoding="utf-8") as key:
                    file.write(f"bench {' '.join(key.read().split()[:2])}\n")
        with open(self.config, "w", encoding="utf-8") as file:
            for name, port in (("loopback", self.sshd["port"]), ("far", self.line.said[0])):
                file.write(f"Host {name}\n HostName 127.0.0.1\n Port {port}\n User {self.sshd['user']}\n IdentityFile {self.sshd['key']}\n"
                           f" IdentitiesOnly yes\n HostKeyAlias bench\n UserKnownHostsFile {self.folder}/known_hosts\n"
                           " GlobalKnownHostsFile /dev/null\n StrictHostKeyChecking yes\n BatchMode yes\n")

    def fill(self):
        """Rows of 1,000 bytes that no compression makes small, and as many bytes in a file."""
        self.database.psql("postgres", "create unlogged table stuff (t text); alter table stuff alter t set storage plain; insert into stuff "
                           f"select rpad(md5(i::text), 999, md5((i * 7)::text)) from generate_series(1, {MB * 1000}) i")
        self.file = f"{self.folder}/file"
        with open("/dev/urandom", "rb") as random, open(self.file, "wb") as file:
            block = random.read(10_000_000)
            for i in range(0, MB, 10):
                file.write(block[: min(10, MB - i) * 1_000_000])

    def ssh(self, program, *words):
        return [program, "-F", self.config, "-o", "BatchMode=yes", *words]

    def peer(self, transport, place, *words):
        return [PEER, transport, self.config, place, *words]


def seconds(arguments, **more):
    """Of a program that must succeed; what it writes is thrown away as it comes."""
    began = time.monotonic()
    done = subprocess.run(arguments, env=server.clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
                          **{"stdin": subprocess.DEVNULL, **more})
    took = time.monotonic() - began
    if done.returncode != 0:
        raise server.Failed(f"exit status {done.returncode} of {' '.join(arguments)}\n{done.stderr}"[:4000])
    return took


def tunnel(host, place, stack, *options):
    """ssh -L, as host and port of libpq's."""
    folder = tempfile.mkdtemp(dir=host.folder)
    process = subprocess.Popen(host.ssh("ssh", *options, "-N", "-L", f"{folder}/.s.PGSQL.5432:127.0.0.1:{host.database.port}", place),
                               stdin=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    deadline = time.monotonic() + 20
    while not os.path.exists(f"{folder}/.s.PGSQL.5432"):
        if time.monotonic() > deadline or process.poll() is not None:
            raise server.Failed("ssh -L does not start")
        time.sleep(0.02)
    return folder, "5432"


def way(host, transport, place, stack):
    return tuple(stack.enter_context(Beside(*host.peer(transport, place, "way", "127.0.0.1", str(host.database.port)))).said)


def copying(host, place, stack):
    ways = {"ssh -L": tunnel(host, place, stack)} | {name: way(host, name, place, stack) for name in OURS}
    if place == "loopback":  # where ciphers count: what is possible, and what ssh does with ours
        ways = {"without": ("127.0.0.1", str(host.database.port))} | ways
        ways |= {f"ssh -L -c {cipher}": tunnel(host, place, stack, "-c", cipher, "-m", "hmac-sha2-256")
                 for cipher in ("aes128-ctr", "aes128-gcm@openssh.com")}
    return {name: lambda at=at: seconds(["psql", "-XAtq", "-h", at[0], "-p", at[1], "-U", "tester", "-d", "postgres", "-c", "copy stuff to stdout"])
            for name, at in ways.items()}


def dumping(host, place):
    dump = ["pg_dump", "-Fc", "-Z0", "-h", "127.0.0.1", "-p", str(host.database.port), "-U", "tester", "postgres"]
    return {"ssh HOST pg_dump": lambda: seconds(host.ssh("ssh", place, *dump))} | \
           {name: lambda name=name: seconds(host.peer(name, place, "exec", *dump)) for name in OURS}


def streaming(host, place):
    return {"ssh HOST cat": lambda: seconds(host.ssh("ssh", place, "cat", host.file))} | \
           {name: lambda name=name: seconds(host.peer(name, place, "exec", "cat", host.file)) for name in OURS}


def carrying(host, place, verb):
    to = f"{host.folder}/carried"

    def timed(arguments, **more):
        took = seconds(arguments, **more)
        if os.path.getsize(to) != os.path.getsize(host.file):
            raise server.Failed(f"{' '.join(arguments)} carried {os.path.getsize(to)} bytes")
        os.unlink(to)
        return took
    return {"sftp": lambda: timed(host.ssh("sftp", "-q", "-b", "-", place), stdin=None, input=f"{verb} {host.file} {to}\n")} | \
           {name: lambda name=name: timed(host.peer(name, place, verb, host.file, to)) for name in OURS}


def letting_in(host, place):
    return {"ssh HOST true": lambda: seconds(host.ssh("ssh", place, "true"))} | \
           {name: lambda name=name: seconds(host.peer(name, place, "open")) for name in OURS}


def tell_speed(bench, what, place, times):
    theirs = next(name for name in times if name not in OURS and name != "without")  # the first: as it is
    for name, took in times.items():
        bench.row(f"{what}: {name}", f"{MB / measure.statistics.median(took):.0f} MB/s", f"{MB / max(took):.0f} to {MB / min(took):.0f}",
                  f"{measure.ratio(times[theirs], took):.2f}")
    for name in OURS:
        bench.target(f"{what}, {name}, times {theirs}", measure.ratio(times[theirs], times[name]), LEAST[place], least=True)


def tell_set_up(bench, times):
    for name, took in times.items():
        bench.row(f"let in: {name}", measure.ms([second * 1000 for second in took]), f"{measure.ratio(took, times['ssh HOST true']):.2f}")
    for name in OURS:
        bench.target(f"let in, {name}, times ssh HOST true", measure.ratio(times[name], times["ssh HOST true"]), 1.0)


def at_place(bench, host, place, title):
    with contextlib.ExitStack() as stack:
        bench.title(f"ssh: {title}, {MB} MB; rounds: {bench.rounds}; load {os.getloadavg()[0]:.1f}")
        for what, measures in (("COPY", copying(host, place, stack)), ("pg_dump there", dumping(host, place)), ("cat there", streaming(host, place)),
                               ("upload", carrying(host, place, "put")), ("download", carrying(host, place, "get"))):
            tell_speed(bench, what, place, measure.interleaved(bench.rounds, measures))
        tell_set_up(bench, measure.interleaved(bench.rounds, letting_in(host, place)))


# --- many ---

class Client:
    """As much of PostgreSQL's protocol as it takes to ask one question."""

    def __init__(self, folder, port):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"{folder}/.s.PGSQL.{port}")
        words = b"user\0tester\0database\0postgres\0\0"
        self.socket.sendall(struct.pack("!II", 8 + len(words), 196608) + words)
        self.read()

    def ask(self, sql):
        text = sql.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!I", 4 + len(text)) + text)

    def exactly(self, n):
        bytes_ = b""
        while len(bytes_) < n:
            some = self.socket.recv(n - len(bytes_))
            if not some:
                raise server.Failed("the connection was closed")
            bytes_ += some
        return bytes_

    def read(self):
        """Until it is ready for the next question: how many bytes of rows came."""
        size = 0
        while True:
            kind, n = struct.unpack("!cI", self.exactly(5))
            self.exactly(n - 4)
            if kind == b"E":
                raise server.Failed("the server refuses")
            size += n - 4 if kind == b"d" else 0
            if kind == b"Z":
                return size

    def end(self):
        self.socket.sendall(b"X" + struct.pack("!I", 4))
        select.select([self.socket], [], [], 20)
        self.socket.close()


def forwarder_of(process):
    """The child that has the session."""
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/status", encoding="utf-8") as file:
                if f"\nPPid:\t{process.pid}\n" in file.read():
                    return entry
    raise server.Failed("there is no forwarder")


def held(pid):
    """Descriptors, and kB of memory of its own."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        private = sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty:"))
    return len(os.listdir(f"/proc/{pid}/fd")), private


def settled(pid, descriptors):
    """When what has ended is let go of, or in 5 s."""
    deadline = time.monotonic() + 5
    while held(pid)[0] > descriptors and time.monotonic() < deadline:
        time.sleep(0.02)
    return held(pid)


def many(bench, host, transport):
    with Beside(*host.peer(transport, "loopback", "way", "127.0.0.1", str(host.database.port))) as beside:
        pid = forwarder_of(beside.process)
        Client(*beside.said).end()
        before = settled(pid, held(pid)[0] - 1)
        clients = [Client(*beside.said) for _ in range(AT_ONCE)]
        for client in clients:
            client.ask("copy (select repeat('x', 999) from generate_series(1, 5000)) to stdout")
        sizes = {client.read() for client in clients}
        for client in clients:
            client.end()
        if sizes != {5_000_000}:
            raise server.Failed(f"some got other bytes: {sizes}")
        crowd = settled(pid, before[0])
        began = time.monotonic()
        for _ in range(ONE_BY_ONE):
            Client(*beside.said).end()
        took = time.monotonic() - began
        after = settled(pid, before[0])
    bench.row(f"many: {transport}", "descriptors", "kB")
    for name, (descriptors, kb) in (("at first", before), (f"after {AT_ONCE} at once, 5 MB each", crowd), (f"after {ONE_BY_ONE} in turn", after)):
        bench.row(name, descriptors, kb)
    bench.row("one connection", f"{took * 1000 / ONE_BY_ONE:.1f} ms")
    bench.target(f"many, {transport}: descriptors left behind", after[0] - before[0], 0)
    bench.target(f"many, {transport}: memory that {ONE_BY_ONE} in turn have added", after[1] - crowd[1], 1024, " kB")


def run(bench):
    for program in (PEER, DELAY_LINE):
        if not os.access(program, os.X_OK):
            raise server.Failed(f"there is no {program}; scripts/dev build headgate_bench makes it")
    with contextlib.ExitStack() as stack:
        host = Host(stack)
        at_place(bench, host, "loopback", "on loopback")
        at_place(bench, host, "far", f"{2 * ONE_WAY_MS} ms a round trip")
        bench.title("ssh: many connections through one way in")
        for transport in OURS:
            many(bench, host, transport)
