-- A database that has one of nearly everything that PostgreSQL 15 ships, most of it in a shape that backups have stumbled over.
--
--   psql -v ON_ERROR_STOP=1 [-v tables=2000] [-v long_row=500000000] -f hard-cases.sql     as a superuser, in an empty database
--
-- tables: how many small ones; long_row: bytes of one row. Needs the extensions hstore, citext and postgres_fdw of the contrib package.
\set QUIET on
\o /dev/null
\if :{?tables}
\else
    \set tables 60
\endif
\if :{?long_row}
\else
    \set long_row 0
\endif
set client_min_messages = error;
set client_encoding = 'UTF8';

do $$
declare
    name text;
begin
    foreach name in array array['hard_owner', 'hard_reader', 'hard_writer', 'hard Role "ünïcode"'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I', name);
        end if;
    end loop;
    execute format('comment on database %I is %L', current_database(), E'It''s the "hard" one.\nSecond line \\ with a backslash');
    execute format('alter database %I set work_mem = ''5MB''', current_database());
    execute format('alter role hard_reader in database %I set statement_timeout = ''77s''', current_database());
    execute format('grant connect, temporary on database %I to hard_reader with grant option', current_database());
end $$;

create schema hard authorization hard_owner;
create schema "other Schema.with dot";
comment on schema hard is 'no '' quote is "harmless"';
create extension hstore schema hard;
create extension citext;
set search_path = hard, public;

-- === types of our own ===
create type color as enum ('red', 'green', 'it''s', 'ünïcode', '');
alter type color add value 'orange' before 'green';
create domain small_text as text collate "C" not null default 'x' check (length(value) < 20) constraint no_dash check (value !~ '-');
create domain positive as numeric check (value > 0);
alter domain positive add constraint below check (value < 1e100) not valid;
create type point3 as (x float8, y float8, "z Z" numeric(5, 2));
create type nested as (name text, at point3, list int[], hue color);
create domain good_point as point3 check ((value).x > -1e300);
create type float_range as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = float_ranges);
create type mytext;
create function mytext_in(cstring) returns mytext language internal immutable strict as 'textin';
create function mytext_out(mytext) returns cstring language internal immutable strict as 'textout';
create type mytext (input = mytext_in, output = mytext_out, like = text, collatable = true);
create type never_finished;
comment on type nested is E'tab\there, CRLF\r\nthere';
comment on column nested.at is 'an attribute';
comment on constraint no_dash on domain small_text is 'a constraint of a domain';

-- === every type that is shipped ===
create table numbers (
    id int primary key, i2 smallint, i4 int, i8 bigint, n numeric, n52 numeric(5, 2), n_neg numeric(3, -2), f4 real, f8 double precision, m money, o oid,
    b boolean, x xid, x8 xid8, c cid, t tid
);
insert into numbers values
    (1, -32768, -2147483648, -9223372036854775808, 'NaN', 'NaN', 12345, 'NaN', 'NaN', '-92233720368547758.08', 4294967295, true, '3', '18446744073709551615', '0', '(0,1)'),
    (2, 32767, 2147483647, 9223372036854775807, 'Infinity', 999.99, 0, 'Infinity', 'Infinity', '92233720368547758.07', 0, false, '4294967295', '0', '1', '(4294967295,65535)'),
    (3, 0, 0, 0, '-Infinity', -0.01, -99900, '-Infinity', '-Infinity', 0, 1, null, '0', '1', '2', '(7,7)'),
    (4, null, null, null, 1e-16383, 0.00, null, '-0', '-0', null, null, null, null, null, null, null),
    (5, 1, 1, 1, 1e131071, 1.10, 100, 1.17549435e-38, 2.2250738585072014e-308, 1, 1, true, '1', '1', '1', '(1,1)'),
    (6, 1, 1, 1, 1.000000000000000000000000, 1.1, 100, 3.4028235e38, 1.7976931348623157e308, 1, 1, true, '1', '1', '1', '(1,1)'),
    (7, 1, 1, 1, 0.1, 1.1, 100, 0.1, 0.30000000000000004, 1, 1, true, '1', '1', '1', '(1,1)'),
    (8, 1, 1, 1, 0, 1.1, 100, 1e-45, 4.9406564584124654e-324, 1, 1, true, '1', '1', '1', '(1,1)');

