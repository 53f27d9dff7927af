A migration that has failed is settled by hand, as Prisma's resolve does it.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ sql 'create database staging'
  $ rows() { sql "select migration_name, finished_at is not null, rolled_back_at is not null, applied_steps_count, coalesce(logs, 'null') from _prisma_migrations where migration_name = '$1' order by started_at"; }
  $ migration() { mkdir -p "migrations/$1" && cat >"migrations/$1/migration.sql"; }
  $ migration 20261001000000_good <<<'create table good (id int);'
  $ headgate deploy -q | tail -1
  8 applied in N ms. development has release 88688c03.

What is not said, or said twice, or of nothing:

  $ headgate resolve development
  error: headgate resolve: an argument is missing
  hint: Usage: headgate resolve ENV MIGRATION
  [64]
  $ headgate resolve development 20261001000000_good
  error: headgate resolve: what became of the migration is not said
  hint: Say one of --applied, --rolled-back, --done N and --again N.
  [64]
  $ headgate resolve development 20261001000000_good --applied --rolled-back
  error: headgate resolve: two things are said of the migration
  hint: Say one of --applied, --rolled-back, --done N and --again N.
  [64]
  $ headgate resolve development 20261001000000_good --done zero
  error: --done "zero" is no number of a step
  hint: They count from 1; headgate deploy says which one is in doubt.
  [64]
  $ headgate resolve development 20261001000000_goof --applied
  error: environment "development": there is no migration "20261001000000_goof"
  hint: Did you mean "20261001000000_good"?
  [64]
  $ headgate resolve development 20261001000000_goof --rolled-back
  error: environment "development": there is no migration "20261001000000_goof"
  hint: Did you mean "20261001000000_good"?
  [64]
  $ headgate resolve developmint 20261001000000_good --applied
  error: there is no environment "developmint" in pipelines/environments.json
  hint: Did you mean "development"?
  [64]

