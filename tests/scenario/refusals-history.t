What the history says against a deploy. Nothing is changed in any of these.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging"
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ products=migrations/20260126141207_products/migration.sql

A database that has tables of somebody else:

  $ sql 'create table theirs (id int)'
  $ unchanged headgate deploy
  error: environment "development": the database has tables already, but no history of migrations
  detail: Schema "public" of SCENARIO/pg:5432/postgres is not empty and has no table _prisma_migrations.
  hint: Record what it already has: headgate baseline development. Or choose an empty schema with ?schema=NAME in "url".
  [4]
  $ unchanged headgate status development
  Release 7237e999  7 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  7 pending  0 applied
  
  environment "development": the database has tables already, but no history of migrations
    Schema "public" of SCENARIO/pg:5432/postgres is not empty and has no table _prisma_migrations.
    Record what it already has: headgate baseline development. Or choose an empty schema with ?schema=NAME in "url".
  [1]
  $ sql 'drop table theirs'

A schema of its own, named as Prisma names it, is another matter:

  $ DATABASE_URL="postgresql://tester@/postgres?host=$SCENARIO/pg&schema=shop" headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ sql "select count(*) from shop._prisma_migrations; drop schema shop, report, headgate cascade" 2>&1 | tail -1
  7

`unchanged` would tell:

  $ unchanged headgate deploy -q | tail -2
  7 applied in N ms. development has release 7237e999.
  THIS HAS CHANGED THE DATABASE

An edited file:

  $ echo '-- harmless?' >>$products
  $ unchanged headgate deploy
  error: this is the first line that is not what was applied
     --> migrations/20260126141207_products/migration.sql:18:1
      |
   18 | -- harmless?
      | ^^^^^^^^^^^^
      = what was applied ends before it
  
  error: environment "development": migration "20260126141207_products" was edited after it was applied
  detail: It was applied at TIME with checksum e89954b5; migrations/20260126141207_products/migration.sql now has 04e85566.
  hint: Bring back the file as it was (git log -- migrations/20260126141207_products/migration.sql) and make the change in a new migration: headgate create NAME.
  [4]
  $ unchanged headgate deploy --dry-run 2>/dev/null | head -6
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release af5a5af3  7 migrations in migrations
  
    20260126141207_products  edited
  
  0 to apply. Nothing was changed.
  $ unchanged headgate status development
  Release af5a5af3  7 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  1 edited  6 applied
  
  environment "development": migration "20260126141207_products" was edited after it was applied
    It was applied at TIME with checksum e89954b5; migrations/20260126141207_products/migration.sql now has 04e85566.
    Bring back the file as it was (git log -- migrations/20260126141207_products/migration.sql) and make the change in a new migration: headgate create NAME.
  
  error: this is the first line that is not what was applied
     --> migrations/20260126141207_products/migration.sql:18:1
      |
   18 | -- harmless?
      | ^^^^^^^^^^^^
      = what was applied ends before it
  [1]

The same where the applied texts are not recorded, as in a history of Prisma's:

  $ sql 'alter schema headgate rename to aside'
  $ unchanged headgate deploy
  error: environment "development": migration "20260126141207_products" was edited after it was applied
  detail: It was applied at TIME with checksum e89954b5; migrations/20260126141207_products/migration.sql now has 04e85566.
  hint: Bring back the file as it was (git log -- migrations/20260126141207_products/migration.sql) and make the change in a new migration: headgate create NAME.
  [4]
  $ sql 'alter schema aside rename to headgate'
  $ cp "$HEADGATE_SOURCE/$products" $products

Other line breaks are no edit:

  $ sed -i 's/$/\r/' $products
  $ unchanged headgate deploy | tail -1
  Nothing to do: development has release 423dcb31.
  $ cp "$HEADGATE_SOURCE/$products" $products

The database is newer than the release, or the release lost a migration:

  $ mv migrations/20260907094128_audit_log away
  $ unchanged headgate deploy
  error: environment "development": the database has migration "20260907094128_audit_log", which is not part of this release
  detail: The database is newer than the release, or the release lost a folder. 1 of its migrations is unknown here.
  hint: Deploy the release that has it: git pull, or headgate deploy development --release PATH
  [4]
  $ mv away migrations/20260907094128_audit_log

