-- A table of this name that knows "dirty" is golang-migrate's.
select version::text,
       case when exists (select from pg_attribute
                         where attrelid = 'schema_migrations'::regclass and attname = 'dirty' and not attisdropped)
            then 'foreign' else 'applied' end,
       null, null, null
from schema_migrations
order by version::text;
