-- $1: the schema of the connection; $2: relations that migrations change, as a text of SQL names them; $3: they make something
-- there. Each row is a right that is missing: what, of what, whose it is, who we are, and what grants it.
with wanted as materialized (
    select w.name, to_regnamespace(quote_ident(parts.ident[1])) as schema
    from (select distinct name from unnest($2::text[]) as all_of_them (name)) as w,
         lateral (select case when cardinality(parse_ident(w.name)) = 2 then parse_ident(w.name) end) as parts (ident)
), visible as materialized ( -- to_regclass fails in a schema that may not be used
    select name, case when schema is null or has_schema_privilege(schema, 'usage') then to_regclass(name) end as oid, schema
    from wanted
)
select what, of_what, owner, current_user, command || ' to ' || quote_ident(current_user)
from (
    select 1 as place, 'database' as what, quote_ident($1) as of_what, null::name as owner,
           'grant create on database ' || quote_ident(current_database()) as command
    where to_regnamespace(quote_ident($1)) is null and not has_database_privilege(current_database(), 'create')
    union all
    select 2, 'create', quote_ident(n.nspname), null, 'grant create on schema ' || quote_ident(n.nspname)
    from pg_namespace n
    where n.nspname = $1 and not has_schema_privilege(n.oid, 'create')
      and ($3::boolean or not exists (select from pg_class c where c.relnamespace = n.oid and c.relname = '_prisma_migrations'))
    union all
    select 3, 'history', c.oid::regclass::text, null, 'grant select, insert, update on ' || c.oid::regclass::text
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = '_prisma_migrations'
      and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update'))
    union all
    select distinct 4, 'usage', schema::text, null::name, 'grant usage on schema ' || schema::text
    from visible
    where schema is not null and not has_schema_privilege(schema, 'usage')
    union all
    select 5, 'owner', c.oid::regclass::text, pg_get_userbyid(c.relowner), 'grant ' || quote_ident(pg_get_userbyid(c.relowner))
    from (select distinct oid from visible) as v
    join pg_class c on c.oid = v.oid
    where not pg_has_role(c.relowner, 'usage')
) as missing
order by place, of_what;
