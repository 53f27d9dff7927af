-- As often as it was taken; the last attempt, which finds nothing, is a warning of the server's.
do $do$
begin
    set local client_min_messages = error;
    while pg_advisory_unlock(72707369) loop
    end loop;
end
$do$;