One that comes too late:

  $ migration 20260401000000_late <<<'create table late (id int);'
  $ unchanged headgate deploy
  error: environment "development": migration "20260401000000_late" is pending, but a later one is applied already
  detail: The last one is "20260907094128_audit_log", begun at TIME. Here it would run in another order than on databases that had it in time.
  hint: Where no database has it yet, give its folder a later time than "20260907094128_audit_log" has. Else apply it all the same: headgate deploy development --allow-out-of-order --reason "WHY"
  [4]
  $ unchanged headgate deploy --allow-out-of-order
  error: --allow-out-of-order needs --reason TEXT
  hint: For example: headgate deploy ENV --allow-out-of-order --reason "hotfix of ticket 42"
  [64]
  $ unchanged headgate deploy --reason 'it is only one table'
  error: --reason goes with --allow-out-of-order
  hint: For example: headgate deploy ENV --allow-out-of-order --reason "hotfix of ticket 42"
  [64]
  $ unchanged headgate status development | tail -5
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  1 out of order  7 applied
  
  environment "development": migration "20260401000000_late" is pending, but a later one is applied already
    The last one is "20260907094128_audit_log", begun at TIME. Here it would run in another order than on databases that had it in time.
    Where no database has it yet, give its folder a later time than "20260907094128_audit_log" has. Else apply it all the same: headgate deploy development --allow-out-of-order --reason "WHY"
  $ headgate deploy --allow-out-of-order --reason 'hotfix of ticket 42'
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 8b5791a5  8 migrations in migrations
  
    20260401000000_late  applied in N ms
  
  1 applied in N ms. development has release 8b5791a5.
  $ sql "select name, reason from headgate.migration where reason is not null"
  20260401000000_late|hotfix of ticket 42

One that has failed before, as Prisma leaves it:

  $ migration 20261001000000_broken <<<'create table broken (id int);'
  $ sql "insert into _prisma_migrations (id, checksum, migration_name, logs) values ('1', 'x', '20261001000000_broken', E'A migration failed to apply.\n\nDatabase error code: 42601')"
  $ unchanged headgate deploy
  error: environment "development": migration "20261001000000_broken" has failed before
  detail: It was begun at TIME, and neither finished nor settled since. It left this note: A migration failed to apply.
  
  Database error code: 42601
  hint: Look at what it has done. If nothing of it is there: headgate resolve development 20261001000000_broken --rolled-back. If all of it is there: headgate resolve development 20261001000000_broken --applied
  [4]
  $ unchanged headgate status development
  Release f1ee8806  9 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  1 failed  8 applied
  
  environment "development": migration "20261001000000_broken" has failed before
    It was begun at TIME, and neither finished nor settled since. It left this note: A migration failed to apply.
    
    Database error code: 42601
    Look at what it has done. If nothing of it is there: headgate resolve development 20261001000000_broken --rolled-back. If all of it is there: headgate resolve development 20261001000000_broken --applied
  [1]
  $ sql "delete from _prisma_migrations where id = '1'"; rm -r migrations/20261001000000_broken

One that was begun step by step, and then edited in what is done already:

  $ migration 20261002000000_steps <<'SQL'
  > create table steps (id int);
  > create index concurrently steps_id on steps (id);
  > create index concurrently steps_none on steps (nothing);
  > SQL
  $ headgate deploy -q >/dev/null 2>&1
  [8]
  $ sed -i 's/steps (id int)/steps (id bigint)/' migrations/20261002000000_steps/migration.sql
  $ unchanged headgate deploy
  error: environment "development": migration "20261002000000_steps" was edited after a part of it was applied
  detail: 2 of its steps are done. The file now says something else of them.
  hint: Bring back what is done as it was (git log -- migrations/20261002000000_steps/migration.sql) and change only what comes after it; or settle it by hand: headgate resolve development 20261002000000_steps --applied (or --rolled-back)
  [4]
  $ sed -i 's/steps (id bigint)/steps (id int)/' migrations/20261002000000_steps/migration.sql

What comes after it may be corrected:

  $ sed -i 's/(nothing)/((id + 1))/' migrations/20261002000000_steps/migration.sql
  $ headgate deploy -q
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 16cf28b8  9 migrations in migrations
  
    20261002000000_steps  applied in N ms
  
  1 applied in N ms. development has release 16cf28b8.

