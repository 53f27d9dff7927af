-- This session waits idle while others load, for hours perhaps, and holds the lock: no time limit of the role ends it.
select set_config(name, '0', false)
from pg_settings
where name in ('idle_session_timeout', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');
