/* What texts promise to be there. */
#include "headgate/sql.h"
#include "headgate/strbuf.h"
#include "private.h"
#include "scratch.h"

/* "table a, column a.id": in the order in which they were made; another schema than "home" is told,
 * "?" stands for any. */
static void assert_promised(const char *text, const char *wanted)
{
    CLEANUP(sql_script_clear) struct sql_script script = {0};
    CLEANUP(promises_clear) struct promises promises = {.home = "home"};
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    sql_read(text, strlen(text), &script);
    promises_follow(&promises, text, &script);
    for (size_t i = 0; i < promises.n; i++) {
        const struct promise *promise = &promises.items[i];
        const char *schema = promise->schema == NULL ? "?" : promise->schema;
        bool shown = promise->kind != PROMISE_SCHEMA && !text_equal(schema, "home");
        strbuf_printf(&out, "%s%s %s%s%s%s%s", i > 0 ? ", " : "", promise_kind_name(promise->kind),
                      shown ? schema : "", shown ? "." : "", promise->name,
                      promise->column != NULL ? "." : "",
                      promise->column != NULL ? promise->column : "");
    }
    assert_string_equal(out.text, wanted);
}

static void a_table_comes_with_its_columns(void **state)
{
    (void)state;
    assert_promised(
        "create table a (id int primary key, \"Name\" text default ',', n numeric(5, 2),"
        " exclude bool, constraint c check (n > 0), primary key (id), unique (n),"
        " foreign key (n) references b (n), exclude (n with =), exclude using gist (n"
        " with =), like b, check (true));",
        "column a.id, column a.Name, column a.n, column a.exclude, table a");
    assert_promised("create unlogged table if not exists s.a ();", "table s.a");
    assert_promised("create table a (x, y) as select 1, 2", "column a.x, column a.y, table a");
    assert_promised("create table a as select 1 as x", "table a");
    assert_promised("create table a partition of b for values from (1) to (2)", "table a");
    assert_promised("create foreign table f (id int) server x", "column f.id, table f");
    assert_promised("create table a (id int); create table if not exists a (other int)",
                    "column a.id, table a");
}

static void what_lasts_no_longer_than_the_session_is_not_promised(void **state)
{
    (void)state;
    assert_promised("create temp table a (id int); create temporary view v as select 1;"
                    "create table pg_temp.b (id int)",
                    "");
}

static void other_objects_are_promised_too(void **state)
{
    (void)state;
    assert_promised("create schema s; create view s.v as select 1; create materialized view m as "
                    "select 1; create or replace recursive view r (n) as select 1; create sequence "
                    "q; create type t as enum ('a'); create domain d as int; create or replace "
                    "function f(a int, b int) returns int language sql as $$ select 1 $$; create "
                    "procedure p() language sql as '';",
                    "schema s, view s.v, view m, view r, sequence q, type t, type d, function f, "
                    "function p");
    assert_promised("create schema authorization joe; create extension citext; create role x", "");
}

static void an_index_stands_in_the_schema_of_its_table(void **state)
{
    (void)state;
    assert_promised(
        "create index i on s.a (x); create unique index concurrently if not exists j on "
        "only b (x); create index on b (x)",
        "index s.i, index j");
}

static void what_is_dropped_is_not_promised_any_more(void **state)
{
    (void)state;
    assert_promised("create table a (x int); create table b (x int); create table c (x int);"
                    "create index i on a (x); create index j on c (x); drop table if exists a, b;",
                    "column c.x, table c, index j");
    assert_promised("create view v as select 1; create function f(a int) returns int language sql "
                    "as ''; create type t as enum (); create sequence s; drop view v; drop "
                    "function f(int), g; drop type t; drop sequence s restrict",
                    "");
    assert_promised(
        "create schema s; create table s.a (x int); create table b (x int); drop schema s",
        "column b.x, table b");
    assert_promised("create table a (x int); create index i on a (x); drop index concurrently i",
                    "column a.x, table a");
    assert_promised("create table a (x int); drop owned by joe", "");
    assert_promised("create table a (x int); drop role joe", "column a.x, table a");
    assert_promised("create table a (x int); drop table other.a", "column a.x, table a");
}

