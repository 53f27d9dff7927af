-- Our own session is read only by our own wish; what it would be without it is the value that RESET goes back to.
select case when s.source = 'default' then 'of the server' else 'set for this database, role or server' end
from pg_settings s
where s.name = 'default_transaction_read_only' and s.reset_val = 'on';
