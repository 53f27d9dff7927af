-- Names that could not be sent are left out, as in backup-tables.
select schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del
from pg_stat_user_tables
where getdatabaseencoding() <> 'SQL_ASCII' or (schemaname || relname) collate "C" ~ '^[ -~]*$'
order by schemaname, relname;