static void what_cascade_takes_along_is_not_promised_any_more(void **state)
{
    (void)state;
    assert_promised("create table a (x int); create table b (x int); create view v as select 1;"
                    "create schema s; drop table a cascade",
                    "table b, schema s");
    assert_promised("create table a (x int); create view v as select x from a; alter table a drop "
                    "column x cascade",
                    "table a");
}

static void columns_come_and_go(void **state)
{
    (void)state;
    assert_promised("create table a (x int); alter table if exists only a add column if not exists "
                    "y int default (1 + 2), add z int, add constraint c check (x > 0), add "
                    "primary key (x), alter x set not null, drop constraint c",
                    "column a.x, table a, column a.y, column a.z");
    assert_promised("create table a (x int, y int); create index i on a (y); alter table a drop "
                    "column if exists x",
                    "column a.y, table a");
    assert_promised("create table a (x int); alter table a drop x, add y int",
                    "table a, column a.y");
    assert_promised("create table a (x int); alter table a add constraint f foreign key (x) "
                    "references b on delete cascade on update cascade",
                    "column a.x, table a");
    assert_promised("create table a (x int); alter table a drop constraint f cascade", "table a");
    assert_promised("create type t as (x int); alter type t add attribute y int", "type t");
    assert_promised("alter default privileges grant select on tables to joe; alter table only", "");
}

static void what_is_renamed_is_promised_by_its_new_name(void **state)
{
    (void)state;
    assert_promised(
        "create table a (x int); create index i on a (x); alter table a rename to b;"
        "alter table b rename column x to y; alter table b rename y to z; alter index i "
        "rename to j; alter table b rename constraint c to d",
        "column b.z, table b, index j");
    assert_promised("create table b (x int); create index i on b (x); alter table b rename to a;"
                    "drop table a",
                    "");
    assert_promised("create view v as select 1; alter table v rename to w", "view w");
    assert_promised(
        "create function f(a int) returns int language sql as ''; alter function f(int) "
        "rename to g",
        "function g");
    assert_promised("create type t as enum ('a'); alter type t rename value 'a' to 'b'", "type t");
    assert_promised("create schema s; create table s.a (x int); alter schema s rename to r", "");
    assert_promised("create table a (x int); alter table a rename to 'b'", "");
}

static void what_moves_is_not_promised_any_more(void **state)
{
    (void)state;
    assert_promised("create table a (x int); create index i on a (x); alter table a set schema s",
                    "");
    assert_promised("create table a (x int); create unique index i on a (x); alter table a add "
                    "constraint c unique using index i",
                    "column a.x, table a");
}

static void a_block_that_drops_takes_what_it_mentions(void **state)
{
    (void)state;
    assert_promised("create table aaa (x int); create table bbb (y int);"
                    "do $$ begin execute 'DROP table aaa'; end $$",
                    "column bbb.y, table bbb");
    assert_promised("create table aaa (x int); do $$ begin perform 'aaa'; end $$",
                    "column aaa.x, table aaa");
}

static void a_text_that_sets_its_search_path_may_mean_any_schema(void **state)
{
    (void)state;
    assert_promised("set search_path = s; create table a (x int); create table t.b (x int)",
                    "column ?.a.x, table ?.a, column t.b.x, table t.b");
    assert_promised("set search_path = s; create table a (x int); drop table s.a", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_comes_with_its_columns),
        cmocka_unit_test(what_lasts_no_longer_than_the_session_is_not_promised),
        cmocka_unit_test(other_objects_are_promised_too),
        cmocka_unit_test(an_index_stands_in_the_schema_of_its_table),
        cmocka_unit_test(what_is_dropped_is_not_promised_any_more),
        cmocka_unit_test(what_cascade_takes_along_is_not_promised_any_more),
        cmocka_unit_test(columns_come_and_go),
        cmocka_unit_test(what_is_renamed_is_promised_by_its_new_name),
        cmocka_unit_test(what_moves_is_not_promised_any_more),
        cmocka_unit_test(a_block_that_drops_takes_what_it_mentions),
        cmocka_unit_test(a_text_that_sets_its_search_path_may_mean_any_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
