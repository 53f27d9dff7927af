-- As Prisma does it: what is unfinished counts as rolled back from now on.
update _prisma_migrations set rolled_back_at = clock_timestamp()
where migration_name = $1 and finished_at is null and rolled_back_at is null
returning id;
