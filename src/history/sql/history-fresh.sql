-- What a migration did to its session (an encoding, a role, timeouts, cursors, temporary tables) must not reach the next
-- one, and it may have given our locks back. To take what is held counts it once more, which is quicker than to look.
do $do$
begin
    reset session authorization;
    reset role;
    reset all;
    execute 'close all';
    execute 'deallocate all';
    execute 'unlisten *';
    discard temp;
    if not (pg_try_advisory_lock(72707370) and pg_try_advisory_lock(72707369)) then
        raise exception using errcode = 'HG001', message = 'the lock of this database is not held any more';
    end if;
end
$do$;
