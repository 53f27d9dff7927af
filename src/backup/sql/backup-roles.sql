-- Roles that own something in this database, are granted something there, or have settings for it. The owner of all that
-- initdb makes is in no dependency: those of the dump's entries are added by us.
select distinct r.rolname
  from pg_shdepend s
  join pg_roles r on r.oid = s.refobjid
  join pg_database d on d.datname = current_database()
 where s.refclassid = 'pg_authid'::regclass
   and (s.dbid = d.oid or (s.classid = 'pg_database'::regclass and s.objid = d.oid))
 union
select r.rolname
  from pg_db_role_setting s
  join pg_roles r on r.oid = s.setrole
  join pg_database d on d.oid = s.setdatabase
 where d.datname = current_database()
