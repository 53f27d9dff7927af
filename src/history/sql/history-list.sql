-- The rows as Prisma reads them, in its order.
select id, checksum, migration_name,
       to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       to_char(rolled_back_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       logs, applied_steps_count
from _prisma_migrations
order by started_at, migration_name;
