-- A small shop to try things on. May be loaded again at any time: rows that are there stay as they are.
-- Every name is made up, and example.com answers to nobody.

insert into users (email, name, phone, notes, created_at) values
    ('ada.birch@example.com', 'Ada Birch', '+44 20 7946 0101', null, '2026-01-14 09:12:00+00'),
    ('bruno.keller@example.com', 'Bruno Keller', '+49 30 5550102', 'prefers invoices by post', '2026-01-15 16:40:00+00'),
    ('carla.moreno@example.com', 'Carla Moreno', null, null, '2026-01-19 11:05:00+00'),
    ('dmitri.olsen@example.com', 'Dmitri Olsen', '+47 22 55 01 04', null, '2026-01-23 08:31:00+00'),
    ('elif.aydin@example.com', 'Elif Aydın', null, 'calls before she orders', '2026-02-02 13:22:00+00'),
    ('farid.haddad@example.com', 'Farid Haddad', '+33 1 55 55 01 06', null, '2026-02-03 19:48:00+00'),
    ('greta.lund@example.com', 'Greta Lund', null, null, '2026-02-11 07:15:00+00'),
    ('hugo.fontaine@example.com', 'Hugo Fontaine', '+33 1 55 55 01 08', 'neighbour takes parcels', '2026-02-20 10:00:00+00'),
    ('ines.carvalho@example.com', 'Inês Carvalho', null, null, '2026-03-01 21:37:00+00'),
    ('jonas.weiss@example.com', 'Jonas Weiß', '+49 89 5550110', null, '2026-03-05 12:01:00+00'),
    ('kaja.nowak@example.com', 'Kaja Nowak', '+48 22 555 01 11', null, '2026-03-18 15:26:00+00'),
    ('liam.o.reilly@example.com', 'Liam O''Reilly', null, null, '2026-03-27 18:09:00+00'),
    ('mei.tanaka@example.com', 'Mei Tanaka', '+81 3 5550 0113', 'wants gift wrapping', '2026-04-04 02:55:00+00'),
    ('nils.berg@example.com', 'Nils Berg', null, null, '2026-04-16 09:44:00+00'),
    ('olga.petrenko@example.com', 'Olga Petrenko', '+380 44 555 0115', null, '2026-05-07 14:18:00+00'),
    ('pablo.ruiz@example.com', 'Pablo Ruiz', null, 'asked twice about the blue one', '2026-05-22 17:33:00+00'),
    ('quinn.abbott@example.com', 'Quinn Abbott', '+1 202 555 0117', null, '2026-06-10 20:02:00+00'),
    ('rosa.conti@example.com', 'Rosa Conti', null, null, '2026-07-01 06:29:00+00'),
    ('sven.dahl@example.com', 'Sven Dahl', '+46 8 555 01 19', null, '2026-08-13 11:11:00+00'),
    ('tara.singh@example.com', 'Tara Singh', '+44 20 7946 0120', null, '2026-09-02 10:50:00+00')
on conflict do nothing;

insert into addresses (user_id, label, street, postal_code, city, country)
select u.id, a.label, a.street, a.postal_code, a.city, a.country
from (values
    ('ada.birch@example.com', 'home', '12 Mill Lane', 'EX1 1AA', 'Exampleton', 'GB'),
    ('ada.birch@example.com', 'work', '3 Harbour Road', 'EX1 2BB', 'Exampleton', 'GB'),
    ('bruno.keller@example.com', 'home', 'Lindenweg 8', '01234', 'Musterstadt', 'DE'),
    ('dmitri.olsen@example.com', 'home', 'Fjordveien 21', '0123', 'Eksempelvik', 'NO'),
    ('elif.aydin@example.com', 'home', 'Çınar Sokak 5', '34000', 'Örnekköy', 'TR'),
    ('farid.haddad@example.com', 'home', '7 rue des Tilleuls', '75000', 'Exempleville', 'FR'),
    ('hugo.fontaine@example.com', 'home', '19 quai du Moulin', '69000', 'Exempleville', 'FR'),
    ('jonas.weiss@example.com', 'home', 'Am Anger 4', '98765', 'Musterdorf', 'DE'),
    ('kaja.nowak@example.com', 'home', 'ul. Polna 30', '00-001', 'Przykładowo', 'PL'),
    ('mei.tanaka@example.com', 'home', '2-4-6 Sakura', '100-0000', 'Reimachi', 'JP'),
    ('quinn.abbott@example.com', 'home', '400 Elm Street', '00501', 'Sampleton', 'US'),
    ('tara.singh@example.com', 'home', '55 Station Road', 'EX2 3CC', 'Exampleton', 'GB')
) as a (email, label, street, postal_code, city, country)
join users u on u.email = a.email
order by u.id, a.label
on conflict do nothing;

