An environment from nothing.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ psql -XAtq "$url" -c 'create database staging' -c 'create database production' -c 'create role reader'
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ sql "create table experiment (id int); insert into users (email, name) values ('a@example.com', 'A')"
  $ sql "grant usage on schema public to reader; comment on schema public is 'ours'; alter default privileges in schema public grant select on tables to reader"
  $ grants() { sql "select nspacl, pg_get_userbyid(nspowner), obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'public'"; sql 'select defaclacl from pg_default_acl'; }
  $ before=$(grants)

Nobody is here to say yes; then somebody is:

  $ headgate reset
  Reset of development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  error: "development" is a development environment and nobody is here to confirm
  hint: Say --confirm development.
  [4]
  $ sql 'select count(*) from users'
  1
  $ headgate reset --confirm development
  Reset of development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Dropped "public", "report" and "headgate" with 10 tables.
  
    20260112093015_users_and_addresses     applied in N ms
    20260126141207_products                applied in N ms
    20260209103344_orders                  applied in N ms
    20260316084512_updated_at_and_stock    applied in N ms
    20260420151830_report_order_totals     applied in N ms
    20260629120455_order_items_unit_price  applied in N ms
    20260907094128_audit_log               applied in N ms
  
  7 applied in N ms. development has release 7237e999.
  $ sql "select to_regclass('experiment') is null, (select count(*) from users), (select name from headgate.environment)"
  t|0|development
  $ [ "$(grants)" = "$before" ]
  $ headgate status development | tail -1
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  up to date  7 applied

Extensions of the schema come back, but for those that a migration makes:

  $ sql 'create extension citext; create extension pg_trgm'
  $ mkdir migrations/20261001000000_trgm && echo 'create extension pg_trgm;' >migrations/20261001000000_trgm/migration.sql
  $ headgate reset --confirm development --json
  {
    "format": 1,
    "environment": "development",
    "target": "SCENARIO/pg:5432/postgres",
    "release": {
      "folder": "migrations",
      "digest": "e8c9de70cdc21d38aea71e2717bc6807c1c37348c84dc3b1cdd14574999bcb1f",
      "migrations": 8
    },
    "dropped": [
      "public",
      "report",
      "headgate"
    ],
    "tables": 9,
    "applied": 8,
    "seed": null
  }
  $ sql "select extname, nspname from pg_extension e join pg_namespace n on n.oid = extnamespace where extname <> 'plpgsql' order by 1"
  citext|public
  pg_trgm|public
  $ rm -r migrations/20261001000000_trgm

Where one cannot be made again, nothing is dropped:

  $ psql -XAtq "$url" -c 'create role small login' -c 'create database small owner small'
  $ psql -XAtq "$url dbname=small" -c 'alter schema public owner to small; create extension dblink'
  $ DATABASE_URL="host=$SCENARIO/pg dbname=small user=small" headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ DATABASE_URL="host=$SCENARIO/pg dbname=small user=small" headgate reset --confirm development
  Reset of development  SCENARIO/pg/small  PostgreSQL NN
  error: environment "development": extension "dblink" of schema "public" could not be made again: permission denied to create extension "dblink" (SQLSTATE HG002)
  detail: Nothing was changed.
  hint: Move it into a schema of its own (ALTER EXTENSION ... SET SCHEMA), make it in a migration, or reset as a role that may make it.
  [4]
  $ psql -XAtq "$url dbname=small" -c "select count(*) from users; select extname from pg_extension where extname = 'dblink'"
  0
  dblink

What is edited or has failed is no hindrance, but what cannot be run is:

  $ sql "insert into _prisma_migrations (id, checksum, migration_name) values ('x', 'x', '20261001000000_failed')"
  $ mkdir migrations/20261002000000_never && echo 'rollback;' >migrations/20261002000000_never/migration.sql
  $ headgate reset --confirm development
  error: a migration cannot roll back its own transaction
    --> migrations/20261002000000_never/migration.sql:1:1
     |
   1 | rollback;
     | ^^^^^^^^
     = take the statement out: what fails is rolled back anyway
  
  error: environment "development": migrations/20261002000000_never/migration.sql cannot be run
  [65]
  $ sql "select count(*) > 0 from _prisma_migrations"
  t
  $ rm -r migrations/20261002000000_never
  $ headgate reset --confirm development -q | tail -1
  7 applied in N ms. development has release 7237e999.

Somebody who uses the tables:

  $ sed -i 's/"kind": "development",/&\n      "deploy": { "lock_timeout": "100ms" },/' pipelines/environments.json
  $ psql -XAtq "$url" -c 'begin; select from users; select pg_sleep(60)' >/dev/null 2>&1 &
  $ until_true sh -c "psql -XAtq '$url' -c \"select 1/count(*) from pg_stat_activity where query ~ 'pg_slee[p]' and wait_event = 'PgSleep'\""
  $ headgate reset --confirm development
  Reset of development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  error: environment "development": canceling statement due to lock timeout (SQLSTATE 55P03)
  detail: Somebody uses the tables. Nothing was changed.
  hint: End the programs that are connected, then try again.
  [1]
  $ sql "select pg_terminate_backend(pid) from pg_stat_activity where query ~ 'pg_slee[p]'" >/dev/null; wait 2>/dev/null

