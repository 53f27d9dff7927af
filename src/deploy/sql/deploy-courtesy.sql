-- $1 lock_timeout, $2 statement_timeout, in milliseconds. And a server that can (14 and later, but not on Windows) is to see
-- that we have died, instead of going on for nobody with our lock held.
select set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false),
       case when current_setting('client_connection_check_interval', true) is not null
                 and version() !~* 'windows|mingw|visual c'
            then set_config('client_connection_check_interval', '1s', false)
       end;
