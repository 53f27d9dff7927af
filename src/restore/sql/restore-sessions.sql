-- Who is in database $1, but us and what the server does there by itself.
select a.pid, coalesce(nullif(a.application_name, ''), 'a session'), coalesce(a.usename, '?'),
       coalesce(a.client_hostname, host(a.client_addr), case when a.backend_start is null then 'somewhere' else 'this machine' end)
from pg_stat_activity a
where a.datname = $1 and a.usesysid is not null and a.pid <> pg_backend_pid()
order by a.backend_start nulls last, a.pid;
