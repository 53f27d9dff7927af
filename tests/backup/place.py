"""A server with databases, a project that backs them up, and what may lie about afterwards."""
import contextlib
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field

import server

HERE = os.path.dirname(os.path.realpath(__file__))
BUILD = os.environ.get("HEADGATE_BUILD", f"{server.SOURCE}/build")
HARD_CASES = f"{HERE}/hard-cases.sql"
LONGEST = 300  # seconds; what takes longer hangs
LONGEST_LEFT = 15  # until what was killed has let go
ARCHIVE_ENDS = (".tar.zst", ".tar.zst.age")


class Wrongs(list):
    """What is wrong is said when it is found, and kept: a run may be ended before its end, and what it saw is gone then."""

    def __init__(self, kind=""):
        super().__init__()
        self.kind = kind

    def append(self, line):
        super().append(line)
        text = f"WRONG {self.kind}: {line}\n"
        print(f"\n{text}", flush=True)
        with open(f"{BUILD}/backup-wrong.txt", "a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%F %T')} {text}\n")

    def extend(self, lines):
        for line in lines:
            self.append(line)

    def __iadd__(self, lines):
        self.extend(lines)
        return self


@dataclass
class Row:
    """A kind of trouble, and how its points went."""
    kind: str
    points: int = 0
    refused: int = 0  # the program said that it could not
    done: int = 0  # it came to its end all the same
    skipped: str = ""
    wrong: Wrongs = field(default_factory=Wrongs)

    def __post_init__(self):
        self.wrong.kind = self.kind


