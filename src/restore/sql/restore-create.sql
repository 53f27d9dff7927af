-- The statement that makes database $1: $2 encoding, $3 collate, $4 ctype, $5 provider, $6 its locale (both NULL: an older
-- server's), $7 the database whose owner it gets, $8 else this owner, where it is there; NULL, NULL: ours.
select format('create database %I template template0 encoding %L lc_collate %L lc_ctype %L', $1::text, $2::text, $3::text, $4::text)
       || case when $5::text = 'i' then format(' locale_provider icu icu_locale %L', $6::text)
               when $5::text = 'b' then format(' locale_provider builtin builtin_locale %L', $6::text)
               when current_setting('server_version_num')::integer >= 150000 then ' locale_provider libc'
               else '' end
       || coalesce((select format(' owner %I', r.rolname)
                    from pg_roles r
                    where pg_has_role(r.oid, 'member')
                      and r.rolname = coalesce((select pg_get_userbyid(datdba) from pg_database where datname = $7::text), $8::text)), '');
