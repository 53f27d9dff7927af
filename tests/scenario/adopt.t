Coming from another tool: its folder and its history, read once.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ psql -XAtq "$url" -c 'create database staging'
  $ export DATABASE_URL="$url" STAGING_DATABASE_URL="$url dbname=staging"
  $ rm -r migrations
  $ level_more=(-e 's/20[0-9]{12}_tracking/TIME_tracking/')

A project that was kept with goose: development has two of its migrations, staging one.

  $ mkdir goose
  $ cat >goose/00001_parcels.sql <<'SQL'
  > -- +goose Up
  > create table parcels (id bigint);
  > -- +goose Down
  > drop table parcels;
  > SQL
  $ cat >goose/00002_find_parcels.sql <<'SQL'
  > -- +goose NO TRANSACTION
  > -- +goose Up
  > create index concurrently parcels_id on parcels (id);
  > SQL
  $ printf '%s\n' '-- +goose Up' 'alter table parcels add weight int;' >goose/00010_weight.sql
  $ for at in "$url" "$STAGING_DATABASE_URL"; do
  >     psql -XAtq "$at" -c 'create table parcels (id bigint)' -c 'create table goose_db_version (id serial primary key,
  >         version_id bigint not null, is_applied boolean not null, tstamp timestamp default now())' \
  >         -c "insert into goose_db_version (version_id, is_applied, tstamp) values (0, true, '2026-01-01'),
  >             (1, true, '2026-01-02 10:00:00')"
  > done
  $ psql -XAtq "$url" -c 'create index parcels_id on parcels (id)' -c "insert into goose_db_version (version_id, is_applied,
  >     tstamp) values (2, true, '2026-02-03 11:00:00')"
  $ psql -XAtq "$url" -c 'table goose_db_version' >before
  $ headgate adopt --from goose --source goose --dry-run
  Adopt development from goose  SCENARIO/pg:5432/postgres  PostgreSQL NN
  goose becomes migrations
  
    1   00000000000001_parcels       applied  TIME
    2   00000000000002_find_parcels  applied  TIME
    10  00000000000010_weight        pending
  
  Would make 3 folders in migrations, 2 rows in _prisma_migrations. Nothing was changed.
  $ ls migrations
  ls: cannot access 'migrations': No such file or directory
  [2]
  $ headgate adopt --from goose --source goose
  Adopt development from goose  SCENARIO/pg:5432/postgres  PostgreSQL NN
  goose becomes migrations
  
    1   00000000000001_parcels       applied  TIME
    2   00000000000002_find_parcels  applied  TIME
    10  00000000000010_weight        pending
  
  Made 3 folders in migrations, 2 rows in _prisma_migrations. Next: headgate deploy development
  $ find migrations -type f | sort
  migrations/00000000000001_parcels/down.sql
  migrations/00000000000001_parcels/migration.sql
  migrations/00000000000002_find_parcels/migration.sql
  migrations/00000000000010_weight/migration.sql
  migrations/migration_lock.toml
  $ cat migrations/00000000000001_parcels/*.sql migrations/*_find_parcels/*.sql
  drop table parcels;
  create table parcels (id bigint);
  -- headgate: no-transaction
  create index concurrently parcels_id on parcels (id);
  $ psql -XAtq "$url" -c 'table goose_db_version' | diff before -
  $ headgate status development
  Release e2c6effc  3 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  1 pending  2 applied
  
  Next: headgate deploy development
  $ headgate deploy development
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release e2c6effc  3 migrations in migrations
  
    00000000000010_weight  applied in N ms
  
  1 applied in N ms. development has release e2c6effc.
  $ headgate create tracking
  migrations/TIME_tracking/migration.sql
  $ rm -r migrations/*_tracking

Staging finds the folder as it should be and gets its own history.

  $ headgate adopt staging --from goose --source goose --confirm staging
  Adopt staging from goose  SCENARIO/pg:5432/staging  PostgreSQL NN
  goose becomes migrations
  
    1   00000000000001_parcels       applied  TIME
    2   00000000000002_find_parcels  pending
    10  00000000000010_weight        pending
  
  Made 0 folders in migrations, 1 row in _prisma_migrations. Next: headgate deploy staging
  $ headgate status development staging
  Release e2c6effc  3 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  up to date  3 applied
    staging      SCENARIO/pg:5432/staging   PostgreSQL NN  2 pending   1 applied
  
  Next: headgate deploy staging
  $ headgate adopt staging --from goose --source goose --confirm staging
  error: environment "staging": the database has a history of ours already: 1 row in _prisma_migrations
  hint: Where it was adopted before, go on with: headgate status staging
  [4]

Programs see the same.

  $ psql -XAtq "$STAGING_DATABASE_URL" -c 'drop table _prisma_migrations'
  $ headgate adopt staging --from goose --source goose --dry-run --json | head -24
  {
    "format": 1,
    "environment": "staging",
    "target": "SCENARIO/pg:5432/staging",
    "tool": "goose",
    "source": "goose",
    "folder": "migrations",
    "done": false,
    "applied": 1,
    "pending": 2,
    "migrations": [
      {
        "version": "1",
        "file": "00001_parcels.sql",
        "name": "00000000000001_parcels",
        "checksum": "4443d50e5e332efbd9fd67d46b37f544467feecd9fd002ed4ff8ac06f26c516f",
        "state": "applied",
        "applied_at": "TIME",
        "down": true
      },
      {
        "version": "2",
        "file": "00002_find_parcels.sql",
        "name": "00000000000002_find_parcels",

What it does not do: each time nothing is made.

  $ rm -r migrations
  $ headgate adopt
  error: headgate adopt: --from is missing
  hint: Say which tool: --from flyway, golang-migrate, dbmate, goose, liquibase or sqitch.
  [64]
  $ headgate adopt --from gose
  error: headgate cannot come from "gose"
  detail: It knows "flyway", "golang-migrate", "dbmate", "goose", "liquibase" and "sqitch".
  hint: Did you mean "--from goose"?
  [64]
  $ headgate adopt staging --from dbmate
  error: there is no folder of dbmate where it usually is
  detail: Looked for "db/migrations".
  hint: Name it with --source.
  [65]
  $ headgate adopt staging --from dbmate --source goose
  error: this stands before "-- migrate:up"
    --> goose/00001_parcels.sql:2:1
     |
   2 | create table parcels (id bigint);
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  
  error: this stands before "-- migrate:up"
    --> goose/00002_find_parcels.sql:3:1
     |
   3 | create index concurrently parcels_id on parcels (id);
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  
  error: this stands before "-- migrate:up"
    --> goose/00010_weight.sql:2:1
     |
   2 | alter table parcels add weight int;
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  
  error: the migrations of dbmate in goose have 3 mistakes
  hint: Nothing was made. Of theirs nothing is ever changed.
  [65]
  $ headgate adopt staging --from goose --source goose
  Adopt staging from goose  SCENARIO/pg:5432/staging  PostgreSQL NN
  goose becomes migrations
  
    1   00000000000001_parcels       applied  TIME
    2   00000000000002_find_parcels  pending
    10  00000000000010_weight        pending
  error: "staging" is a staging environment and nobody is here to confirm
  hint: Say --confirm staging.
  [4]
  $ echo 'package migrations' >goose/00011_fill.go
  $ echo '-- +goose ENVSUB ON' >>goose/00010_weight.sql
  $ headgate adopt staging --from goose --source goose --confirm staging
  error: values are filled in from here on, which headgate does not do
    --> goose/00010_weight.sql:3:1
     |
   3 | -- +goose ENVSUB ON
     | ^^^^^^^^^^^^^^^^^^^
     = write the values themselves, and take this mark out
  
  error: this migration is a Go program
    --> goose/00011_fill.go
     = write what it does in SQL, in a file of the same version
  
  error: the migrations of goose in goose have 2 mistakes
  hint: Nothing was made. Of theirs nothing is ever changed.
  [65]
  $ rm goose/00011_fill.go goose/00001_parcels.sql
  $ sed -i '/ENVSUB/d' goose/00010_weight.sql
  $ headgate adopt staging --from goose --source goose --confirm staging
  error: environment "staging": 1 applied migration of goose is not in goose
  detail: Table goose_db_version has "1".
  hint: Bring the missing files back, or name the right folder with --source.
  [4]
  $ mkdir flyway && echo 'create table parcels (id bigint);' >flyway/V1__parcels.sql
  $ psql -XAtq "$STAGING_DATABASE_URL" -c 'create table flyway_schema_history (installed_rank int primary key, version varchar(50),
  >     description varchar(200) not null, type varchar(20) not null, script varchar(1000) not null, checksum int,
  >     installed_by varchar(100) not null, installed_on timestamp not null default now(), execution_time int not null,
  >     success boolean not null)' -c "insert into flyway_schema_history values (1, '1', 'parcels', 'SQL', 'V1__parcels.sql',
  >         12345, 'ada', now(), 1, true)"
  $ headgate adopt staging --from flyway --source flyway --confirm staging
  error: environment "staging": 1 file was changed after flyway applied it
  detail: The checksum in flyway_schema_history is another one for "V1__parcels.sql".
  hint: Bring back the text that was applied; or where the text of today is right: flyway repair
  [4]
  $ test -e migrations
  [1]
