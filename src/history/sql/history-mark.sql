insert into headgate.environment (name, kind, marked_by) values ($1, $2, $3)
on conflict (only_row) do update
set name = excluded.name, kind = excluded.kind, marked_by = excluded.marked_by, marked_at = clock_timestamp();
