-- What the accountants' tools may read. No personal data in this schema.
create schema report;

create view report.order_totals as
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

comment on view report.order_totals is 'One row for each order, with what it costs in all';
