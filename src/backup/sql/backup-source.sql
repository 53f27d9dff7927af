-- What the database is, at the moment of the snapshot. to_jsonb: columns of pg_database that not every version has.
-- Timeouts that would end a session that only holds its snapshot are switched off for this transaction.
select pg_export_snapshot() as snapshot,
       to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created,
       d.datname,
       pg_encoding_to_char(d.encoding),
       d.datcollate,
       d.datctype,
       r.rolname,
       to_jsonb(d) ->> 'datlocprovider',
       coalesce(to_jsonb(d) ->> 'daticulocale', to_jsonb(d) ->> 'datlocale'),
       current_setting('lc_monetary'),
       case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end,
       (select coalesce(to_char(s.stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'never')
          from pg_stat_database s
         where s.datid = d.oid),
       d.oid,
       set_config('idle_in_transaction_session_timeout', '0', true),
       case when current_setting('transaction_timeout', true) is not null then set_config('transaction_timeout', '0', true) end,
       case when current_setting('idle_session_timeout', true) is not null then set_config('idle_session_timeout', '0', true) end
  from pg_database d
  left join pg_roles r on r.oid = d.datdba
 where d.datname = current_database()
