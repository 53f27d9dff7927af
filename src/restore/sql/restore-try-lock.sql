-- Two numbers are stored as (classid, objid, objsubid 2).
select pg_try_advisory_lock(72707372, hashtext($1));
