What a run would do, before anything is done.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ level_more=(-e 's/(system identifier )[0-9]+/\1NNN/' -e 's/Plan `[0-9a-f]{8}/Plan `PLAN/')
  $ url=$(pg_start pg)
  $ psql -XAtq "$url" -c 'create database staging' -c 'create database production'
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"

Without a name it is promote:

  $ unchanged headgate plan
  Plan PLAN  promote  release 7237e999 (7 migrations)  valid until TIME
  
    development  SCENARIO/pg:5432/postgres    PostgreSQL NN  7 pending
    staging      SCENARIO/pg:5432/staging     PostgreSQL NN  7 pending
    production   SCENARIO/pg:5432/production  PostgreSQL NN  7 pending
  
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
     3  e2e          hook    scripts/e2e.sh    on staging, timeout 5m, 1 retry, brings evidence e2e
        gets DATABASE_URL
     4  go           gate    1 approval
        Promote to production?
     5  production   deploy  7 to apply
        the same as in step 1
     6  smoke        hook    scripts/smoke.sh  on production, timeout 2m
        gets DATABASE_URL
  
  Always, at the end
     7  tell  hook  scripts/notify.sh
  
  Policy of staging
    comes  development must have this release  will come from step 1, development
  
  Policy of production
    comes  staging must have this release  will come from step 2, staging
  
  21 to apply. Nothing was changed.
  $ headgate plan promote --detailed-exitcode >/dev/null
  [2]
  $ headgate plan pipelines/promote.json --until staging | tail -12
     3  e2e          hook    skipped: only until "staging"
     4  go           gate    skipped: only until "staging"
     5  production   deploy  skipped: only until "staging"
     6  smoke        hook    skipped: only until "staging"
  
  Always, at the end
     7  tell  hook  scripts/notify.sh
  
  Policy of staging
    comes  development must have this release  will come from step 1, development
  
  14 to apply. Nothing was changed.
  $ (cd migrations && headgate plan promote -v --until development | sed -n '1,20p')
  Plan PLAN  promote  release 7237e999 (7 migrations)  valid until TIME
  Only until step "development".
  
    development  SCENARIO/pg:5432/postgres    PostgreSQL NN  7 pending  SCENARIO/pg:5432/postgres, system identifier NNN
    staging      SCENARIO/pg:5432/staging     PostgreSQL NN  7 pending  SCENARIO/pg:5432/staging, system identifier NNN
    production   SCENARIO/pg:5432/production  PostgreSQL NN  7 pending  SCENARIO/pg:5432/production, system identifier NNN
  
  Steps
     1  development  deploy  7 to apply
        20260112093015_users_and_addresses     in a transaction  3 statements
        20260126141207_products                in a transaction  2 statements
        20260209103344_orders                  in a transaction  7 statements
        20260316084512_updated_at_and_stock    in a transaction  6 statements
        20260420151830_report_order_totals     in a transaction  3 statements
        20260629120455_order_items_unit_price  in a transaction  4 statements
        20260907094128_audit_log               in a transaction  6 statements
     2  staging      deploy  skipped: only until "development"
     3  e2e          hook    skipped: only until "development"
     4  go           gate    skipped: only until "development"
     5  production   deploy  skipped: only until "development"

