"""What is no place in a conversation: a statement that waits while its client dies, two deploys at once, a full disk."""
import random
import signal
import subprocess
import time

import release
import server
import world as worlds

MB = 1024 * 1024


def wait_for(world, database, sql, seconds=30):
    deadline = time.monotonic() + seconds
    while world.scratch.psql(database, f"select coalesce(({sql}), false)") != "t":
        if time.monotonic() > deadline:
            raise server.Failed(f"not within {seconds} s: {sql}")
        time.sleep(0.02)


def small_world(world, name, migrations):
    """Another project on the same server."""
    folder = f"{world.scratch.folder}/{name}"
    release.write_project(folder, migrations)
    other = object.__new__(worlds.World)
    other.__dict__.update(world.__dict__, folder=folder, migrations=migrations)
    return other


def hold_snapshot(world, database):
    """A session in an older transaction, for which CONCURRENTLY waits; it ends with its stdin."""
    holder = subprocess.Popen(["psql", "-XAtq", "-d", world.scratch.url(database)], stdin=subprocess.PIPE, text=True,
                              stdout=subprocess.PIPE, env=server.clean_environment())
    holder.stdin.write("begin isolation level repeatable read;\nselect 1 from pg_class limit 1;\n")
    holder.stdin.flush()
    holder.stdout.readline()
    return holder


WAITS = "select bool_or(wait_event_type = 'Lock') from pg_stat_activity where query ~* '^create index concurrently'"
BUILDERS = "select count(*) = 0 from pg_stat_activity where query ~* '^create index concurrently' and pid <> pg_backend_pid()"
LOCKS_HELD = "select count(*) > 0 from pg_locks where locktype = 'advisory'"


def dies_while_it_waits(world, row, notices):
    """The client dies while CREATE INDEX CONCURRENTLY waits; the server notices, or goes on with nobody listening."""
    project = small_world(world, f"index{notices}", {
        "20260101000000_t": "create table t as select i from generate_series(1, 1000) as i;\ncreate table log (what text);\n",
        "20260102000000_i": "create index concurrently t_i on t (i);\ninsert into log values ('once');\n"})
    database = project.fresh()
    row.points += 1
    holder = hold_snapshot(project, database)
    project.relay.arm(None)
    victim = project.start(project.relay.port, database)
    wait_for(project, database, WAITS)
    if not notices:
        project.relay.go_silent()
    victim.kill()
    victim.communicate()
    if notices:  # within a second or two from 14 on
        version = int(project.scratch.psql(database, "show server_version_num"))
        if version >= 140000:
            began = time.monotonic()
            wait_for(project, database, BUILDERS)
            row.recovery.append(time.monotonic() - began)
    else:
        rc, said = project.deploy(database, "--wait", "1s")
        if rc != 6:
            row.wrong.append(f"while the old one builds, the next ends with {rc}\n{said}")
    holder.stdin.close()
    holder.wait(30)
    following = project.start(project.scratch.port, database, "--wait", "60s")
    time.sleep(0.3)
    project.relay.release()
    began = time.monotonic()
    rc, said = worlds.finish(following)
    row.recovery.append(time.monotonic() - began)
    end = project.scratch.psql(database, "select (select count(*) from log), indisvalid, "
                               "(select count(*) from pg_index where not indisvalid) from pg_index where indexrelid = 't_i'::regclass")
    row.first += rc == 0
    project.spares.append(database)
    if rc != 0 or end != "1|t|0":
        row.wrong.append(f"the next ends with {rc} and {end}\n{said}")


def in_doubt(world, row):
    """A block that ends its own transactions, and whose client dies: nothing proves what it did, and it is not run twice."""
    project = small_world(world, "doubt", {
        "20260101000000_t": "create table log (what text);\n",
        "20260102000000_do": "-- headgate: no-transaction\ndo $$ begin insert into log values ('once'); commit; "
                             "perform pg_sleep(0.7); end $$;\n"})
    for how in ("kill", "cut"):
        database = project.fresh()
        row.points += 1
        project.relay.arm(None)
        victim = project.start(project.relay.port, database)
        wait_for(project, database, "select bool_or(wait_event = 'PgSleep') from pg_stat_activity where datname = current_database()")
        if how == "kill":
            victim.kill()
        else:
            project.relay.go_silent()
            project.relay.release()
        rc, said = worlds.finish(victim)
        if how == "cut" and (rc != 69 or "in doubt" not in said):
            row.wrong.append(f"{how}: it ends with {rc}\n{said}")
        rc, said = project.deploy(database, "--wait", "30s")
        project.spares.append(database)
        count = project.scratch.psql(database, "select count(*) from log")
        if rc != 4 or "nobody knows" not in said or count != "1":
            row.wrong.append(f"{how}: the next ends with {rc}, {count} rows\n{said}")


