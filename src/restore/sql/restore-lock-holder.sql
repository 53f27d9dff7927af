select coalesce(nullif(a.application_name, ''), a.backend_type, 'a session'), coalesce(a.usename, '?'), a.pid,
       coalesce(a.client_hostname, host(a.client_addr), case when a.backend_start is null then 'somewhere' else 'this machine' end)
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
  and l.classid = 72707372 and l.objid::bigint = (hashtext($1)::bigint & 4294967295) and l.objsubid = 2
limit 1;
