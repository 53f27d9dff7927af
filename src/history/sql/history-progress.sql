-- Without its row a migration must not go on, because nobody would know how far it was: the cast fails then.
with progress as (
    update _prisma_migrations set applied_steps_count = $2::integer, logs = $3 where id = $1 and finished_at is null
    returning id
)
select case when count(*) = 1 then 1 else ('gone: ' || count(*))::integer end from progress;
