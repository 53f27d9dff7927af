create function touch_updated_at() returns trigger
language plpgsql
as $$
begin
    new.updated_at := now();
    return new;
end;
$$;

create trigger users_touch before update on users
    for each row execute function touch_updated_at();

create trigger products_touch before update on products
    for each row execute function touch_updated_at();

create trigger orders_touch before update on orders
    for each row execute function touch_updated_at();

-- An item takes its quantity out of the stock and gives it back when it goes. products_stock_not_negative
-- refuses what we do not have. Names are qualified: the function also runs where search_path is empty.
create function move_stock() returns trigger
language plpgsql
as $$
begin
    if tg_op in ('UPDATE', 'DELETE') then
        update public.products set stock = stock + old.quantity where id = old.product_id;
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        update public.products set stock = stock - new.quantity where id = new.product_id;
    end if;
    return null;
end;
$$;

create trigger order_items_move_stock after insert or delete or update of product_id, quantity on order_items
    for each row execute function move_stock();