Staging wants its name, has its seed, and the policy holds before anything is dropped:

  $ headgate deploy staging -q --confirm staging | tail -1
  7 applied in N ms. staging has release 7237e999.
  $ headgate reset staging
  Reset of staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ headgate reset staging --confirm staging
  Reset of staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Dropped "public", "report" and "headgate" with 9 tables.
  
    20260112093015_users_and_addresses     applied in N ms
    20260126141207_products                applied in N ms
    20260209103344_orders                  applied in N ms
    20260316084512_updated_at_and_stock    applied in N ms
    20260420151830_report_order_totals     applied in N ms
    20260629120455_order_items_unit_price  applied in N ms
    20260907094128_audit_log               applied in N ms
  
  7 applied in N ms. staging has release 7237e999.
  Seeded from migrations/seed.sql.
  $ psql -XAtq "$url dbname=staging" -c 'select count(*) > 0 from users'
  t
  $ mkdir migrations/20261003000000_new && echo 'create table new (id int);' >migrations/20261003000000_new/migration.sql
  $ headgate reset staging --confirm staging
  error: environment "staging": "development" must have this release before "staging"
  detail: 1 of the 8 migrations of release d0340ffc is not applied there as they are here.
  hint: Deploy there first: headgate deploy development
  [4]
  $ psql -XAtq "$url dbname=staging" -c 'select count(*) > 0 from users'
  t
  $ rm -r migrations/20261003000000_new
  $ echo 'select 1 / 0;' >migrations/seed.sql
  $ headgate reset staging --confirm staging -q 2>&1 | tail -4
  
  error: environment "staging": migrations/seed.sql failed: division by zero (SQLSTATE 22012)
  detail: It was rolled back as a whole: nothing of it is in the database.
  hint: Correct migrations/seed.sql, then try again.
  $ headgate status staging | tail -1
    staging  SCENARIO/pg:5432/staging  PostgreSQL NN  up to date  7 applied
  $ cp "$HEADGATE_SOURCE/migrations/seed.sql" migrations/
  $ mv migrations/seed.sql away
  $ headgate reset staging --confirm staging
  error: environment "staging": there is no file pipelines/../migrations/seed.sql
  hint: "seed" in pipelines/environments.json names it, relative to that file.
  [65]
  $ mv away migrations/seed.sql

On a terminal, staging wants its name and development a y:

  $ cat >"$SCENARIO/type" <<'EXPECT'
  > set timeout 20
  > set keys [lindex $argv 0]
  > spawn -noecho {*}[lrange $argv 1 end]
  > expect {
  >     -re {(\[y/N\]|to go on:) $} { send -- [subst -nocommands -novariables $keys]; expect eof }
  >     eof {}
  > }
  > exit [lindex [wait] 3]
  > EXPECT
  $ on_terminal() {
  >     local status=0
  >     expect "$SCENARIO/type" "$@" >"$SCENARIO/screen" || status=$?
  >     tr -d '\r' <"$SCENARIO/screen" | level | cat -v
  >     return $status
  > }
  $ on_terminal 'y\r' headgate reset staging --no-color
  Reset of staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Drop schemas "public", "report" and "headgate" with 9 tables in staging (SCENARIO/pg:5432/staging)? Type "staging" to go on: y
  error: not confirmed, nothing was changed
  [4]
  $ on_terminal 'staging\r' headgate reset staging --no-color | tail -2
  7 applied in N ms. staging has release 7237e999.
  Seeded from migrations/seed.sql.
  $ on_terminal 'n\r' headgate reset --no-color
  Reset of development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Drop schemas "public", "report" and "headgate" with 9 tables in development (SCENARIO/pg:5432/postgres)? [y/N] n
  error: not confirmed, nothing was changed
  [4]
  $ on_terminal 'y\r' headgate reset --no-color | tail -1
  7 applied in N ms. development has release 7237e999.

Production: never.

  $ headgate reset production --confirm production
  error: environment "production": reset is never for a production environment
  hint: There is no option that allows it. What is meant? See: headgate status
  [4]
  $ headgate reset production --confirm production --force
  error: headgate reset: there is no option "--force"
  hint: See: headgate help reset
  [64]

Nor what is another environment, or another server:

  $ DATABASE_URL="$url dbname=staging" headgate reset --confirm development
  error: environment "development": this database says that it is "staging", not "development"
  detail: It is SCENARIO/pg:5432/staging; that stands in its table headgate.environment.
  hint: Correct "url" of environment "development" in pipelines/environments.json; or, where it is meant to be another one from now on: headgate mark development
  [9]
  $ sed -i 's/"kind": "development",/&\n      "expect": { "database": "shop" },/' pipelines/environments.json
  $ headgate reset --confirm development
  error: environment "development": this is database "postgres", not "shop"
  detail: "url" leads to SCENARIO/pg:5432/postgres, "expect" says database "shop".
  hint: Correct "url" or "expect" of environment "development" in pipelines/environments.json.
  [9]
