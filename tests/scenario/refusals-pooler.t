A pooler between us and the server: a lock of our session would be a lock of somebody else's.

  $ . "$TESTDIR/../support/scenario.sh"
  $ PATH=$PATH:/usr/sbin
  $ command -v pgbouncer >/dev/null || exit 80
  $ shop
  $ url=$(pg_start pg)
  $ mkdir -m 777 "$SCENARIO/pooler"; cat >"$SCENARIO/pooler/conf" <<INI
  > [databases]
  > postgres = host=$SCENARIO/pg port=5432 user=tester dbname=postgres
  > [pgbouncer]
  > listen_port = 6432
  > unix_socket_dir = $SCENARIO/pooler
  > auth_type = any
  > pool_mode = transaction
  > logfile = $SCENARIO/pooler/log
  > pidfile = $SCENARIO/pooler/pid
  > INI
  $ chmod 644 "$SCENARIO/pooler/conf"; "$TESTDIR/../support/pg" as pgbouncer -q -d "$SCENARIO/pooler/conf"
  $ export DATABASE_URL="host=$SCENARIO/pooler port=6432 user=tester dbname=postgres"
  $ until_true psql -XAtq "$DATABASE_URL" -c 'select 1'
  $ unchanged headgate deploy
  error: environment "development": a connection pooler stands before this server
  detail: Locks of a session mean nothing through it, so two deploys could run at once.
  hint: Give environment "development" a "direct_url" that goes to the server itself.
  [4]
  $ unchanged headgate deploy --dry-run 2>/dev/null | tail -1
  7 to apply. Nothing was changed.

With a way around it, it is no matter:

  $ sed -i 's/"kind": "development",/&\n      "direct_url": "${DIRECT_URL}",/' pipelines/environments.json
  $ DIRECT_URL=$url headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ pg_stop pg
