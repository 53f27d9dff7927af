Restoring: what is lost is shown first, then two databases change their names.

  $ . "$TESTDIR/../support/scenario.sh"
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
  $ sql 'select count(*) from users'
  21

Nobody is here to say yes; then somebody is:

  $ headgate backup restore latest --to staging 2>&1 >/dev/null
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ headgate backup restore latest --to staging --confirm staging -q
  $ sql 'select count(*) from users'
  20
  $ psql -XAtq "$url" -c "select regexp_replace(datname, '\d{14}', 'TIME') from pg_database where datname ~ '^staging' order by 1"
  $ headgate status staging | tail -1

The old one is dropped when nobody needs it:

  $ headgate backup restore --finish --to staging --dry-run
  $ headgate backup restore --finish --to staging
  $ headgate backup restore --finish --to staging --confirm staging | tail -1
  Dropped 1 database.
  $ headgate backup restore --finish --to staging
  Nothing to do: no restore to staging has kept a database.

Some tables only, beside:

  $ headgate backup restore latest --to staging --table users,addresses --confirm staging -q
  $ psql -XAtq "$url" -c "select regexp_replace(datname, '\d{14}', 'TIME') from pg_database where datname ~ '^staging' order by 1"
  $ headgate backup restore latest --to staging --table nothing_like_it --confirm staging -q

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
