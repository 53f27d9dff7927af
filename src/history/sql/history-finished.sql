with finished as (
    update _prisma_migrations
    set finished_at = clock_timestamp(), applied_steps_count = 1, logs = null, checksum = $2
    where id = $1 and finished_at is null
    returning id
)
select case when count(*) = 1 then 1 else ('gone: ' || count(*))::integer end from finished;
