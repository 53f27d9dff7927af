What a migration may not hold. All of it is found before anything is changed, each with its place.

  $ . "$TESTDIR/../support/scenario.sh"
  $ shop
  $ url=$(pg_start pg)
  $ export DATABASE_URL="$url"
  $ headgate deploy -q | tail -1
  7 applied in N ms. development has release 7237e999.
  $ good='create table good (id int);'
  $ migration 20261001000000_good <<<"$good"

Its own transaction's end:

  $ migration 20261002000000_bad <<<'create table half (id int); rollback;'
  $ unchanged headgate deploy
  error: a migration cannot roll back its own transaction
    --> migrations/20261002000000_bad/migration.sql:1:29
     |
   1 | create table half (id int); rollback;
     |                             ^^^^^^^^
     = take the statement out: what fails is rolled back anyway
  
  error: environment "development": migrations/20261002000000_bad/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  [65]
  $ migration 20261002000000_bad <<'SQL'
  > begin;
  > create table half (id int);
  > SQL
  $ unchanged headgate deploy
  error: this BEGIN has no COMMIT
    --> migrations/20261002000000_bad/migration.sql:1:1
     |
   1 | begin;
     | ^^^^^
     = end the transaction with COMMIT, or take BEGIN out: the migration runs in one transaction anyway
  
  error: environment "development": migrations/20261002000000_bad/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  [65]
  $ migration 20261002000000_bad <<<"begin; create table half (id int); prepare transaction 'later';"
  $ unchanged headgate deploy
  error: this BEGIN has no COMMIT
    --> migrations/20261002000000_bad/migration.sql:1:1
     |
   1 | begin; create table half (id int); prepare transaction 'later';
     | ^^^^^
     = end the transaction with COMMIT, or take BEGIN out: the migration runs in one transaction anyway
  
  error: a migration cannot leave a prepared transaction behind
    --> migrations/20261002000000_bad/migration.sql:1:36
     |
   1 | begin; create table half (id int); prepare transaction 'later';
     |                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
     = end the transaction with COMMIT
  
  error: environment "development": migrations/20261002000000_bad/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  [65]

CONCURRENTLY where it cannot be:

  $ migration 20261002000000_bad <<<'create index concurrently on users (email);'
  $ unchanged headgate deploy
  error: an index that is built concurrently needs a name
    --> migrations/20261002000000_bad/migration.sql:1:1
     |
   1 | create index concurrently on users (email);
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     = an unfinished build leaves an invalid index behind, which is found again by its name
  
  error: environment "development": migrations/20261002000000_bad/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  [65]
  $ migration 20261002000000_bad <<'SQL'
  > begin;
  > create index concurrently users_again on users (email);
  > commit;
  > SQL
  $ unchanged headgate deploy
  error: this cannot run inside a transaction
    --> migrations/20261002000000_bad/migration.sql:2:1
     |
   2 | create index concurrently users_again on users (email);
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     = move it out of its BEGIN ... COMMIT
  
  error: environment "development": migrations/20261002000000_bad/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  [65]

What only psql knows:

  $ migration 20261002000000_bad <<'SQL'
  > copy users (email) from stdin;
  > a@example.net
  > \.
  > SQL
  $ unchanged headgate deploy
  error: COPY FROM STDIN has no rows to read here
    --> migrations/20261002000000_bad/migration.sql:1:1
     |
   1 | copy users (email) from stdin;
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
     = write the rows as INSERT (pg_dump --inserts)
  
  error: this is a command of psql, not SQL
    --> migrations/20261002000000_bad/migration.sql:3:1
     |
   3 | \.
     | ^^
     = write it in SQL, or take it out
  
  error: environment "development": migrations/20261002000000_bad/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  [65]
  $ migration 20261002000000_bad <<'SQL'
  > create table half (id int);
  > \i more.sql
  > SQL
  $ unchanged headgate deploy
  error: this is a command of psql, not SQL
    --> migrations/20261002000000_bad/migration.sql:2:1
     |
   2 | \i more.sql
     | ^^^^^^^^^^^
     = write it in SQL, or take it out
  
  error: environment "development": migrations/20261002000000_bad/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  [65]

