What the server says against a deploy. Nothing is changed in any of these.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url" PGHOST=$SCENARIO/pg
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ migration 20261001000000_new <<<'create table new (id int);'

Another server, or another database, than the one that is meant:

  $ expect() { sed -i '/"expect"/d; s/"kind": "development",/&\n      "expect": { '"$1"' },/' pipelines/environments.json; }
  $ expect '"database": "shop"'
  $ unchanged headgate deploy
  error: environment "development": this is database "postgres", not "shop"
  detail: "url" leads to SCENARIO/pg:5432/postgres, "expect" says database "shop".
  hint: Correct "url" or "expect" of environment "development" in pipelines/environments.json.
  [9]
  $ expect '"system_identifier": "1"'
  $ unchanged headgate deploy
  error: environment "development": this is another server than the one that is expected
  detail: "url" leads to SCENARIO/pg:5432/postgres. Its system identifier is NNN, expected is 1.
  hint: Correct "url" or "expect" of environment "development" in pipelines/environments.json.
  [9]
  $ unchanged headgate status development
  Release 592c5f30  8 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  cannot be looked at
  
  environment "development": this is another server than the one that is expected
    "url" leads to SCENARIO/pg:5432/postgres. Its system identifier is NNN, expected is 1.
    Correct "url" or "expect" of environment "development" in pipelines/environments.json.
  [9]
  $ sed -i '/"expect"/d' pipelines/environments.json

A standby (a copy of the server, told to recover):

  $ pg_stop pg
  $ pg=$TESTDIR/../support/pg
  $ mkdir -m 777 standby; mv standby "$SCENARIO"
  $ $pg as cp -r "$SCENARIO/pg/data" "$SCENARIO/standby/data"
  $ $pg as touch "$SCENARIO/standby/data/standby.signal"
  $ $pg as sed -i "s|^unix_socket_directories.*|unix_socket_directories = '$SCENARIO/standby'|" "$SCENARIO/standby/data/postgresql.conf"
  $ standby=$(pg_start standby)
  $ export DATABASE_URL="$standby"
  $ url=$standby unchanged headgate deploy
  error: environment "development": this server is a standby, which cannot be written
  detail: It is SCENARIO/standby:5432/postgres.
  hint: Point "url" of environment "development" at its primary.
  [4]
  $ url=$standby unchanged headgate status development
  Release 592c5f30  8 migrations in migrations
  
    development  SCENARIO/standby:5432/postgres  PostgreSQL NN  1 pending  7 applied
  
  environment "development": this server is a standby, which cannot be written
    It is SCENARIO/standby:5432/postgres.
    Point "url" of environment "development" at its primary.
  [1]
  $ pg_stop standby
  $ export DATABASE_URL="$(pg_start pg)"

A database that may only be read, for all, for a role, or by the connection:

  $ sql "alter database postgres set default_transaction_read_only = on"
  $ unchanged headgate deploy
  error: environment "development": this database is read only
  detail: default_transaction_read_only is on for SCENARIO/pg:5432/postgres: somebody has closed it.
  hint: Ask why. Where it is to be opened again: alter database postgres reset default_transaction_read_only
  [4]
  $ psql -XAtq "$url options='-c default_transaction_read_only=off'" -c "alter database postgres reset default_transaction_read_only" -c "alter role tester set default_transaction_read_only = on"
  $ unchanged headgate deploy
  error: environment "development": this database is read only
  detail: default_transaction_read_only is on for SCENARIO/pg:5432/postgres: somebody has closed it.
  hint: Ask why. Where it is to be opened again: alter role tester reset default_transaction_read_only
  [4]
  $ psql -XAtq "$url options='-c default_transaction_read_only=off'" -c "alter role tester reset default_transaction_read_only"
  $ DATABASE_URL="$url options='-c default_transaction_read_only=on'" unchanged headgate deploy
  error: environment "development": this database is read only
  detail: default_transaction_read_only is on for SCENARIO/pg:5432/postgres: somebody has closed it.
  hint: Ask why. Where it is to be opened again: alter system reset default_transaction_read_only; select pg_reload_conf(). Or take it out of "options" of the connection
  [4]
  $ sql "alter system set default_transaction_read_only = on"; sql 'select pg_reload_conf()' >/dev/null
  $ until_true eval '[ "$(sql "show default_transaction_read_only")" = on ]'
  $ unchanged headgate deploy
  error: environment "development": this database is read only
  detail: default_transaction_read_only is on for SCENARIO/pg:5432/postgres: somebody has closed it.
  hint: Ask why. Where it is to be opened again: alter system reset default_transaction_read_only; select pg_reload_conf(). Or take it out of "options" of the connection
  [4]
  $ psql -XAtq "$url options='-c default_transaction_read_only=off'" -c "alter system reset default_transaction_read_only" -c 'select pg_reload_conf()' >/dev/null
  $ until_true eval '[ "$(sql "show default_transaction_read_only")" = off ]'

