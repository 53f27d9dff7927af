"""Other tools that do the same: dbmate from the npm registry, sqitch from Debian, and Prisma where HEADGATE_PRISMA names it."""
import os
import shutil

import measure
import server

DBMATE = "2.36.0"


def dbmate(bench):
    """The program, or None."""
    found = shutil.which("dbmate")
    if found or not bench.peers:
        return found
    folder = f"{server.SOURCE}/build/dbmate"
    program = f"{folder}/node_modules/.bin/dbmate"
    if not os.path.exists(program):
        os.makedirs(folder, exist_ok=True)
        server.run(["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", f"dbmate@{DBMATE}"])
    native = [f"{folder}/node_modules/@dbmate/{name}/bin/dbmate" for name in ("linux-x64", "linux-arm64")]
    return next(filter(os.path.exists, native), None)  # not the script that starts it: node would be measured


def sqitch(bench):
    found = shutil.which("sqitch")
    if found or not bench.peers:
        return found
    server.run([f"{server.SOURCE}/scripts/setup", "--install", "sqitch", "libdbd-pg-perl"])
    return shutil.which("sqitch")


class Dbmate:
    def __init__(self, program, folder, migrations):
        self.program, self.folder = program, folder
        os.makedirs(folder)
        for name, text in migrations:
            with open(f"{folder}/{name}.sql", "w", encoding="utf-8") as file:
                file.write(f"-- migrate:up\n{text}\n-- migrate:down\n")

    def command(self, url):
        return [self.program, "--url", f"{url}?sslmode=disable", "--no-dump-schema", "--migrations-dir", self.folder, "migrate"]

    def timed(self, url):
        return measure.timed_ms(self.command(url))


class Sqitch:
    def __init__(self, program, folder, migrations):
        self.program, self.folder = program, folder
        os.makedirs(f"{folder}/deploy")
        with open(f"{folder}/sqitch.conf", "w", encoding="utf-8") as file:
            file.write("[core]\n\tengine = pg\n")
        with open(f"{folder}/sqitch.plan", "w", encoding="utf-8") as plan:
            plan.write("%syntax-version=1.0.0\n%project=bench\n\n")
            for name, text in migrations:
                change = name.split("_")[1]
                plan.write(f"{change} 2026-01-01T00:00:00Z Bench <bench@example.org> # {change}\n")
                with open(f"{folder}/deploy/{change}.sql", "w", encoding="utf-8") as file:
                    file.write(f"BEGIN;\n{text}COMMIT;\n")

    def timed(self, url):
        environment = server.clean_environment() | {"SQITCH_FULLNAME": "Bench", "SQITCH_EMAIL": "bench@example.org"}
        command = [self.program, "--chdir", self.folder, "deploy", "--no-verify", url.replace("postgresql://", "db:pg://")]
        return measure.timed_ms(command, environment)


class Prisma:
    """A project of Prisma's with the same migrations."""

    def __init__(self, program, folder, migrations):
        self.program, self.folder = os.path.abspath(program), folder
        os.makedirs(f"{folder}/prisma")
        os.symlink(migrations, f"{folder}/prisma/migrations")
        with open(f"{folder}/prisma/schema.prisma", "w", encoding="utf-8") as file:
            file.write('datasource db {\n  provider = "postgresql"\n}\n')
        with open(f"{folder}/prisma.config.ts", "w", encoding="utf-8") as file:
            file.write('export default {\n  schema: "prisma/schema.prisma",\n  migrations: { path: "prisma/migrations" },\n'
                       "  datasource: { url: process.env.DATABASE_URL },\n};\n")

    def measured(self, url, function):
        environment = server.clean_environment() | {"DATABASE_URL": url, "CHECKPOINT_DISABLE": "1"}
        return function([self.program, "migrate", "deploy"], environment, self.folder)
