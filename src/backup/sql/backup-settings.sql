-- What hangs on the database as a whole, as statements in which %1$I stands for its name: settings, of roles in it too,
-- grants, the comment. Lists of names stand in pg_db_role_setting as SQL has them; any other value is one literal.
with db as (select oid, datacl, datdba from pg_database where datname = current_database()),
setting as
     (select r.rolname, split_part(item, '=', 1) as name, substr(item, strpos(item, '=') + 1) as value
        from db
        join pg_db_role_setting s on s.setdatabase = db.oid
        left join pg_roles r on r.oid = s.setrole
       cross join lateral unnest(s.setconfig) as item
       where s.setrole = 0 or r.oid is not null),
statement (part, text) as
     (select 1,
             case when rolname is null then 'alter database %1$I'
                  else replace(format('alter role %I', rolname), '%', '%%') || ' in database %1$I' end
             || replace(format(' set %I to %s', name,
                               case when lower(name) in ('search_path', 'temp_tablespaces', 'local_preload_libraries',
                                                         'session_preload_libraries', 'shared_preload_libraries')
                                    then value else quote_literal(value) end), '%', '%%')
        from setting
      union all
      select 2, 'revoke all on database %1$I from public' from db where datacl is not null
      union all
      select 3,
             format('grant %s on database %%1$I to ', string_agg(a.privilege_type, ', ' order by a.privilege_type))
             || replace(case when a.grantee = 0 then 'public' else quote_ident(g.rolname) end, '%', '%%')
             || case when a.is_grantable then ' with grant option' else '' end
        from db
       cross join lateral aclexplode(db.datacl) as a
        left join pg_roles g on g.oid = a.grantee
       where a.grantee <> db.datdba and (a.grantee = 0 or g.oid is not null)
       group by a.grantee, g.rolname, a.is_grantable
      union all
      select 4, 'comment on database %1$I is ' || replace(quote_literal(description), '%', '%%')
        from db
        join pg_shdescription c on c.objoid = db.oid and c.classoid = 'pg_database'::regclass)
select text from statement order by part, text
