-- The second part. A comment says to whom it belongs.
do $do$
begin
    set local client_min_messages = warning;
    create schema if not exists headgate;
    create table if not exists headgate.environment (
        only_row  boolean primary key default true check (only_row),
        name      text not null,
        kind      text not null,
        marked_at timestamptz not null default clock_timestamp(),
        marked_by text
    );
    create table if not exists headgate.migration (
        id           text primary key,
        name         text not null,
        run          text,
        release      text,
        actor        text,
        mode         text not null,
        attempts     bigint not null,
        lock_wait_ms bigint not null,
        blocked_ms   bigint not null,
        reason       text,
        began_at     timestamptz not null default now(),
        recorded_at  timestamptz not null,
        sql          text
    );
    comment on schema headgate is 'What headgate knows of the migrations beyond _prisma_migrations; it can be dropped.';
    comment on column headgate.migration.id is 'of the row in _prisma_migrations';
end
$do$;
