The doctor: each finding with its remedy, and nothing is changed.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ shop
  $ headgate doctor 2>/dev/null | sed -E -e 's/[0-9.]+ (ms|s)\b/N ms/' -e 's/(server programs  ).*/\1.../' -e 's/(pg_dump +)[0-9.]+/\1NN/' -e 's/(user  +).*/\1.../' -e '/^  ok +ssh/d'
  this machine
    ok       server programs  ...
    ok       user             ...
    ok       disk             N MB free for SCENARIO/shop/.headgate
    ok       temporary        N MB free for SCENARIO/tmp
  
  development
    ok       reachable        embedded:development, PostgreSQL NN, answers in N ms
    ok       pooler           none in the path
    ok       clock            within N ms of ours
    ok       rights           postgres may create in schema "public"
    ok       pg_dump          NN fits the server
  
  staging
    ok       reachable        embedded:staging, PostgreSQL NN, answers in N ms
    ok       pooler           none in the path
    ok       clock            within N ms of ours
    ok       rights           postgres may create in schema "public"
    ok       pg_dump          NN fits the server
  
  production
    ok       reachable        embedded:production, PostgreSQL NN, answers in N ms
    ok       pooler           none in the path
    ok       clock            within N ms of ours
    ok       rights           postgres may create in schema "public"
    ok       pg_dump          NN fits the server
  
  20 ok, 0 warnings, 0 problems
  $ headgate doctor development --json | head -8
  {
    "format": 1,
    "worst": "ok",
    "findings": [
      {
        "subject": "this machine",
        "check": "server programs",
        "level": "ok",

A database with missing rights, and a port where nobody listens:

  $ url=$(pg_start pg)
  $ psql -XAtq "$url" -c 'create role reader login' -c 'revoke create on schema public from public'
  $ DATABASE_URL="$url user=reader" STAGING_DATABASE_URL='host=127.0.0.1 port=1 dbname=shop' headgate doctor >screen; echo $?
  1
  $ grep -A1 -E '^  (problem|warning)' screen
    problem  rights           reader may not create in schema "public"
                              -> grant usage, create on schema public to reader; or deploy as its owner
  --
    problem  reachable        environment "staging": could not connect to 127.0.0.1:1/shop: connection refused
                              -> Check that the server runs, and that host and port are the ones on which it listens.

A schema that may not be entered, one that is not there, and a database in which none can be made:

  $ psql -XAtq "$url" -c 'create schema closed' -c 'grant create on schema closed to reader' -c 'revoke create on database postgres from public'
  $ for schema in closed missing; do
  >     DATABASE_URL="postgresql://reader@/postgres?host=$SCENARIO/pg&schema=$schema" headgate doctor development | grep -A1 -E 'rights'
  > done
    problem  rights           reader may not create in schema "closed"
                              -> grant usage, create on schema closed to reader; or deploy as its owner
    problem  rights           reader may not create in schema "missing"
                              -> grant create on database postgres to reader
  $ DATABASE_URL="postgresql://tester@/postgres?host=$SCENARIO/pg&schema=missing" headgate doctor development | grep rights
    ok       rights           tester may create in schema "missing", which does not exist yet
  $ DATABASE_URL="postgresql://reader@/postgres?host=$SCENARIO/pg&schema=closed" headgate status development
  Release 7237e999  7 migrations in migrations
  
    development  SCENARIO/pg/postgres  cannot be looked at
  
  environment "development": permission denied for schema "closed"
    Have it granted to the role: grant usage on schema "closed" to "reader".
  [1]

A standby, which can be looked at but not written to:

  $ standby="$SCENARIO/standby"
  $ pg_stop pg && cp -a "$SCENARIO/pg" "$standby" && pg_start pg >/dev/null
  $ as() { "$TESTDIR/../support/pg" as "$@"; }
  $ as touch "$standby/data/standby.signal"
  $ echo "unix_socket_directories = '$standby'" | as tee -a "$standby/data/postgresql.conf" >/dev/null
  $ export DATABASE_URL=$(pg_start standby)
  $ headgate doctor development | grep -A1 -E '^  (problem|warning)'
    problem  role             the server is a standby
                              -> point "url" at its primary
  $ headgate status development
  Release 7237e999  7 migrations in migrations
  
    development  SCENARIO/standby:5432/postgres  PostgreSQL NN  7 pending  0 applied
  
  environment "development": this server is a standby, which cannot be written
    It is SCENARIO/standby:5432/postgres.
    Point "url" of environment "development" at its primary.
  [1]
  $ headgate deploy
  error: environment "development": this server is a standby, which cannot be written
  detail: It is SCENARIO/standby:5432/postgres.
  hint: Point "url" of environment "development" at its primary.
  [4]
  $ pg_stop standby immediate

Server programs that are not where they should be:

  $ export DATABASE_URL=$url
  $ PATH='' HEADGATE_PG_BINDIR=/nowhere "$HEADGATE" doctor development | grep -A1 -E '^  (problem|warning)'
    problem  server programs  HEADGATE_PG_BINDIR is "/nowhere", which has no PostgreSQL server
                              -> It names the folder that has the programs postgres and initdb.

A pooler in the path:

  $ if [ -z "$(type -P pgbouncer)" ]; then exit 80; fi
  $ port=$((20000 + $$ % 10000))
  $ cat >"$SCENARIO/pgbouncer.ini" <<INI
  > [databases]
  > postgres = host=$SCENARIO/pg
  > [pgbouncer]
  > listen_addr =
  > unix_socket_dir = $SCENARIO
  > listen_port = $port
  > auth_type = any
  > pool_mode = transaction
  > ignore_startup_parameters = extra_float_digits
  > INI
  $ sed -i 's/^postgres = .*/& user=tester/' "$SCENARIO/pgbouncer.ini"
  $ chmod 777 "$SCENARIO"
  $ "$TESTDIR/../support/pg" as pgbouncer -q "$SCENARIO/pgbouncer.ini" 2>"$SCENARIO/pgbouncer.log" & bouncer=$!
  $ until_true test -S "$SCENARIO/.s.PGSQL.$port"
  $ export DATABASE_URL="host=$SCENARIO port=$port dbname=postgres user=tester"
  $ headgate doctor development | grep -A1 pooler
    problem  pooler           a connection pooler stands in the path: locks of a session mean nothing through it
                              -> add "direct_url", which goes to the server itself
  $ headgate deploy
  error: environment "development": a connection pooler stands before this server
  detail: Locks of a session mean nothing through it, so two deploys could run at once.
  hint: Give environment "development" a "direct_url" that goes to the server itself.
  [4]
  $ sed -i 's|"url": "${DATABASE_URL:-embedded:development}"|&, "direct_url": "${DIRECT_URL}"|' pipelines/environments.json
  $ DIRECT_URL=$url headgate doctor development | grep -E 'pooler|direct'
    ok       pooler           "url" goes through a pooler, migrations use "direct_url"
    ok       direct_url       SCENARIO/pg:5432/postgres, answers in N ms
  $ DIRECT_URL='host=127.0.0.1 port=1 dbname=shop' headgate doctor development | grep -A1 ' direct_url '
    problem  direct_url       environment "development": could not connect to 127.0.0.1:1/shop: connection refused
                              -> Check that the server runs, and that host and port are the ones on which it listens.
  $ DIRECT_URL=$DATABASE_URL headgate doctor development | grep -A1 problem
    problem  direct_url       it goes through a pooler as well
                              -> point "direct_url" at the server itself, not at the pooler
  --
  10 ok, 0 warnings, 1 problems
  $ DIRECT_URL=$url headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ kill $bouncer; wait $bouncer
  [1]
