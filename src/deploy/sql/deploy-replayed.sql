select pg_is_in_recovery(), case when pg_is_in_recovery() then pg_last_wal_replay_lsn() >= $1::pg_lsn end,
       case when pg_is_in_recovery() then pg_last_wal_replay_lsn() end;
