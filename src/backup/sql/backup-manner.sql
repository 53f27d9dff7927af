-- The session speaks as pg_dump did. $1: the encoding, $2: lc_monetary, left alone where it is empty.
select set_config('client_encoding', $1, false),
       set_config('search_path', '', false),
       set_config('datestyle', 'ISO', false),
       set_config('intervalstyle', 'postgres', false),
       set_config('extra_float_digits', '3', false),
       set_config('timezone', 'UTC', false),
       set_config('bytea_output', 'hex', false),
       set_config('row_security', 'off', false),
       set_config('statement_timeout', '0', false),
       set_config('lock_timeout', '0', false),
       case when $2 <> '' then set_config('lc_monetary', $2, false) end
