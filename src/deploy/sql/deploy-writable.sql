-- Our own session is read only by our own wish; what it would be without it is the value that RESET goes back to. What opens
-- it again, by where it was closed: the last of these that is set counts.
select coalesce(
    (select 'alter ' || case when s.setrole <> 0 then 'role ' || quote_ident(pg_get_userbyid(s.setrole)) || case when d.oid is null then '' else ' in ' end
                             when d.oid is null then 'role all'
                             else ''
                        end
            || case when d.oid is null then '' else 'database ' || quote_ident(d.datname) end
            || ' reset default_transaction_read_only'
     from pg_db_role_setting s
     left join pg_database d on d.oid = s.setdatabase
     where exists (select from unnest(s.setconfig) as set_there (said) where lower(said) like 'default\_transaction\_read\_only=%')
       and s.setrole in (0, (select oid from pg_roles where rolname = session_user))
       and (s.setdatabase = 0 or d.datname = current_database())
     order by s.setrole <> 0 and s.setdatabase <> 0 desc, s.setrole <> 0 desc, s.setdatabase <> 0 desc
     limit 1),
    'alter system reset default_transaction_read_only; select pg_reload_conf(). Or take it out of "options" of the connection')
from pg_settings
where name = 'default_transaction_read_only' and reset_val = 'on';
