-- $1: the backend that works. How many wait for it (pg_locks shows that to every role), whom it waits for, how far an index is.
select (select count(distinct l.pid) from pg_locks l
        where not l.granted and l.pid <> me.pid and me.pid = any (pg_blocking_pids(l.pid))),
       b.pid, coalesce(nullif(b.application_name, ''), b.backend_type, 'a session'),
       coalesce(b.client_hostname, host(b.client_addr), case when b.backend_start is null then 'somewhere' else 'this machine' end),
       to_char(b.xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
       b.state, left(rtrim(regexp_replace(b.query, '\s+', ' ', 'g'), '; '), 60),
       p.phase,
       case when p.blocks_total > 0 then p.blocks_done * 100 / p.blocks_total
            when p.tuples_total > 0 then p.tuples_done * 100 / p.tuples_total
       end
from (select $1::integer as pid) as me
left join lateral (select a.* from pg_stat_activity a where a.pid = any (pg_blocking_pids(me.pid))
                   order by a.xact_start nulls last limit 1) as b on true
left join pg_stat_progress_create_index p on p.pid = me.pid;
