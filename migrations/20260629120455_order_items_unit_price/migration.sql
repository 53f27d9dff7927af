-- A new price of a product changed the totals of old orders. An item now keeps the price it was sold for.
alter table order_items add column unit_price_cents integer;

update order_items i
set unit_price_cents = p.price_cents
from products p
where p.id = i.product_id;

alter table order_items
    alter column unit_price_cents set not null,
    add constraint order_items_unit_price_not_negative check (unit_price_cents >= 0);

create or replace view report.order_totals as
select
    o.id as order_id,
    o.number,
    o.user_id,
    o.status,
    o.placed_at,
    count(i.product_id) as items,
    coalesce(sum(i.quantity::bigint * i.unit_price_cents), 0)::bigint as total_cents
from orders o
left join order_items i on i.order_id = o.id
group by o.id;
