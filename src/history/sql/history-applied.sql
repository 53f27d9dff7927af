-- Begun and finished in the migration's own transaction, which began at now().
insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
values ($1, $2, $3, now(), clock_timestamp(), 1);
