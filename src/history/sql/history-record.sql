insert into headgate.migration (id, name, run, release, actor, mode, attempts, lock_wait_ms, blocked_ms, reason, recorded_at, sql)
values ($1, $2, $3, $4, $5, $6, $7::bigint, $8::bigint, $9::bigint, $10, clock_timestamp(), $11)
on conflict (id) do update
set run = excluded.run, release = excluded.release, actor = excluded.actor, attempts = excluded.attempts,
    lock_wait_ms = excluded.lock_wait_ms, blocked_ms = excluded.blocked_ms, reason = excluded.reason, recorded_at = excluded.recorded_at,
    sql = excluded.sql;
