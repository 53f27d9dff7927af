-- What the database says it is, and whether records may be written. query_to_xml runs a statement of its own: the table that
-- it names is looked for only where it is there and may be read.
select case when marked.oid is not null and has_table_privilege(marked.oid, 'select')
            then substring(query_to_xml('select name from headgate.environment', false, true, '')::text from '<name>(.*)</name>')
       end,
       coalesce(has_table_privilege(record.oid, 'select') and has_table_privilege(record.oid, 'insert')
                  and has_table_privilege(record.oid, 'update'), false)
from pg_namespace n
left join pg_class marked on marked.relnamespace = n.oid and marked.relname = 'environment'
left join pg_class record on record.relnamespace = n.oid and record.relname = 'migration'
where n.nspname = 'headgate' and has_schema_privilege(n.oid, 'usage');
