What a deploy refuses, before anything is changed.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging"
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ sql 'create database staging'
  $ state() { sql "select string_agg(migration_name || ' ' || coalesce(finished_at::text, '-'), E'\n' order by started_at) from _prisma_migrations" | md5sum; }

Staging comes after development:

  $ headgate deploy staging --confirm staging
  error: environment "staging": "development" must have this release before "staging"
  detail: 7 of the 7 migrations of release 54286f6f are not applied there as they are here.
  hint: Deploy there first: headgate deploy development
  [4]

A database that has tables of somebody else:

  $ sql 'create table theirs (id int)'
  $ headgate deploy
  error: environment "development": the database has tables already, but no history of migrations
  detail: Schema "public" is not empty and has no table _prisma_migrations.
  hint: Record what it already has, once for each migration: prisma migrate resolve --applied NAME. Or choose an empty schema with ?schema=NAME in "url".
  [4]
  $ sql 'drop table theirs'

A schema of its own, named as Prisma names it, is another matter:

  $ DATABASE_URL="postgresql://tester@/postgres?host=$SCENARIO/pg&schema=shop" headgate deploy -q | tail -1
  7 applied in N ms. development has release 54286f6f.
  $ sql "select count(*) from shop._prisma_migrations; drop schema shop, report cascade" 2>&1 | tail -1
  7

  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 54286f6f.
  $ before=$(state)

An edited file:

  $ echo '-- harmless?' >>migrations/20260126141207_products/migration.sql
  $ headgate deploy
  error: environment "development": migration "20260126141207_products" was edited after it was applied
  detail: It was applied at TIME with checksum e89954b5; migrations/20260126141207_products/migration.sql now has 04e85566.
  hint: Bring back the file as it was (git log -- migrations/20260126141207_products/migration.sql) and make the change in a new migration: headgate create NAME.
  [4]
  $ headgate status development
  Release 212eb12d  7 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  1 edited  6 applied
  
  environment "development": migration "20260126141207_products" was edited after it was applied
    It was applied at TIME with checksum e89954b5; migrations/20260126141207_products/migration.sql now has 04e85566.
    Bring back the file as it was (git log -- migrations/20260126141207_products/migration.sql) and make the change in a new migration: headgate create NAME.
  [1]
  $ cp "$HEADGATE_SOURCE/migrations/20260126141207_products/migration.sql" migrations/20260126141207_products/

Other line breaks are no edit:

  $ sed -i 's/$/\r/' migrations/20260126141207_products/migration.sql
  $ headgate deploy | tail -1
  Nothing to do: development has release 5212760c.
  $ cp "$HEADGATE_SOURCE/migrations/20260126141207_products/migration.sql" migrations/20260126141207_products/

A migration that the release lost:

  $ mv migrations/20260907094128_audit_log away
  $ headgate deploy
  error: environment "development": the database has migration "20260907094128_audit_log", which is not part of this release
  detail: The database is newer than the release, or the release lost a folder. 1 of its migrations are unknown here.
  hint: Deploy the release that has it (git pull, or --release PATH).
  [4]
  $ mv away migrations/20260907094128_audit_log

One that comes too late:

  $ mkdir migrations/20260401000000_late && echo 'create table late (id int);' >migrations/20260401000000_late/migration.sql
  $ headgate deploy
  error: environment "development": migration "20260401000000_late" is pending, but a later one is applied already
  detail: On this database it would run in another order than on those that have it.
  hint: Give its folder a time later than the last applied one, so that it comes last everywhere.
  [4]
  $ rm -r migrations/20260401000000_late

One that has failed before, as Prisma leaves it:

  $ sql "insert into _prisma_migrations (id, checksum, migration_name, logs) values ('1', 'x', '20261001000000_broken', 'ERROR: no such luck')"
  $ headgate deploy
  error: environment "development": migration "20261001000000_broken" has failed before
  detail: It was begun at TIME and neither finished nor was settled since. It left this note: ERROR: no such luck
  hint: Look at what it has done, then settle it with: prisma migrate resolve --rolled-back 20261001000000_broken (or --applied).
  [4]
  $ headgate status development >/dev/null
  [1]
  $ sql "update _prisma_migrations set rolled_back_at = now() where id = '1'"
  $ headgate deploy | tail -1
  Nothing to do: development has release 54286f6f.
  $ sql "delete from _prisma_migrations where id = '1'"

