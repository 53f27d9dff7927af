-- $1: the schema of the history. One row, and never an error for want of rights.
select (extract(epoch from clock_timestamp()) * 1000000)::bigint,
       n.oid is not null,
       coalesce(has_schema_privilege(n.oid, 'create') and has_schema_privilege(n.oid, 'usage'), false),
       has_database_privilege(current_database(), 'create'),
       quote_ident(current_user),
       quote_ident(current_database())
from (select 1) as one
left join pg_namespace n on n.nspname = $1;
