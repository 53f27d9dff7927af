-- The shape of the database as a list of digests of facts, in an order of its own: what people see of it with \d. Our own
-- tables are left out, because writing them is no change of shape. Definitions are as the session's search path shows them.
with spaces as materialized
     (select oid, nspname, nspowner, nspacl
        from pg_catalog.pg_namespace
       where nspname !~ '^pg_' and nspname not in ('information_schema', 'headgate')),
relations as materialized
     (select c.oid, s.nspname, c.relname, c.relkind, c.relpersistence, c.reloptions, c.relrowsecurity,
             c.relforcerowsecurity, c.relowner, c.relacl, c.relispartition, c.relpartbound, c.relreplident
        from pg_catalog.pg_class as c
        join spaces as s on s.oid = c.relnamespace
       where c.relname not in ('_prisma_migrations', '_prisma_migrations_pkey')
         and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c', 'i', 'I')),
facts (fact) as
     (select concat_ws('|', 'schema', nspname, nspowner::regrole, nspacl) from spaces
      union all
      select concat_ws('|', 'relation', nspname, relname, relkind, relpersistence, reloptions, relrowsecurity,
                       relforcerowsecurity, relowner::regrole, relacl, relispartition, pg_get_expr(relpartbound, oid), relreplident)
        from relations
      union all
      select concat_ws('|', 'column', r.nspname, r.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),
                       a.attnotnull, a.attidentity, a.attgenerated, (select l.collname from pg_catalog.pg_collation as l where l.oid = a.attcollation),
                       a.attacl, pg_get_expr(d.adbin, d.adrelid))
        from relations as r
        join pg_catalog.pg_attribute as a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
        left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where r.relkind not in ('i', 'I')
      union all
      select concat_ws('|', 'constraint', r.nspname, r.relname, c.conname, c.convalidated, pg_get_constraintdef(c.oid))
        from relations as r
        join pg_catalog.pg_constraint as c on c.conrelid = r.oid
      union all
      select concat_ws('|', 'index', r.nspname, i.indisvalid, i.indisreplident, i.indisclustered, pg_get_indexdef(i.indexrelid))
        from relations as r
        join pg_catalog.pg_index as i on i.indexrelid = r.oid
      union all
      select concat_ws('|', 'view', r.nspname, r.relname, pg_get_viewdef(r.oid))
        from relations as r
       where r.relkind in ('v', 'm')
      union all
      select concat_ws('|', 'sequence', r.nspname, r.relname, q.seqtypid::regtype, q.seqstart, q.seqincrement, q.seqmax,
                       q.seqmin, q.seqcache, q.seqcycle)
        from relations as r
        join pg_catalog.pg_sequence as q on q.seqrelid = r.oid
      union all
      select concat_ws('|', 'trigger', r.nspname, r.relname, t.tgenabled, pg_get_triggerdef(t.oid))
        from relations as r
        join pg_catalog.pg_trigger as t on t.tgrelid = r.oid and not t.tgisinternal
      union all
      select concat_ws('|', 'rule', r.nspname, r.relname, u.ev_enabled, pg_get_ruledef(u.oid))
        from relations as r
        join pg_catalog.pg_rewrite as u on u.ev_class = r.oid and u.rulename <> '_RETURN'
      union all
      select concat_ws('|', 'policy', r.nspname, r.relname, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[],
                       pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        from relations as r
        join pg_catalog.pg_policy as p on p.polrelid = r.oid
      union all
      select concat_ws('|', 'function', s.nspname, f.proname, pg_get_function_identity_arguments(f.oid), f.proowner::regrole,
                       f.proacl, case when f.prokind <> 'a' then pg_get_functiondef(f.oid) end,
                       (select concat_ws(',', a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggtranstype::regtype, a.agginitval)
                          from pg_catalog.pg_aggregate as a where a.aggfnoid = f.oid))
        from spaces as s
        join pg_catalog.pg_proc as f on f.pronamespace = s.oid
      union all
      select concat_ws('|', 'type', s.nspname, t.typname, t.typtype, t.typnotnull, format_type(t.typbasetype, t.typtypmod),
                       t.typdefault, t.typowner::regrole, t.typacl,
                       (select g.rngsubtype::regtype from pg_catalog.pg_range as g where g.rngtypid = t.oid),
                       (select string_agg(e.enumlabel, ',' order by e.enumsortorder)
                          from pg_catalog.pg_enum as e where e.enumtypid = t.oid),
                       (select string_agg(pg_get_constraintdef(c.oid), ',' order by c.conname)
                          from pg_catalog.pg_constraint as c where c.contypid = t.oid))
        from spaces as s
        join pg_catalog.pg_type as t on t.typnamespace = s.oid and t.typtype in ('e', 'd', 'r')
      union all
      select concat_ws('|', 'statistics', pg_get_statisticsobjdef(x.oid))
        from spaces as s
        join pg_catalog.pg_statistic_ext as x on x.stxnamespace = s.oid
      union all
      select concat_ws('|', 'default rights', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl)
        from pg_catalog.pg_default_acl
      union all
      select concat_ws('|', 'setting', setrole::regrole, setconfig)
        from pg_catalog.pg_db_role_setting
       where setdatabase = (select oid from pg_catalog.pg_database where datname = current_database())
      union all
      select concat_ws('|', 'extension', extname, extversion) from pg_catalog.pg_extension
      union all
      select concat_ws('|', 'event trigger', evtname, evtevent, evtenabled, evtfoid::regproc, evttags)
        from pg_catalog.pg_event_trigger)
select coalesce(string_agg(md5(fact), '' order by md5(fact) collate "C"), '') as shape from facts
