-- Drops the schemas; the one of the connection is made anew as it was: owner, rights, comment. Extensions that went with them
-- come back, but for those that the migrations make. All of it or nothing: it runs in a transaction.
do $do$
declare
    home   text := current_setting('headgate.home');
    doomed text[] := current_setting('headgate.doomed');
    made   text[] := current_setting('headgate.made');
    again  text[];
    kept   text[];
    one    text;
    lost   record;
begin
    set local client_min_messages = warning;
    select array_agg(statement order by place) into again
    from (select 1, format('create schema %I authorization %I', n.nspname, pg_get_userbyid(n.nspowner))
          from pg_namespace n where n.nspname = home
          union all
          select 2, format('comment on schema %I is %L', n.nspname, obj_description(n.oid, 'pg_namespace'))
          from pg_namespace n where n.nspname = home and obj_description(n.oid, 'pg_namespace') is not null
          union all
          select 3, format('grant %s on schema %I to %s%s', a.privilege_type, n.nspname,
                           case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
                           case when a.is_grantable then ' with grant option' else '' end)
          from pg_namespace n, aclexplode(n.nspacl) a
          where n.nspname = home and a.grantee <> n.nspowner
          union all
          select 4, format('alter default privileges for role %I in schema %I grant %s on %s to %s%s',
                           pg_get_userbyid(d.defaclrole), n.nspname, a.privilege_type,
                           case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences'
                                                when 'f' then 'functions' else 'types' end,
                           case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
                           case when a.is_grantable then ' with grant option' else '' end)
          from pg_namespace n join pg_default_acl d on d.defaclnamespace = n.oid, aclexplode(d.defaclacl) a
          where n.nspname = home) as statements(place, statement);
    select array_agg(array[e.extname, n.nspname, e.extversion] order by e.oid) into kept
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace
    where e.extname <> all (made);

    foreach one in array doomed loop
        execute format('drop schema if exists %I cascade', one);
    end loop;
    if again is not null then
        foreach one in array again loop
            execute one;
        end loop;
    end if;
    for lost in select kept[i][1] as name, kept[i][2] as schema, kept[i][3] as version
                from generate_subscripts(kept, 1) as i
                where not exists (select from pg_extension e where e.extname = kept[i][1])
                order by i loop
        begin
            execute format('create extension if not exists %I schema %I version %L', lost.name, lost.schema, lost.version);
        exception when others then
            raise exception using errcode = 'HG002',
                message = format('extension "%s" of schema "%s" could not be made again: %s', lost.name, lost.schema, sqlerrm);
        end;
    end loop;
end
$do$;
