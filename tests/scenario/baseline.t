A database that was there before its history is adopted.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ psql -XAtq "$url" -c 'create database staging' -c 'create database production'
  $ sql() { psql -XAtq "$url dbname=$1" -c "$2"; }

Where there is nothing, there is nothing to adopt:

  $ headgate baseline staging --confirm staging
  error: environment "staging": this database has no tables, so there is nothing to adopt
  hint: Let the migrations make them: headgate deploy staging
  [4]
  $ headgate baseline
  error: headgate baseline: an argument is missing
  hint: Usage: headgate baseline ENV
  [64]
  $ sql staging "select to_regclass('_prisma_migrations') is null"
  t

A database that was made by hand, all but the last migration:

  $ for m in migrations/2026{01,02,03,04,06}*/migration.sql; do psql -XAtq "$url dbname=staging" -f "$m"; done
  $ headgate deploy staging --confirm staging 2>&1 | grep -v after
  error: environment "staging": the database has tables already, but no history of migrations
  detail: Schema "public" of SCENARIO/pg:5432/staging is not empty and has no table _prisma_migrations.
  hint: Record what it already has: headgate baseline staging. Or choose an empty schema with ?schema=NAME in "url".
  $ headgate baseline staging --until 20260629120455_order_items_unit_prize --confirm staging
  error: environment "staging": there is no migration "20260629120455_order_items_unit_prize"
  hint: Did you mean "20260629120455_order_items_unit_price"?
  [64]
  $ headgate baseline staging --confirm staging
  error: environment "staging": 2 of the 63 objects that these migrations make are missing
  detail: Not there: table audit_log, function record_change.
  hint: Record only what is there: headgate baseline staging --until MIGRATION. Or, where they are gone for good: --missing-ok --reason TEXT
  [5]
  $ headgate baseline staging --until 20260629120455_order_items_unit_price --dry-run
  Baseline of staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses
    20260126141207_products
    20260209103344_orders
    20260316084512_updated_at_and_stock
    20260420151830_report_order_totals
    20260629120455_order_items_unit_price
  
  52 of the 52 objects that they make are there. Types of columns, constraints and data were not compared.
  6 would be recorded as applied. Nothing was changed.
  $ headgate baseline staging --until 20260629120455_order_items_unit_price
  Baseline of staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses
    20260126141207_products
    20260209103344_orders
    20260316084512_updated_at_and_stock
    20260420151830_report_order_totals
    20260629120455_order_items_unit_price
  
  52 of the 52 objects that they make are there. Types of columns, constraints and data were not compared.
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ sql staging "select to_regclass('_prisma_migrations') is null"
  t
  $ headgate baseline staging --until 20260629120455_order_items_unit_price --confirm staging | tail -1
  6 recorded as applied; none of them was run. Next, for the other 1: headgate deploy staging
  $ sql staging "select migration_name, applied_steps_count, logs, finished_at = started_at from _prisma_migrations order by started_at"
  20260112093015_users_and_addresses|0||t
  20260126141207_products|0||t
  20260209103344_orders|0||t
  20260316084512_updated_at_and_stock|0||t
  20260420151830_report_order_totals|0||t
  20260629120455_order_items_unit_price|0||t
  $ sql staging "select name, kind from headgate.environment"
  staging|staging
  $ headgate status staging
  Release 7237e999  7 migrations in migrations
  
    staging  SCENARIO/pg:5432/staging  PostgreSQL NN  1 pending  6 applied
  $ headgate baseline staging --confirm staging
  error: environment "staging": this database has a history already
  detail: It has 6 rows; the first one is "20260112093015_users_and_addresses", begun at TIME.
  hint: See: headgate status staging. To record one migration more: headgate resolve staging MIGRATION --applied
  [4]

Production: a journal would say applied, but columns and a table are missing:

  $ for m in migrations/*/migration.sql; do psql -XAtq "$url dbname=production" -f "$m"; done
  $ sql production 'alter table users drop column phone; drop index orders_open_idx; drop table audit_log; drop view report.order_totals'
  $ headgate baseline production --confirm production
  error: environment "production": 4 of the 63 objects that these migrations make are missing
  detail: Not there: column users.phone, index orders_open_idx, view report.order_totals, table audit_log.
  hint: Record only what is there: headgate baseline production --until MIGRATION. Or, where they are gone for good: --missing-ok --reason TEXT
  [5]
  $ headgate baseline production --missing-ok
  error: --missing-ok needs --reason TEXT
  hint: headgate baseline ENV --missing-ok --reason "dropped in 2019"
  [64]
  $ headgate baseline production --reason because
  error: --reason goes with --missing-ok
  hint: headgate baseline ENV --missing-ok --reason "dropped in 2019"
  [64]
  $ headgate baseline production --missing-ok --reason 'dropped in 2019' --confirm production
  Baseline of production  SCENARIO/pg:5432/production  PostgreSQL NN
  Release 7237e999  7 migrations in migrations
  
    20260112093015_users_and_addresses
    20260126141207_products
    20260209103344_orders
    20260316084512_updated_at_and_stock
    20260420151830_report_order_totals
    20260629120455_order_items_unit_price
    20260907094128_audit_log
  
  59 of the 63 objects that they make are there. Types of columns, constraints and data were not compared.
    missing: column users.phone
    missing: index orders_open_idx
    missing: view report.order_totals
    missing: table audit_log
  7 recorded as applied; none of them was run.
  $ sql production "select distinct logs from _prisma_migrations"
  headgate: recorded although 4 objects were missing: dropped in 2019
  $ headgate status production | sed 1,2d
    production  SCENARIO/pg:5432/production  PostgreSQL NN  up to date  7 applied

A database that is another environment:

  $ DATABASE_URL="$url dbname=production" headgate baseline development
  error: environment "development": this database says that it is "production", not "development"
  detail: It is SCENARIO/pg:5432/production; that stands in its table headgate.environment.
  hint: Correct "url" of environment "development" in pipelines/environments.json; or, where it is meant to be another one from now on: headgate mark development
  [9]
  $ for m in migrations/*/migration.sql; do psql -XAtq "$url" -f "$m"; done
  $ headgate baseline development --json
  {
    "format": 1,
    "environment": "development",
    "target": "SCENARIO/pg:5432/postgres",
    "release": {
      "folder": "migrations",
      "digest": "7237e9993d30efb609d293124de2660396f5440937ad44666a2e77ef40077745",
      "migrations": 7
    },
    "done": true,
    "recorded": [
      "20260112093015_users_and_addresses",
      "20260126141207_products",
      "20260209103344_orders",
      "20260316084512_updated_at_and_stock",
      "20260420151830_report_order_totals",
      "20260629120455_order_items_unit_price",
      "20260907094128_audit_log"
    ],
    "objects": 63,
    "missing": []
  }
