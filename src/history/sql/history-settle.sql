-- $1: the schema of the history. Until the end of the transaction, so that what the migration set for its session stays.
select set_config('search_path', quote_ident($1), true), set_config('client_encoding', 'UTF8', true);
