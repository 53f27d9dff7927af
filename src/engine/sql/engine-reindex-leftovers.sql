-- $1: a table or an index as in a text of SQL, or null for all that is in this database. What a REINDEX CONCURRENTLY that did not
-- end leaves behind.
select format('drop index concurrently %s', i.indexrelid::regclass), i.indexrelid::regclass::text
from pg_index i
join pg_class c on c.oid = i.indexrelid
where not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$'
  and c.relkind = 'i'
  and not exists (select from pg_stat_progress_create_index p where p.index_relid = i.indexrelid)
  and ($1::text is null or i.indrelid = to_regclass($1::text)
       or i.indrelid = (select o.indrelid from pg_index o where o.indexrelid = to_regclass($1::text))
       or i.indrelid = (select t.reltoastrelid from pg_class t where t.oid = to_regclass($1::text)));
