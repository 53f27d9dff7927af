-- The statement that makes this database; no row where it is there already. CREATE DATABASE takes no parameters.
select format('create database %I', $1::text)
 where not exists (select from pg_database where datname = $1::text)
