The doctor: each finding with its remedy, and nothing is changed.

  $ . "$TESTDIR/../support/scenario.sh"
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

A database with a wrong clock, missing rights, no pg_dump that fits, and a port where nobody listens:

  $ url=$(pg_start pg)
  $ psql -XAtq "$url" -c 'create role reader login' -c 'revoke create on schema public from public'
  $ DATABASE_URL="$url user=reader" STAGING_DATABASE_URL='host=127.0.0.1 port=1' headgate doctor >screen; echo $?
  1
  $ grep -A1 -E '^  (problem|warning)' screen
    problem  rights           reader may not create in schema "public"
                              -> grant create on schema public to reader; or deploy as its owner
  --
    problem  reachable        environment "staging": could not connect to 127.0.0.1:1/root: connection refused
                              -> Check that the server runs, and that host and port are the ones on which it listens.

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
  $ DIRECT_URL=$DATABASE_URL headgate doctor development | grep -A1 problem
    problem  direct_url       it goes through a pooler as well
                              -> point "direct_url" at the server itself, not at the pooler
  --
  10 ok, 0 warnings, 1 problems
  $ DIRECT_URL=$url headgate deploy -q | tail -1
  7 applied in N ms. development has release 54286f6f.
  $ kill $bouncer; wait $bouncer
  [1]
