select finished_at is not null, applied_steps_count from _prisma_migrations where id = $1;
