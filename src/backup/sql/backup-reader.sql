-- What makes a session that copies rows out like pg_dump's: they come in the order in which they lie, all of them, however long it
-- takes. A table that somebody wants for himself is not waited for. Ranges of pages are read as ranges, in this process.
select set_config('synchronize_seqscans', 'off', false),
       set_config('lock_timeout', '1s', false),
       set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('max_parallel_workers_per_gather', '0', false),
       set_config('enable_tidscan', 'on', false),
       set_config('enable_seqscan', 'off', false),
       set_config('enable_bitmapscan', 'off', false),
       set_config('enable_indexscan', 'off', false),
       set_config('enable_indexonlyscan', 'off', false),
       case when current_setting('jit', true) is not null then set_config('jit', 'off', false) end,
       case when current_setting('transaction_timeout', true) is not null then set_config('transaction_timeout', '0', false) end
