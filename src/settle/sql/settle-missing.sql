-- Which of these are not there: $1 kinds, $2 schemas ('': any), $3 names, $4 columns, $5 tables of indexes. Of a table that
-- is missing, its columns and indexes are not told as well. Second column: it is there, but invalid.
select p.place,
       p.kind = 'index' and exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                                    where c.relname = p.name and c.relkind in ('i', 'I') and p.schema in ('', n.nspname))
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
     with ordinality as p(kind, schema, name, col, tab, place)
where case p.kind
      when 'schema' then
          not exists (select from pg_namespace n where n.nspname = p.name)
      when 'type' then
          not exists (select from pg_type t join pg_namespace n on n.oid = t.typnamespace
                      where t.typname = p.name and p.schema in ('', n.nspname))
      when 'function' then
          not exists (select from pg_proc f join pg_namespace n on n.oid = f.pronamespace
                      where f.proname = p.name and p.schema in ('', n.nspname))
      when 'column' then
          exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where c.relname = p.name and c.relkind in ('r', 'p', 'f') and p.schema in ('', n.nspname))
          and not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                          join pg_attribute a on a.attrelid = c.oid
                          where c.relname = p.name and c.relkind in ('r', 'p', 'f') and p.schema in ('', n.nspname)
                            and a.attname = p.col and a.attnum > 0 and not a.attisdropped)
      when 'index' then
          exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                  where c.relname = p.tab and c.relkind in ('r', 'p', 'm') and p.schema in ('', n.nspname))
          and not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                          join pg_index i on i.indexrelid = c.oid
                          where c.relname = p.name and p.schema in ('', n.nspname) and i.indisvalid)
      else
          not exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                      where c.relname = p.name and p.schema in ('', n.nspname)
                        and c.relkind in ('r', 'p', 'f', 'v', 'm', 'S')
                        and (c.relkind in ('r', 'p', 'f')) = (p.kind = 'table')
                        and (c.relkind = 'S') = (p.kind = 'sequence'))
      end
order by p.place;