What is applied is no failure, in either direction (Prisma's P3008 and P3012):

  $ headgate resolve development 20261001000000_good --applied
  error: environment "development": migration "20261001000000_good" is applied already
  detail: It was finished at TIME.
  hint: There is nothing to settle. See: headgate status development
  [4]
  $ headgate resolve development 20261001000000_good --rolled-back
  error: environment "development": migration "20261001000000_good" is applied, it has not failed
  detail: It was finished at TIME.
  hint: To undo the last migration by its down.sql: headgate down development
  [4]
  $ headgate resolve development 20261001000000_good --done 1
  error: environment "development": no step of migration "20261001000000_good" is in doubt
  hint: See how it stands: headgate status development
  [4]

What was never begun cannot be rolled back (P3011):

  $ migration 20261002000000_next <<<'create table next (id int);'
  $ headgate resolve development 20261002000000_next --rolled-back
  error: environment "development": migration "20261002000000_next" was never begun here
  hint: There is nothing to roll back. It is pending: headgate deploy development
  [4]

It can be recorded as applied, where its work was done by hand:

  $ sql 'create table next (id int)'
  $ headgate resolve development 20261002000000_next --applied
  Resolve in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20261002000000_next
    was never begun
  
  It counts as applied from now on; none of its SQL was run.
  $ rows 20261002000000_next
  20261002000000_next|t|f|0|
  $ headgate status development | tail -1
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  up to date  9 applied

A failed one, as Prisma leaves it, stops every deploy:

  $ migration 20261003000000_broken <<<'create table broken (id int);'
  $ fail() { sql "insert into _prisma_migrations (id, checksum, migration_name, logs) values ('$2', '$(sha256sum <"migrations/$1/migration.sql" | cut -d' ' -f1)', '$1', 'ERROR: no such luck')"; }
  $ fail 20261003000000_broken first
  $ headgate deploy
  error: environment "development": migration "20261003000000_broken" has failed before
  detail: It was begun at TIME, and neither finished nor settled since. It left this note: ERROR: no such luck
  hint: Look at what it has done. If nothing of it is there: headgate resolve development 20261003000000_broken --rolled-back. If all of it is there: headgate resolve development 20261003000000_broken --applied
  [4]

Settled as rolled back, it is run again; twice said is no mistake:

  $ headgate resolve development 20261003000000_broken --rolled-back
  Resolve in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20261003000000_broken
    was begun at TIME and not finished
    its note: ERROR: no such luck
  
  It counts as rolled back from now on. It is pending. Next: headgate deploy development
  $ rows 20261003000000_broken
  20261003000000_broken|f|t|0|ERROR: no such luck
  $ headgate resolve development 20261003000000_broken --rolled-back --json
  {
    "format": 1,
    "environment": "development",
    "target": "SCENARIO/pg:5432/postgres",
    "migration": "20261003000000_broken",
    "verdict": "rolled_back",
    "changed": false,
    "staying": []
  }
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release bb3e33d8.
  $ rows 20261003000000_broken
  20261003000000_broken|f|t|0|ERROR: no such luck
  20261003000000_broken|t|f|1|null

Another one, settled as applied:

  $ migration 20261004000000_half <<<'create table half (id int);'
  $ fail 20261004000000_half second; sql 'create table half (id int)'
  $ headgate resolve development 20261004000000_half --applied
  Resolve in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20261004000000_half
    was begun at TIME and not finished
    its note: ERROR: no such luck
  
  It counts as applied from now on; none of its SQL was run.
  $ rows 20261004000000_half
  20261004000000_half|f|t|0|ERROR: no such luck
  20261004000000_half|t|f|0|
  $ headgate deploy | tail -1
  Nothing to do: development has release 99c86173.

One that the release does not have has no checksum, so it can only be given up (P3017):

  $ sql "insert into _prisma_migrations (id, checksum, migration_name) values ('third', 'x', '20261005000000_theirs')"
  $ headgate resolve development 20261005000000_theirs --applied
  error: environment "development": migration "20261005000000_theirs" is not part of this release
  detail: Its checksum is not known, so it cannot be recorded as applied.
  hint: Take the release that has it (git pull, or --release PATH); or, where nothing of it is in the database: headgate resolve development 20261005000000_theirs --rolled-back
  [4]
  $ headgate resolve development 20261005000000_theirs --rolled-back --json
  {
    "format": 1,
    "environment": "development",
    "target": "SCENARIO/pg:5432/postgres",
    "migration": "20261005000000_theirs",
    "verdict": "rolled_back",
    "changed": true,
    "staying": []
  }
  $ headgate deploy | tail -1
  Nothing to do: development has release 99c86173.
  $ sql "update _prisma_migrations set rolled_back_at = null where id = 'third'"
  $ headgate resolve development 20261005000000_theirs --rolled-back | tail -1
  It counts as rolled back from now on.

A step that had begun when the deploy died, of which the catalog says nothing:

  $ migration 20261006000000_steps <<'SQL'
  > -- headgate: no-transaction
  > create table one (id int);
  > do $$ begin perform 1; end $$;
  > create table three (id int);
  > SQL
  $ sql 'create table one (id int)'
  $ sql "insert into _prisma_migrations (id, checksum, migration_name, applied_steps_count, logs) values ('fourth', '$(sha256sum <migrations/20261006000000_steps/migration.sql | cut -d' ' -f1)', '20261006000000_steps', 1, 'headgate: step 2 (line 3) has begun')"
  $ headgate deploy
  error: environment "development": migration "20261006000000_steps": nobody knows what its step 2 has done
  detail: DO (migrations/20261006000000_steps/migration.sql, line 3) had begun when the last deploy died. It does not run in a transaction, and the catalog does not tell what it has done.
  hint: Look at what it has done. If it is done: headgate resolve development 20261006000000_steps --done 2. If it is to run again: headgate resolve development 20261006000000_steps --again 2
  [4]
  $ headgate resolve development 20261006000000_steps --done 1
  error: environment "development": step 1 of migration "20261006000000_steps" is not in doubt
  detail: The one in doubt is step 2.
  hint: If it is done: headgate resolve development 20261006000000_steps --done 2. If it is to run again: headgate resolve development 20261006000000_steps --again 2
  [4]
  $ headgate resolve development 20261006000000_steps --again 3
  error: environment "development": step 3 of migration "20261006000000_steps" is not in doubt
  detail: The one in doubt is step 2.
  hint: If it is done: headgate resolve development 20261006000000_steps --done 2. If it is to run again: headgate resolve development 20261006000000_steps --again 2
  [4]
  $ headgate resolve development 20261006000000_steps --again 2
  Resolve in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20261006000000_steps
    was begun at TIME and not finished
    its note: headgate: step 2 (line 3) has begun
  
  Step 2 of 20261006000000_steps will be run again. Next: headgate deploy development
  $ headgate resolve development 20261006000000_steps --again 2
  error: environment "development": no step of migration "20261006000000_steps" is in doubt
  detail: 1 of its steps are done.
  hint: Go on with: headgate deploy development
  [4]
  $ sql "update _prisma_migrations set logs = 'headgate: step 2 (line 3) has begun' where id = 'fourth'"
  $ headgate resolve development 20261006000000_steps --done 2 --json
  {
    "format": 1,
    "environment": "development",
    "target": "SCENARIO/pg:5432/postgres",
    "migration": "20261006000000_steps",
    "verdict": "done",
    "step": 2,
    "changed": true,
    "staying": []
  }
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release bc19401a.
  $ sql "select to_regclass('three')"
  three

One that is given up half-way says what stays:

  $ migration 20261007000000_given_up <<'SQL'
  > -- headgate: no-transaction
  > create table five (id int);
  > create table six (id int);
  > select 1 / 0;
  > SQL
  $ headgate deploy >/dev/null 2>&1
  [8]
  $ headgate resolve development 20261007000000_given_up --rolled-back
  Resolve in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20261007000000_given_up
    was begun at TIME and not finished
    its note: headgate: step 3 (line 4) failed: division by zero
    stays in the database: step 1 (line 2): CREATE TABLE
    stays in the database: step 2 (line 3): CREATE TABLE
  
  It counts as rolled back from now on. It is pending. Next: headgate deploy development
  $ rows 20261007000000_given_up
  20261007000000_given_up|f|t|2|headgate: step 3 (line 4) failed: division by zero
  $ rm -r migrations/20261007000000_given_up

Somebody else at work:

  $ sql "insert into _prisma_migrations (id, checksum, migration_name) values ('fifth', 'x', '20261008000000_locked')"
  $ PGAPPNAME=someone psql -XAtq "$url" -c 'select pg_advisory_lock(72707369)' -c 'select pg_sleep(60)' >/dev/null 2>&1 &
  $ until_true sh -c "psql -XAtq '$url' -c \"select 1/count(*) from pg_locks where locktype = 'advisory' and objid = 72707369\""
  $ headgate resolve development 20261008000000_locked --rolled-back --wait 0s
  Resolve in development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  20261008000000_locked
    was begun at TIME and not finished
  
  waiting for someone (server process N, from this machine), which holds the lock; connected since TIME; it runs: select pg_sleep(60)
  error: environment "development": another deploy holds the lock of this database
  detail: It is someone (server process N, from this machine), connected since TIME.
  hint: Wait until it has ended, or let headgate wait longer: --wait 10m. Where nobody works there any more, end that session: select pg_terminate_backend(N)
  [6]
  $ rows 20261008000000_locked
  20261008000000_locked|f|f|0|null
  $ headgate resolve development 20261008000000_locked --rolled-back --wait soon
  error: --wait: "soon" is no duration
  hint: A duration is a whole number with a unit: 250ms, 90s, 15m, 12h, 7d.
  [64]
  $ sql "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'" >/dev/null; wait 2>/dev/null
  $ headgate resolve development 20261008000000_locked --rolled-back | tail -1
  It counts as rolled back from now on.

Staging and production are asked for:

  $ headgate resolve staging 20261001000000_good --applied
  Resolve in staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  20261001000000_good
    was never begun
  
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ headgate resolve staging 20261001000000_good --applied --confirm production
  Resolve in staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  20261001000000_good
    was never begun
  
  error: --confirm says "production", but this is "staging"
  [64]
  $ headgate resolve staging 20261001000000_good --applied --confirm staging
  Resolve in staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  20261001000000_good
    was never begun
  
  It counts as applied from now on; none of its SQL was run.
  $ psql -XAtq "$url dbname=staging" -c 'select migration_name from _prisma_migrations'
  20261001000000_good

A database that is another environment:

  $ PRODUCTION_DATABASE_URL=$url headgate resolve production 20261001000000_good --applied
  error: environment "production": this database says that it is "development", not "production"
  detail: It is SCENARIO/pg:5432/postgres; that stands in its table headgate.environment.
  hint: Correct "url" of environment "production" in pipelines/environments.json; or, where it is meant to be another one from now on: headgate mark production
  [9]
