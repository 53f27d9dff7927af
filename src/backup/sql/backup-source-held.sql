-- Once all of them are locked: in the order of $1, how large each is, and whether its rows are what pg_dump would read of it. $1: their oids.
-- Pages are told where a table can be read in ranges of them. Where a row is wanting all of it is pg_dump's affair: that is so where
-- - one is no plain table, or its name has become another's;
-- - an extension says which of its rows belong into a dump;
-- - pg_dump does not hold all of them any more: then somebody may have emptied one between its locks and ours. It is the session
--   that has begun after this transaction and has them all.
select c.oid,
       case when a.amname = 'heap' then pg_relation_size(c.oid) / current_setting('block_size')::bigint else 0 end as pages,
       pg_table_size(c.oid) as bytes
  from unnest($1::oid[]) with ordinality as w (oid, number)
  join pg_class c on c.oid = w.oid
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_am a on a.oid = c.relam
 where c.relkind = 'r'
   and to_regclass(format('%I.%I', n.nspname, c.relname)) = c.oid
   and not exists (select
                     from pg_extension e, unnest(e.extconfig, e.extcondition) as x (oid, condition)
                    where x.condition <> '' and x.oid = any ($1::oid[]))
   and exists (select
                 from pg_locks l
                 join pg_stat_activity s on s.pid = l.pid
                where l.locktype = 'relation' and l.mode = 'AccessShareLock' and l.granted
                  and l.database = (select d.oid from pg_database d where d.datname = current_database())
                  and l.relation = any ($1::oid[])
                  and l.pid <> pg_backend_pid()
                  and s.backend_start > now()
                group by l.pid
               having count(distinct l.relation) = cardinality($1::oid[]))
 order by w.number