The sample environments demand little. Production may demand more:

  $ demand() { sed -i '/"require"/d; s#"kind": "production",#&\n      "require": { '"$1"' },#' pipelines/environments.json; }
  $ demand '"evidence": ["e2e", "audit"], "approvals": 2, "backup": { "max_age": "1h" }'
  $ unchanged headgate plan | sed -n '/^Policy of production/,$p'
  Policy of production
    comes  staging must have this release  will come from step 2, staging
    comes  evidence e2e                    will come from step 3, e2e
    fails  evidence audit                  no run has recorded it about release 7237e999
    fails  a backup that was restored      there is none in the vault pipelines/../.headgate/vault
    wait   2 approvals                     0 given in this run so far
  
  error: policy of "production": evidence audit: no run has recorded it about release 7237e999
  hint: A step with "evidence": "audit" that comes before "production" brings it. Or go past it, on the record: --override evidence --reason TEXT
  
  error: policy of "production": a backup that was restored: there is none in the vault pipelines/../.headgate/vault
  hint: Make one: headgate backup create production --verify restore; or with a step "backup" of the pipeline that comes before the deploy. Or go past it, on the record: --override backup --reason TEXT
  
  21 to apply, 2 errors. Nothing was changed.
  $ headgate plan >/dev/null
  [4]
  $ unchanged headgate plan --override evidence,backup:production --reason 'ticket 42' | sed -n '/^Policy of production/,$p'
  Policy of production
    comes       staging must have this release  will come from step 2, staging
    comes       evidence e2e                    will come from step 3, e2e
    overridden  evidence audit                  no run has recorded it about release 7237e999            because: ticket 42
    overridden  a backup that was restored      there is none in the vault pipelines/../.headgate/vault  because: ticket 42
    wait        2 approvals                     0 given in this run so far
  
  21 to apply. Nothing was changed.
  $ headgate plan --override backups --reason x
  error: --override: there is no policy "backups"
  hint: Did you mean "backup"?
  [64]
  $ headgate plan --override backup
  error: --override needs --reason TEXT
  hint: For example: --override windows --reason "hotfix of ticket 42"
  [64]
  $ headgate plan --json | sed -n '/"refusals"/,$p'
    "refusals": [
      {
        "step": "production",
        "error": {
          "kind": "refused",
          "exit_status": 4,
          "message": "evidence audit: no run has recorded it about release 7237e999",
          "detail": null,
          "hint": "A step with \"evidence\": \"audit\" that comes before \"production\" brings it. Or go past it, on the record: --override evidence --reason TEXT",
          "problems": []
        }
      },
      {
        "step": "production",
        "error": {
          "kind": "refused",
          "exit_status": 4,
          "message": "a backup that was restored: there is none in the vault pipelines/../.headgate/vault",
          "detail": null,
          "hint": "Make one: headgate backup create production --verify restore; or with a step \"backup\" of the pipeline that comes before the deploy. Or go past it, on the record: --override backup --reason TEXT",
          "problems": []
        }
      }
    ]
  }

What cannot be run is told with its place:

  $ demand '"approvals": 2'
  $ migration 20270101000000_broken <<<'copy users from stdin;'
  $ unchanged headgate plan | sed -n '/^Policy of production/,$p'
  Policy of production
    comes  staging must have this release  will come from step 2, staging
    wait   2 approvals                     0 given in this run so far
  
  error: COPY FROM STDIN has no rows to read here
    --> migrations/20270101000000_broken/migration.sql:1:1
     |
   1 | copy users from stdin;
     | ^^^^^^^^^^^^^^^^^^^^^
     = write the rows as INSERT (pg_dump --inserts)
  
  error: step "development": environment "development": migrations/20270101000000_broken/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  
  error: step "staging": environment "staging": migrations/20270101000000_broken/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy staging
  
  error: step "production": environment "production": migrations/20270101000000_broken/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy production
  
  24 to apply, 3 errors. Nothing was changed.
  $ headgate plan >/dev/null
  [65]
  $ rm -r migrations/20270101000000_broken

A plan may be kept. One that cannot be executed is not:

  $ headgate plan -o promote.plan | tail -2
  21 to apply. Nothing was changed.
  Saved as promote.plan; to execute exactly this: headgate apply promote.plan
  $ test -s promote.plan && rm promote.plan
  $ demand '"backup": { "max_age": "1h" }'
  $ headgate plan -o promote.plan >/dev/null
  warning: promote.plan was not written: the plan cannot be executed
  [4]
  $ test -e promote.plan
  [1]
  $ demand '"approvals": 2'

