-- The names of the tables whose rows we read ourselves, as the snapshot has them. $1: their oids.
-- None at all where the server's room for locks, which all its sessions share, would be half full with our locks beside pg_dump's.
select n.nspname, c.relname
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.oid = any ($1::oid[])
   and (select count(*) from pg_locks) + cardinality($1::oid[])
       < current_setting('max_locks_per_transaction')::bigint
         * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint) / 2
