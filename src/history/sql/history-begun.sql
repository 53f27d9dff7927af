insert into _prisma_migrations (id, checksum, migration_name, started_at, logs)
values ($1, $2, $3, clock_timestamp(), 'headgate: no step is done yet');
