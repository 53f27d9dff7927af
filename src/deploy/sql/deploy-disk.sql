-- $1: relations that are written anew, as a text of SQL names them. What they need at most, where the data is (where we may
-- know it), and the largest of them.
select coalesce(sum(pg_total_relation_size(oid)), 0),
       (select setting from pg_settings where name = 'data_directory'),
       (array_agg(oid::regclass::text order by pg_total_relation_size(oid) desc))[1]
from (select distinct to_regclass(name) as oid from unnest($1::text[]) as wanted (name)) as wanted
where oid is not null;
