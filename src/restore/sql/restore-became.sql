-- After the answer to a commit was lost: is server process $1 gone, and is $2 the name of the database with oid $3?
select not exists (select from pg_stat_activity where pid = $1::integer),
       exists (select from pg_database where datname = $2 and oid = $3::oid);