def psql(conninfo, *words):
    return server.must(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", conninfo, *words])


def processes():
    """{process id: (its parent's, its command line)}"""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                parts = file.read().rpartition(")")[2].split()
            with open(f"/proc/{entry}/cmdline", encoding="utf-8", errors="replace") as file:
                line = file.read().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parts[0] != "Z":
            found[int(entry)] = (int(parts[1]), line)
    return found


def family(root):
    """The process and all that came from it."""
    known, members = processes(), [root]
    for member in members:
        members += [process for process, (parent, _) in known.items() if parent == member]
    return members


def kill_family(root):
    """All of it stands still first: nobody mourns, nobody is born meanwhile. Returns when they are dead: on a busy machine that
    takes its time, and the lock of one that is still dying keeps the next command from clearing up after it."""
    stopped = set()
    while more := [process for process in family(root) if process not in stopped]:
        for process in more:
            stopped.add(process)
            send(process, signal.SIGSTOP)
    for process in stopped:
        send(process, signal.SIGKILL)
    deadline = time.monotonic() + LONGEST_LEFT
    while stopped & processes().keys() and time.monotonic() < deadline:
        time.sleep(0.01)


def interrupt_group(root):
    """It, and what came from it and is still in its group. We are in that group, too, and are not meant."""
    with contextlib.suppress(ProcessLookupError):
        group = os.getpgid(root)
        for process in family(root):
            with contextlib.suppress(ProcessLookupError):
                if os.getpgid(process) == group:
                    send(process, signal.SIGINT)


def send(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


def hear_interrupts():
    """What a shell starts in the background ignores them, and hands that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Ended:
    """A command that has come to its end."""

    def __init__(self, words, status, printed, complaint):
        self.words, self.status, self.printed, self.complaint = words, status, printed, complaint

    def __str__(self):
        return f"headgate {' '.join(self.words)}: exit status {self.status}\n{self.printed}{self.complaint}"[:6000]


class Project:
    """Environments, by name their url, and a vault."""

    def __init__(self, headgate, folder, urls, vault=None):
        self.headgate, self.folder, self.vault = headgate, folder, vault or f"{folder}/vault"
        # Short: sockets of scratch servers lie in it, and those run as another user.
        self.temporary = f"{folder}/t"
        os.makedirs(f"{folder}/pipelines", exist_ok=True)
        os.makedirs(self.temporary, exist_ok=True)
        os.chmod(folder, 0o711)
        os.chmod(self.temporary, 0o1777)
        self.write(urls)

    def document(self, urls):
        return {"environments": {name: {"kind": "development", "url": url} for name, url in urls.items()}, "vault": {"path": self.vault}}

    def write(self, urls):
        document = self.document(urls)
        with open(f"{self.folder}/pipelines/environments.json", "w", encoding="utf-8") as file:
            json.dump(document, file)

    def start(self, *words):
        environment = server.clean_environment() | {"TMPDIR": self.temporary}
        environment.pop("XDG_RUNTIME_DIR", None)
        return subprocess.Popen([self.headgate, *words, "--no-input"], cwd=self.folder, env=environment, text=True, errors="replace",
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=hear_interrupts)

    def end(self, words, process):
        try:
            printed, complaint = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            kill_family(process.pid)
            printed, complaint = process.communicate()
            complaint += "(it hung, and was killed)"
        return Ended(words, process.returncode, printed, complaint)

    def do(self, *words):
        return self.end(words, self.start(*words))

    def must(self, *words):
        ended = self.do(*words)
        if ended.status != 0:
            raise server.Failed(str(ended))
        return ended

    # --- what there is ---

    def archives(self):
        """Those that look finished: {name: path}, the oldest first."""
        found = {}
        for path in sorted(glob.glob(f"{self.vault}/*"), key=os.path.getmtime):
            for end in ARCHIVE_ENDS:
                if path.endswith(end):
                    found[os.path.basename(path)[:-len(end)]] = path
        return found

    def newest(self):
        found = list(self.archives().items())
        if not found:
            raise server.Failed("there is no backup")
        return found[-1]

    def proof(self, name):
        """As it lies beside the archive; {} where there is none."""
        try:
            with open(f"{self.vault}/{name}.proof.json", encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def calls_it_proven(self, name):
        """Whether anything that people or programs are shown says that this backup is good."""
        proof = self.proof(name)
        if proof and not proof.get("failed") and proof.get("level", "none") != "none":
            return f"its proof says {proof.get('level')}"
        for words in (("list",), ("show", name)):
            said = self.do("backup", *words).printed
            for line in said.splitlines():
                if (name in line or words[0] == "show") and re.search(r"(checksums|contents) good|restored and compared", line):
                    return f"{words[0]} says: {line.strip()}"
        return None

    def holds(self):
        """What lies where this project writes, and what runs there: for people who look for a reason."""
        found = []
        for folder in (self.vault, self.temporary):
            for path in sorted(glob.glob(f"{folder}/**", recursive=True, include_hidden=True)):
                with contextlib.suppress(FileNotFoundError):
                    about = os.lstat(path)
                    if path.count("/") <= folder.count("/") + 3:
                        found.append(f"{oct(about.st_mode)} {about.st_size:>10} {time.strftime('%T', time.localtime(about.st_mtime))} {path}")
                    if path.endswith(".proof.json"):
                        with open(path, encoding="utf-8") as file:
                            found.append(file.read())
        found += [f"process {process} of {parent}: {line}" for process, (parent, line) in processes().items()
                  if self.temporary in line or self.vault in line or line.startswith(self.headgate)]
        return "\n".join(found)

    # --- what may lie about ---

    def parts(self):
        return [entry for entry in glob.glob(f"{self.vault}/.*") + glob.glob(f"{self.vault}/*.part") if os.path.isfile(entry)]

    def scratch(self):
        """Folders of scratch servers and other temporary things of ours, and processes that work in them."""
        left = [path for path in glob.glob(f"{self.temporary}/**/*", recursive=True)
                if re.search(r"/scratch-[^/]*$|/[^/]*\.part$", path)]
        left += [f"process {process}: {line}" for process, (_, line) in processes().items()
                 if self.temporary in line or (self.vault in line and "age" in line)]
        return left

    def leftovers(self):
        """After the next command, which has had its time."""
        deadline = time.monotonic() + LONGEST_LEFT
        while left := [*self.parts(), *self.scratch()]:
            if time.monotonic() > deadline:
                return left
            time.sleep(0.1)
        return []


class Place:
    """A server with the hard cases in a database "hard", some megabytes of rows beside them, and a project of source and target."""

    def __init__(self, headgate, scratch, tables=20, long_row=0, megabytes=24, name="p"):
        self.headgate, self.scratch = headgate, scratch
        self.folder = f"{scratch.folder}/{name}"
        self.source, self.target = f"{name}_source", f"{name}_target"
        self.psql("postgres", "-c", f"create database {self.source}", "-c", f"create database {self.target}")
        server.must(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-v", f"tables={tables}", "-v", f"long_row={long_row}",
                     "-d", scratch.url(self.source), "-f", HARD_CASES])
        if megabytes:
            self.psql(self.source, "-c", "create table bulk (id bigint primary key, t text, m text)", "-c",
                      "insert into bulk select i, md5(i::text), repeat(md5((i % 97)::text), 3) || md5((i * 7)::text) || md5((i * 3)::text) "
                      f"from generate_series(1, {megabytes} * 5000) i")
        self.mark()
        self.project = Project(headgate, self.folder, self.urls(scratch.port))

    def urls(self, port):
        return {"source": self.scratch.url(self.source, port), "target": self.scratch.url(self.target, port)}

    def psql(self, database, *words):
        return psql(self.scratch.url(database), *words)

    def mark(self):
        """What only the database has that was there before."""
        self.psql(self.target, "-c", "create table if not exists was_here (n int)", "-c", "truncate was_here", "-c",
                  "insert into was_here values (1), (2), (3)")

    def databases(self, part=""):
        return [name for name in self.psql("postgres", "-c", "select datname from pg_database order by 1").splitlines()
                if self.target in name and part in name]

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


FINGERPRINT = r"""
create function pg_temp.digest(relation regclass, columns text, is_root boolean) returns text language plpgsql as $f$
declare
    result text;
begin
    execute format('select count(*) || E''\t'' || coalesce(md5(string_agg(h, '''' order by h)), '''') from (select md5((r.*)::text) as h from (select %s from %s %s) r) x', columns,
                   case when is_root then '' else 'only' end, relation)
    into result;
    return result;
end $f$;
select translate(c.oid::regclass::text, E'\n\t', '  ') || E'\t' || pg_temp.digest(c.oid, columns, relkind = 'p')
from pg_class c, lateral (select string_agg(quote_ident(attname), ', ' order by attname) as columns from pg_attribute
                          where attrelid = c.oid and attnum > 0 and not attisdropped) a
where (relkind in ('r', 'm') and relname !~ '^by_hue_' or relkind = 'p' and relname = 'by_hue') and relispopulated and relpersistence <> 't' and relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
order by 1;
"""
OTHERS = """
select 'large object ' || m.oid || ' ' || md5(lo_get(m.oid)) || ' ' || coalesce(obj_description(m.oid, 'pg_largeobject'), '') || ' ' || coalesce(lomacl::text, '')
from pg_largeobject_metadata m order by m.oid;
select 'sequence ' || schemaname || '.' || sequencename || ' ' || coalesce(last_value::text, 'not called') from pg_sequences order by 1;
select 'setting ' || coalesce(setrole::regrole::text, '') || ' ' || unnest(setconfig) from pg_db_role_setting
where setdatabase = (select oid from pg_database where datname = current_database()) order by 1;
select 'grant ' || unnest(datacl) from pg_database where datname = current_database() order by 1;
select 'comment ' || shobj_description(oid, 'pg_database') from pg_database where datname = current_database();
"""


def fingerprint(conninfo):
    """Every table's rows, over its columns in the order of their names, by count and digest; large objects, sequences and what hangs
    on the database; pg_dump's text of the definitions. In which partition by the hash of an enum a row is depends on the server."""
    # Names with their schema everywhere, so that no search_path of a database matters.
    words = ("-c", "set search_path = pg_catalog", "-c", "set extra_float_digits = 3", "-c", "set timezone = 'UTC'")
    create, ask = FINGERPRINT.strip().split("end $f$;")
    rows = psql(conninfo, *words, "-c", create + "end $f$;", "-c", ask, "-c", OTHERS).splitlines()
    text = server.must(["pg_dump", "-s", "-d", conninfo])
    return rows, re.sub(r"(?m)^\\(un)?restrict .*$", "", text).splitlines()


def differences(expected, found, most=8):
    """Of two lists of lines."""
    missing, extra = [line for line in expected if line not in set(found)], [line for line in found if line not in set(expected)]
    return [f"- {line[:300]}" for line in missing[:most]] + [f"+ {line[:300]}" for line in extra[:most]]
