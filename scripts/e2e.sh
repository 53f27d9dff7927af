#!/bin/sh
# A hook: does the database at $DATABASE_URL keep what the sample release promises? Looks for its view and its constraints,
# and lets an order go through. What that writes is rolled back.
set -eu
: "${DATABASE_URL:?names the database to look at}"

sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 --dbname="$DATABASE_URL"; }

echo 'the view and the constraints are there'
checks=$(sql <<'SQL'
begin;
create function pg_temp.must(good boolean, what text) returns integer language plpgsql as $$
begin
    if good is not true then
        raise exception 'missing: %', what;
    end if;
    return 1;
end;
$$;
select sum(pg_temp.must(to_regclass(name) is not null, name))
from unnest(array['users', 'addresses', 'products', 'orders', 'order_items', 'audit_log', 'report.order_totals']) as name
union all
select sum(pg_temp.must(exists (select from pg_constraint where conname = name and convalidated), name))
from unnest(array['users_email_looks_like_one', 'addresses_country_is_iso', 'products_sku_key',
    'products_stock_not_negative', 'orders_number_format', 'order_items_quantity_positive',
    'order_items_unit_price_not_negative', 'audit_log_action_known']) as name;
rollback;
SQL
)
for n in $checks; do total=$((${total:-0} + n)); done

echo 'an order takes from the stock, is in the report, and leaves its trace'
sql <<'SQL'
begin;
do $$
declare
    customer bigint;
    mug bigint;
    bought bigint;
begin
    insert into users (email, name) values ('e2e-' || md5(random()::text || clock_timestamp()::text) || '@example.com', 'End to End') returning id into customer;
    insert into products (sku, name, price_cents, stock) values ('ZZZ-9999', 'Mug for tests', 1000, 5) returning id into mug;
    insert into orders (number, user_id, status, placed_at) values ('9999-99999', customer, 'placed', now()) returning id into bought;
    insert into order_items (order_id, product_id, quantity, unit_price_cents) values (bought, mug, 3, 900);
    if (select stock from products where id = mug) is distinct from 2 then
        raise exception 'the order did not take from the stock';
    end if;
    if (select total_cents from report.order_totals where order_id = bought) is distinct from 2700 then
        raise exception 'report.order_totals does not show the order';
    end if;
    if not exists (select from audit_log where table_name = 'orders' and row_id = bought and action = 'INSERT') then
        raise exception 'audit_log does not have the order';
    end if;
    begin
        update order_items set quantity = 6 where order_id = bought;
        raise exception 'more was sold than there is';
    exception
        when check_violation then null; -- as promised
    end;
end;
$$;
rollback;
SQL

echo "checks=$((total + 4))" >>"${HEADGATE_OUTPUT:-/dev/null}"
echo "$((total + 4)) checks passed"
