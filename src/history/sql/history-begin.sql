-- clock_timestamp(), not now(): the row is in the migration's transaction, and its times must be its own.
insert into _prisma_migrations (id, checksum, migration_name, started_at)
values ($1, $2, $3, clock_timestamp());
