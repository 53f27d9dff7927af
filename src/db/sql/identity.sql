-- Who answered, and the session's settings, in one round trip; for PostgreSQL 12 and later.
--
-- $1: the backend's process id as the connection was told it; another one means that a pooler is in between, and
--     then nothing may be set that the next user of the backend would inherit.
-- $2: whether the session is to be read only
--
-- Rights on a function are checked when a statement starts, even where CASE would not reach it. Therefore
-- pg_control_system, which may be forbidden, is called by a statement of its own inside query_to_xml.
select current_setting('server_version_num') as version,
       pg_is_in_recovery() as in_recovery,
       not direct as pooled,
       case when has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE')
            then substring(query_to_xml('select system_identifier from pg_catalog.pg_control_system()',
                                        false, true, '')::text
                           from '<system_identifier>([0-9]+)<')
       end as system_identifier,
       case when direct and $2::boolean
            then set_config('default_transaction_read_only', 'on', false)
       end as read_only,
       case when current_setting('standard_conforming_strings') <> 'on'
            then set_config('standard_conforming_strings', 'on', false)
       end as conforming,
       (select oid from pg_catalog.pg_database where datname = current_database()) as database_oid
  from (select pg_backend_pid() = $1::integer offset 0) as session (direct)
