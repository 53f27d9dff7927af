-- What a migration did to its session (an encoding, a role, timeouts, cursors, temporary tables) must not reach the next
-- one, and it may have given our locks back. headgate.role and headgate.login are for history-settle.
do $do$
begin
    reset session authorization;
    reset role;
    reset all;
    execute 'close all';
    execute 'deallocate all';
    discard temp;
    perform set_config('standard_conforming_strings', 'on', false),
            set_config('headgate.role', current_setting('role'), false),
            set_config('headgate.login', session_user, false);
    if (select count(distinct objid) from pg_locks
        where locktype = 'advisory' and pid = pg_backend_pid() and granted
          and classid = 0 and objid in (72707369, 72707370) and objsubid = 1) < 2
       and not (pg_try_advisory_lock(72707370) and pg_try_advisory_lock(72707369)) then
        raise exception using errcode = 'HG001', message = 'the lock of this database is not held any more';
    end if;
end
$do$;
