-- $1: relations that are written anew, as a text of SQL names them. What they need at most, where the data is (where we may
-- know it), and the largest of them.
select coalesce(sum(pg_total_relation_size(oid)), 0),
       (select setting from pg_settings where name = 'data_directory'),
       (array_agg(oid::regclass::text order by pg_total_relation_size(oid) desc))[1]
from (select distinct case when ident[2] is null or to_regnamespace(quote_ident(ident[1])) is null
                                or has_schema_privilege(to_regnamespace(quote_ident(ident[1])), 'usage')
                           then to_regclass(name) -- it fails in a schema that may not be used
                      end as oid
      from (select name, parse_ident(name) as ident from unnest($1::text[]) as w (name)) as named) as wanted
where oid is not null;
