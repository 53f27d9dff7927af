-- As often as it was taken. One try more would do without pg_locks, but the server would write a warning into its log.
do $do$
begin
    while exists (select from pg_locks
                  where locktype = 'advisory' and pid = pg_backend_pid() and granted
                    and classid = 0 and objid = 72707369 and objsubid = 1) loop
        perform pg_advisory_unlock(72707369);
    end loop;
end
$do$;
