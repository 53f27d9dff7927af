-- What the server has counted of each table, and how large its rows are. Where the database has no encoding a name may be no
-- text that could be sent: such a table is backed up, only not counted.
select schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del, pg_table_size(relid), relid
  from pg_stat_user_tables
 where getdatabaseencoding() <> 'SQL_ASCII'
    or (schemaname || relname) collate "C" ~ '^[ -~]*$'
