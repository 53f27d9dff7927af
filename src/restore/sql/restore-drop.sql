-- The statement that drops database $1, where it is there; and who is in it is sent away.
select format('drop database if exists %I', datname),
       (select count(pg_terminate_backend(a.pid)) from pg_stat_activity a
        where a.datid = d.oid and a.usesysid is not null and a.pid <> pg_backend_pid())
from pg_database d
where datname = $1;
