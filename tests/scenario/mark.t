A database says which environment it is.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop && no_backups
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ psql -XAtq "$url" -c 'create database staging' -c 'create database production' -c 'create database copy'
  $ marker() { psql -XAtq "$url dbname=$1" -c 'select name, kind from headgate.environment'; }

  $ headgate mark development
  Mark of development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  It does not say yet what it is.
  
  From now on it is "development".
  $ marker postgres
  development|development
  $ headgate mark development
  Mark of development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  It says that it is "development".
  
  Nothing to do: it is "development".
  $ headgate mark
  error: headgate mark: an argument is missing
  hint: Usage: headgate mark ENV
  [64]
  $ headgate mark staging
  Mark of staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  It does not say yet what it is.
  
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ headgate mark staging --confirm staging --json
  {
    "format": 1,
    "environment": "staging",
    "target": "SCENARIO/pg:5432/staging",
    "before": null,
    "changed": true
  }
  $ headgate mark production
  Mark of production  SCENARIO/pg:5432/production  PostgreSQL NN
  It does not say yet what it is.
  
  error: "production" is a production environment and nobody is here to confirm
  hint: Say --confirm production.
  [4]
  $ headgate mark production --confirm production | tail -1
  From now on it is "production".
  $ marker production
  production|production

Every command that means another environment refuses it:

  $ export DATABASE_URL="$url dbname=production"
  $ headgate deploy
  error: environment "development": this database says that it is "production", not "development"
  detail: It is SCENARIO/pg:5432/production; that stands in its table headgate.environment.
  hint: Correct "url" of environment "development" in pipelines/environments.json; or, where it is meant to be another one from now on: headgate mark development
  [9]
  $ headgate status development | tail -3
  environment "development": this database says that it is "production", not "development"
    It is SCENARIO/pg:5432/production; that stands in its table headgate.environment.
    Correct "url" of environment "development" in pipelines/environments.json; or, where it is meant to be another one from now on: headgate mark development

To change it takes its name, also for development:

  $ headgate mark development
  Mark of development  SCENARIO/pg:5432/production  PostgreSQL NN
  It says that it is "production".
  
  error: "development" is a development environment and nobody is here to confirm
  hint: Say --confirm development.
  [4]
  $ headgate mark development --confirm production
  Mark of development  SCENARIO/pg:5432/production  PostgreSQL NN
  It says that it is "production".
  
  error: --confirm says "production", but this is "development"
  [64]
  $ marker production
  production|production
  $ headgate mark development --confirm development
  Mark of development  SCENARIO/pg:5432/production  PostgreSQL NN
  It says that it is "production".
  
  From now on it is "development".
  $ marker production
  development|development
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ headgate deploy production --confirm production 2>&1 | head -1
  error: environment "production": this database says that it is "development", not "production"

A role that may not:

  $ psql -XAtq "$url" -c 'create role small login' -c 'revoke create on database staging from public'
  $ STAGING_DATABASE_URL="$url user=small dbname=copy" headgate mark staging --confirm staging
  Mark of staging  SCENARIO/pg:5432/copy  PostgreSQL NN
  It does not say yet what it is.
  
  error: environment "staging": permission denied for database copy (SQLSTATE 42501)
  detail: Where: SQL statement "create schema if not exists headgate" PL/pgSQL function inline_code_block line 4 at SQL statement.
  hint: The mark stands in schema "headgate". Have it granted, or let its owner do it: grant create on database "copy" to "small".
  [1]
