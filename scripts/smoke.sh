#!/bin/sh
# A hook: is the database at $DATABASE_URL in order after a deploy? It only looks.
set -eu
: "${DATABASE_URL:?names the database to look at}"

orders=$(psql -X -q -A -t -v ON_ERROR_STOP=1 --dbname="$DATABASE_URL" <<'SQL'
begin read only;
do $$
begin
    if exists (select from _prisma_migrations where finished_at is null and rolled_back_at is null) then
        raise exception 'a migration is not finished';
    end if;
    if exists (select from pg_index where not indisvalid and indrelid::regclass::text not like 'pg\_%') then
        raise exception 'an index is not valid';
    end if;
    perform from report.order_totals order by order_id desc limit 10;
end;
$$;
select count(*) from report.order_totals;
rollback;
SQL
)
echo "orders=$orders" >>"${HEADGATE_OUTPUT:-/dev/null}"
echo "the report has $orders orders"
