-- Quick, for every migration: fails where a dump or an autovacuum is at work in this database at all. Then engine-obstacles asks
-- whether it holds what we need.
select case when count(*) = 0 then 0 else ('at work: ' || count(*))::integer end
from pg_stat_get_activity(null)
where datid = (select oid from pg_database where datname = current_database()) and pid <> pg_backend_pid()
  and (application_name like 'pg\_dump%' or application_name = 'headgate backup' or backend_type = 'autovacuum worker');
