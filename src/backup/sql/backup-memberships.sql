-- Who is a member of what, directly: the group, the member.
select g.rolname, m.rolname
  from pg_auth_members a
  join pg_roles g on g.oid = a.roleid
  join pg_roles m on m.oid = a.member
