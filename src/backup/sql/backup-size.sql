-- How large a dump may become: tables with what is stored out of line, without indexes; and how many there are.
select coalesce(sum(pg_table_size(c.oid)), 0)::bigint, count(*), pg_database_size(current_database())
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'm')
   and n.nspname <> 'information_schema'
   and n.nspname not like 'pg\_%'
