select distinct name from unnest($1::text[]) as name where not exists (select from pg_roles where rolname = name) order by name
