-- $1: a relation as in a text of SQL.
select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = to_regclass($1);
