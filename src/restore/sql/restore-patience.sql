-- This session waits idle while others load, for hours perhaps, and holds the lock: no time limit of the role ends it. And where we
-- die while the server waits for others to leave, it sees that at once and lets them in again (where it can, from PostgreSQL 14 on).
select set_config(name, case name when 'client_connection_check_interval' then '100ms' else '0' end, false)
from pg_settings
where name in ('idle_session_timeout', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
   or (name = 'client_connection_check_interval' and version() ~ 'linux');
