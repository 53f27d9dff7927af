-- 72707369 is Prisma's key.
select pg_try_advisory_lock(72707369);
