-- Which of these schemas are there, and how many tables they have.
select n.nspname, count(c.oid)
from pg_namespace n
left join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'f')
where n.nspname = any ($1::text[])
group by n.nspname
order by array_position($1::text[], n.nspname::text);