create table texts (id int primary key, t text, v varchar(40), c char(8), ch "char", n name, small small_text, d text default E'a''b\\c\n%', ci citext, hs hstore, mine mytext);
insert into texts values
    (1, '', '', '', '', '', '', '', '', '', ''), (2, null, null, null, null, null, 'x', null, null, null, null),
    (3, '\.', '\.', '\.', '\', '\.', '\.', '\.', '\.', '"\\."=>"\\."', '\.'), (4, '\N', '\N', '\N', 'N', '\N', '\N', '\N', '\N', '"a"=>NULL', '\N'),
    (5, E'CR\rLF\nCRLF\r\nTAB\tBS\bFF\fVT\vEND', E'\r\n', E'\t', E'\r', E'a\nb', E'\n', E'\\', 'ÄÖ', 'a=>1, b=>""', E'\x01\x7f'),
    (6, 'trailing  ', 'trailing  ', 'pad', ' ', ' lead', ' ', E'\\r\\n', 'ß', '"k k"=>"v=>v"', 'ß'),
    (7, 'ä 名前 😀 ' || chr(1114109) || chr(8238) || chr(65279), 'é' || 'é', '名前', 'x', '名前', 'é', E'\\\\', 'İi', '"😀"=>"\u00e4"', '😀'),
    (8, E'\\.\n\\.\n', E'\n\\.', E'a\n\\.', '.', E'\\.\n', E'\n', E'\n\\.\n', E'\\.', '', E'\\.\n'),
    (9, repeat('long, ', 200000), null, null, null, null, 'x', null, null, null, null),
    (10, (select string_agg(chr(i), '') from generate_series(1, 55295) i), null, null, null, null, 'x', null, null, null, null);
create table lone_column (t text);
insert into lone_column values ('\.'), (''), (null), ('\N'), (E'\\.\n'), ('.'), ('\');
create table bytes (id int primary key, b bytea);
insert into bytes select -1, string_agg(set_byte('\x00', 0, i), '' order by i) from generate_series(0, 255) i;
insert into bytes values (-2, ''), (-3, null), (-4, '\x5c2e0a'), (-5, '\x5c'), (-6, '\x0d0a');
insert into bytes select i, decode(md5(i::text) || repeat('5c2e0a00', i), 'hex') from generate_series(1, 50) i;

create table times (id int primary key, d date, t time, tz timetz, ts timestamp, tstz timestamptz, ts0 timestamptz(0), i interval, iy interval year to month, i3 interval second(3));
insert into times values
    (1, 'infinity', '24:00', '24:00-15:59:59', 'infinity', 'infinity', 'infinity', '178000000 years', '3 years', '1.2345'),
    (2, '-infinity', '00:00', '00:00+15:59:59', '-infinity', '-infinity', '-infinity', '-178000000 years', '-3 mons', '-0.0005'),
    (3, '4713-01-01 BC', '12:00:00.000001', '12:00:00.000001+05:45', '4713-01-01 BC', '4713-01-02 BC', 'epoch', '-1 mons +1 day -00:00:00.000001', null, null),
    (4, '5874897-12-31', '23:59:59.999999', '23:59:59.999999-00:30', '294276-12-31 23:59:59.999999', '294276-12-31 00:00+00', '2026-03-29 02:30 Europe/Berlin', '1 year 2 mons 3 days 04:05:06.789', '0', '0'),
    (5, null, null, null, null, null, null, null, null, null);

create table documents (id int primary key, j json, jb jsonb, jp jsonpath, x xml, u uuid, tv tsvector, tq tsquery);
insert into documents values
    (1, E'{"b" : 1,\n "a":2,  "b":3, "n": 1.10e2, "u": "\\u0000 \\ud83d\\ude00 \\n"}', '{"b": 1, "a": [1, null, {"": ""}], "n": 1.10, "big": 1e400, "u": "\ud83d\ude00\n\\"}', 'strict $.a[*] ? (@ > 1 && exists (@.b))',
     E'<?xml version="1.0"?><a b="&quot;">\r\n<![CDATA[ ]]> </a>', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', $$'a':1A 'cat''s':2B,3C '\\':4 ' ':16383D$$, $$'fat' & !('rat':*AB <2> 'it''s')$$),
    (2, '""', '""', '$', 'no element, text', '00000000-0000-0000-0000-000000000000', '', ''), (3, 'null', 'null', 'lax $', '', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'a b', 'a | b'),
    (4, null, null, null, null, null, null, null), (5, '[]', '[]', '$."a b"', '<a/><b/>', null, null, null);

create table ranges (
    id int primary key, r4 int4range, r8 int8range, rn numrange, rt tsrange, rz tstzrange, rd daterange, mine float_range,
    m4 int4multirange, m8 int8multirange, mn nummultirange, mt tsmultirange, mz tstzmultirange, md datemultirange, mines float_ranges
);
insert into ranges values
    (1, 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', 'empty', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
    (2, '(,)', '[1,1]', '(NaN,)', '[-infinity,infinity]', '(,"2026-01-01 00:00:00+00"]', '[2026-01-01,2026-01-01]', '(-0,0.30000000000000004]', '{[1,3),[5,7)}', '{(,1),(5,)}', '{[1.10,2.0],(3,4)}',
     '{["2026-01-01 00:00:00","2026-01-02 00:00:00"]}', '{(,)}', '{[2026-01-01,2026-02-01),[2027-01-01,)}', '{[1,2],[3,Infinity)}'),
    (3, null, null, null, null, null, null, null, null, null, null, null, null, null, null);

create table shapes (id int primary key, p point, l line, s lseg, b box, pa path, po polygon, c circle, i inet, ci cidr, m macaddr, m8 macaddr8, b5 bit(5), vb varbit);
insert into shapes values
    (1, '(1.5,-0)', '{1,-1,0}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(0,0),1>', '192.168.0.1/24', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '10101', ''),
    (2, '(NaN,Infinity)', '{0,1,0.1}', '[(NaN,0),(-Infinity,1)]', '(Infinity,NaN),(0,0)', '((0,0),(1,1))', '((0,0))', '<(NaN,0),0>', '::ffff:1.2.3.4', '2001:db8::/32', '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff', '00000', '1'),
    (3, null, null, null, null, null, null, null, '::/0', '0.0.0.0/0', null, null, null, repeat('10', 500)::varbit);

create function twice(int) returns int language sql immutable begin atomic select $1 * 2; end;
create function twice(text) returns text language sql immutable as 'select $1 || $1';
create table system_types (
    id int primary key, lsn pg_lsn, snap pg_snapshot, old_snap txid_snapshot, cls regclass, prc regproc, prcs regprocedure, opr regoper, oprs regoperator, typ regtype,
    rol regrole, nsp regnamespace, coll regcollation, cfg regconfig, dct regdictionary, i2v int2vector, ov oidvector, acl aclitem, cur refcursor
);
insert into system_types values
    (1, 'FFFFFFFF/FFFFFFFF', '10:20:10,14,15', '10:20:10,14,15', 'numbers', 'mytext_in', 'twice(text)', '||/', '+(int4,int4)', 'nested', 'hard_owner', 'hard', '"C"', 'english', 'simple', '1 2 3', '1 2', 'hard_reader=r*w/hard_owner', 'c'),
    (2, '0/0', '1:1:', '1:1:', 'pg_class', 'pi', 'now()', '0', '-(numeric,numeric)', 'int4[]', '"hard Role ""ünïcode"""', '"other Schema.with dot"', '"POSIX"', 'pg_catalog.simple', 'english_stem', '', '', '=r/hard_owner', ''),
    (3, null, null, null, '-', '-', '-', '0', '0', '-', '-', '-', '-', '-', '-', null, null, null, null);

create table arrays (id int primary key, i int[], t text[], n numeric[][], b bytea[], j jsonb[], p point3[], e color[], r int4range[], d small_text[], c citext[], bx box[], a_l aclitem[]);
insert into arrays values
    (1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'),
    (2, '[-2:0]={1,NULL,3}', array['', null, 'NULL', 'null', E'\\', '"', '{}', ',', E'\r\n\t', '\.'], '{{1,NaN},{NULL,-Infinity}}', array['\x00'::bytea, '\x5c2e', null], array['{"a": "\""}'::jsonb, 'null', null],
     array[row(1, 'NaN', 3)::point3, null, row(null, null, null)::point3], '{red,"",ünïcode,NULL}', '{"[1,2)",empty,NULL}', '{a,b}', '{A,a}', '{(1,1),(0,0);(2,2),(1,1)}', '{hard_reader=r/hard_owner}'),
    (3, '[2:3][-1:0]={{1,2},{3,4}}', null, null, null, null, null, null, null, null, null, null, null);

create table composites (id int primary key, p point3, n nested, g good_point, pos positive, e color, row_of numbers, ns nested[]);
insert into composites values
    (1, row(1, -0.0, 3.14159), row('a, "b" (c) \', row('NaN', null, 1), '{1,NULL}', ''), row(1, 2, 3), 0.0000001, 'orange', (select whole from numbers whole where id = 1), array[row('x', null, null, 'it''s')::nested, null]),
    (2, row(null, null, null), row(null, null, null, null), null, null, null, null, '{}'), (3, null, null, null, null, null, null, null);

-- === partitions ===
create table sales (id bigint generated by default as identity, region text not null, day date not null, amount numeric, primary key (id, region, day)) partition by list (region);
create table sales_north partition of sales for values in ('north', 'it''s') partition by range (day);
create table sales_north_old partition of sales_north for values from (minvalue) to ('2025-01-01');
create table sales_north_2025 (extra_gone int, amount numeric, day date not null, id bigint not null, region text not null);
alter table sales_north_2025 drop column extra_gone;
alter table sales_north attach partition sales_north_2025 for values from ('2025-01-01') to ('2026-01-01');
create table sales_north_rest partition of sales_north default;
create table sales_south partition of sales for values in ('south') partition by hash (id, day);
create table sales_south_0 partition of sales_south for values with (modulus 3, remainder 0);
create table sales_south_1 partition of sales_south for values with (modulus 3, remainder 1) with (fillfactor = 70);
create table sales_south_2 partition of sales_south for values with (modulus 3, remainder 2) partition by range (id, day);
create table sales_south_2_all partition of sales_south_2 default;
create table sales_null partition of sales default;
create table sales_empty_parent (a int, b int) partition by range ((a + b), a);
create index sales_amount on sales (amount);
create index sales_only on only sales (day);
create index sales_null_day on sales_null (day);
alter index sales_only attach partition sales_null_day;
alter table sales_south_0 alter column amount set default 7;
insert into sales (region, day, amount)
select (array['north', 'it''s', 'south', 'west', 'east'])[1 + i % 5], date '2024-06-01' + i, i / 3.0 from generate_series(1, 900) i;
-- By an enum: the partition of a row depends on the hash of its oid.
create table by_hue (hue color, n int) partition by hash (hue);
create table by_hue_0 partition of by_hue for values with (modulus 2, remainder 0);
create table by_hue_1 partition of by_hue for values with (modulus 2, remainder 1);
insert into by_hue select hue, i from unnest(enum_range(null::color)) hue, generate_series(1, 3) i;

-- === inheritance: a diamond, dropped columns, another order of columns ===
create table animal (id int not null, name text default 'nobody' check (name <> 'x'), gone int);
create table swims (depth numeric default 3) inherits (animal);
create table flies (height numeric, name text default 'bird') inherits (animal);
create table duck (own text, id int default 5, name text default 'duck') inherits (swims, flies);
alter table animal drop column gone;
alter table animal add column late text default 'late';
alter table duck alter column late set default 'duck late';
alter table duck no inherit swims;
alter table duck inherit swims;
alter table swims add constraint deep check (depth < 1000) no inherit;
insert into animal values (1, 'cow', 'l');
insert into swims values (2, 'fish', 10, null);
insert into flies (id, height) values (3, 10);
insert into duck (own, name, depth, height) values ('mine', 'donald', 1, 2), (null, null, null, null);
create table dropped_all (a int, b int);
alter table dropped_all drop column a, drop column b;
insert into dropped_all default values;
create table no_columns ();
insert into no_columns select from generate_series(1, 5);
create table no_rows (id int primary key, t text);
create table typed of point3 (primary key (x), "z Z" with options default 1);
insert into typed values (1, 2, 3);

-- === columns that make themselves ===
create table made (
    id int generated always as identity (start 100 increment -7 minvalue -1000 maxvalue 1000 cycle) primary key, a int, b text default 'x',
    double int generated always as (a * 2) stored, "both" text generated always as (coalesce(b, '') || a::text) stored, gone int, s serial, bs bigserial
);
alter table made drop column gone;
insert into made (a, b) select i, nullif(i % 3, 0)::text from generate_series(1, 40) i;
create sequence plain;
create sequence used_up as smallint minvalue 1 maxvalue 3;
select setval('used_up', 3);
create sequence down increment -5 minvalue -9223372036854775808 maxvalue -1 start -5 cache 20 cycle;
select nextval('down'), nextval('down');
create sequence reset_one start 17;
select setval('reset_one', 400, false);
create sequence owned owned by made.a;
create unlogged sequence unlogged_one;

-- === constraints ===
create table circle_a (id int primary key, b int);
create table circle_b (id int primary key, c int not null);
create table circle_c (id int primary key, a int not null);
insert into circle_a select i, i from generate_series(1, 30) i;
insert into circle_b select i, i from generate_series(1, 30) i;
insert into circle_c select i, 31 - i from generate_series(1, 30) i;
alter table circle_a add constraint a_b foreign key (b) references circle_b deferrable initially deferred;
alter table circle_b add constraint b_c foreign key (c) references circle_c on delete cascade on update set null;
alter table circle_c add constraint c_a foreign key (a) references circle_a match full deferrable;
create table tree (id int primary key, parent int references tree, path text unique nulls not distinct);
insert into tree values (3, 1, 'c'), (1, null, 'a'), (2, 3, null);
create table broken (id int primary key, v int, other int);
insert into broken values (1, -1, 99), (2, 5, 1);
alter table broken add constraint positive_v check (v > 0) not valid;
alter table broken add constraint other_there foreign key (other) references circle_a not valid;
create table booked (room int, during tsrange, constraint no_overlap exclude using gist (during with &&) where (room = 1) deferrable initially deferred);
insert into booked values (1, '[2026-01-01,2026-01-02)'), (2, '[2026-01-01,2026-01-02)');
create table states (id int primary key, status varchar(10) not null default 'new' check (status in ('new', 'paid', 'it''s')), c char(3) check (c in ('a', 'b')), check (status::text <> all (array['x', 'y'])));
insert into states values (1, 'new', 'a'), (2, 'it''s', null);
create table points_to_parts (id bigint, region text, day date, foreign key (id, region, day) references sales);
insert into points_to_parts select id, region, day from sales where id < 20;
create unlogged table unlogged_table (id int primary key, t text);
insert into unlogged_table values (1, 'kept by pg_dump');

-- === indexes, statistics, storage ===
create table indexed (id int primary key, t text collate "C", j jsonb, a int[], p point, tv tsvector, ci citext, n numeric, big text) with (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_enabled = false);
insert into indexed select i, 'text ' || i, jsonb_build_object('k', i), array[i, i + 1], point(i, -i), to_tsvector('english', 'row ' || i), 'CI ' || i, i / 7.0, repeat(md5(i::text), 300) from generate_series(1, 300) i;
create unique index on indexed (lower(t) text_pattern_ops desc nulls last) include (n, id) where n is not null and t <> '';
create index on indexed using gin (j jsonb_path_ops, a) with (fastupdate = off);
create index on indexed using gist (p, tv tsvector_ops (siglen = 100));
create index on indexed using spgist (p);
create index on indexed using brin (id int4_minmax_multi_ops (values_per_range = 16)) with (pages_per_range = 4);
create index on indexed using hash (ci);
create index "index with ""quotes"" and ünïcode" on indexed ((j ->> 'k'), (n * 2) desc);
create unique index indexed_identity on indexed (id, n);
alter table indexed alter column n set not null;
drop index indexed_identity;
create unique index indexed_identity on indexed (id, n);
alter table indexed replica identity using index indexed_identity;
alter table indexed cluster on indexed_pkey;
alter table indexed alter column t set statistics 500, alter column big set storage external, alter column n set (n_distinct = -0.5);
alter index "index with ""quotes"" and ünïcode" alter column 1 set statistics 77;
create statistics many (ndistinct, dependencies, mcv) on id, n, t from indexed;
create statistics "on expression" on (n * 2), (lower(t)) from indexed;
alter statistics many set statistics 321;
comment on statistics many is 'about many';
comment on index indexed_identity is 'about an index';
alter table numbers replica identity full;
alter table texts replica identity nothing;

-- === functions and their like ===
create function tell(a int, variadic b text[] default '{x}', out c text, out d int) returns setof record language plpgsql stable parallel safe cost 17 rows 3
set work_mem = '3MB' set search_path = hard, pg_temp as $f$ begin return query select '$$; \.'::text, a; end $f$;
create function secret() returns text language sql security definer leakproof as $$ select 'secret'::text $$;
create procedure proceed(inout a int) language plpgsql as $$ begin a := a + 1; end $$;
create function add_up(numeric, numeric) returns numeric language sql immutable as 'select coalesce($1, 0) + coalesce($2, 0)';
create aggregate total(numeric) (sfunc = add_up, stype = numeric, initcond = '0', parallel = safe, combinefunc = add_up);
create aggregate middle(float8 order by float8) (sfunc = ordered_set_transition, stype = internal, finalfunc = percentile_disc_final, finalfunc_extra);
create function same_start(text, text) returns boolean language sql immutable as 'select left($1, 1) = left($2, 1)';
create operator =~= (function = same_start, leftarg = text, rightarg = text, commutator = =~=, negator = !=~=, restrict = eqsel, join = eqjoinsel);
create function other_start(text, text) returns boolean language sql immutable as 'select left($1, 1) <> left($2, 1)';
create operator !=~= (function = other_start, leftarg = text, rightarg = text, commutator = !=~=, negator = =~=);
create operator family hard_ops using btree;
create operator class hard_int_ops for type int4 using btree family hard_ops as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int4, int4);
alter operator family hard_ops using btree add operator 1 < (int4, int8), function 1 (int4, int8) btint48cmp(int4, int8);
create index numbers_hard on numbers (i4 hard_int_ops);
create function to_color(int) returns color language sql immutable as 'select (enum_range(null::hard.color))[$1]';
create cast (int as color) with function to_color(int) as assignment;
create cast (point3 as text) with inout;
create collation german (provider = icu, locale = 'de-u-co-phonebk');
create collation no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table collated (g text collate german, n text collate no_case primary key, u text collate "ucs_basic");
insert into collated values ('Ä', 'abc', 'x'), ('ae', 'ABD', 'X');
create conversion hard_conversion for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create access method heap_again type table handler heap_tableam_handler;
create table in_heap_again (id int) using heap_again;
insert into in_heap_again values (1);
create text search dictionary hard_dict (template = simple, stopwords = english, accept = false);
create text search configuration hard_config (copy = english);
alter text search configuration hard_config alter mapping for asciiword, word with hard_dict, english_stem;
create text search parser hard_parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype, headline = prsd_headline);
create text search template hard_template (init = dsimple_init, lexize = dsimple_lexize);
comment on function tell(int, text[]) is 'about a function';
comment on operator =~= (text, text) is 'about an operator';
comment on aggregate total(numeric) is 'about an aggregate';
comment on cast (int as color) is 'about a cast';

-- === views, rules, triggers ===
create view seen with (security_barrier, security_invoker) as select id, t as "a ""t""", 1.5 as half from texts where id < 5 with local check option;
create recursive view counted (n) as values (1) union all select n + 1 from counted where n < 5;
create view on_view as select *, '\.' as dot from seen;
create view view_a as select 1 as a;
create view view_b as select a from view_a;
create or replace view view_a as select (select 1 where exists (select from numbers)) as a;
create materialized view summed as select region, sum(amount) as total, count(*) as n from sales group by region with data;
create unique index summed_region on summed (region);
create materialized view of_summed as select max(total) as most from summed;
create materialized view not_filled as select 1 as one, 'x'::text as x with no data;
comment on materialized view summed is 'about a materialized view';
comment on view seen is 'about a view';
comment on column seen.half is 'about a column of a view';
create table logged (n int, what text);
create rule log_insert as on insert to no_rows where new.id > 10 do also insert into hard.logged values (new.id, 'rule');
create rule into_view as on insert to on_view do instead insert into hard.logged values (new.id, E'view\\.');
create rule never as on delete to states do instead nothing;
alter table states disable rule never;
create function log_it() returns trigger language plpgsql as $$ begin insert into hard.logged values (-1, tg_name); return new; end $$;
create trigger usual after insert or update of amount on sales for each row when (new.amount > 1e9) execute function log_it();
create trigger off before update on numbers for each row execute function log_it();
alter table numbers disable trigger off;
create trigger replica_only after insert on numbers for each statement execute function log_it('an argument', E'b\\.');
alter table numbers enable replica trigger replica_only;
create trigger always_on after delete on numbers referencing old table as gone for each statement execute function log_it();
alter table numbers enable always trigger always_on;
create constraint trigger later after insert on circle_a deferrable initially deferred for each row execute function log_it();
create trigger instead instead of update on seen for each row execute function log_it();
-- Each row that is loaded with it switched on would be seen.
create trigger on_load after insert on bytes for each row execute function log_it();
alter table sales_null disable trigger usual;
comment on trigger usual on sales is 'about a trigger';
comment on rule log_insert on no_rows is 'about a rule';

-- === rows that not everybody may see ===
create table guarded (id int primary key, whose name, t text);
insert into guarded values (1, 'hard_reader', 'r'), (2, 'hard_writer', 'w');
alter table guarded owner to hard_owner;
alter table guarded enable row level security;
alter table guarded force row level security;
create policy mine on guarded as permissive for select to hard_reader, "hard Role ""ünïcode""" using (whose = current_user);
create policy not_empty on guarded as restrictive for all using (t <> '') with check (t <> 'x' and exists (select from hard.numbers));
create table half_guarded (id int);
alter table half_guarded enable row level security;
comment on policy mine on guarded is 'about a policy';

-- === elsewhere ===
create extension postgres_fdw schema hard;
create server nowhere foreign data wrapper postgres_fdw options (host 'nowhere.invalid', dbname 'it''s', port '1');
create user mapping for hard_reader server nowhere options (user 'u', password 'not a "secret"');
create user mapping for public server nowhere;
create foreign table far (id int options (column_name 'ID') not null, t text collate "C") server nowhere options (schema_name 's', table_name 't');
create foreign table far_part partition of sales_empty_parent for values from (0, 0) to (9, 9) server nowhere;
create foreign table far_animal (legs int) inherits (animal) server nowhere;
create foreign data wrapper nothing options (a 'b');
create publication all_of_it for all tables with (publish = 'insert');
create publication some_of_it for table numbers (id, i4) where (i4 > 3), only animal, sales with (publish_via_partition_root);
create publication of_schema for tables in schema "other Schema.with dot";
comment on publication some_of_it is 'about a publication';
comment on server nowhere is 'about a server';

-- === names ===
create table "other Schema.with dot"."a ""quoted"" 名前, with.dot 'and' $$ \. %1$I %s" ("select" int primary key, "a b" text, "ünï""q" int, "%1$I" int, "x
y" int);
insert into "other Schema.with dot"."a ""quoted"" 名前, with.dot 'and' $$ \. %1$I %s" values (1, 'b', 2, 3, 4);
create table "other Schema.with dot"."line
break; drop table numbers; --" (id int);
insert into "other Schema.with dot"."line
break; drop table numbers; --" values (1);
create table "n2345678901234567890123456789012345678901234567890123456789abcd" ("c2345678901234567890123456789012345678901234567890123456789abcd" int primary key);
create table "ü2345678901234567890123456789012345678901234567890123456789abc" ("ü" int);
insert into "ü2345678901234567890123456789012345678901234567890123456789abc" values (1);
create table "SELECT" ("FROM" int, "Where" int default 5 check ("Where" > 0));
insert into "SELECT" values (1, 2);
create table "other Schema.with dot".numbers (id int);
create table " " ("  " int);
insert into " " values (1);
comment on table " " is e'Many\nlines;\n\\connect nowhere\n-- no comment';
comment on column numbers.n is 'a column''s';

-- === large objects ===
select lo_from_bytea(700001, '') as lo \gset
select lo_from_bytea(700002, decode(repeat('5c2e0a00ff', 20), 'hex')) as lo \gset
select lo_from_bytea(700003, (select string_agg(decode(md5(i::text), 'hex'), '') from generate_series(1, 70000) i)) as lo \gset
select lo_create(700004) as lo \gset
select lo_put(700004, 300000, 'behind a hole');
alter large object 700002 owner to hard_owner;
grant select, update on large object 700002 to hard_reader with grant option;
grant select on large object 700003 to public;
comment on large object 700002 is E'about a large object, it''s \\.';

-- === owners and grants ===
alter table numbers owner to hard_owner;
alter sequence plain owner to "hard Role ""ünïcode""";
alter function secret() owner to hard_owner;
alter type nested owner to hard_owner;
alter materialized view summed owner to hard_owner;
grant select on all tables in schema hard to hard_reader;
grant select on sales to hard_owner; -- else no refresh of "summed" would ever succeed
grant usage on schema hard to hard_reader, hard_writer with grant option;
set role hard_owner;
grant select, insert on numbers to hard_writer with grant option;
set role hard_writer;
grant select on hard.numbers to "hard Role ""ünïcode""";
reset role;
grant update (t, v), select (id) on texts to hard_writer;
revoke insert on numbers from hard_owner;
grant usage, select on sequence plain to hard_reader;
revoke execute on function secret() from public;
grant execute on function secret() to hard_reader;
revoke usage on type color from public;
grant usage on foreign server nowhere to hard_reader;
grant usage on foreign data wrapper nothing to hard_writer with grant option;
revoke usage on language plpgsql from public;
grant usage on language plpgsql to hard_reader;
revoke create on schema public from public;
grant select on pg_authid to hard_reader;
alter default privileges for role hard_owner revoke execute on functions from public;
alter default privileges for role hard_owner in schema hard grant select on tables to hard_reader with grant option;
alter default privileges grant usage on types to hard_writer;

-- === many ===
create schema many;
select set_config('hard.tables', :'tables', false);
do $$ begin
    for i in 1..current_setting('hard.tables')::int loop
        execute format('create table many.t%s (id int primary key, t text)', i);
        execute format('insert into many.t%s select n, %L || n from generate_series(1, %s) n', i, 'row ', i % 7);
        if i % 100 = 0 then
            commit; -- each table is a lock
        end if;
    end loop;
end $$;
select :long_row > 0 as is_long \gset
\if :is_long
    create table long_row (id int primary key, t text);
    insert into long_row select 1, repeat(string_agg(md5(i::text), E'\n'), (:long_row / 3300000)::int + 1) from generate_series(1, 100000) i;
\endif

-- Whatever is changed from now on would be seen. Last, as a restore does it.
create table changes (at_tag text, object text);
create function note_change() returns event_trigger language plpgsql as $$ begin insert into hard.changes values (tg_tag, 'x'); end $$;
create event trigger on_change on ddl_command_end when tag in ('CREATE TABLE', 'ALTER TABLE', 'CREATE INDEX', 'COMMENT', 'GRANT', 'REVOKE', 'ALTER SEQUENCE')
execute function note_change(); -- not REFRESH MATERIALIZED VIEW: pg_restore does that after it has made event triggers
create event trigger on_drop on sql_drop when tag in ('DROP TABLE', 'DROP VIEW') execute function note_change();
alter event trigger on_drop enable always;
create event trigger is_off on ddl_command_start execute function note_change();
alter event trigger is_off disable;
