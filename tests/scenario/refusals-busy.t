Somebody else is at work: named, waited for (10 seconds, or as long as --wait says), and not disturbed.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url"
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ migration 20261001000000_new <<<'alter table users add column nickname text;'

Another session, until it is sent away: `hold NAME STATEMENT...`.

  $ hold() {
  >     local name=$1
  >     shift
  >     (for statement; do echo "$statement;"; done; echo 'select pg_sleep(600);') | psql -XAtq "$url application_name=$name" >/dev/null 2>&1 &
  >     until_true eval '[ "$(sql "select count(*) from pg_stat_activity where application_name = '"'$name'"' and query like '"'select pg_sleep%'"'")" = 1 ]'
  > }
  $ free() { sql "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like '$1'"; wait; }

Prisma, or whoever else takes its lock:

  $ hold prisma 'select pg_advisory_lock(72707369)'
  $ unchanged headgate deploy --wait 1s
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 64c27dae  8 migrations in migrations
  
  waiting for prisma (server process N, from this machine), which holds the lock; connected since TIME; it runs: select pg_sleep(600)
  0 of 1 applied in N ms, then it stopped.
  error: environment "development": another deploy holds the lock of this database
  detail: It is prisma (server process N, from this machine), connected since TIME.
  hint: Wait until it has ended, or let headgate wait longer: --wait 10m. Where nobody works there any more, end that session: select pg_terminate_backend(N)
  [6]
  $ unchanged headgate deploy --wait soon
  error: --wait: "soon" is no duration
  hint: A duration is a whole number with a unit: 250ms, 90s, 15m, 12h, 7d.
  [64]
  $ free prisma
  1

Another headgate:

  $ migration 20261001000000_new <<<'select pg_sleep(600);'
  $ "$HEADGATE" deploy -q >/dev/null 2>&1 &
  $ until_true eval '[ "$(sql "select count(*) from pg_stat_activity where query like '"'select pg_sleep(600)%'"'")" = 1 ]'
  $ level_more=(-e 's/deploy [0-9]{8}-[0-9]{6}-[0-9a-f]{4}/deploy RUN/' -e 's/again in [0-9.]+ m?s/again in N ms/' -e 's/waited [0-9.]+ m?s/waited N ms/g')
  $ unchanged headgate deploy --wait 1s
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 9fb5e1c4  8 migrations in migrations
  
  waiting for headgate deploy RUN (server process N, from this machine), which holds the lock; connected since TIME; it runs: select pg_sleep(600)
  0 of 1 applied in N ms, then it stopped.
  error: environment "development": another deploy holds the lock of this database
  detail: It is headgate deploy RUN (server process N, from this machine), connected since TIME.
  hint: Wait until it has ended, or let headgate wait longer: --wait 10m. Where nobody works there any more, end that session: select pg_terminate_backend(N)
  [6]
  $ kill %%; wait
  $ migration 20261001000000_new <<<'alter table users add column nickname text;'

A dump, which holds every table until it ends. Behind a migration that waits for it everybody else would wait as well:

  $ hold pg_dump 'begin' 'lock table users in access share mode'
  $ unchanged headgate deploy --wait 1s
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 64c27dae  8 migrations in migrations
  
  20261001000000_new: waiting for pg_dump (server process N, from this machine), which holds users since TIME
  0 of 1 applied in N ms, then it stopped.
  error: environment "development": migration "20261001000000_new": something else holds what the migration needs
  detail: It is pg_dump (server process N, from this machine), which holds users since TIME. Behind a migration that waits for it everybody else would wait as well, so it was not begun: nothing was changed.
  hint: Wait until it has ended, or let headgate wait longer: --wait 2h
  [6]

Its tables may be read and written meanwhile, and what does not need them is not held up:

  $ sql 'select count(*) from users'
  0
  $ migration 20260930000000_other <<<'create table other (id int);'
  $ unchanged headgate deploy --wait 1s 2>&1 | grep applied
    20260930000000_other  applied in N ms
  1 of 2 applied in N ms, then it stopped.
  $ free pg_dump
  1

Where it may wait longer, it goes on by itself:

  $ migration 20261001000000_new <<<'create table new (id int);'
  $ hold prisma 'select pg_advisory_lock(72707369)'
  $ "$HEADGATE" deploy --wait 1m >"$SCENARIO/waiting" 2>&1 & deploy=$!
  $ until_true grep -q waiting "$SCENARIO/waiting"
  $ sql "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'prisma'"; wait $deploy
  1
  $ level <"$SCENARIO/waiting" | tail -4
  waiting for prisma (server process N, from this machine), which holds the lock; connected since TIME; it runs: select pg_sleep(600)
    20261001000000_new  applied in N ms
  
  1 applied in N ms. development has release 0d347856.

Somebody who just holds a table: tried again and again, and everything given up in between. This has run, and failed; that it did
is noted in the history:

  $ migration 20261002000000_nickname <<<'alter table users add column nickname text;'
  $ sed -i 's/"kind": "development",/&\n      "deploy": { "lock_timeout": "200ms", "lock_retries": 2 },/' pipelines/environments.json
  $ hold 'report' 'begin' 'lock table users in access share mode'
  $ headgate deploy
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release ded3ce21  10 migrations in migrations
  
  20261002000000_nickname: waiting for a lock that is held by report (server process N, from this machine), in a transaction since TIME: select pg_sleep(600)
  20261002000000_nickname: canceling statement due to lock timeout, held by report (server process N, from this machine), in a transaction since TIME: select pg_sleep(600); everything is given up, again in N ms (1 of 2)
  20261002000000_nickname: waiting for a lock that is held by report (server process N, from this machine), in a transaction since TIME: select pg_sleep(600)
  20261002000000_nickname: canceling statement due to lock timeout, held by report (server process N, from this machine), in a transaction since TIME: select pg_sleep(600); everything is given up, again in N ms (2 of 2)
  20261002000000_nickname: waiting for a lock that is held by report (server process N, from this machine), in a transaction since TIME: select pg_sleep(600)
  0 of 1 applied in N ms, then it stopped.
  Locks: waited N ms for others, others waited N ms for it, tried again 2 times.
  error: canceling statement due to lock timeout
    --> migrations/20261002000000_nickname/migration.sql:1:1
     |
   1 | alter table users add column nickname text;
     | ^^^^^
  
  error: environment "development": migration "20261002000000_nickname" failed: canceling statement due to lock timeout (SQLSTATE 55P03)
  detail: The lock is held by report (server process N, from this machine), in a transaction since TIME: select pg_sleep(600). It was rolled back as a whole: nothing of it is in the database.
  hint: When that is settled, then go on: headgate deploy development
  [1]
  $ free report
  1
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release ded3ce21.
  $ pg_stop pg
