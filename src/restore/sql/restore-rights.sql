-- Each row is a right that is missing for a restore into database $1; $2: it is swapped: what, who we are, what helps (null: only a
-- superuser can), of whom.
with us as (select oid, rolname, rolsuper, rolcreatedb from pg_roles where rolname = current_user)
select what, rolname, command, of_whom
from (
    select 1 as place, 'create' as what, rolname, format('alter role %I createdb', rolname) as command, null::text as of_whom
    from us
    where not rolsuper and not rolcreatedb
    union all
    select 2, 'own', us.rolname, format('grant %I to %I', pg_get_userbyid(d.datdba), us.rolname), pg_get_userbyid(d.datdba)
    from us, pg_database d
    where $2::boolean and d.datname = $1 and not pg_has_role(d.datdba, 'usage')
    union all
    select distinct 3, 'signal', us.rolname,
           case when not r.rolsuper then format('grant pg_signal_backend to %I', us.rolname) end, r.rolname::text
    from us, pg_stat_activity a
    join pg_roles r on r.oid = a.usesysid
    where $2::boolean and a.datname = $1 and not us.rolsuper
      and (r.rolsuper or not (pg_has_role(r.oid, 'usage') or pg_has_role('pg_signal_backend', 'usage')))
) as missing
order by place, of_whom;
