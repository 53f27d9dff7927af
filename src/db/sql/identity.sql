-- Who answered, and the session's settings, in one round trip; for PostgreSQL 12 and later.
--
-- $1: the backend's process id as the connection was told it; another one means that a pooler is in between, and
--     then nothing may be set that the next user of the backend would inherit.
-- $2: whether the session is to be read only
--
-- Rights on a function are checked when a statement starts, even where CASE would not reach it. Therefore
-- pg_control_system, which may be forbidden, is called by a statement of its own inside query_to_xml.
SELECT current_setting('server_version_num') AS version,
       pg_is_in_recovery() AS in_recovery,
       NOT direct AS pooled,
       CASE WHEN has_function_privilege(to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE')
            THEN substring(query_to_xml('SELECT system_identifier FROM pg_catalog.pg_control_system()',
                                        false, true, '')::text
                           FROM '<system_identifier>([0-9]+)<')
       END AS system_identifier,
       CASE WHEN direct AND $2::boolean
            THEN set_config('default_transaction_read_only', 'on', false)
       END AS read_only,
       CASE WHEN current_setting('standard_conforming_strings') <> 'on'
            THEN set_config('standard_conforming_strings', 'on', false)
       END AS conforming
  FROM (SELECT pg_backend_pid() = $1::integer OFFSET 0) AS session (direct)