def two_at_once(world, row, rounds):
    """Of two deploys one is killed; the other, or the next, ends what it began."""
    for i in range(rounds):
        def disturb(database):
            world.relay.arm(None)
            victim = world.start(world.relay.port, database, "--wait", "30s")
            other = world.start(world.scratch.port, database, "--wait", "30s")
            time.sleep(random.random() * 2 * world.took)
            victim.kill()
            worlds.finish(victim)
            return worlds.finish(other)

        world.point(row, f"round {i + 1}", disturb, (0, 9), alone=False)  # 9: its plan was made before the first began


def stays_away(world, row):
    """The server dies under a statement that is no transaction and does not come back while the deploy lives."""
    project = small_world(world, "away", {
        "20260101000000_t": "create table log (what text);\n",
        "20260102000000_i": "create index concurrently log_i on log (what);\ninsert into log values ('once');\n"})
    database = project.fresh()
    row.points += 1
    holder = hold_snapshot(project, database)
    project.relay.arm(None)
    victim = project.start(project.relay.port, database)
    wait_for(project, database, WAITS)
    pid = project.pid_file()
    worlds.kill_all([pid] + worlds.children(pid))
    time.sleep(0.5)
    victim.send_signal(signal.SIGTERM)
    rc, said = worlds.finish(victim)
    holder.stdin.close()
    holder.wait(30)
    project.restart()
    if rc != 69 or "is in doubt: the next deploy asks the catalog" not in said:
        row.wrong.append(f"it ends with {rc}\n{said}")
    row.wrong += project.check_words(database, rc, said, (69,))
    rc, said = project.deploy(database)
    row.first += rc == 0
    end = project.scratch.psql(database, "select (select count(*) from log), indisvalid from pg_index where indexrelid = 'log_i'::regclass")
    if rc != 0 or end != "1|t":
        row.wrong.append(f"the next ends with {rc} and {end}\n{said}")


def limit_files(world, limit):
    """Of sessions to come."""
    server.must([f"{server.SUPPORT}/pg", "as", "prlimit", "--pid", str(world.pid_file()), f"--fsize={limit}:"])


def full_disk(world, row):
    """No file of the server may grow any more: as a full disk, without being root."""
    # The first is allowed, the last need more than a segment of WAL has.
    project = small_world(world, "disk", {
        "20260101000000_t": "create table t (a text);\nalter table t alter a set storage plain;\ncreate table log (what text);\n"
                            "insert into t select rpad(md5(i::text), 1200, 'x') || i from generate_series(1, 9000) as i;\n",
        "20260102000000_rows": "insert into log values ('rows');\n"
                               "insert into t select rpad(md5(i::text), 1200, 'x') || i from generate_series(9001, 18000) as i;\n",
        "20260103000000_index": "create index concurrently t_a on t (a);\ninsert into log values ('index');\n"})
    for name, limit in (("rows", 17 * MB), ("index", 24 * MB)):
        database = project.fresh()
        row.points += 1
        limit_files(project, limit)
        rc, said = project.deploy(database)
        limit_files(project, "unlimited")
        row.wrong += [f"{name}: {line}\n{said}" for line in project.check_words(database, rc, said, (1, 8))]
        rc, said = project.deploy(database)
        row.first += rc == 0
        project.spares.append(database)
        end = project.scratch.psql(database, "select (select count(*) from t), (select string_agg(what, ',' order by what) from log), "
                                   "(select bool_and(indisvalid) from pg_index where indrelid = 't'::regclass)")
        if rc != 0 or end != "18000|index,rows|t":
            row.wrong.append(f"{name}: the next ends with {rc} and {end}\n{said}")


def rows(world, full):
    yield "dies while CONCURRENTLY waits", lambda row: dies_while_it_waits(world, row, True)
    yield "the same, and nobody notices", lambda row: dies_while_it_waits(world, row, False)
    yield "dies in a block of its own", lambda row: in_doubt(world, row)
    yield "two at once, one killed", lambda row: two_at_once(world, row, 50 if full else 3)
    yield "the server stays away", lambda row: stays_away(world, row)
    yield "the disk is full", lambda row: full_disk(world, row)
