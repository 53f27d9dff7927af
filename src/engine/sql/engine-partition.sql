-- $1: a partition, $2: its parent, as in a text of SQL. Still attached, half detached (14 and later), and the statement that ends
-- it.
select i.inhrelid is not null, coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false),
       format('alter table %s detach partition %s finalize', wanted.parent::regclass, wanted.child::regclass)
from (select to_regclass($1::text) as child, to_regclass($2::text) as parent) as wanted
left join pg_inherits i on i.inhrelid = wanted.child and i.inhparent = wanted.parent
where wanted.child is not null and wanted.parent is not null;
