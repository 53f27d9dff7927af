select d.oid, d.datallowconn,
       (select string_agg(quote_literal(p.gid), ', ' order by p.gid) from pg_prepared_xacts p where p.database = d.datname)
from pg_database d
where d.datname = $1;
