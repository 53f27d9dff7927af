-- What a shop that has grown has: one table of events that is half of everything, documents, JSON, 300 small tables; beside pgbench's own.
-- About 1.9 GB as an uncompressed dump, a quarter of that as an archive. The same on every machine.
set synchronous_commit = off;
set maintenance_work_mem = '256MB';
set work_mem = '64MB';
select setseed(0.5);

create unlogged table words as
select i, (array['order', 'customer', 'delivered', 'parcel', 'returned', 'since', 'Tuesday', 'warehouse', 'the', 'a', 'with', 'invoice',
                 'über', 'straße', 'café', 'paid', 'not', 'yet', 'twice', 'broken', 'replacement', 'refund', 'address', 'changed', 'by',
                 'phone', 'again', 'supplier', 'blue', 'large'])[1 + i % 30] || case when i % 3 = 0 then substr(md5(i::text), 1, 4) else '' end as word
from generate_series(0, 2999) i;

create unlogged table phrases as
select p as i, string_agg(word, ' ' order by n) as phrase
from (select p, n, (random() * 2999)::int as w from generate_series(0, 19999) p, generate_series(1, 14) n) chosen join words on i = w
group by p;
create unlogged table paragraphs as
select q as i, string_agg(phrase, '. ' order by n) as paragraph
from (select q, n, (random() * 19999)::int as p from generate_series(0, 4999) q, generate_series(1, 11) n) chosen join phrases on i = p
group by q;
analyze phrases;
analyze paragraphs;

create table customers (
    id bigint generated always as identity primary key,
    email text not null unique,
    name text not null,
    born date,
    settings jsonb not null
);
insert into customers (email, name, born, settings)
select 'customer' || i || '@' || substr(md5(i::text), 1, 6) || '.example', 'Customer ' || md5((i * 7)::text), date '1950-01-01' + i % 20000,
       jsonb_build_object('language', (array['de', 'en', 'fr'])[1 + i % 3], 'newsletter', i % 2 = 0, 'seen', i * 31, 'theme', md5((i % 100)::text))
from generate_series(1, 200000) i;

create table events (
    id bigint generated always as identity primary key,
    customer bigint not null references customers,
    happened timestamptz not null,
    kind text not null,
    amount numeric(12, 2),
    token uuid not null,
    note text not null
);
insert into events (customer, happened, kind, amount, token, note)
select 1 + (g.i * 7919) % 200000, timestamptz '2024-01-01 00:00+00' + g.i * interval '17.31 seconds', 'kind-' || g.i % 40,
       case when g.i % 5 > 0 then (g.i % 1000003) / 100.0 end, md5(g.i::text)::uuid, phrase || ' #' || g.i
from generate_series(1, 4400000::bigint) g (i) join phrases p on p.i = (g.i * 104729) % 20000;
create index events_customer on events (customer, happened);
create index events_day on events ((date_trunc('day', happened at time zone 'UTC')), kind);

create table documents (
    id bigint generated always as identity primary key,
    title text not null,
    body text not null,
    author bigint references customers
);
insert into documents (title, body, author)
select 'Document ' || g.i, a.paragraph || E'\n\n' || b.paragraph || E'\n\tNumber ' || md5(g.i::text), 1 + (g.i * 31) % 200000
from generate_series(1, 90000) g (i) join paragraphs a on a.i = g.i % 5000 join paragraphs b on b.i = (g.i * 7::bigint + g.i / 5000) % 5000;
create index documents_author on documents (author);

create table carts (
    id uuid primary key,
    contents jsonb not null
);
insert into carts
select md5('cart' || g.i)::uuid, jsonb_build_object(
           'customer', g.i % 200000, 'note', phrase, 'closed', g.i % 7 = 0,
           'lines', jsonb_build_array(jsonb_build_object('article', md5((g.i % 5000)::text), 'count', g.i % 9, 'price', (g.i % 99999) / 100.0),
                                      jsonb_build_object('article', md5((g.i * 3 % 5000)::text), 'count', 1, 'price', 4.99, 'options', '["red","xl"]'::jsonb)))
from generate_series(1, 400000) g (i) join phrases p on p.i = (g.i * 13::bigint) % 20000;
create index carts_customer on carts ((contents ->> 'customer'));

do $$ begin
    for i in 1..300 loop
        execute format('create table small_%s (id int primary key, name text not null unique, value numeric, at timestamptz default now())', i);
        execute format('insert into small_%s select n, ''name '' || n, n / 7.0, timestamptz ''2026-01-01 00:00+00'' + n * interval ''1 hour'' from generate_series(1, %s) n',
                       i, (i * 37) % 400);
    end loop;
end $$;

drop table words, phrases, paragraphs;
