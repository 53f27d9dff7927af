-- Is anybody's work in this database? Not ours, and not an extension's.
select exists (select from pg_class c
               join pg_namespace n on n.oid = c.relnamespace
               where c.relkind in ('r', 'p', 'f') and n.nspname !~ '^pg_'
                 and n.nspname not in ('information_schema', 'headgate') and c.relname <> '_prisma_migrations'
                 and not exists (select from pg_depend d
                                 where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'));
