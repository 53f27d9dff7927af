"""What the engine costs while it does nothing: at a gate after three deploys, and above a hook that sleeps."""
import glob
import json
import subprocess
import time

import measure
import server

SECONDS = 5
MAX_MB = 10
ENVIRONMENTS = ("development", "staging", "production")


class Waiting:
    """A process that waits: what it has used by now."""

    def __init__(self, pid):
        self.pid = pid
        self.name = f"/proc/{pid}"

    def read(self, name):
        with open(f"{self.name}/{name}", encoding="utf-8") as file:
            return file.read()

    def ticks(self):
        """Behind the name, which may have spaces: the 14th and the 15th field."""
        return sum(map(int, self.read("stat").rpartition(")")[2].split()[11:13]))

    def kb(self, name, *fields):
        found = dict(line.split(":", 1) for line in self.read(name).splitlines() if line.count(":") == 1)
        return sum(int(found[field].split()[0]) for field in fields)

    def peak_mb(self):
        return self.kb("status", "VmHWM") / 1024

    def own_mb(self):
        """Without the pages of libraries, most of which are libpq's and OpenSSL's, and which all processes share."""
        return self.kb("smaps_rollup", "Private_Clean", "Private_Dirty") / 1024


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


def wait_for(process, done):
    deadline = time.monotonic() + 60
    while not done():
        if process.poll() is not None:
            raise server.Failed(f"it ended with {process.returncode}\n{process.communicate()[0]}")
        if time.monotonic() > deadline:
            raise server.Failed("it does not get to where it waits")
        time.sleep(0.05)


def journal(project):
    text = ""
    for path in glob.glob(f"{project.folder}/.headgate/runs/*/journal"):
        with open(path, encoding="utf-8") as file:
            text += file.read()
    return text


def observe(bench, project, event, deepest):
    """[(name, ticks, peak MB, own MB)] of the engine and, with `deepest`, of the process of its step, over some quiet seconds."""
    command = project.command("run", "wait", "--wait", "10m", "--confirm", "production", "--quiet")
    process = subprocess.Popen(command, cwd=project.folder, env=server.clean_environment(), stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        wait_for(process, lambda: event in journal(project))
        time.sleep(0.5)  # what it does about that event is done
        seen = {"engine": Waiting(process.pid)}
        if deepest:
            seen["step"] = Waiting(children(process.pid)[0])
        before = {name: waiting.ticks() for name, waiting in seen.items()}
        time.sleep(SECONDS)
        return [(name, waiting.ticks() - before[name], waiting.peak_mb(), waiting.own_mb()) for name, waiting in seen.items()]
    finally:
        process.terminate()  # it would wait for the hook
        time.sleep(0.3)
        process.terminate()
        process.communicate(timeout=60)


def psql_mb(scratch):
    """The peak of a client that holds the same libraries and does nothing."""
    process = subprocess.Popen(["psql", "-Xq", "-d", scratch.url("postgres"), "-c", "select pg_sleep(600)"], stdin=subprocess.DEVNULL)
    try:
        waits = "select count(*) from pg_stat_activity where query like 'select pg_sleep%'"
        wait_for(process, lambda: scratch.psql("postgres", waits) != "0")
        return Waiting(process.pid).peak_mb()
    finally:
        process.terminate()
        process.wait()


def project_with(bench, scratch, folder, step):
    project = measure.Project(bench, folder, measure.tiny(3))
    environments = {name: {"kind": name, "url": scratch.url(scratch.database())} for name in ENVIRONMENTS}
    with open(f"{folder}/pipelines/environments.json", "w", encoding="utf-8") as file:
        json.dump({"environments": environments}, file)
    steps = [*({"id": name, "deploy": name} for name in ENVIRONMENTS), step]
    with open(f"{folder}/pipelines/wait.json", "w", encoding="utf-8") as file:
        json.dump({"name": "wait", "environments": "environments.json", "release": "../migrations", "steps": steps}, file)
    return project


def run(bench):
    with server.Server("log_statement=none") as scratch:
        gate = project_with(bench, scratch, f"{scratch.folder}/gate", {"id": "go", "gate": {"approvals": 1}})
        hook = project_with(bench, scratch, f"{scratch.folder}/hook", {"id": "long", "hook": ["/bin/sleep", "600"]})
        results = [("at a gate", observe(bench, gate, '"gate-waiting"', False)), ("above a hook", observe(bench, hook, '"hook-started"', True))]
        peer = psql_mb(scratch)

    bench.title(f"waiting: {SECONDS} s at a gate, and above a hook that sleeps; three deploys before it")
    for where, processes in results:
        for name, ticks, peak, own in processes:
            bench.row(f"{name} {where}", f"{ticks} ticks", f"{own:.1f} MB own", f"{peak:.1f} MB peak")
    bench.row("psql, waiting for the server", "", "", f"{peer:.1f} MB peak")
    for where, processes in results:
        for name, ticks, _, own in processes:
            bench.target(f"{name} {where}, CPU", ticks, 0, " ticks")
            bench.target(f"{name} {where}, memory of its own", own, MAX_MB, " MB")
