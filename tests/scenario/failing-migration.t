A migration that fails is told like a colleague would, and leaves nothing behind.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ headgate deploy -q >/dev/null
  $ url=$(command headgate embedded list --json | sed -n 's/.*"url": "\(.*dbname=development.*\)".*/\1/p')
  $ sql() { psql -XAtq "$url" -c "$1"; }

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
  Release 5b110152  9 migrations in migrations
  
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
  t|9
  $ headgate status development
  Release 5b110152  9 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  1 pending  8 applied
  
  Next: headgate deploy development

Corrected, it is simply run; nothing must be settled before:

  $ sed -i 's/defualt/default/' migrations/20261002000000_bad/migration.sql
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release af846bed.

Data that are in the way name table and constraint:

  $ headgate deploy -q >/dev/null; sql "$(cat migrations/seed.sql)"
  $ migration 20261003000000_unique <<'SQL'
  > alter table good add column kind text;
  > insert into good (id) values (1), (1);
  > SQL
  $ headgate deploy --json >/dev/null
  {"format":1,"error":{"kind":"database","exit_status":1,"message":"environment \"development\": migration \"20261003000000_unique\" failed: duplicate key value violates unique constraint \"good_pkey\"","detail":"Key (id)=(1) already exists. It was rolled back as a whole: nothing of it is in the database.","hint":"Correct the data or migrations/20261003000000_unique/migration.sql, then go on: headgate deploy development","sqlstate":"23505","table":"public.good","constraint":"good_pkey","problems":[{"message":"duplicate key value violates unique constraint \"good_pkey\"","file":"migrations/20261003000000_unique/migration.sql","line":2,"column":1,"notes":[]}]}}
  [1]
  $ rm -r migrations/20261003000000_unique

A file that ends its own transaction keeps its meaning:

  $ migration 20261004000000_own <<'SQL'
  > begin;
  > create table own (id int);
  > commit;
  > SQL
  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release 0c2af227.
  $ sql "select applied_steps_count, finished_at is not null from _prisma_migrations where migration_name like '%_own'"
  1|t

One that is several transactions is run step by step. What is done stays done, and the next deploy goes on behind it:

  $ migration 20261005000000_half <<'SQL'
  > create table first_half (id int);
  > commit;
  > create table second_half (id int, id int);
  > SQL
  $ headgate deploy
  Deploy to development  embedded:development  PostgreSQL NN
  Release 49e2f23c  11 migrations in migrations
  
  0 of 1 applied in N ms, then it stopped.
  error: column "id" specified more than once
    --> migrations/20261005000000_half/migration.sql:3:1
     |
   3 | create table second_half (id int, id int);
     | ^^^^^^
  
  error: environment "development": migration "20261005000000_half" failed: column "id" specified more than once (SQLSTATE 42701)
  detail: Step 1 of 2 is done and committed. Step 2 was rolled back.
  hint: Correct migrations/20261005000000_half/migration.sql, then go on: headgate deploy development
  [8]
  $ sql "select to_regclass('first_half') is null"
  f
  $ headgate status development
  Release 49e2f23c  11 migrations in migrations
  
    development  embedded:development  PostgreSQL NN  1 unfinished  10 applied
  
  Next: headgate deploy development
  $ headgate deploy --dry-run
  Deploy to development  embedded:development  PostgreSQL NN
  Release 49e2f23c  11 migrations in migrations
  
    20261005000000_half  unfinished  step by step (its own transactions)
  
  1 to apply. Nothing was changed.
  $ headgate deploy 2>&1 | grep -E 'going on|detail'
  20261005000000_half: going on with step 2 of 2 (line 3)
  detail: Step 1 of 2 is done and committed. Step 2 was rolled back.
  $ sed -i 's/, id int/, kind int/' migrations/20261005000000_half/migration.sql
  $ headgate deploy
  Deploy to development  embedded:development  PostgreSQL NN
  Release 35594797  11 migrations in migrations
  
  20261005000000_half: going on with step 2 of 2 (line 3)
    20261005000000_half  applied in N ms
  
  1 applied in N ms. development has release 35594797.

An index that is built concurrently, and cannot be: it is left invalid, as the server does it. The next deploy drops and rebuilds it:

  $ migration 20261006000000_index <<'SQL'
  > insert into good (id) values (7);
  > alter table good drop constraint good_pkey;
  > insert into good (id) values (7);
  > create unique index concurrently good_id on good (id);
  > drop table second_half;
  > SQL
  $ headgate deploy
  Deploy to development  embedded:development  PostgreSQL NN
  Release 472120d6  12 migrations in migrations
  
  0 of 1 applied in N ms, then it stopped.
  error: could not create unique index "good_id"
    --> migrations/20261006000000_index/migration.sql:4:1
     |
   4 | create unique index concurrently good_id on good (id);
     | ^^^^^^
  
  error: environment "development": migration "20261006000000_index" failed: could not create unique index "good_id" (SQLSTATE 23505)
  detail: Key (id)=(7) is duplicated. Steps 1 to 3 of 5 are done and committed. The index good_id is there, but INVALID: it serves no query and slows every write until it is dropped, which the next deploy does.
  hint: Correct the data or migrations/20261006000000_index/migration.sql, then go on: headgate deploy development
  [8]
  $ sql "select indisvalid from pg_index where indexrelid = 'good_id'::regclass"
  f
  $ sql "delete from good where ctid in (select max(ctid) from good where id = 7)"
  $ headgate deploy
  Deploy to development  embedded:development  PostgreSQL NN
  Release 472120d6  12 migrations in migrations
  
  20261006000000_index: going on with step 4 of 5 (line 4)
  20261006000000_index: dropped the invalid index good_id, which an unfinished build had left
    20261006000000_index  applied in N ms
  
  1 applied in N ms. development has release 472120d6.
  $ sql "select indisvalid from pg_index where indexrelid = 'good_id'::regclass; select applied_steps_count, finished_at is not null, logs from _prisma_migrations where migration_name like '%_index'"
  t
  1|t|
