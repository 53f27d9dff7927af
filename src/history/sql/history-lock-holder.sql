-- Who holds the lock of this database: one number below 2^32 is stored as (classid 0, objid number, objsubid 1). Of another role's
-- session we may not see from where and since when it is there.
select a.pid, coalesce(nullif(a.application_name, ''), a.backend_type, 'a session'),
       coalesce(a.client_hostname, host(a.client_addr), case when a.backend_start is null then 'somewhere' else 'this machine' end),
       coalesce(to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'some time'),
       case when a.state = 'active' then left(rtrim(regexp_replace(a.query, '\s+', ' ', 'g'), '; '), 60) end
from pg_locks l
join pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
  and l.classid = 0 and l.objid = $1::bigint::oid and l.objsubid = 1
limit 1;