A statement of which nobody knows what it has done, because the deploy was killed in it:

  $ migration 20261003000000_call <<'SQL'
  > -- headgate: no-transaction
  > create procedure slow() language plpgsql as 'begin perform pg_sleep(600); end';
  > call slow();
  > SQL
  $ "$HEADGATE" deploy -q >/dev/null 2>&1 & deploy=$!
  $ until_true eval '[ "$(sql "select count(*) from pg_stat_activity where query like '"'call slow%'"'")" = 1 ]'
  $ kill -9 $deploy; wait $deploy 2>/dev/null
  [137]
  $ sql "select count(pg_terminate_backend(pid)) from pg_stat_activity where query like 'call slow%'"
  1
  $ unchanged headgate deploy
  error: environment "development": migration "20261003000000_call": nobody knows what its step 2 has done
  detail: CALL (migrations/20261003000000_call/migration.sql, line 3) had begun when the last deploy died. It does not run in a transaction, and the catalog does not tell what it has done.
  hint: Look at what it has done. If it is done: headgate resolve development 20261003000000_call --done 2. If it is to run again: headgate resolve development 20261003000000_call --again 2
  [4]
  $ unchanged headgate status development
  Release a7728666  10 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  1 unfinished  9 applied
  
  environment "development": migration "20261003000000_call": nobody knows what its step 2 has done
    CALL (migrations/20261003000000_call/migration.sql, line 3) had begun when the last deploy died. It does not run in a transaction, and the catalog does not tell what it has done.
    Look at what it has done. If it is done: headgate resolve development 20261003000000_call --done 2. If it is to run again: headgate resolve development 20261003000000_call --again 2
  [1]

A file, or the history, that is another one than was looked at. (The question gives the time to change it; `on_terminal COMMAND`
runs that, and then says y.)

  $ sql "delete from _prisma_migrations where migration_name like '%_call'"; rm -r migrations/20261003000000_call
  $ sql 'create database staging template postgres'; export staging="$url dbname=staging"
  $ psql -XAtq "$staging" -c 'drop schema headgate cascade' 2>/dev/null
  $ migration 20261004000000_more <<<'create table more (id int);'
  $ headgate deploy -q >/dev/null
  $ cat >"$SCENARIO/type" <<'EXPECT'
  > set timeout 20
  > spawn -noecho "$env(HEADGATE)" deploy staging --no-color
  > expect {
  >     -re {\[y/N\] $} { exec /bin/sh -c [lindex $argv 0]; send "y\r"; expect eof }
  >     eof {}
  > }
  > exit [lindex [wait] 3]
  > EXPECT
  $ on_terminal() {
  >     local status=0
  >     expect "$SCENARIO/type" "$1" >"$SCENARIO/screen" || status=$?
  >     tr -d '\r' <"$SCENARIO/screen" | level
  >     return $status
  > }
  $ url=$staging unchanged on_terminal 'echo "-- edited" >>migrations/20261004000000_more/migration.sql'
  Deploy to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Release a9a7740e  10 migrations in migrations
  
  Apply 1 migration to staging (SCENARIO/pg:5432/staging)? [y/N] y
  0 of 1 applied in N ms, then it stopped.
  error: environment "staging": migrations/20261004000000_more/migration.sql has changed since the release was read
  hint: Nothing of it was run. Start again to see what it would do now.
  [9]
  $ migration 20261004000000_more <<<'create table more (id int);'
  $ on_terminal "psql -Xq '$staging' -c \"delete from _prisma_migrations where migration_name like '%audit_log'\""
  Deploy to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Release a9a7740e  10 migrations in migrations
  
  Apply 1 migration to staging (SCENARIO/pg:5432/staging)? [y/N] y
  0 of 1 applied in N ms, then it stopped.
  error: environment "staging": the history has changed since the plan was made
  hint: Look at what would be done now: headgate deploy staging --dry-run
  [9]

A marker of another environment:

  $ sql "update headgate.environment set name = 'production', kind = 'production'"
  $ unchanged headgate deploy
  error: environment "development": this database says that it is "production", not "development"
  detail: It is SCENARIO/pg:5432/postgres; that stands in its table headgate.environment.
  hint: Correct "url" of environment "development" in pipelines/environments.json; or, where it is meant to be another one from now on: headgate mark development
  [9]
  $ pg_stop pg
