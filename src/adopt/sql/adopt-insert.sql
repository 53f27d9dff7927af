-- As Prisma's resolve --applied writes them: no step of ours was run. $1: [{"id", "checksum", "name", "applied_at"}].
insert into _prisma_migrations (id, checksum, migration_name, logs, started_at, finished_at, applied_steps_count)
select id, checksum, name, '', coalesce(applied_at, now()), coalesce(applied_at, now()), 0
from jsonb_to_recordset($1::jsonb) as r(id text, checksum text, name text, applied_at timestamptz);
