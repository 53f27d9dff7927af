select wanted.name from unnest($1::text[]) as wanted (name)
 where not exists (select from pg_available_extensions a where a.name = wanted.name)
 order by name
