-- $1: the schema; $2: for the open transaction only
select set_config('search_path', quote_ident($1), $2::boolean)
