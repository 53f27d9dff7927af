-- $1 lock_timeout, $2 statement_timeout, in milliseconds
select set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false);
