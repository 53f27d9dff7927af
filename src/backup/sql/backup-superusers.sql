select rolname from pg_roles where rolsuper
