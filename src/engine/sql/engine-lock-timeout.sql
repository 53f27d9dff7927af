-- For one statement that waits for older transactions by its nature. Until the end of the session, or until it is set again.
select set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false);
