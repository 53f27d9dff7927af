A whole promotion with production behind a jump host: two sshd and a PostgreSQL, each host in a network namespace of its own where
root runs this and the kernel has them, so that only the last one reaches the server; else on loopback.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ PATH=$PATH:/usr/sbin:/sbin type -P sshd >/dev/null || exit 80
  $ far=$TESTDIR/../support/far
  $ url=$("$far" start "$SCENARIO/far" apart 2>/dev/null) || url=$("$far" start "$SCENARIO/far")
  $ shop
  $ sed -i 's#"url": "${PRODUCTION_DATABASE_URL:-embedded:production}"#"url": "'"$url"'", "ssh": { "host": "db1", "config": "../../far/ssh_config", "keepalive": "2s" }#' pipelines/environments.json
  $ level() { sed -E -e "s#$SCENARIO#SCENARIO#g" -e 's#SCENARIO/far/pg/shop#localhost/shop#; s/PostgreSQL [0-9.]+/PostgreSQL NN/' -e 's/[0-9]{8}-[0-9]{6}-[0-9a-f]{4}/RUN/' -e 's/production-[0-9TZ]+-[0-9a-f]{4}/BACKUP/' -e 's/[0-9.]+ (ms|s)\b/N/g' -e 's/compared [0-9].*/compared/' -e 's/, [0-9.]+ k?B\/s//; s/[0-9.]+ k?B/N B/g'; }
  $ production() { psql -XAtq -h "$SCENARIO/far/pg" -U tester -c "$1" shop; }

The dry run changes nothing over there:

  $ headgate run promote --dry-run --quiet | grep -A2 '^Policy of production'
  Policy of production
    comes  staging must have this release  will come from step 2, staging
    comes  a backup that was restored      will come from step 4, backup
  $ production "select count(*) from pg_class where relname = '_prisma_migrations'"
  0

It waits at its gate without a session with any host; each step had its own:

  $ headgate run promote 2>&1 | grep -E '^(backup: (done|dump)|production|go|It waits)' | level
  backup: dump: N B in N
  backup: done in N: BACKUP, N B, 0 rows in 0 tables, restored and compared
  go: waits: 0 of 1 approval; headgate approve RUN
  It waits: 4 of 7 steps are done.
  $ run=$("$HEADGATE" runs --json | sed -n 's/.*"run": "\([^"]*\)".*/\1/p' | head -1)
  $ headgate approve "$run" --reason 'tried it' | level
  1 of 1 approval of gate "go"
  $ headgate resume "$run" 2>&1 | grep -vE 'tell|^$|Next' | level
  Run RUN goes on  promote  release 7237e999
  go: passed
  production: begins
  production: 20260112093015_users_and_addresses applied in N
  production: 20260126141207_products applied in N
  production: 20260209103344_orders applied in N
  production: 20260316084512_updated_at_and_stock applied in N
  production: 20260420151830_report_order_totals applied in N
  production: 20260629120455_order_items_unit_price applied in N
  production: 20260907094128_audit_log applied in N
  production: done in N: 7 applied
  smoke: begins
  smoke: passed in N
  Done in N. development, staging and production have release 7237e999.
  $ production 'select count(*) from _prisma_migrations where finished_at is not null'
  7

Its hooks come to production by DATABASE_URL:

  $ cat >pipelines/look.json <<END
  > { "name": "look", "environments": "environments.json", "release": "../migrations",
  >   "steps": [ { "id": "look", "hook": ["bash", "-c", "psql -XAtq -c 'select current_database()' \"\$DATABASE_URL\""], "on": "production" } ] }
  > END
  $ headgate run pipelines/look.json --quiet >/dev/null; headgate logs | sed 's/.* look //'
  out| shop

The same over the machine's own ssh:

  $ sed -i 's/"keepalive": "2s"/"keepalive": "2s", "transport": "openssh"/' pipelines/environments.json
  $ no_backups
  $ headgate status production | level
  Release 7237e999  7 migrations in migrations
  
    production  localhost/shop via ssh db1, jump bastion  PostgreSQL NN  up to date  7 applied
  $ headgate backup create production --verify restore --quiet | grep -E 'holds|restored' | level
    holds  9 tables, 15 rows
    proof  restored and compared
  $ mkdir migrations/20270101000000_more && echo 'create table more (id int);' >migrations/20270101000000_more/migration.sql
  $ for e in development staging; do headgate deploy $e --confirm $e >/dev/null || echo "$e"; done
  $ headgate deploy production --confirm production | tail -3 | level
    20270101000000_more  applied in N
  
  1 applied in N. production has release e0aa29cb.

Nothing stays:

  $ pgrep -fa "ssh.*$SCENARIO/far/ssh_config" || echo none
  none
  $ "$far" stop "$SCENARIO/far"
