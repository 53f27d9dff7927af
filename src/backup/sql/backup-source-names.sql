-- The names of the tables whose rows we read ourselves, as the snapshot has them. $1: their oids.
select n.nspname, c.relname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.oid = any ($1::oid[])
