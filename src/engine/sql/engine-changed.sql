-- The tables whose rows this transaction has changed, each as the statement that refreshes what the planner knows of it.
select format('analyze %I.%I', schemaname, relname)
from pg_stat_xact_user_tables
where n_tup_ins + n_tup_upd + n_tup_del > 0 and relname <> '_prisma_migrations' and schemaname not in ('headgate', 'pg_toast');
