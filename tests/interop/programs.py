"""Prisma and Headgate as programs in one project, and what they say, in words that can be compared.

HEADGATE_PRISMA is called in the project's folder as `PROGRAM migrate deploy`, with DATABASE_URL in the environment; the project has
prisma/schema.prisma, prisma/migrations/ and prisma.config.ts beside it, as Prisma's own projects do."""
import json
import os
import re
import subprocess
from dataclasses import dataclass

import server


@dataclass
class Answer:
    rc: int
    word: str  # "up to date", "pending", ... or "?" where it said nothing that we know
    line: str  # what a person reads first
    text: str


PRISMA_WORDS = (
    (r"P1001|P1002.*(reach|server)|ECONNREFUSED", "unreachable"),
    (r"P1002|Timed out trying to acquire a postgres advisory lock", "locked"),
    (r"P3005", "not empty"),
    (r"P3008", "applied already"),
    (r"P3009", "failed before"),
    (r"P301[12]", "nothing to roll back"),
    (r"P3015", "no migration.sql"),
    (r"P3017", "not in the folder"),
    (r"P3019", "other provider"),
    (r"P3018|apply_migration::apply_script", "fails"),
    (r"local migration history and the migrations table .* are different", "different"),
    (r"not yet been applied", "pending"),
    (r"have failed", "failed"),
    (r"database is not managed by Prisma Migrate", "unmanaged"),
    (r"No pending migrations to apply", "nothing to do"),
    (r"All migrations have been successfully applied", "applied"),
    (r"schema is up to date", "up to date"),
    (r"marked as (applied|rolled back)", "settled"),
)
CHATTER = re.compile(r"Loaded Prisma config|Prisma schema loaded|^Datasource|^Environment variables|migrations? found in"
                     r"|^$|^Error: P\d+$|external connector error")

HEADGATE_WORDS = (
    (r"could not connect|cannot be reached", "unreachable"),
    (r"another (deploy|run)|holds the lock", "locked"),
    (r"tables already", "not empty"),
    (r"has failed before", "failed before"),
    (r"edited after", "edited"),
    (r"not part of this release", "missing"),
    (r"a later one is applied", "out of order"),
    (r"not for PostgreSQL|provider", "other provider"),
    (r"applied already|already applied", "applied already"),
    (r"has not failed", "nothing to roll back"),
    (r"no migration\.sql|has no file", "no migration.sql"),
    (r"no migrations|is empty", "unmanaged"),
    (r"\bfailed\b", "fails"),
)


def first_line(text):
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if not CHATTER.search(line)]
    return lines[0] if lines else "(nothing)"


def word_of(table, text):
    for pattern, word in table:
        if re.search(pattern, text):
            return word
    return "?"


class Prisma:
    def __init__(self, program):
        self.program = program
        version = server.run([program, "--version"]).stdout
        found = re.search(r"^prisma\s*:\s*(\d+)(\S*)", version, re.M)
        if found is None:
            raise server.Failed(f"{program} --version does not say which Prisma it is")
        self.major, self.version = int(found[1]), found[1] + found[2]

    def project(self, folder):
        """What Prisma wants to find beside the migrations; from version 7 the URL stands in its configuration."""
        os.makedirs(f"{folder}/prisma/migrations", exist_ok=True)
        url = "" if self.major >= 7 else '  url = env("DATABASE_URL")\n'
        with open(f"{folder}/prisma/schema.prisma", "w", encoding="utf-8") as file:
            file.write('datasource db {\n  provider = "postgresql"\n' + url + "}\n")
        if self.major >= 7:
            with open(f"{folder}/prisma.config.ts", "w", encoding="utf-8") as file:
                file.write(
                    'export default {\n  schema: "prisma/schema.prisma",\n  migrations: { path: "prisma/migrations" },\n'
                    "  datasource: { url: process.env.DATABASE_URL },\n};\n"
                )

    def start(self, folder, url, *arguments):
        environment = server.clean_environment() | {
            "DATABASE_URL": url, "CHECKPOINT_DISABLE": "1", "PRISMA_HIDE_UPDATE_MESSAGE": "1", "NO_COLOR": "1"}
        for name, value in os.environ.items():  # such as an engine of one's own
            if name.startswith("PRISMA_"):
                environment[name] = value
        return popen([self.program, "migrate", *arguments], folder, environment)

    def finish(self, process):
        text = "\n".join(process.communicate())
        return Answer(process.returncode, word_of(PRISMA_WORDS, text), first_line(text), text)

    def __call__(self, folder, url, *arguments):
        return self.finish(self.start(folder, url, *arguments))


class Headgate:
    def __init__(self, program):
        self.program = program

    def project(self, folder):
        os.makedirs(f"{folder}/pipelines", exist_ok=True)
        with open(f"{folder}/pipelines/environments.json", "w", encoding="utf-8") as file:
            json.dump({"environments": {"development": {"kind": "development", "url": "${DATABASE_URL}"}}}, file)

    def start(self, folder, url, *arguments):
        environment = server.clean_environment() | {"DATABASE_URL": url}
        return popen([self.program, *arguments, "--release", "prisma/migrations", "--json", "--no-input"], folder, environment)

    def finish(self, process):
        out, err = process.communicate()
        word, line = self.read(process.args[1], process.returncode, out, err)
        return Answer(process.returncode, word, line, out + err)

    def read(self, command, rc, out, err):
        failures = [line for line in err.splitlines() if line.startswith('{"format"')]
        if failures:
            error = json.loads(failures[-1])["error"]
            said = [error["message"], *(problem["message"] for problem in error["problems"])]
            of_file = rc == 65 and len(said) > 1  # then the first only counts mistakes
            return self.first_word(said), said[1 if of_file else 0].removeprefix('environment "development": ')
        if rc != 0 and command != "status" or not out.startswith("{"):
            return "?", first_line(out + err)
        answer = json.loads(out)
        if command == "status":
            return self.status(answer["environments"][0])
        if command == "deploy":
            n = len(answer["applied"])
            return ("applied", f"{n} applied") if n else ("nothing to do", "Nothing to do")
        return "settled", " ".join(out.split())

    @staticmethod
    def first_word(said):
        words = [word_of(HEADGATE_WORDS, sentence) for sentence in said]
        return next((word for word in words if word != "?"), "?")

    @staticmethod
    def status(environment):
        """up to date | unreachable | the kinds of migrations that are not as they should be"""
        kinds = [kind for kind in ("failed", "unfinished", "edited", "missing", "out_of_order", "pending") if environment.get(kind)]
        refusal = environment.get("refusal") or environment.get("error")
        line = refusal["message"] if refusal else environment["state"].replace("_", " ")
        if environment["state"] in ("up_to_date", "unreachable"):
            return environment["state"].replace("_", " "), line
        if refusal and kinds in ([], ["pending"]):
            return word_of(HEADGATE_WORDS, refusal["message"]), line
        return ", ".join(kinds).replace("_", " ") or "?", line

    def __call__(self, folder, url, *arguments):
        return self.finish(self.start(folder, url, *arguments))


def popen(arguments, folder, environment):
    return subprocess.Popen(
        arguments, cwd=folder, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