For a ticket:

  $ headgate plan --markdown --until staging
  ## Plan `PLAN` of `promote`
  
  Release `7237e999` (7 migrations). Valid until TIME.
  
  Only until step `staging`.
  
  | environment | database | server | state |
  | --- | --- | --- | --- |
  | `development` | `SCENARIO/pg:5432/postgres` | PostgreSQL NN, system identifier NNN | 7 pending |
  | `staging` | `SCENARIO/pg:5432/staging` | PostgreSQL NN, system identifier NNN | 7 pending |
  | `production` | `SCENARIO/pg:5432/production` | PostgreSQL NN, system identifier NNN | 7 pending |
  
  ### Steps
  
  | # | step | kind | what | terms |  |
  | --- | --- | --- | --- | --- | --- |
  | 1 | `development` | deploy | 7 to apply |  |  |
  | 2 | `staging` | deploy | 7 to apply |  |  |
  | 3 | `e2e` | hook | skipped: only until "staging" |  |  |
  | 4 | `go` | gate | skipped: only until "staging" |  |  |
  | 5 | `production` | deploy | skipped: only until "staging" |  |  |
  | 6 | `smoke` | hook | skipped: only until "staging" |  |  |
  | 7 | `tell` | hook | scripts/notify.sh |  | always, at the end |
  
  ### Migrations of step `development`
  
  | migration | how | statements | state |
  | --- | --- | --- | --- |
  | `20260112093015_users_and_addresses` | in a transaction | 3 | pending |
  | `20260126141207_products` | in a transaction | 2 | pending |
  | `20260209103344_orders` | in a transaction | 7 | pending |
  | `20260316084512_updated_at_and_stock` | in a transaction | 6 | pending |
  | `20260420151830_report_order_totals` | in a transaction | 3 | pending |
  | `20260629120455_order_items_unit_price` | in a transaction | 4 | pending |
  | `20260907094128_audit_log` | in a transaction | 6 | pending |
  
  ### Policy
  
  | environment |  | policy | because |
  | --- | --- | --- | --- |
  | `staging` | comes | development must have this release | will come from step 1, development |
  
  14 to apply. Nothing was changed.

When all of it is deployed:

  $ demand '"approvals": 0'
  $ for environment in development staging production; do headgate deploy $environment -q --confirm $environment >/dev/null; done
  $ sed -i 's/, "evidence": "e2e"//' pipelines/promote.json
  $ unchanged headgate plan --detailed-exitcode
  Plan PLAN  promote  release 7237e999 (7 migrations)  valid until TIME
  
    development  SCENARIO/pg:5432/postgres    PostgreSQL NN  up to date
    staging      SCENARIO/pg:5432/staging     PostgreSQL NN  up to date
    production   SCENARIO/pg:5432/production  PostgreSQL NN  up to date
  
  Steps
     1  development  deploy  nothing to do: has release 7237e999
     2  staging      deploy  nothing to do: has release 7237e999
     3  e2e          hook    nothing to do: there is nothing to deploy
     4  go           gate    nothing to do: there is nothing to deploy
     5  production   deploy  nothing to do: has release 7237e999
     6  smoke        hook    nothing to do: there is nothing to deploy
  
  Always, at the end
     7  tell  hook  nothing to do: there is nothing to deploy
  
  Nothing to do. Nothing was changed.

What is not there:

  $ headgate plan promot
  error: there is no pipelines/promot.json
  hint: Did you mean "promote"?
  [65]
  $ headgate plan other.json
  error: could not read other.json: No such file or directory
  [65]
  $ headgate plan --until nowhere
  error: there is no step "nowhere" in pipelines/promote.json
  hint: Its steps are "development", "staging", "e2e", "go", "production" and "smoke".
  [64]
  $ (cd / && headgate plan)
  error: there is no pipelines/promote.json here or in a folder above
  hint: Name the pipeline by its path, or stand in the project's folder.
  [65]
  $ pg_stop pg
