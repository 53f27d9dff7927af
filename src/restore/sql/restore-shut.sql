-- Does server process $1 keep everybody out of the database with oid $2 by now?
select exists (select from pg_locks
               where pid = $1::integer and granted and locktype = 'object' and mode = 'AccessExclusiveLock'
                 and database = 0 and classid = 'pg_database'::regclass and objid = $2::oid);
