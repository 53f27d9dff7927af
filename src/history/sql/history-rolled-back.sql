-- Prisma reads such a row as settled: it needs no resolve.
insert into _prisma_migrations (id, checksum, migration_name, started_at, rolled_back_at, logs)
values ($1, $2, $3, statement_timestamp(), statement_timestamp(), $4);
