Data to try things on.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ psql -XAtq "$url" -c 'create database staging'
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ headgate deploy staging -q --confirm staging | tail -1
  7 applied in N ms. staging has release 7237e999.
  $ users() { psql -XAtq "$url dbname=staging" -c 'select count(*) from users'; }

  $ headgate seed
  error: environment "development" has no "seed" in pipelines/environments.json
  hint: Name a file of SQL there, relative to it: "seed": "../migrations/seed.sql"
  [65]
  $ headgate seed staging
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ users
  0
  $ headgate seed staging --confirm staging
  Seeded staging (SCENARIO/pg:5432/staging) from migrations/seed.sql in N ms.
  $ users
  20
  $ headgate seed staging --confirm staging --json
  {
    "format": 1,
    "environment": "staging",
    "target": "SCENARIO/pg:5432/staging",
    "seed": "migrations/seed.sql",
    "milliseconds": N
  }

It is all or nothing:

  $ echo "delete from order_items; delete from orders; delete from users; select 1 / 0;" >migrations/seed.sql
  $ headgate seed staging --confirm staging
  error: division by zero
    --> migrations/seed.sql:1:65
     |
   1 | delete from order_items; delete from orders; delete from users; select 1 / 0;
     |                                                                 ^^^^^^
  
  error: environment "staging": migrations/seed.sql failed: division by zero (SQLSTATE 22012)
  detail: It was rolled back as a whole: nothing of it is in the database.
  hint: Correct migrations/seed.sql, then try again.
  [1]
  $ users
  20
  $ rm migrations/seed.sql
  $ headgate seed staging --confirm staging
  error: environment "staging": there is no file pipelines/../migrations/seed.sql
  hint: "seed" in pipelines/environments.json names it, relative to that file.
  [65]

Production is never seeded:

  $ headgate seed production --confirm production
  error: environment "production": seed is never for a production environment
  hint: Data that production needs belongs into a migration: headgate create NAME
  [4]

A database that is another environment:

  $ cp "$HEADGATE_SOURCE/migrations/seed.sql" migrations/
  $ STAGING_DATABASE_URL=$url headgate seed staging --confirm staging
  error: environment "staging": this database says that it is "development", not "staging"
  detail: It is SCENARIO/pg:5432/postgres; that stands in its table headgate.environment.
  hint: Correct "url" of environment "staging" in pipelines/environments.json; or, where it is meant to be another one from now on: headgate mark staging
  [9]
