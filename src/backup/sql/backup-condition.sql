-- Which rows of an extension's table are not the extension's own: what pg_dump puts behind its FROM.
select e.extcondition[array_position(e.extconfig, c.oid)]
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_extension e on c.oid = any (e.extconfig)
 where n.nspname = $1 and c.relname = $2