Another server than the one that is meant:

  $ sed -i 's/"kind": "development",/&\n      "expect": { "database": "shop" },/' pipelines/environments.json
  $ headgate deploy
  error: environment "development": this is database "postgres", not "shop"
  hint: Correct "url" or "expect" of environment "development" in pipelines/environments.json.
  [9]
  $ sed -i 's/"expect": { "database": "shop" }/"expect": { "system_identifier": "1" }/' pipelines/environments.json
  $ headgate deploy
  error: environment "development": this is another server than the one that is expected
  detail: Its system identifier is NNN, expected is 1.
  hint: Correct "url" or "expect" of environment "development" in pipelines/environments.json.
  [9]
  $ sed -i '/"expect"/d' pipelines/environments.json

Somebody else holds the lock, named and waited for:

  $ psql -XAtq "$url application_name=prisma" -c 'select pg_advisory_lock(72707369)' -c 'select pg_sleep(60)' >/dev/null 2>&1 & holder=$!
  $ until_true eval '[ "$(sql "select count(*) from pg_locks where locktype = '"'advisory'"' and granted")" = 1 ]'
  $ mkdir migrations/20261001000000_new && echo 'create table new (id int);' >migrations/20261001000000_new/migration.sql
  $ headgate deploy >/dev/null
  waiting for prisma (server process N, from this machine), which holds the lock since TIME
  error: environment "development": another deploy holds the lock of this database
  detail: It is prisma (server process N, from this machine), connected since TIME.
  hint: Wait until it has ended, then try again.
  [6]
  $ sql "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'prisma'"; wait $holder
  t
  [2]
  $ until_true eval '[ "$(sql "select count(*) from pg_locks where locktype = '"'advisory'"' and granted")" = 0 ]'

What an environment demands and a single deploy cannot show:

  $ sed -i 's/"kind": "development",/&\n      "require": { "evidence": ["e2e"] },/' pipelines/environments.json
  $ headgate deploy
  error: environment "development": "development" requires evidence, which a single deploy cannot show
  hint: See "require" of environment "development" in pipelines/environments.json.
  [4]
  $ sed -i '/"require"/d' pipelines/environments.json

A database that may only be read:

  $ sql "alter system set default_transaction_read_only = on"; sql 'select pg_reload_conf()' >/dev/null
  $ headgate deploy 2>&1 | tail -5
  
  0 of 1 applied in N ms, then it stopped.
  error: environment "development": migration "20261001000000_new" failed: cannot execute INSERT in a read-only transaction (SQLSTATE 25006)
  detail: It was rolled back as a whole: nothing of it is in the database.
  hint: When that is settled, then go on: headgate deploy development
  $ psql -XAtq "$url options='-c default_transaction_read_only=off'" -c "alter system reset default_transaction_read_only" -c 'select pg_reload_conf()' >/dev/null

Nobody there:

  $ DATABASE_URL='postgresql://app@127.0.0.1:1/shop' headgate deploy
  error: environment "development": could not connect to 127.0.0.1:1/shop: connection refused
  hint: Check that the server runs, and that host and port are the ones on which it listens.
  [69]
  $ DATABASE_URL="$url dbname=nowhere" headgate status development
  Release 8ec33562  8 migrations in migrations
  
    development  SCENARIO/pg:5432/nowhere  cannot be reached
  
  environment "development": could not connect to SCENARIO/pg:5432/nowhere: database "nowhere" does not exist
    Create the database, or correct its name in the connection string.
  [69]

Nothing was changed by any of this:

  $ [ "$(state)" = "$before" ] && echo the same
  the same
  $ pg_stop pg
