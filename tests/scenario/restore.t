Restoring: what is lost is shown first, then two databases change their names.

  $ . "$TESTDIR/../support/scenario.sh"; needs_pg_dump
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging" PRODUCTION_DATABASE_URL="$url dbname=production"
  $ psql -XAtq "$url" -c 'create database staging'
  $ sql() { psql -XAtq "$url dbname=staging" -c "$1"; }
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ headgate deploy staging -q --confirm staging | tail -1
  7 applied in N ms. staging has release 7237e999.
  $ headgate seed staging -q --confirm staging | sed 's/Seeded.*/Seeded/'
  Seeded
  $ headgate backup create staging -q --verify restore | grep -c 'restored and compared'
  1

What came later would be lost:

  $ sql "insert into users (email, name) values ('late@example.com', 'Late')"
  $ sql "select pg_sleep(1)" >/dev/null; sql "select pg_stat_clear_snapshot()"
  
  $ headgate backup restore latest --to staging --dry-run
  Restore to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  
    backup  staging-BACKUP, N s old, about N MB, restored and compared TIME
    into    a new database "staging_restoring_XXXX", compared with the backup
    then    "staging" is renamed to "staging_before_TIME" and kept, the new one takes its name
  
  Lost by it, rows since the backup (TIME)
    public.audit_log  1 inserted  0 updated  0 deleted
    public.users      1 inserted  0 updated  0 deleted
    together          2 inserted  0 updated  0 deleted
  
  Nothing was changed.
  $ sql 'select count(*) from users'
  21

Nobody is here to say yes; then somebody is:

  $ headgate backup restore latest --to staging 2>&1 >/dev/null
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ headgate backup restore latest --to staging --confirm staging -q
  Restore to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  
    backup  staging-BACKUP, N s old, about N MB, restored and compared TIME
    into    a new database "staging_restoring_XXXX", compared with the backup
    then    "staging" is renamed to "staging_before_TIME" and kept, the new one takes its name
  
  Lost by it, rows since the backup (TIME)
    public.audit_log  1 inserted  0 updated  0 deleted
    public.users      1 inserted  0 updated  0 deleted
    together          2 inserted  0 updated  0 deleted
  
  Restored staging-BACKUP in N ms: 9 tables, 121 rows, equal to the backup.
  staging has it now, in the database "staging".
  What was there is kept as "staging_before_TIME". When nobody needs it: headgate backup restore --finish --to staging
  $ sql 'select count(*) from users'
  20
  $ psql -XAtq "$url" -c "select regexp_replace(datname, '\d{14}', 'TIME') from pg_database where datname ~ '^staging' order by 1"
  staging
  staging_before_TIME
  $ headgate status staging | tail -1
    staging  SCENARIO/pg:5432/staging  PostgreSQL NN  up to date  7 applied

The old one is dropped when nobody needs it:

  $ headgate backup restore --finish --to staging --dry-run
  Kept by earlier restores to staging
    staging_before_TIME
  
  Nothing was dropped.
  $ headgate backup restore --finish --to staging
  Kept by earlier restores to staging
    staging_before_TIME
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ headgate backup restore --finish --to staging --confirm staging | tail -1
  Dropped 1 database.
  $ headgate backup restore --finish --to staging
  Nothing to do: no restore to staging has kept a database.

Some tables only, beside:

  $ headgate backup restore latest --to staging --table users,addresses --confirm staging -q
  Restore to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  
    backup       staging-BACKUP, N s old, about N MB, restored and compared TIME
    only tables  users, addresses
    into         a new database "staging_restored_TIME", compared with the backup
    then         it stays beside "staging", which is not touched
  
  Changed there, since the backup (TIME): nothing
  
  Restored staging-BACKUP in N ms: 2 tables, 32 rows, equal to the backup.
    not proven: foreign keys, materialized views and the rows of all other tables: only a part was restored
  It stands in the database "staging_restored_TIME"; "staging" was not touched.
  $ psql -XAtq "$url" -c "select regexp_replace(datname, '\d{14}', 'TIME') from pg_database where datname ~ '^staging' order by 1"
  staging
  staging_restored_TIME

What is called otherwise is refused, not restored as nothing:

  $ headgate backup restore latest --to staging --table usrs --confirm staging
  Restore to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  
    backup            staging-BACKUP, N s old, about N MB, restored and compared TIME
    only tables       usrs
    into              a new database "staging_restored_TIME", compared with the backup
    then              it stays beside "staging", which is not touched
    kept from before  staging_restored_TIME
  
  Changed there, since the backup (TIME): nothing
  error: environment "staging": backup staging-BACKUP has no rows of a table "usrs"
  hint: Did you mean "users"?
  [4]
  $ headgate backup restore latest --to staging --schema nothing_like_it --confirm staging
  Restore to staging  SCENARIO/pg:5432/staging  PostgreSQL NN
  
    backup            staging-BACKUP, N s old, about N MB, restored and compared TIME
    only schemas      nothing_like_it
    into              a new database "staging_restored_TIME", compared with the backup
    then              it stays beside "staging", which is not touched
    kept from before  staging_restored_TIME
  
  Changed there, since the backup (TIME): nothing
  error: environment "staging": backup staging-BACKUP has no schema "nothing_like_it" with tables
  hint: It has tables in "headgate" and "public".
  [4]

Staging's rows in development: it says that it is development, and the next deploy goes on there.

  $ headgate backup restore latest --env staging --to development -q >/dev/null
  $ psql -XAtq "$url" -c 'select name, kind from headgate.environment'
  development|development
  $ headgate deploy development -q | tail -1
  Nothing to do: development has release 7237e999.

Mistyped:

  $ headgate backup restore latest
  error: headgate backup restore: it is not said to which environment
  hint: Say --to ENV.
  [64]
  $ headgate backup restore --to staging
  error: headgate backup restore: no backup is named
  hint: Name one (headgate backup list) or say "latest".
  [64]
  $ headgate backup restore latest --to staging --finish
  error: headgate backup restore: --finish takes only --to, --confirm and --dry-run
  hint: It drops what earlier restores have kept; no backup is involved.
  [64]
  $ headgate backup restore latest --to staging --table a,,b
  error: --table has an empty name in its list
  hint: For example: --table a,b
  [64]
