-- Since when the server counts in this database, as a manifest says it.
select (select coalesce(to_char(s.stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'never')
        from pg_stat_database s where s.datid = d.oid)
from pg_database d
where d.datname = current_database();
