-- $1: relations, as in a text of SQL. Who holds one of them for long, and cannot be waited for in the queue of locks: a dump, or a backup of ours
-- (it holds every table until it ends), a vacuum against wraparound (it does not give way, as other vacuums do).
-- Of another role's session we may not see from where and since when it is there.
select a.pid, a.application_name,
       coalesce(a.client_hostname, host(a.client_addr), case when a.backend_start is null then 'somewhere' else 'this machine' end),
       coalesce(to_char(a.xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'some time'),
       l.relation::regclass::text,
       a.backend_type = 'autovacuum worker'
from (select case when ident[2] is null or to_regnamespace(quote_ident(ident[1])) is null
                       or has_schema_privilege(to_regnamespace(quote_ident(ident[1])), 'usage')
                  then to_regclass(name) -- it fails in a schema that may not be used
             end as oid
      from (select name, parse_ident(name) as ident from unnest($1::text[]) as w (name)) as named) as wanted
join pg_locks l on l.relation = wanted.oid and l.granted and l.pid <> pg_backend_pid()
join pg_stat_activity a on a.pid = l.pid
join pg_class c on c.oid = l.relation
where a.application_name like 'pg\_dump%' or a.application_name = 'headgate backup'
   or (a.backend_type = 'autovacuum worker'
       and (a.query like '%to prevent wraparound%'
            or age(c.relfrozenxid) > current_setting('autovacuum_freeze_max_age')::integer))
order by a.xact_start
limit 1;
