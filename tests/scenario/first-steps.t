A person without any set-up looks, deploys to development, and looks again.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups

  $ headgate status
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

The second time there is nothing to make, and nothing to say on stderr:

  $ headgate status development 2>&1
  Release 7237e999  7 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  7 pending  0 applied
  
  Next: headgate deploy development

What a deploy would do, and doing it:

  $ headgate deploy --dry-run
  Deploy to development  embedded:development  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses     pending  in a transaction
    20260126141207_products                pending  in a transaction
    20260209103344_orders                  pending  in a transaction
    20260316084512_updated_at_and_stock    pending  in a transaction
    20260420151830_report_order_totals     pending  in a transaction
    20260629120455_order_items_unit_price  pending  in a transaction
    20260907094128_audit_log               pending  in a transaction
  
  7 to apply. Nothing was changed.
  $ headgate deploy --dry-run --json | grep -vE '^    +"20|system_identifier'
  {
    "format": 1,
    "environment": "development",
    "release": {
      "folder": "migrations",
      "digest": "7237e9993d30efb609d293124de2660396f5440937ad44666a2e77ef40077745",
      "migrations": 7
    },
    "target": "embedded:development",
    "server_version": "NN",
    "schema": "public",
    "state": "pending",
    "applied": 0,
    "pending": [
    ],
    "unfinished": [],
    "failed": [],
    "edited": [],
    "missing": [],
    "out_of_order": [],
    "to_do": [
      {
        "name": "20260112093015_users_and_addresses",
        "state": "pending",
        "mode": "in a transaction",
        "statements": 3
      },
      {
        "name": "20260126141207_products",
        "state": "pending",
        "mode": "in a transaction",
        "statements": 2
      },
      {
        "name": "20260209103344_orders",
        "state": "pending",
        "mode": "in a transaction",
        "statements": 7
      },
      {
        "name": "20260316084512_updated_at_and_stock",
        "state": "pending",
        "mode": "in a transaction",
        "statements": 6
      },
      {
        "name": "20260420151830_report_order_totals",
        "state": "pending",
        "mode": "in a transaction",
        "statements": 3
      },
      {
        "name": "20260629120455_order_items_unit_price",
        "state": "pending",
        "mode": "in a transaction",
        "statements": 4
      },
      {
        "name": "20260907094128_audit_log",
        "state": "pending",
        "mode": "in a transaction",
        "statements": 6
      }
    ],
    "refusal": null
  }
  $ headgate deploy --dry-run --detailed-exitcode >/dev/null
  [2]
  $ headgate deploy
  Deploy to development  embedded:development  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses     applied in N ms
    20260126141207_products                applied in N ms
    20260209103344_orders                  applied in N ms
    20260316084512_updated_at_and_stock    applied in N ms
    20260420151830_report_order_totals     applied in N ms
    20260629120455_order_items_unit_price  applied in N ms
    20260907094128_audit_log               applied in N ms
  
  7 applied in N ms. development has release 7237e999.
  $ headgate deploy development
  Deploy to development  embedded:development  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  Nothing to do: development has release 7237e999.
  $ headgate deploy development --dry-run
  Deploy to development  embedded:development  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  Nothing to do: all 7 are applied.

  $ headgate status
  Release 7237e999  7 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  up to date  7 applied
    staging      embedded:staging      PostgreSQL NN  7 pending   0 applied
    production   embedded:production   PostgreSQL NN  7 pending   0 applied
  
  Next: headgate deploy staging
  $ headgate status production development
  Release 7237e999  7 migrations in migrations
  
    production   embedded:production   PostgreSQL NN  7 pending   0 applied
    development  embedded:development  PostgreSQL NN  up to date  7 applied
  $ headgate status --env staging
  Release 7237e999  7 migrations in migrations
  
    staging  embedded:staging  PostgreSQL NN  7 pending  0 applied
  $ headgate status development --env staging
  error: environments are named twice: as arguments and by --env
  hint: Name all of them as arguments.
  [64]
  $ headgate status development developmint
  error: there is no environment "developmint" in pipelines/environments.json
  hint: Did you mean "development"?
  [64]
  $ DATABASE_ENV=staging headgate status --json | grep -E '"(name|state)"'
        "name": "development",
        "state": "up_to_date",
        "name": "staging",
        "state": "pending",
            "name": "20260112093015_users_and_addresses",
            "state": "pending",
            "name": "20260126141207_products",
            "state": "pending",
            "name": "20260209103344_orders",
            "state": "pending",
            "name": "20260316084512_updated_at_and_stock",
            "state": "pending",
            "name": "20260420151830_report_order_totals",
            "state": "pending",
            "name": "20260629120455_order_items_unit_price",
            "state": "pending",
            "name": "20260907094128_audit_log",
            "state": "pending",
        "name": "production",
        "state": "pending",
            "name": "20260112093015_users_and_addresses",
            "state": "pending",
            "name": "20260126141207_products",
            "state": "pending",
            "name": "20260209103344_orders",
            "state": "pending",
            "name": "20260316084512_updated_at_and_stock",
            "state": "pending",
            "name": "20260420151830_report_order_totals",
            "state": "pending",
            "name": "20260629120455_order_items_unit_price",
            "state": "pending",
            "name": "20260907094128_audit_log",
            "state": "pending",
  $ headgate status --detailed-exitcode development >/dev/null
  $ headgate status --detailed-exitcode >/dev/null
  [2]

Which environment is meant can come from the variables that Prisma projects use:

  $ DATABASE_ENV=staging headgate deploy --dry-run | head -1
  Deploy to staging  embedded:staging  PostgreSQL NN
  $ NODE_ENV=staging headgate deploy --dry-run | head -1
  Deploy to staging  embedded:staging  PostgreSQL NN
  $ NODE_ENV=develop headgate deploy --dry-run
  error: there is no environment "develop" in pipelines/environments.json
  detail: The name comes from NODE_ENV.
  hint: It names "development", "staging" and "production".
  [64]

Staging is asked for, production wants its name; scripts say so:

  $ headgate deploy staging
  Deploy to staging  embedded:staging  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ headgate deploy staging --confirm production
  Deploy to staging  embedded:staging  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  error: --confirm says "production", but this is "staging"
  [64]
  $ headgate deploy staging --confirm staging -q | tail -1
  7 applied in N ms. staging has release 7237e999.
  $ headgate deploy production --no-input
  Deploy to production  embedded:production  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
  error: "production" is a production environment and nobody is here to confirm
  hint: Say --confirm production.
  [4]
  $ headgate deploy production --confirm production -q | tail -1
  7 applied in N ms. production has release 7237e999.
  $ headgate status | tail -4
  
    development  embedded:development  PostgreSQL NN  up to date  7 applied
    staging      embedded:staging      PostgreSQL NN  up to date  7 applied
    production   embedded:production   PostgreSQL NN  up to date  7 applied

From a folder below, it is the same project:

  $ cd migrations && headgate status staging && cd ..
  Release 7237e999  7 migrations in .
  
    staging  embedded:staging  PostgreSQL NN  up to date  7 applied

And it is a database like any other, for psql too:

  $ url=$(command headgate embedded list --json | sed -n 's/.*"url": "\(.*dbname=development.*\)".*/\1/p')
  $ psql -XAt "$url" -c "select count(*), bool_and(finished_at is not null) from _prisma_migrations"
  7|t
  $ psql -XAt "$url" -c "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1"
  _prisma_migrations
  addresses
  audit_log
  order_items
  orders
  products
  users
