-- $1: an index as in a text of SQL; $2: the schema of its table, for a name without one, or null. Is it there, is it one that
-- serves queries, does somebody build it now, and the statement that takes it away. A role that may not see the progress of
-- others sees their locks: who builds an index concurrently holds its table like this, and so do vacuum and analyze.
select i.indexrelid is not null, i.indisvalid and i.indisready and i.indislive,
       (select min(l.pid) from pg_locks l
        where l.relation = i.indrelid and l.mode = 'ShareUpdateExclusiveLock' and l.granted and l.pid <> pg_backend_pid()
          and l.database = (select d.oid from pg_database d where d.datname = current_database())
          and l.pid not in (select v.pid from pg_stat_progress_vacuum v)
          and l.pid not in (select a.pid from pg_stat_activity a where a.query ~* '^\s*(autovacuum:|analyze|vacuum)')),
       format('drop index concurrently %s', c.oid::regclass), c.oid::regclass::text
from pg_class c
left join pg_index i on i.indexrelid = c.oid
where c.oid = to_regclass(case when $2::text is null then $1::text else format('%I.%s', $2::text, $1::text) end);
