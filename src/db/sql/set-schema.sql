-- $1: the schema; $2: for the open transaction only
SELECT set_config('search_path', quote_ident($1), $2::boolean)
