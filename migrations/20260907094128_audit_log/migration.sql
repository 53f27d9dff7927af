create table audit_log (
    id bigint generated always as identity primary key,
    at timestamptz not null default now(),
    actor text not null default current_user,
    action text not null,
    table_name text not null,
    row_id bigint not null,
    changed_columns text[],
    constraint audit_log_action_known check (action in ('INSERT', 'UPDATE', 'DELETE'))
);

create index audit_log_row_idx on audit_log (table_name, row_id);
create index audit_log_at_idx on audit_log using brin (at);

-- Keeps the names of the columns that changed, never their values: personal data stays in its own table.
create function record_change() returns trigger
language plpgsql
as $$
declare
    changed text[];
begin
    if tg_op = 'UPDATE' then
        select array_agg(n.key order by n.key) into changed
        from jsonb_each(to_jsonb(new)) n
        join jsonb_each(to_jsonb(old)) o using (key)
        where n.value is distinct from o.value and n.key <> 'updated_at';
        if changed is null then
            return null;
        end if;
    end if;
    insert into public.audit_log (action, table_name, row_id, changed_columns)
    values (tg_op, tg_table_name, coalesce(new.id, old.id), changed);
    return null;
end;
$$;

create trigger users_record_change after insert or update or delete on users
    for each row execute function record_change();

create trigger orders_record_change after insert or update or delete on orders
    for each row execute function record_change();
