-- Does the schema that the session works in have a table already?
select exists (select from pg_class c
               join pg_namespace n on n.oid = c.relnamespace
               where n.nspname = $1 and c.relkind in ('r', 'p'));
