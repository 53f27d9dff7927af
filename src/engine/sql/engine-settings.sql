-- What a session of ours is like. $1 schema, $2 lock_timeout and $3 statement_timeout in milliseconds, $4 application_name.
-- A server that can (14 and later, but not on Windows) is to see that we have died, instead of going on for nobody with our
-- lock held; and every server within a minute, where the network or our machine has gone without a word.
select set_config('search_path', quote_ident($1), false),
       set_config('lock_timeout', $2, false),
       set_config('statement_timeout', $3, false),
       set_config('idle_in_transaction_session_timeout', '0', false),
       set_config('application_name', $4, false),
       set_config('TimeZone', 'UTC', false),
       set_config('client_encoding', 'UTF8', false),
       set_config('standard_conforming_strings', 'on', false),
       set_config('tcp_keepalives_idle', '30', false),
       set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false),
       case when current_setting('client_connection_check_interval', true) is not null
                 and version() !~* 'windows|mingw|visual c'
            then set_config('client_connection_check_interval', '1s', false)
       end;
