-- $1: the schema that the session works in. Does it have a table already, and may we look into it? Tables of an extension
-- (PostGIS brings one) are nobody's work.
select exists (select from pg_class c
               join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = $1 and c.relkind in ('r', 'p')
                 and not exists (select from pg_depend d
                                 where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')),
       coalesce((select has_schema_privilege(n.oid, 'usage') from pg_namespace n where n.nspname = $1), true),
       current_user;