insert into products (sku, name, description, price_cents, stock, active) values
    ('MUG-0001', 'Mug, white', 'Stoneware, 30 cl', 1250, 120, true),
    ('MUG-0002', 'Mug, blue', 'Stoneware, 30 cl', 1350, 40, true),
    ('TEA-0001', 'Green tea', '100 g, loose', 890, 200, true),
    ('TEA-0002', 'Earl Grey', '100 g, loose', 790, 180, true),
    ('POT-0001', 'Teapot', 'Cast iron, 1.2 l', 5900, 15, true),
    ('POT-0002', 'Teapot, glass', 'With strainer, 0.8 l', 3450, 22, true),
    ('SPN-0001', 'Tea spoon', 'Steel', 350, 300, true),
    ('TIN-0001', 'Tea tin', 'Holds 150 g', 990, 75, true),
    ('BOX-0001', 'Gift box', 'Empty, to be filled', 450, 60, true),
    ('MUG-0003', 'Mug, anniversary edition', 'Sold out and not coming back', 1990, 2, false)
on conflict do nothing;

insert into orders (number, user_id, address_id, status, placed_at, created_at)
select o.number, u.id, a.id, o.status::order_status, o.placed_at::timestamptz, o.created_at::timestamptz
from (values
    ('2026-00001', 'ada.birch@example.com', 'delivered', '2026-02-12 10:15:00+00', '2026-02-12 10:02:00+00'),
    ('2026-00002', 'bruno.keller@example.com', 'delivered', '2026-02-27 17:20:00+00', '2026-02-26 08:45:00+00'),
    ('2026-00003', 'elif.aydin@example.com', 'cancelled', null, '2026-03-09 14:00:00+00'),
    ('2026-00004', 'hugo.fontaine@example.com', 'delivered', '2026-04-22 09:31:00+00', '2026-04-22 09:25:00+00'),
    ('2026-00005', 'ada.birch@example.com', 'delivered', '2026-05-30 19:42:00+00', '2026-05-30 19:40:00+00'),
    ('2026-00006', 'mei.tanaka@example.com', 'shipped', '2026-09-14 03:12:00+00', '2026-09-14 03:01:00+00'),
    ('2026-00007', 'jonas.weiss@example.com', 'shipped', '2026-09-21 12:55:00+00', '2026-09-20 22:18:00+00'),
    ('2026-00008', 'quinn.abbott@example.com', 'paid', '2026-10-05 16:08:00+00', '2026-10-05 15:59:00+00'),
    ('2026-00009', 'kaja.nowak@example.com', 'paid', '2026-10-06 07:27:00+00', '2026-10-06 07:20:00+00'),
    ('2026-00010', 'dmitri.olsen@example.com', 'placed', '2026-10-07 11:03:00+00', '2026-10-07 10:58:00+00'),
    ('2026-00011', 'tara.singh@example.com', 'placed', '2026-10-07 18:36:00+00', '2026-10-07 18:30:00+00'),
    ('2026-00012', 'pablo.ruiz@example.com', 'draft', null, '2026-10-08 09:14:00+00')
) as o (number, email, status, placed_at, created_at)
join users u on u.email = o.email
left join addresses a on a.user_id = u.id and a.label = 'home'
order by o.number
on conflict do nothing;

-- Each item takes its quantity out of the stock, once: a row that is there already fires no trigger.
insert into order_items (order_id, product_id, quantity, unit_price_cents)
select o.id, p.id, i.quantity, coalesce(i.sold_for, p.price_cents)
from (values
    ('2026-00001', 'MUG-0001', 2, 1150),
    ('2026-00001', 'TEA-0001', 1, 890),
    ('2026-00002', 'POT-0001', 1, 5500),
    ('2026-00002', 'TEA-0002', 3, null),
    ('2026-00002', 'SPN-0001', 4, null),
    ('2026-00003', 'MUG-0002', 1, null),
    ('2026-00004', 'TIN-0001', 2, null),
    ('2026-00004', 'TEA-0001', 2, null),
    ('2026-00005', 'MUG-0003', 2, null),
    ('2026-00006', 'POT-0002', 1, null),
    ('2026-00006', 'BOX-0001', 1, null),
    ('2026-00007', 'TEA-0001', 5, null),
    ('2026-00008', 'MUG-0002', 6, null),
    ('2026-00009', 'TEA-0002', 2, null),
    ('2026-00009', 'TIN-0001', 1, null),
    ('2026-00010', 'POT-0001', 1, null),
    ('2026-00010', 'MUG-0001', 4, null),
    ('2026-00010', 'SPN-0001', 4, null),
    ('2026-00011', 'TEA-0002', 1, null),
    ('2026-00012', 'MUG-0002', 1, null)
) as i (number, sku, quantity, sold_for)
join orders o on o.number = i.number
join products p on p.sku = i.sku
order by o.id, p.id
on conflict do nothing;