All at once, also over several files, and in status as well:

  $ migration 20261003000000_worse <<<'rollback;'
  $ unchanged headgate deploy --dry-run
  Deploy to development  SCENARIO/pg:5432/postgres  PostgreSQL NN
  Release 3c43ea95  10 migrations in migrations
  
    20261001000000_good   pending  in a transaction
    20261002000000_bad    pending
    20261003000000_worse  pending
  
  3 to apply. Nothing was changed.
  error: this is a command of psql, not SQL
    --> migrations/20261002000000_bad/migration.sql:2:1
     |
   2 | \i more.sql
     | ^^^^^^^^^^^
     = write it in SQL, or take it out
  
  error: a migration cannot roll back its own transaction
    --> migrations/20261003000000_worse/migration.sql:1:1
     |
   1 | rollback;
     | ^^^^^^^^
     = take the statement out: what fails is rolled back anyway
  
  error: environment "development": migrations/20261002000000_bad/migration.sql cannot be run
  hint: Correct what is marked, then go on: headgate deploy development
  [65]
  $ unchanged headgate status development
  Release 3c43ea95  10 migrations in migrations
  
    development  SCENARIO/pg:5432/postgres  PostgreSQL NN  3 pending  7 applied
  
  environment "development": migrations/20261002000000_bad/migration.sql cannot be run
    Correct what is marked, then go on: headgate deploy development
  
  error: this is a command of psql, not SQL
    --> migrations/20261002000000_bad/migration.sql:2:1
     |
   2 | \i more.sql
     | ^^^^^^^^^^^
     = write it in SQL, or take it out
  
  error: a migration cannot roll back its own transaction
    --> migrations/20261003000000_worse/migration.sql:1:1
     |
   1 | rollback;
     | ^^^^^^^^
     = take the statement out: what fails is rolled back anyway
  [1]
  $ rm -r migrations/20261003000000_worse

A directive that there is not, and one that is none:

  $ migration 20261002000000_bad <<'SQL'
  > -- headgate: no-transation
  > -- headgate: lock-timeout fast
  > --headgate: no-transaction
  > vacuum users;
  > SQL
  $ unchanged headgate deploy
  error: there is no directive "no-transation"
    --> migrations/20261002000000_bad/migration.sql:1:14
     |
   1 | -- headgate: no-transation
     |              ^^^^^^^^^^^^^
     = did you mean "no-transaction"?
  
  error: "fast" is no duration
    --> migrations/20261002000000_bad/migration.sql:2:27
     |
   2 | -- headgate: lock-timeout fast
     |                           ^^^^
     = a whole number with a unit, such as 250ms, 90s or 15m; 0 is none
  
  error: this looks like a directive and is none
    --> migrations/20261002000000_bad/migration.sql:3:1
     |
   3 | --headgate: no-transaction
     | ^^^^^^^^^^^^^^^^^^^^^^^^^^
     = its line begins with "-- headgate:", exactly so
  
  error: the release migrations has 3 mistakes
  [65]

Not UTF-8:

  $ migration 20261002000000_bad <<<$'create table caf\xe9 (id int);'
  $ unchanged headgate deploy
  error: the file is not UTF-8
    --> migrations/20261002000000_bad/migration.sql:1:17
     |
   1 | create table caf? (id int);
     |                 ^
  
  error: the release migrations has 1 mistake
  [65]
  $ rm -r migrations/20261002000000_bad

Two of the same time:

  $ migration 20261001000000_also <<<'create table also (id int);'
  $ unchanged headgate deploy
  error: "20261001000000_also" and "20261001000000_good" have the same time
    --> migrations
     = rename the one that should come second
     = where a database has them already, state the order in migrations/.headgate: order 20261001000000_also 20261001000000_good
  
  error: the release migrations has 1 mistake
  [65]
  $ rm -r migrations/20261001000000_also

A folder without its file:

  $ mkdir migrations/20261002000000_empty
  $ unchanged headgate deploy
  error: the folder has no migration.sql
    --> migrations/20261002000000_empty
  
  error: the release migrations has 1 mistake
  [65]
  $ rmdir migrations/20261002000000_empty

Migrations for another database, as Prisma says it:

  $ cp migrations/migration_lock.toml lock
  $ sed -i 's/postgresql/mysql/' migrations/migration_lock.toml
  $ unchanged headgate deploy
  error: these migrations are not for PostgreSQL
    --> migrations/migration_lock.toml:3:13
     |
   3 | provider = "mysql"
     |             ^^^^^
     = headgate deploys to PostgreSQL only; --release names another folder
  
  error: the release migrations has 1 mistake
  [65]
  $ mv lock migrations/migration_lock.toml

The folders of Prisma 8:

  $ mkdir -p next/app/20261001T0000_add_users && echo '[]' >next/app/20261001T0000_add_users/ops.json
  $ unchanged headgate deploy --release next
  error: next/app/20261001T0000_add_users is in the folder format of Prisma 8, which headgate does not read yet
  detail: It has ops.json and migration.json, which are operations and no SQL.
  hint: Keep the project's migrations with Prisma 7, whose folders have a migration.sql each; or write what Prisma 8 has planned as SQL: headgate create NAME
  [65]

No release at all:

  $ unchanged headgate deploy --release nowhere
  error: there is no folder of migrations at nowhere
  hint: Name it, or a bundle, with --release, or make the first migration with: headgate create NAME
  [65]

And all is well without them:

  $ headgate deploy -q | tail -1
  1 applied in N ms. development has release 88688c03.
  $ pg_stop pg
