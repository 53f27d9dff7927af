The first of README's two commands: the second time it is quick, and --stop leaves nothing.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ if [ "$HEADGATE_BUILD" != "$HEADGATE_SOURCE/build" ]; then exit 80; fi # it builds that one
  $ export HEADGATE_DEMO="$SCENARIO/demo"
  $ demo() { # what it types is not to be taken for a command of this transcript
  >     "$HEADGATE_SOURCE/scripts/demo" "$@" >"$SCENARIO/screen" 2>&1; echo "exit $?"
  >     level <"$SCENARIO/screen" | sed '/^e2e: passed/d; s/^\$ /types: /' # it runs beside the backup: either may be first
  > }
  $ demo
  exit 0
  
  Three environments, each a private PostgreSQL of its own. What is where?
  types: headgate status
  making the embedded cluster "development"
  starting the embedded cluster "development"
  making the embedded cluster "staging"
  starting the embedded cluster "staging"
  making the embedded cluster "production"
  starting the embedded cluster "production"
  Release 7237e999  7 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  7 pending  0 applied
    staging      embedded:staging      PostgreSQL NN  7 pending  0 applied
    production   embedded:production   PostgreSQL NN  7 pending  0 applied
  
  Next: headgate deploy development
  
  What would a promotion do? Nothing is changed by asking.
  types: headgate run promote --dry-run
  Plan PLAN  promote  release 7237e999 (7 migrations)  valid until TIME
  
    development  embedded:development  PostgreSQL NN  7 pending
    staging      embedded:staging      PostgreSQL NN  7 pending
    production   embedded:production   PostgreSQL NN  7 pending
  
  Steps
     1  development  deploy  7 to apply
        20260112093015_users_and_addresses     in a transaction  3 statements
        20260126141207_products                in a transaction  2 statements
        20260209103344_orders                  in a transaction  7 statements
        20260316084512_updated_at_and_stock    in a transaction  6 statements
        20260420151830_report_order_totals     in a transaction  3 statements
        20260629120455_order_items_unit_price  in a transaction  4 statements
        20260907094128_audit_log               in a transaction  6 statements
     2  staging      deploy  7 to apply
        the same as in step 1
     3  e2e          hook    scripts/e2e.sh                          beside 4  on staging, timeout 5m, 1 retry, brings evidence e2e
        gets DATABASE_URL
     4  backup       backup  production; then restored and compared  beside 3
     5  go           gate    1 approval
        Promote to production?
     6  production   deploy  7 to apply
        the same as in step 1
     7  smoke        hook    scripts/smoke.sh                                  on production, timeout 2m
        gets DATABASE_URL
  
  Always, at the end
     8  tell  hook  scripts/notify.sh
  
  Policy of staging
    comes  development must have this release  will come from step 1, development
  
  Policy of production
    comes  staging must have this release  will come from step 2, staging
    comes  a backup that was restored      will come from step 4, backup
  
  21 to apply. Nothing was changed.
  
  Production demands a backup that was restored. A pipeline without one is refused, before anything is done.
  types: headgate run SCENARIO/demo/hasty.json
  error: policy of "production": a backup that was restored: there is none in the vault SCENARIO/demo/vault
  hint: Make one: headgate backup create production --verify restore; or with a step "backup" of the pipeline that comes before the deploy.
  Who may decide so goes past it with --override backup --reason TEXT, which every report of the run shows.
  
  The promotion makes that backup and proves it. It stops where a person has to answer.
  types: headgate run promote
  Run RUN  promote  release 7237e999
  development: begins
  development: 20260112093015_users_and_addresses applied in N ms
  development: 20260126141207_products applied in N ms
  development: 20260209103344_orders applied in N ms
  development: 20260316084512_updated_at_and_stock applied in N ms
  development: 20260420151830_report_order_totals applied in N ms
  development: 20260629120455_order_items_unit_price applied in N ms
  development: 20260907094128_audit_log applied in N ms
  development: done in N ms: 7 applied
  staging: begins
  staging: 20260112093015_users_and_addresses applied in N ms
  staging: 20260126141207_products applied in N ms
  staging: 20260209103344_orders applied in N ms
  staging: 20260316084512_updated_at_and_stock applied in N ms
  staging: 20260420151830_report_order_totals applied in N ms
  staging: 20260629120455_order_items_unit_price applied in N ms
  staging: 20260907094128_audit_log applied in N ms
  staging: done in N ms: 7 applied
  e2e: begins
  backup: begins
  backup: dump: N MB in N ms, N MB/s
  backup: checksums: N MB in N ms, N MB/s
  backup: restore: definitions: N ms
  backup: restore: rows: N ms
  backup: compare: rows: N ms
  backup: restore: indexes and constraints: N ms
  backup: compare: definitions: N ms
  backup: done in N ms: production-BACKUP, N MB, 0 rows in 0 tables, restored and compared
  go: waits: 0 of 1 approval; headgate approve RUN
  
  It waits: 4 of 7 steps are done.
    go: 0 of 1 approval
  Next: headgate approve RUN, then headgate resume RUN
  
  Somebody answers for production.
  types: headgate approve RUN --reason 'tried it on staging'
  1 of 1 approval of gate "go"
  
  It goes on where it stopped.
  types: headgate resume RUN
  Run RUN goes on  promote  release 7237e999
  go: passed
  production: begins
  production: 20260112093015_users_and_addresses applied in N ms
  production: 20260126141207_products applied in N ms
  production: 20260209103344_orders applied in N ms
  production: 20260316084512_updated_at_and_stock applied in N ms
  production: 20260420151830_report_order_totals applied in N ms
  production: 20260629120455_order_items_unit_price applied in N ms
  production: 20260907094128_audit_log applied in N ms
  production: done in N ms: 7 applied
  smoke: begins
  smoke: passed in N ms
  tell: begins
  tell: passed in N ms
  
  Done in N ms. development, staging and production have release 7237e999.
  Next: headgate show RUN
  
  What happened, who did it, and on what evidence?
  types: headgate show
  Run RUN  promote  done
  
    release  7237e999
    plan     PLAN
    begun    TIME by WHO
    ended    TIME, after N ms
    resumed  1 time
  
  Databases
    development  embedded:development  PostgreSQL NN  system identifier NNN
    staging      embedded:staging      PostgreSQL NN  system identifier NNN
    production   embedded:production   PostgreSQL NN  system identifier NNN
  
  Steps
    development  deploy  done  TIME  N ms  7 applied
        20260112093015_users_and_addresses
        20260126141207_products
        20260209103344_orders
        20260316084512_updated_at_and_stock
        20260420151830_report_order_totals
        20260629120455_order_items_unit_price
        20260907094128_audit_log
    staging      deploy  done  TIME  N ms  7 applied
        the same as development
    e2e          hook    done  TIME  N ms  evidence e2e
        checks=19
    backup       backup  done  TIME  N ms  production-BACKUP, N MB, 0 rows in 0 tables, restored and compared
    go           gate    done  TIME  N ms
    production   deploy  done  TIME  N ms  7 applied
        the same as development
    smoke        hook    done  TIME  N ms
        orders=0
    tell         hook    done  TIME  N ms
        told=yes
  
  Policy, as it was planned
    staging     development must have this release  comes  will come from step 1, development
    production  staging must have this release      comes  will come from step 2, staging
    production  a backup that was restored          comes  will come from step 4, backup
  
  Approvals
    go  approved, by the author  WHO  TIME  tried it on staging
  
  Course
    TIME  WHO  begun
    TIME  WHO  waiting: step "go" waits: 0 of 1 approval
    TIME  WHO  resumed
    TIME  WHO  ended
  
  Journal: 73 events, head HEAD
  
  The first backup was of an empty database. One more by hand, and it is proven as well.
  types: headgate backup create production --verify restore
  Backup of production  embedded:production  PostgreSQL NN
  
    database   N MB on the server's disk, 9 tables
    backup     about N MB, into SCENARIO/demo/vault
    made with  pg_dump NN
    passwords  of roles are left out
  dump: N MB in N ms, N MB/s
  checksums: N MB in N ms, N MB/s
  restore: definitions: N ms
  restore: rows: N MB in N ms, N MB/s
  compare: rows: N MB in N ms, N MB/s
  restore: indexes and constraints: N ms
  compare: definitions: N ms
  
  Made production-BACKUP in N ms.
    file   SCENARIO/demo/vault/production-BACKUP.tar.zst
    size   N MB, of a dump of N MB: N times smaller
    holds  9 tables, 15 rows
    proof  restored and compared TIME
  
  What is in the vault?
  types: headgate backup list
  production-BACKUP  N ms  N MB   9 tables  15 rows  7237e999  restored and compared TIME
  production-BACKUP  N ms  N MB  0 tables  0 rows   -         restored and compared TIME
  
  2 backups, N MB in SCENARIO/demo/vault
  
  And now? There is nothing left to do.
  types: headgate run promote --dry-run
  Plan PLAN  promote  release 7237e999 (7 migrations)  valid until TIME
  
    development  embedded:development  PostgreSQL NN  up to date
    staging      embedded:staging      PostgreSQL NN  up to date
    production   embedded:production   PostgreSQL NN  up to date
  
  Steps
     1  development  deploy  nothing to do: has release 7237e999
     2  staging      deploy  nothing to do: has release 7237e999
     3  e2e          hook    nothing to do: there is nothing to deploy
     4  backup       backup  nothing to do: there is nothing to deploy
     5  go           gate    nothing to do: there is nothing to deploy
     6  production   deploy  nothing to do: has release 7237e999
     7  smoke        hook    nothing to do: there is nothing to deploy
  
  Always, at the end
     8  tell  hook  nothing to do: there is nothing to deploy
  
  Nothing to do. Nothing was changed.
  
  scripts/demo --stop removes these databases again.
  $ demo | sed -n '/What would/,/^What happened/p'
  What would a promotion do? Nothing is changed by asking.
  types: headgate run promote --dry-run
  Plan PLAN  promote  release 7237e999 (7 migrations)  valid until TIME
  
    development  embedded:development  PostgreSQL NN  up to date
    staging      embedded:staging      PostgreSQL NN  up to date
    production   embedded:production   PostgreSQL NN  up to date
  
  Steps
     1  development  deploy  nothing to do: has release 7237e999
     2  staging      deploy  nothing to do: has release 7237e999
     3  e2e          hook    nothing to do: there is nothing to deploy
     4  backup       backup  nothing to do: there is nothing to deploy
     5  go           gate    nothing to do: there is nothing to deploy
     6  production   deploy  nothing to do: has release 7237e999
     7  smoke        hook    nothing to do: there is nothing to deploy
  
  Always, at the end
     8  tell  hook  nothing to do: there is nothing to deploy
  
  Nothing to do. Nothing was changed.
  
  The promotion makes that backup and proves it. It stops where a person has to answer.
  types: headgate run promote
  Nothing to do: release 7237e999 is everywhere where "promote" brings it.
  
  What happened, who did it, and on what evidence?
  $ demo --stop
  exit 0
  
  The demo's databases are removed.
  types: headgate embedded remove --all --confirm remove
  development removed
  production removed
  staging removed
  $ find "$SCENARIO/demo" -name data
