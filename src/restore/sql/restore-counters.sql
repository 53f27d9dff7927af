select schemaname, relname, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_user_tables order by schemaname, relname;
