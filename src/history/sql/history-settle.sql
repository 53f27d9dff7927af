-- $1: the schema of the history. Until the end of the transaction, so that what the migration set for its session stays.
select set_config('session_authorization', coalesce(nullif(current_setting('headgate.login', true), ''), session_user), true),
       set_config('role', coalesce(nullif(current_setting('headgate.role', true), ''), 'none'), true),
       set_config('search_path', quote_ident($1), true);
