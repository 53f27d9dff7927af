-- What the server has counted of each table, and how large its rows are.
select schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del, pg_table_size(relid)
  from pg_stat_user_tables
