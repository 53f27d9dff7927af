The last migration is taken back by its down.sql.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ psql -XAtq "$url" -c 'create database staging' -c 'create database production'
  $ sql() { psql -XAtq "$url" -c "$1"; }

Where nothing is applied:

  $ headgate down
  error: environment "development": no migration is applied
  hint: There is nothing to take back. See: headgate status development
  [4]
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.

  $ headgate down
  Down in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20260907094128_audit_log  applied at TIME
  
  Taken back in N ms. The migration is pending again.
  $ sql "select to_regclass('audit_log') is null, migration_name, rolled_back_at is not null from _prisma_migrations order by started_at desc limit 1"
  t|20260907094128_audit_log|t
  $ headgate status development
  Release 7237e999  7 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  1 pending  6 applied
  
  Next: headgate deploy development
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release 7237e999.

As often as there is a down.sql; and as a program sees it:

  $ headgate down --json
  {
    "format": 1,
    "environment": "development",
    "target": "SCENARIO/pg:5432/postgres",
    "migration": "20260907094128_audit_log",
    "milliseconds": N
  }
  $ headgate down | tail -1
  Taken back in N ms. The migration is pending again.
  $ headgate down
  error: environment "development": migration "20260420151830_report_order_totals" has no down.sql
  hint: Write migrations/20260420151830_report_order_totals/down.sql, which undoes it; or undo it by a new migration: headgate create NAME
  [4]

A down.sql that fails leaves all as it was:

  $ echo 'drop table products; drop table nowhere;' >migrations/20260420151830_report_order_totals/down.sql
  $ headgate down
  Down in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20260420151830_report_order_totals  applied at TIME
  
  error: cannot drop table products because other objects depend on it
    --> migrations/20260420151830_report_order_totals/down.sql:1:1
     |
   1 | drop table products; drop table nowhere;
     | ^^^^
     = Use DROP ... CASCADE to drop the dependent objects too.
  
  error: environment "development": migrations/20260420151830_report_order_totals/down.sql failed: cannot drop table products because other objects depend on it (SQLSTATE 2BP01)
  detail: constraint order_items_product_id_fkey on table order_items depends on table products
  view report.order_totals depends on table products
  It was rolled back as a whole: nothing of it is in the database.
  hint: Correct migrations/20260420151830_report_order_totals/down.sql, then try again.
  [1]
  $ echo 'drop view report.order_totals; drop schema report; drop table nowhere;' >migrations/20260420151830_report_order_totals/down.sql
  $ headgate down
  Down in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20260420151830_report_order_totals  applied at TIME
  
  error: table "nowhere" does not exist
    --> migrations/20260420151830_report_order_totals/down.sql:1:52
     |
   1 | drop view report.order_totals; drop schema report; drop table nowhere;
     |                                                    ^^^^
  
  error: environment "development": migrations/20260420151830_report_order_totals/down.sql failed: table "nowhere" does not exist (SQLSTATE 42P01)
  detail: It was rolled back as a whole: nothing of it is in the database.
  hint: Correct migrations/20260420151830_report_order_totals/down.sql, then try again.
  [1]
  $ sql "select to_regclass('report.order_totals'), count(*) from _prisma_migrations where rolled_back_at is null"
  report.order_totals|5
  $ echo 'drop index concurrently orders_open_idx;' >migrations/20260420151830_report_order_totals/down.sql
  $ headgate down 2>&1 | tail -3
  error: environment "development": migrations/20260420151830_report_order_totals/down.sql cannot run in one transaction
  detail: It has DROP INDEX CONCURRENTLY.
  hint: Write it so that it can: it is run as a whole or not at all.
  $ echo '-- nothing' >migrations/20260420151830_report_order_totals/down.sql
  $ headgate down 2>&1 | tail -1
  error: environment "development": migrations/20260420151830_report_order_totals/down.sql holds no statement

One whose migration.sql was edited since, or that the release does not have:

  $ echo '-- edited' >>migrations/20260420151830_report_order_totals/migration.sql
  $ headgate down
  error: environment "development": migration "20260420151830_report_order_totals" was edited after it was applied
  detail: Its down.sql may undo something else than what was done.
  hint: Bring back the file as it was (git log -- migrations/20260420151830_report_order_totals/migration.sql).
  [4]
  $ mv migrations/20260420151830_report_order_totals away
  $ headgate down
  error: environment "development": migration "20260420151830_report_order_totals" is not part of this release
  detail: It is the last one that was applied.
  hint: Take the release that has it (git pull, or --release PATH).
  [4]
  $ rm -r away; cp -r "$HEADGATE_SOURCE/migrations/20260420151830_report_order_totals" migrations/
  $ headgate deploy -q | tail -1
  2 applied in N ms. development has release 7237e999.

While one is unfinished:

  $ sql "insert into _prisma_migrations (id, checksum, migration_name) values ('x', 'x', '20261001000000_failed')"
  $ headgate down
  error: environment "development": migration "20261001000000_failed" is not finished
  detail: It was begun at TIME. Only one that is applied can be taken back.
  hint: Settle it first: headgate resolve development 20261001000000_failed --rolled-back
  [4]
  $ sql "delete from _prisma_migrations where id = 'x'"

Staging asks; production does not do it, unless its environment says so:

  $ headgate deploy staging -q --confirm staging | tail -1
  7 applied in N ms. staging has release 7237e999.
  $ headgate down staging
  Down in staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  20260907094128_audit_log  applied at TIME
  
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ headgate down production --confirm production
  error: environment "production": down is not for a production environment
  detail: What down.sql drops is gone with its data.
  hint: Undo it by a new migration: headgate create NAME. Or allow it in pipelines/environments.json: "deploy": { "down": true }
  [4]
  $ headgate deploy production -q --confirm production | tail -1
  7 applied in N ms. production has release 7237e999.
  $ sed -i 's/"deploy": { "lock_timeout"/"deploy": { "down": true, "lock_timeout"/' pipelines/environments.json
  $ headgate down production
  Down in production  SCENARIO/pg:5432/production  PostgreSQL NN
  20260907094128_audit_log  applied at TIME
  
  error: "production" is a production environment and nobody is here to confirm
  hint: Say --confirm production.
  [4]
  $ headgate down production --confirm production | tail -1
  Taken back in N ms. The migration is pending again.
  $ headgate down staging --confirm staging | tail -1
  Taken back in N ms. The migration is pending again.

A database that is another environment:

  $ DATABASE_URL="$url dbname=production" headgate down
  error: environment "development": this database says that it is "production", not "development"
  detail: It is SCENARIO/pg:5432/production; that stands in its table headgate.environment.
  hint: Correct "url" of environment "development" in pipelines/environments.json; or, where it is meant to be another one from now on: headgate mark development
  [9]