No room for a table that is written anew. (The server counts the sizes of a table's files; this one has a hole of 8 TB.)

  $ migration 20261001000000_new <<<'alter table order_items alter column quantity type bigint;'
  $ file=$SCENARIO/pg/data/$(sql "select pg_relation_filepath('order_items')").1
  $ $pg as truncate -s 8T "$file"
  $ unchanged headgate deploy
  error: environment "development": the server's disk has no room for a rewrite
  detail: order_items is written anew and needs up to 8.8 TB beside the old one; N MB are free in SCENARIO/pg/data.
  hint: Make room on the disk of the server, or change the table in another way: a new column, filled in pieces.
  [4]
  $ unchanged headgate deploy --dry-run 2>/dev/null | head -6
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 0974eab7  8 migrations in migrations
  
    20261001000000_new  pending  in a transaction
  
  1 to apply. Nothing was changed.
  $ $pg as rm "$file"
  $ migration 20261001000000_new <<<'create table new (id int);'

Rights of the role: to make something, to write the history, to change a table:

  $ sql "create role app login; revoke create on schema public from public; revoke create on database postgres from public"
  $ export DATABASE_URL="$url user=app"
  $ sql 'grant select on _prisma_migrations to app'
  $ unchanged headgate deploy
  error: environment "development": role "app" may not create anything in schema public
  detail: The deploy would need it in SCENARIO/pg:5432/postgres.
  hint: Deploy as a role that may, or have it granted: grant create on schema public to app; grant select, insert, update on _prisma_migrations to app
  [4]
  $ sql 'grant create on schema public to app'
  $ unchanged headgate deploy
  error: environment "development": role "app" may not write the history, _prisma_migrations
  detail: The deploy would need it in SCENARIO/pg:5432/postgres.
  hint: Deploy as a role that may, or have it granted: grant select, insert, update on _prisma_migrations to app
  [4]
  $ sql 'grant insert, update on _prisma_migrations to app'
  $ migration 20261001000000_new <<'SQL'
  > alter table users add column nickname text;
  > create index on orders (placed_at);
  > SQL
  $ unchanged headgate deploy
  error: environment "development": role "app" does not own orders, which a migration changes
  detail: In SCENARIO/pg:5432/postgres, orders belongs to "tester", users belongs to "tester".
  hint: Deploy as a role that may, or have it granted: grant tester to app
  [4]
  $ DATABASE_URL="postgresql://app@/postgres?host=$PGHOST&schema=elsewhere" unchanged headgate deploy
  error: environment "development": role "app" may not create schema elsewhere
  detail: The deploy would need it in SCENARIO/pg/postgres.
  hint: Deploy as a role that may, or have it granted: grant create on database postgres to app; grant usage on schema report to app
  [4]

Who takes the owner's role is believed, and so is its member:

  $ sql 'create role owner; grant owner to app; alter table users owner to owner; alter table orders owner to owner; grant create on schema public to owner'
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release a2a9b6c9.
  $ rm -r migrations/20261001000000_new

Nobody there, no such database, and nobody who is let in:

  $ DATABASE_URL='postgresql://app@127.0.0.1:1/shop' unchanged headgate deploy
  error: environment "development": could not connect to 127.0.0.1:1/shop: connection refused
  hint: Check that the server runs, and that host and port are the ones on which it listens.
  [69]
  $ DATABASE_URL="$url dbname=nowhere" unchanged headgate status development
  Release 7237e999  7 migrations in migrations
  
    development  SCENARIO/pg:5432/nowhere  cannot be reached
  
  environment "development": could not connect to SCENARIO/pg:5432/nowhere: database "nowhere" does not exist
    Create the database, or correct its name in the connection string.
  [69]
  $ sql "create role locked login password 'right'"
  $ $pg as sed -i '1i local all locked md5' "$SCENARIO/pg/data/pg_hba.conf"; sql 'select pg_reload_conf()' >/dev/null
  $ until_true eval '! psql -wXAtq "$url user=locked" -c "select 1"'
  $ DATABASE_URL="postgresql://locked:wrong-word@/postgres?host=$PGHOST" unchanged headgate deploy
  error: environment "development": could not connect to SCENARIO/pg:5432/postgres: password authentication failed for user "locked" (SQLSTATE 28P01)
  hint: Check user and password: in the connection string, in PGPASSWORD or in ~/.pgpass.
  [69]
  $ DATABASE_URL="postgresql://locked@/postgres?host=$PGHOST" unchanged headgate deploy
  error: environment "development": could not connect to SCENARIO/pg:5432/postgres: no password supplied
  hint: Put the password into the connection string, PGPASSWORD or ~/.pgpass.
  [69]
  $ pg_stop pg
