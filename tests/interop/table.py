"""The table: one row for each thing that both programs were asked, and what a case may do."""
import difflib
import os
import shutil
import textwrap
import traceback

import server

WIDTHS = (32, 50, 50)
HEAD = ("case", "Prisma", "Headgate", "")


def columns(cells):
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, (*WIDTHS, 60))]
    for i in range(max(map(len, wrapped))):
        line = [part[i] if i < len(part) else "" for part in wrapped]
        print("  ".join(text.ljust(width) for text, width in zip(line, (*WIDTHS, 0))).rstrip(), flush=True)


class Table:
    def __init__(self, prisma, headgate, scratch):
        self.prisma, self.headgate, self.scratch = prisma, headgate, scratch
        self.n_rows = self.n_stricter = 0
        self.failures = []
        columns(HEAD)
        columns(["-" * width for width in (*WIDTHS, 4)])

    def row(self, name, prisma, headgate, verdict):
        self.n_rows += 1
        columns((name, prisma, headgate, verdict))

    def failed(self, name, why):
        self.failures.append(name)
        print(textwrap.shorten(f"{name}  FAILED", 160))
        print(textwrap.indent(textwrap.dedent(why)[:1500], "    | "), flush=True)

    def run(self, case):
        name = case.__doc__
        try:
            case(World(self, name))
        except server.Failed as failure:
            self.failed(name, str(failure))
        except Exception:  # a case that breaks is a failed row, not the end of the table
            self.failed(name, traceback.format_exc(limit=-2))


def shown(question, answer):
    return f"{question}: {answer.line[:140]} ({answer.rc})"


class World:
    """One database and one project, for both."""

    def __init__(self, table, name):
        self.table, self.name = table, name
        self.scratch = table.scratch
        self.database = self.scratch.database()
        self.more = ""  # of the URL
        self.folder = f"{self.scratch.folder}/p{self.scratch.n_databases}"
        self.migrations = f"{self.folder}/prisma/migrations"
        for program in (table.prisma, table.headgate):
            program.project(self.folder)
        self.file("migration_lock.toml", 'provider = "postgresql"\n')

    # --- the project and the database ---

    def file(self, path, text):
        path = f"{self.migrations}/{path}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)

    def migration(self, name, text):
        self.file(f"{name}/migration.sql", text)

    def three(self):
        for i in (1, 2, 3):
            self.migration(f"2026010{i}000000_t{i}", f"create table t{i} (id int);\n")

    def remove(self, name):
        shutil.rmtree(f"{self.migrations}/{name}")

    def sql(self, sql, database=None):
        return self.scratch.psql(database or self.database, sql)

    def url(self, database=None):
        return self.scratch.url(database or self.database) + self.more

    def history(self, database=None, schema="public"):
        return self.sql(f"""select migration_name, checksum, finished_at is null, rolled_back_at is null, coalesce(logs, ''), applied_steps_count
            from "{schema}"._prisma_migrations order by started_at""", database)

    # --- the two programs ---

    def by_prisma(self, *arguments, word=None, database=None):
        return self.expected("Prisma", self.table.prisma(self.folder, self.url(database), *arguments), arguments, word)

    def by_headgate(self, *arguments, word=None, database=None):
        arguments = (arguments[0], "development", *arguments[1:])
        return self.expected("Headgate", self.table.headgate(self.folder, self.url(database), *arguments), arguments, word)

    def expected(self, who, answer, arguments, word):
        if word is not None and answer.word != word:
            raise server.Failed(f'{who} {" ".join(arguments)}: "{answer.word}", not "{word}" (exit status {answer.rc})\n{answer.text}')
        return answer

    def tell(self, prisma, headgate, wanted, stricter, question):
        """Both answers as a row. wanted: the word of both, or of each where ours is `stricter`: a reason, or "not stricter: REASON"."""
        ours, theirs = (wanted, wanted) if isinstance(wanted, str) else (wanted[1], wanted[0])
        verdict = "same" if prisma.word == headgate.word else f"stricter: {stricter}".replace("stricter: not stricter:", "differs:")
        if (prisma.word, headgate.word) != (theirs, ours):
            self.table.failures.append(self.name)
            verdict = f'FAILED: Prisma "{prisma.word}", Headgate "{headgate.word}", not "{theirs}" and "{ours}"'
        elif (prisma.word == headgate.word) != (stricter is None):
            self.table.failures.append(self.name)
            verdict = "FAILED: a reason for being stricter where none is needed, or none where one is"
        elif stricter is not None:
            self.table.n_stricter += 1
        self.table.row(self.name, shown(question, prisma), shown(question, headgate), verdict)

    def status(self, wanted, stricter=None):
        self.tell(self.by_prisma("status"), self.by_headgate("status"), wanted, stricter, "status")

    def deploy(self, wanted, stricter=None, rows=True):
        """Each deploys to a copy of the database; gives the copies back. Where both succeed their history rows must be equal."""
        copies = self.scratch.database(self.database), self.scratch.database(self.database)
        prisma = self.by_prisma("deploy", database=copies[0])
        headgate = self.by_headgate("deploy", database=copies[1])
        self.tell(prisma, headgate, wanted, stricter, "deploy")
        if rows and stricter is None and prisma.rc == 0:
            self.must_equal("history rows", self.history(copies[0]), self.history(copies[1]))
        return copies

    def must_equal(self, what, prisma, headgate):
        if prisma != headgate:
            lines = difflib.unified_diff(prisma.splitlines(), headgate.splitlines(), "Prisma", "Headgate", lineterm="", n=0)
            raise server.Failed(f"{what} differ\n" + "\n".join(lines))
