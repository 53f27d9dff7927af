-- The release of the newest migration that headgate has recorded; no row where it has recorded none, or may not be read.
select substring(query_to_xml('select release from headgate.migration where release is not null order by recorded_at desc limit 1',
                              false, true, '')::text from '<release>([0-9a-f]+)</release>')
  from pg_namespace n
  join pg_class c on c.relnamespace = n.oid and c.relname = 'migration'
 where n.nspname = 'headgate'
   and has_schema_privilege(n.oid, 'usage')
   and has_table_privilege(c.oid, 'select')
