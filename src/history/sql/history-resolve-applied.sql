-- As Prisma writes it: no step was run.
insert into _prisma_migrations (id, checksum, migration_name, logs, started_at, finished_at)
values ($1, $2, $3, '', statement_timestamp(), statement_timestamp());
