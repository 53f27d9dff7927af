select datname from pg_database order by datname;
