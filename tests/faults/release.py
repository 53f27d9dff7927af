"""The release that is deployed again and again, and what a database has of it.

Each statement that is applied twice, or not at all, shows: `log` has no key, `counter` counts."""
import os
import subprocess

import server

STEP = "insert into log values ('{0}');\nupdate counter set n = n + 1;\n"

MIGRATIONS = {
    "20260101000000_tables": """
create table log (what text not null);
create table counter (n integer not null);
insert into counter values (0);
create table item (id integer primary key, name text, price integer, old integer);
insert into item select i, 'item ' || i, i % 7, i from generate_series(1, 500) as i;
create index item_old on item (old);
create type mood as enum ('good', 'bad');
create sequence ticket;
create table stub (id serial primary key, number bigint default nextval('ticket'));
create table event (day date not null, what text) partition by range (day);
create table event_2025 partition of event for values from ('2025-01-01') to ('2026-01-01');
create table event_2026 partition of event for values from ('2026-01-01') to ('2027-01-01');
insert into event values ('2025-05-05', 'old'), ('2026-06-06', 'new');
""",
    "20260102000000_plain": STEP.format("plain") + """
insert into stub select;
alter table item add column bought date;
create view cheap as select id, name from item where price < 3;
""" + STEP.format("plain again"),
    "20260103000000_own_transaction": "begin isolation level repeatable read;\n" + STEP.format("own transaction") + """
alter table log add column at timestamp;
commit;
""",
    "20260104000000_two_transactions": "begin;\n" + STEP.format("first of two") + """
alter table item rename column name to title;
commit;
begin;
""" + STEP.format("second of two") + "create table between (id integer);\ncommit;\n",
    "20260105000000_loose": "-- headgate: no-transaction\nset test.mark = 'kept';\n" + STEP.format("loose") + """
insert into log values (current_setting('test.mark'));
""" + STEP.format("loose again"),
    "20260106000000_concurrently": """
create index concurrently item_price on item (price);
alter table item add column weight integer;
drop index concurrently item_old;
""" + STEP.format("between") + """
vacuum item;
reindex index concurrently item_price;
create unique index concurrently if not exists item_title on item (title);
insert into log values ('after');
""",
    "20260107000000_detach": "alter table event detach partition event_2025 concurrently;\n" + STEP.format("detached"),
    "20260108000000_enum": "alter type mood add value 'so-so' after 'good';\n",
    "20260109000000_deferred": """
create table parent (id integer primary key);
create table child (parent integer references parent deferrable initially deferred);
insert into child values (1);
insert into parent values (1);
""" + STEP.format("deferred"),
    "20260110000000_last": STEP.format("last") + "drop view cheap;\nalter table item drop column bought;\n",
}
ENVIRONMENTS = """{ "environments": { "development": { "kind": "development", "url": "${DATABASE_URL}" } } }
"""

# Rows without the columns whose sequences count what was rolled back, too.
CONTENTS = r"""
select format('select %L, count(*), md5(string_agg(r, chr(10) order by r)) from (select row(%s)::text as r from %s) as rows',
              c.oid::regclass, string_agg(quote_ident(a.attname), ', ' order by a.attnum), c.oid::regclass)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_prisma_migrations'
  and coalesce(pg_get_expr(d.adbin, d.adrelid) not like 'nextval%', true)
group by c.oid order by c.oid::regclass::text \gexec
select 'log', what, count(*) from log group by what order by what;
select 'counter', n from counter;
select 'INVALID', indexrelid::regclass from pg_index where not (indisvalid and indisready and indislive) order by 1, 2;
select 'half detached', inhrelid::regclass from pg_inherits i where (to_jsonb(i) ->> 'inhdetachpending')::boolean;
select 'history', m.migration_name, m.checksum, m.finished_at is not null, m.rolled_back_at is not null, m.applied_steps_count, m.logs,
       r.name
from _prisma_migrations m full join headgate.migration r on r.id = m.id order by 1, 2, 3, 4, 5, 6, 7;
"""
PROGRESS = r"""
select to_regclass('_prisma_migrations') is not null as is_there \gset
\if :is_there
select migration_name, finished_at is not null, rolled_back_at is not null, applied_steps_count, logs from _prisma_migrations;
\endif
"""


def names(scratch):
    """DETACH ... CONCURRENTLY came with PostgreSQL 14."""
    version = int(scratch.psql("postgres", "show server_version_num"))
    return [name for name in MIGRATIONS if version >= 140000 or "detach" not in name]


def write_project(folder, migrations):
    os.makedirs(f"{folder}/pipelines")
    with open(f"{folder}/pipelines/environments.json", "w", encoding="utf-8") as file:
        file.write(ENVIRONMENTS)
    for name, text in migrations.items():
        os.makedirs(f"{folder}/migrations/{name}")
        with open(f"{folder}/migrations/{name}/migration.sql", "w", encoding="utf-8") as file:
            file.write(text)


def ask(url, script):
    done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"], input=script, capture_output=True,
                          text=True, check=False, env=server.clean_environment())
    if done.returncode != 0:
        raise server.Failed(f"psql: {done.stderr}")
    return done.stdout


def state(url):
    """Schema, rows and history, as lines that are equal where all of that is."""
    with open(f"{server.SOURCE}/tests/support/schema.sql", encoding="utf-8") as file:
        return ask(url, file.read()).splitlines() + ask(url, CONTENTS).splitlines()


def clear(url):
    """An empty database again, in a tenth of the time that a new one takes."""
    server.must(["psql", "-XAtq", "-d", url, "-c", "set client_min_messages = error", "-c", "drop schema public cascade",
                 "-c", "drop schema if exists headgate cascade", "-c", "create schema public"])


def progress(url):
    """{name: (finished, steps, logs)} of the rows that count, and whether one has two."""
    found, twice = {}, False
    for line in ask(url, PROGRESS).splitlines():
        name, finished, rolled_back, steps, logs = line.split("|", 4)
        if rolled_back == "f":
            twice |= name in found
            found[name] = (finished == "t", int(steps), logs)
    return found, twice
