-- The shape of a database as sorted lines, for any version of the server: what pg_dump would tell, without its version.
select line from (
    select 'schema ' || nspname || coalesce(' ' || nspacl::text, '') as line, oid as namespace from pg_namespace
    union all
    select format('relation %s %s %s', oid::regclass, relkind, coalesce(pg_get_expr(relpartbound, oid), '')), relnamespace
    from pg_class where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
    union all
    select format('column %s.%s %s %s %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                  pg_get_expr(d.adbin, d.adrelid)), c.relnamespace
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
    union all
    select format('index %s %s %s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready), c.relnamespace
    from pg_index i join pg_class c on c.oid = i.indexrelid
    union all
    select format('constraint %s.%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated), connamespace
    from pg_constraint
    union all
    select format('view %s %s', oid::regclass, pg_get_viewdef(oid)), relnamespace from pg_class where relkind in ('v', 'm')
    union all
    select format('function %s %s', oid::regprocedure, md5(prosrc)), pronamespace from pg_proc
    union all
    select format('trigger %s', pg_get_triggerdef(t.oid)), c.relnamespace
    from pg_trigger t join pg_class c on c.oid = t.tgrelid where not t.tgisinternal
    union all
    select format('label %s %s', e.enumtypid::regtype, string_agg(e.enumlabel, ',' order by e.enumsortorder)), t.typnamespace
    from pg_enum e join pg_type t on t.oid = e.enumtypid group by e.enumtypid, t.typnamespace
    union all
    select format('comment %s %s', objoid::regclass, description), c.relnamespace
    from pg_description d join pg_class c on c.oid = d.objoid where d.classoid = 'pg_class'::regclass
) as lines
where namespace = any (array(select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'))
order by line;
