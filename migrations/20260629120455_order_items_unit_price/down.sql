create or replace view report.order_totals as
select
    o.id as order_id,
    o.number,
    o.user_id,
    o.status,
    o.placed_at,
    count(i.product_id) as items,
    coalesce(sum(i.quantity::bigint * p.price_cents), 0)::bigint as total_cents
from orders o
left join order_items i on i.order_id = o.id
left join products p on p.id = i.product_id
group by o.id;

alter table order_items drop column unit_price_cents;
