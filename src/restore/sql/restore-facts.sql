-- One row about database $1, of nulls where it is not there.
select d.oid is not null,
       coalesce(d.datallowconn, false),
       (select count(*) from pg_stat_activity a where a.datname = d.datname and a.usesysid is not null),
       (select string_agg(quote_literal(p.gid), ', ' order by p.gid) from pg_prepared_xacts p where p.database = d.datname),
       case when pg_has_role('pg_read_all_settings', 'usage') then current_setting('data_directory') end
from (select 1) as one
left join pg_database d on d.datname = $1;
