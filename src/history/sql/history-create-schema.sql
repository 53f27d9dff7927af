-- Makes the schema that the search path names. DDL takes no parameters; the setting is quoted already.
do $do$
begin
    if to_regnamespace(current_setting('search_path')) is null then
        execute 'create schema ' || current_setting('search_path');
    end if;
end
$do$;
