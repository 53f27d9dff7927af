-- $1: an index as in a text of SQL; $2: the schema of its table, for a name without one, or null. Is it there, is it one that
-- serves queries, does somebody build it now, and the statement that takes it away.
select i.indexrelid is not null, i.indisvalid and i.indisready and i.indislive,
       (select min(p.pid) from pg_stat_progress_create_index p where p.index_relid = c.oid),
       format('drop index concurrently %s', c.oid::regclass), c.oid::regclass::text
from pg_class c
left join pg_index i on i.indexrelid = c.oid
where c.oid = coalesce(case when $2::text is not null then to_regclass(format('%I.%s', $2::text, $1::text)) end, to_regclass($1::text));
