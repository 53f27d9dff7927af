-- As Prisma writes it: no step was run.
insert into _prisma_migrations (id, checksum, migration_name, logs, started_at, finished_at)
values ($1, $2, $3, '', clock_timestamp(), clock_timestamp());
