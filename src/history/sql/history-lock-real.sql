-- One number below 2^32 is stored as (classid 0, objid number, objsubid 1).
select count(distinct objid) = 2 from pg_locks
where locktype = 'advisory' and pid = pg_backend_pid() and granted and classid = 0 and objid in (72707369, 72707370) and objsubid = 1;
