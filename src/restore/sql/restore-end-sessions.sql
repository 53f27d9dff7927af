-- $1: the old database's oid, which its names do not change; $2: the name of the new one, into which monitoring may have looked;
-- $3: our own session with the old one, which is about to leave.
select pid, pg_terminate_backend(pid)
from pg_stat_activity
where (datid = $1::oid or datname = $2) and usesysid is not null and pid <> pg_backend_pid() and pid is distinct from $3::integer;
