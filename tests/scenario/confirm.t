On a terminal a dangerous deploy asks back: staging wants y, production its name.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ url=$(pg_start pg)
  $ psql -XAtq "$url" -c 'create database staging' -c 'create database production'
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.

`on_terminal` runs the program on a terminal of its own and types these keys when it asks:

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
  $ tables() { psql -XAtq "$url dbname=$1" -c "select count(*) from pg_tables where schemaname = 'public'"; }

Staging: no, nothing said, the end of the input, something else.

  $ on_terminal 'n\r' headgate deploy staging --no-color
  Deploy to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  Apply 7 migrations to staging (SCENARIO/pg:5432/staging)? [y/N] n
  error: not confirmed, nothing was changed
  [4]
  $ on_terminal '\r' headgate deploy staging --no-color | tail -2
  Apply 7 migrations to staging (SCENARIO/pg:5432/staging)? [y/N] 
  error: not confirmed, nothing was changed
  $ on_terminal '\004' headgate deploy staging --no-color | tail -2
  Apply 7 migrations to staging (SCENARIO/pg:5432/staging)? [y/N] 
  error: not confirmed, nothing was changed
  $ on_terminal 'Yes, of course\r' headgate deploy staging --no-color | tail -2
  Apply 7 migrations to staging (SCENARIO/pg:5432/staging)? [y/N] Yes, of course
  error: not confirmed, nothing was changed
  $ on_terminal 'yyy\r' headgate deploy staging --no-color | tail -2
  Apply 7 migrations to staging (SCENARIO/pg:5432/staging)? [y/N] yyy
  error: not confirmed, nothing was changed
  $ on_terminal 'n\r' headgate deploy staging >/dev/null
  [4]
  $ tables staging
  0

And yes, with colours, because it is a terminal:

  $ on_terminal 'y\r' headgate deploy staging
  Deploy to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  Apply 7 migrations to staging (SCENARIO/pg:5432/staging)? [y/N] y
    20260112093015_users_and_addresses     applied in N ms
    20260126141207_products                applied in N ms
    20260209103344_orders                  applied in N ms
    20260316084512_updated_at_and_stock    applied in N ms
    20260420151830_report_order_totals     applied in N ms
    20260629120455_order_items_unit_price  applied in N ms
    20260907094128_audit_log               applied in N ms
  
  7 applied in N ms. staging has release 7237e999.
  $ on_terminal '' headgate deploy staging --no-color
  Deploy to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  Nothing to do: staging has release 7237e999.

Production: y is not enough, nor is another name.

  $ on_terminal 'y\r' headgate deploy production --no-color
  Deploy to production  SCENARIO/pg:5432/production  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  Apply 7 migrations to production (SCENARIO/pg:5432/production)? Type "production" to go on: y
  error: not confirmed, nothing was changed
  [4]
  $ on_terminal 'staging\r' headgate deploy production --no-color | tail -1
  error: not confirmed, nothing was changed
  $ on_terminal 'Production\r' headgate deploy production --no-color | tail -1
  error: not confirmed, nothing was changed
  $ on_terminal 'productio\r' headgate deploy production --no-color | tail -1
  error: not confirmed, nothing was changed
  $ on_terminal '\004' headgate deploy production --no-color | tail -2
  Apply 7 migrations to production (SCENARIO/pg:5432/production)? Type "production" to go on: 
  error: not confirmed, nothing was changed
  $ on_terminal 'prod\003' headgate deploy production --no-color
  Deploy to production  SCENARIO/pg:5432/production  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  Apply 7 migrations to production (SCENARIO/pg:5432/production)? Type "production" to go on: ^C
  error: stopped by SIGINT
  [130]
  $ on_terminal '' headgate deploy production --no-color --no-input
  Deploy to production  SCENARIO/pg:5432/production  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  error: "production" is a production environment and nobody is here to confirm
  hint: Say --confirm production.
  [4]
  $ tables production
  0

Its name, also corrected while it is typed:

  $ on_terminal 'productiom\177n\r' headgate deploy production --no-color | tail -2
  
  7 applied in N ms. production has release 7237e999.

A person who has redirected the answers is nobody who confirms:

  $ psql -XAtq "$url" -c 'drop database production' -c 'create database production'
  $ echo production | headgate deploy production
  Deploy to production  SCENARIO/pg:5432/production  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  error: "production" is a production environment and nobody is here to confirm
  hint: Say --confirm production.
  [4]
  $ tables production
  0

Colours are for terminals only, and not where nobody wants them:

  $ TERM=xterm; export TERM
  $ on_terminal '' headgate status staging
  Release 7237e999  7 migrations in migrations
  
    ^[[1mstaging^[[0m  SCENARIO/pg:5432/staging  PostgreSQL NN  ^[[32mup to date^[[0m  ^[[2m7 applied^[[0m
  $ on_terminal '' headgate status staging --no-color
  Release 7237e999  7 migrations in migrations
  
    staging  SCENARIO/pg:5432/staging  PostgreSQL NN  up to date  7 applied
  $ NO_COLOR=1 on_terminal '' headgate status staging
  Release 7237e999  7 migrations in migrations
  
    staging  SCENARIO/pg:5432/staging  PostgreSQL NN  up to date  7 applied
  $ NO_COLOR= on_terminal '' headgate status staging | grep -c '\^\['
  1
  $ command headgate status staging | grep -c $'\033'
  0
  [1]
  $ on_terminal '' headgate status developmint
  ^[[1;31merror^[[0m: there is no environment "developmint" in pipelines/environments.json
  ^[[1mhint: ^[[0mDid you mean "development"?
  [64]
  $ on_terminal '' headgate status developmint --no-color
  error: there is no environment "developmint" in pipelines/environments.json
  hint: Did you mean "development"?
  [64]
  $ on_terminal '' headgate status staging --json | grep -c '\^\['
  0
  [1]
  $ on_terminal '' headgate doctor staging | grep -E 'reachable|rights' | sed 's/answers in.*//'
    ^[[32mok^[[0m       reachable        SCENARIO/pg:5432/staging, PostgreSQL NN, 
    ^[[32mok^[[0m       rights           tester may create in schema "public"
  $ TERM=dumb on_terminal '' headgate status staging
  Release 7237e999  7 migrations in migrations
  
    staging  SCENARIO/pg:5432/staging  PostgreSQL NN  up to date  7 applied
