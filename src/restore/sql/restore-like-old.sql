-- Statements that let as many into $1 as into $2.
select format('alter database %I connection limit %s', $1::text, datconnlimit) from pg_database where datname = $2 and datconnlimit >= 0
union all
select format('alter database %I allow_connections false', $1::text) from pg_database where datname = $2 and not datallowconn;
