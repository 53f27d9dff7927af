A migration that fails is told like a colleague would, and leaves nothing behind.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ headgate deploy -q >/dev/null
  $ url=$(command headgate embedded list --json | sed -n 's/.*"url": "\(.*dbname=development.*\)".*/\1/p')
  $ sql() { psql -XAtq "$url" -c "$1"; }
  $ migration() { mkdir "migrations/$1" && cat >"migrations/$1/migration.sql"; }

A mistake, with its place; the one before it is applied:

  $ migration 20261001000000_good <<'SQL'
  > create table good (id int primary key);
  > SQL
  $ migration 20261002000000_bad <<'SQL'
  > -- Ümläute move no caret
  > create table half (id int);
  > alter table users
  >     add column email_verified boolean not null defualt false;
  > SQL
  $ headgate deploy
  Deploy to development  embedded:development  PostgreSQL NN
  Release 058cdd08  9 migrations in migrations
  
    20261001000000_good  applied in N ms
  
  1 of 2 applied in N ms, then it stopped.
  error: syntax error at or near "defualt"
    --> migrations/20261002000000_bad/migration.sql:4:48
     |
   4 |     add column email_verified boolean not null defualt false;
     |                                                ^^^^^^^
  
  error: environment "development": migration "20261002000000_bad" failed: syntax error at or near "defualt" (SQLSTATE 42601)
  detail: It was rolled back as a whole: nothing of it is in the database.
  hint: Correct migrations/20261002000000_bad/migration.sql, then go on: headgate deploy development
  [1]
  $ sql "select to_regclass('half') is null, count(*) from _prisma_migrations"
  t|8
  $ headgate status development
  Release 058cdd08  9 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  1 pending  8 applied
  
  Next: headgate deploy development

Corrected, it is simply run; nothing must be settled before:

  $ sed -i 's/defualt/default/' migrations/20261002000000_bad/migration.sql
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release ed8b135a.

Data that are in the way name table and constraint:

  $ headgate deploy -q >/dev/null; sql "$(cat migrations/seed.sql)"
  $ migration 20261003000000_unique <<'SQL'
  > alter table good add column kind text;
  > insert into good (id) values (1), (1);
  > SQL
  $ headgate deploy --json >/dev/null
  {"format":1,"error":{"kind":"database","exit_status":1,"message":"environment \"development\": migration \"20261003000000_unique\" failed: duplicate key value violates unique constraint \"good_pkey\"","detail":"Key (id)=(1) already exists. It was rolled back as a whole: nothing of it is in the database.","hint":"Correct migrations/20261003000000_unique/migration.sql, then go on: headgate deploy development","sqlstate":"23505","table":"public.good","constraint":"good_pkey","problems":[{"message":"duplicate key value violates unique constraint \"good_pkey\"","file":"migrations/20261003000000_unique/migration.sql","notes":[]}]}}
  [1]
  $ rm -r migrations/20261003000000_unique

A file that ends its own transaction keeps its meaning:

  $ migration 20261004000000_own <<'SQL'
  > begin;
  > create table own (id int);
  > commit;
  > SQL
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release ffd5244e.
  $ sql "select applied_steps_count, finished_at is not null from _prisma_migrations where migration_name like '%_own'"
  1|t

Where that fails half-way it says so, and the next deploy wants a person:

  $ migration 20261005000000_half <<'SQL'
  > create table first_half (id int);
  > commit;
  > create table second_half (id int, id int);
  > SQL
  $ headgate deploy 2>&1 >/dev/null
  error: column "id" specified more than once
    --> migrations/20261005000000_half/migration.sql
  
  error: environment "development": migration "20261005000000_half" failed: column "id" specified more than once (SQLSTATE 42701)
  detail: It ended its own transaction, so a part of it may be in the database; its history row says that it is unfinished.
  hint: Look at what it has done, then settle it with: prisma migrate resolve --rolled-back 20261005000000_half (or --applied).
  [1]
  $ sql "select to_regclass('first_half') is null"
  f
  $ headgate deploy
  error: environment "development": migration "20261005000000_half" has failed before
  detail: It was begun at TIME and neither finished nor was settled since.
  hint: Look at what it has done, then settle it with: prisma migrate resolve --rolled-back 20261005000000_half (or --applied).
  [4]

What cannot run in a transaction is refused by the server, and nothing is left:

  $ sql "update _prisma_migrations set rolled_back_at = now() where finished_at is null; drop table first_half"
  $ echo 'create index concurrently good_kind on good (id);' >migrations/20261005000000_half/migration.sql
  $ headgate deploy 2>&1 >/dev/null
  error: CREATE INDEX CONCURRENTLY cannot run inside a transaction block
    --> migrations/20261005000000_half/migration.sql
  
  error: environment "development": migration "20261005000000_half" failed: CREATE INDEX CONCURRENTLY cannot run inside a transaction block (SQLSTATE 25001)
  detail: It was rolled back as a whole: nothing of it is in the database.
  hint: Correct migrations/20261005000000_half/migration.sql, then go on: headgate deploy development
  [1]
