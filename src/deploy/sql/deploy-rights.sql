-- $1: the schema of the connection; $2: relations that migrations change, as a text of SQL names them; $3: they make something
-- there. Each row is a right that is missing; the last column is who we are.
select 'database', quote_ident(current_database()), null, current_user
where to_regnamespace(quote_ident($1)) is null and not has_database_privilege(current_database(), 'create')
union all
select 'schema', quote_ident(n.nspname), null, current_user
from pg_namespace n
where n.nspname = $1 and not has_schema_privilege(n.oid, 'create')
  and ($3::boolean or not exists (select from pg_class c where c.relnamespace = n.oid and c.relname = '_prisma_migrations'))
union all
select 'history', c.oid::regclass::text, null, current_user
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = '_prisma_migrations'
  and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update'))
union all
select 'owner', c.oid::regclass::text, pg_get_userbyid(c.relowner), current_user
from (select distinct to_regclass(name) as oid from unnest($2::text[]) as wanted (name)) as wanted
join pg_class c on c.oid = wanted.oid
where not pg_has_role(c.relowner, 'usage');
