-- No row comes back where the migration rolled back its own transaction.
update _prisma_migrations
set finished_at = clock_timestamp(), applied_steps_count = applied_steps_count + 1
where id = $1
returning id;
