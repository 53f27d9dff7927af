/* What each statement is taken for. Shown as: kind, VERB, name, "of" its table, "if", its locks in
 * brackets, "rewrites", "?" where the parser did not understand it. */
#include "draft.h"
#include "headgate/sql.h"
#include "headgate/strbuf.h"
#include "scratch.h"

static const char *const kinds[] = {
    [SQL_ORDINARY] = "ordinary",
    [SQL_BEGIN] = "begin",
    [SQL_COMMIT] = "commit",
    [SQL_ROLLBACK] = "rollback",
    [SQL_PREPARE_TRANSACTION] = "prepare-transaction",
    [SQL_CALL] = "call",
    [SQL_CREATE_INDEX_CONCURRENTLY] = "create-concurrently",
    [SQL_DROP_INDEX_CONCURRENTLY] = "drop-concurrently",
    [SQL_REINDEX_CONCURRENTLY] = "reindex-concurrently",
    [SQL_DETACH_CONCURRENTLY] = "detach-concurrently",
    [SQL_CREATE_DATABASE] = "create-database",
    [SQL_DROP_DATABASE] = "drop-database",
    [SQL_OUTSIDE] = "outside",
    [SQL_COPY_STDIN] = "copy-in",
    [SQL_COPY_STDOUT] = "copy-out",
    [SQL_META] = "meta",
};

static void show_name(struct strbuf *out, const char *before, const struct sql_name *name)
{
    if (name->name == NULL) {
        return;
    }
    strbuf_add(out, before);
    if (name->schema != NULL) {
        strbuf_printf(out, "%s.", name->schema);
    }
    strbuf_add(out, name->name);
}

static void show(struct strbuf *out, const struct sql_statement *statement)
{
    strbuf_printf(out, "%s %s", kinds[statement->kind], statement->verb);
    show_name(out, " ", &statement->name);
    show_name(out, " of ", &statement->table);
    strbuf_add(out, statement->if_exists ? " if" : "");
    for (size_t i = 0; i < statement->n_locks; i++) {
        show_name(out, i == 0 ? " [" : " ", &statement->locks[i]);
    }
    strbuf_add(out, statement->n_locks > 0 ? "]" : "");
    strbuf_add(out, statement->rewrites ? " rewrites" : "");
    strbuf_add(out, statement->understood ? "" : " ?");
}

struct example {
    const char *text, *expected;
};

static void assert_read(const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP(strbuf_clear) struct strbuf found = STRBUF_INIT;
        CLEANUP(sql_script_clear) struct sql_script script;
        sql_read(examples[i].text, strlen(examples[i].text), &script);
        assert_int_equal(script.n, 1);
        show(&found, &script.statements[0]);
        if (strcmp(found.text, examples[i].expected) != 0) {
            fail_msg("%s\n  is       %s\n  expected %s", examples[i].text, found.text,
                     examples[i].expected);
        }
    }
}
#define assert_all_read(examples) assert_read(examples, ARRAY_LEN(examples))

static void transactions_are_told(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"begin isolation level serializable", "begin BEGIN"},
        {"start transaction", "begin START TRANSACTION"},
        {"COMMIT AND CHAIN", "commit COMMIT"},
        {"end", "commit END"},
        {"rollback", "rollback ROLLBACK"},
        {"rollback work", "rollback ROLLBACK"},
        {"abort", "rollback ABORT"},
        {"rollback to savepoint a", "ordinary ROLLBACK TO"},
        {"rollback work to a", "ordinary ROLLBACK TO"},
        {"rollback transaction to a", "ordinary ROLLBACK TO"},
        {"savepoint a", "ordinary SAVEPOINT"},
        {"release a", "ordinary RELEASE"},
        {"prepare transaction 'x'", "prepare-transaction PREPARE TRANSACTION"},
        {"prepare transaction as select 1", "ordinary PREPARE"},
        {"commit prepared 'x'", "outside COMMIT PREPARED"},
        {"/**/ rollback -- x\n prepared 'x'", "outside ROLLBACK PREPARED"},
        {"do $$ begin commit; end $$", "call DO"},
        {"call p(1)", "call CALL"},
        {"\\connect x", "meta \\connect"},
        {"\\i x.sql", "meta \\i"},
    };
    assert_all_read(examples);
}

static void concurrent_statements_are_told(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"create index concurrently on s.t (x)",
         "create-concurrently CREATE INDEX CONCURRENTLY of s.t [s.t]"},
        {"CREATE /* x */ UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"I\" ON ONLY T (x)",
         "create-concurrently CREATE INDEX CONCURRENTLY I of t if [t]"},
        {"create index i on t (x)", "ordinary CREATE INDEX i of t [t]"},
        {"create index on t (x)", "ordinary CREATE INDEX of t [t]"},
        {"drop index concurrently if exists s.i cascade",
         "drop-concurrently DROP INDEX CONCURRENTLY s.i if [s.i]"},
        {"drop index i, s.j", "ordinary DROP INDEX i [i s.j]"},
        {"reindex index concurrently s.i",
         "reindex-concurrently REINDEX CONCURRENTLY s.i [s.i] rewrites"},
        {"reindex (concurrently) table t",
         "reindex-concurrently REINDEX CONCURRENTLY of t [t] rewrites"},
        {"reindex (concurrently true, verbose) index i",
         "reindex-concurrently REINDEX CONCURRENTLY i [i] rewrites"},
        {"reindex (verbose, concurrently off) index i", "ordinary REINDEX i [i] rewrites"},
        {"reindex (concurrently off) index i", "ordinary REINDEX i [i] rewrites"},
        {"reindex (concurrently 'FALSE') index i", "ordinary REINDEX i [i] rewrites"},
        {"reindex (concurrently 0) index i", "ordinary REINDEX i [i] rewrites"},
        {"reindex (concurrently 1) index i",
         "reindex-concurrently REINDEX CONCURRENTLY i [i] rewrites"},
        {"reindex (concurrently 1.5) index i",
         "reindex-concurrently REINDEX CONCURRENTLY i [i] rewrites"},
        {"reindex (concurrently false) index concurrently i",
         "reindex-concurrently REINDEX CONCURRENTLY i [i] rewrites"},
        {"alter table s.p detach partition q concurrently",
         "detach-concurrently DETACH PARTITION CONCURRENTLY q of s.p [s.p q]"},
        {"alter table p detach partition q finalize", "ordinary ALTER TABLE p [p q]"},
        {"alter table p detach partition q", "ordinary ALTER TABLE p [p q]"},
        {"refresh materialized view concurrently m",
         "ordinary REFRESH MATERIALIZED VIEW m [m] rewrites"},
    };
    assert_all_read(examples);
}

static void what_must_stand_outside_of_a_transaction_is_told(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"create database d template x", "create-database CREATE DATABASE d"},
        {"drop database if exists d with (force)", "drop-database DROP DATABASE d if"},
        {"alter database d set tablespace x", "outside ALTER DATABASE d"},
        {"alter database d with tablespace = x", "outside ALTER DATABASE d"},
        {"alter database d set work_mem = 1", "ordinary ALTER DATABASE d"},
        {"alter database d rename to tablespace", "ordinary ALTER DATABASE d"},
        {"create tablespace x location '/x'", "outside CREATE TABLESPACE x"},
        {"drop tablespace x", "outside DROP TABLESPACE x"},
        {"alter tablespace x rename to y", "ordinary ALTER TABLESPACE x"},
        {"alter system set work_mem = 1", "outside ALTER SYSTEM"},
        {"discard all", "outside DISCARD ALL"},
        {"discard plans", "ordinary DISCARD"},
        {"vacuum", "outside VACUUM"},
        {"vacuum (analyze, verbose) a, b.c", "outside VACUUM a [a b.c]"},
        {"vacuum full a", "outside VACUUM a [a] rewrites"},
        {"analyze", "ordinary ANALYZE"},
        {"analyse verbose a (x), b", "ordinary ANALYZE a [a b]"},
        {"cluster", "outside CLUSTER rewrites"},
        {"cluster verbose", "outside CLUSTER rewrites"},
        {"cluster verbose t using i", "ordinary CLUSTER t [t] rewrites"},
        {"cluster i on t", "ordinary CLUSTER t [t] rewrites"},
        {"reindex schema s", "outside REINDEX"},
        {"reindex (concurrently) schema s", "reindex-concurrently REINDEX CONCURRENTLY"},
        {"reindex database concurrently d", "reindex-concurrently REINDEX CONCURRENTLY"},
        {"reindex system d", "outside REINDEX"},
        {"create subscription s connection '' publication p", "outside CREATE SUBSCRIPTION s"},
        {"create subscription s connection '' publication p with (connect = off)",
         "ordinary CREATE SUBSCRIPTION s"},
        {"create subscription s connection '' publication p with (create_slot = 'no')",
         "ordinary CREATE SUBSCRIPTION s"},
        {"create subscription s connection '' publication p with (connect = yes.no)",
         "outside CREATE SUBSCRIPTION s"},
        {"drop subscription s", "outside DROP SUBSCRIPTION s"},
        {"alter subscription s refresh publication", "outside ALTER SUBSCRIPTION s"},
        {"alter subscription s add publication p", "outside ALTER SUBSCRIPTION s"},
        {"alter subscription s drop publication p with (refresh = false)",
         "ordinary ALTER SUBSCRIPTION s"},
        {"alter subscription s set publication p with (refresh)", "outside ALTER SUBSCRIPTION s"},
        {"alter subscription s set (failover = on)", "outside ALTER SUBSCRIPTION s"},
        {"alter subscription s set (two_phase = on)", "outside ALTER SUBSCRIPTION s"},
        {"alter subscription s set (binary = on)", "ordinary ALTER SUBSCRIPTION s"},
        {"alter subscription s enable", "ordinary ALTER SUBSCRIPTION s"},
    };
    assert_all_read(examples);
}

static void a_copy_that_wants_a_stream_is_told(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"copy t (a, b) from stdin with csv", "copy-in COPY"},
        {"copy t from stdout", "copy-in COPY"},
        {"copy (select a from b) to stdout", "copy-out COPY"},
        {"copy t to stdin", "copy-out COPY"},
        {"copy t from 'stdin' (format csv) where a = stdin", "ordinary COPY"},
        {"copy t to program 'x'", "ordinary COPY"},
        {"copy t", "ordinary COPY"},
    };
    assert_all_read(examples);
}

static void the_relations_it_locks_are_named(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"create table n (a int references n, b int references s.m, foreign key (a) references o)",
         "ordinary CREATE TABLE n [s.m o]"},
        {"create temp table if not exists n partition of p for values in (1)",
         "ordinary CREATE TABLE n if [p]"},
        {"create table n () inherits (a, b)", "ordinary CREATE TABLE n [a b]"},
        {"create table n as select * from t", "ordinary CREATE TABLE n"},
        {"create foreign table n partition of p default server s",
         "ordinary CREATE FOREIGN TABLE n [p]"},
        {"alter table if exists only a.b add c int references d, add foreign key (c) references e, "
         "drop if exists f",
         "ordinary ALTER TABLE a.b if [a.b d e]"},
        {"alter table p attach partition q default", "ordinary ALTER TABLE p [p q]"},
        {"alter table a inherit b", "ordinary ALTER TABLE a [a b]"},
        {"alter table a rename b to c", "ordinary ALTER TABLE a [a]"},
        {"alter table a set schema s", "ordinary ALTER TABLE a [a]"},
        {"alter table all in tablespace a set tablespace b", "ordinary ALTER TABLE"},
        {"alter index i attach partition j", "ordinary ALTER INDEX i [i j]"},
        {"alter index i depends on extension x", "ordinary ALTER INDEX i [i]"},
        {"alter view v alter a set default 1", "ordinary ALTER VIEW v [v]"},
        {"alter materialized view v rename to w", "ordinary ALTER MATERIALIZED VIEW v [v]"},
        {"alter sequence q restart", "ordinary ALTER SEQUENCE q [q]"},
        {"drop table if exists a, b.c", "ordinary DROP TABLE a if [a b.c]"},
        {"drop table x.a.b", "ordinary DROP TABLE a.b [a.b]"},
        {"drop view v", "ordinary DROP VIEW v [v]"},
        {"drop trigger g on s.t", "ordinary DROP TRIGGER g [s.t]"},
        {"drop policy p on t", "ordinary DROP POLICY p [t]"},
        {"truncate table only a, s.b cascade", "ordinary TRUNCATE a [a s.b]"},
        {"lock table a, b", "ordinary LOCK TABLE a [a b]"},
        {"lock a in share update exclusive mode", "ordinary LOCK TABLE a [a]"},
        {"lock only a in row exclusive mode", "ordinary LOCK TABLE a"},
        {"create constraint trigger g after insert on t for each row execute function f()",
         "ordinary CREATE TRIGGER g [t]"},
        {"create or replace rule r as on insert to s.t do instead nothing",
         "ordinary CREATE RULE r [s.t]"},
        {"create policy p on t", "ordinary CREATE POLICY p [t]"},
        {"alter policy p on t using (true)", "ordinary ALTER POLICY p [t]"},
        {"create statistics s on a, b from t", "ordinary CREATE STATISTICS s [t]"},
        {"create publication p for table a, b, tables in schema c",
         "ordinary CREATE PUBLICATION p [a b]"},
        {"alter publication p add table a", "ordinary ALTER PUBLICATION p [a]"},
        {"comment on table t is 'x'", "ordinary COMMENT ON [t]"},
        {"comment on column s.t.c is null", "ordinary COMMENT ON [s.t]"},
        {"comment on constraint c on t is 'x'", "ordinary COMMENT ON [t]"},
        {"comment on database d is 'x'", "ordinary COMMENT ON"},
        {"security label on table t is 'x'", "ordinary SECURITY LABEL [t]"},
    };
    assert_all_read(examples);
}

static void what_writes_a_table_anew_is_told(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"alter table t alter a type text", "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t alter column a set data type text, add b int",
         "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t set tablespace a", "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t set logged", "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t set unlogged", "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t set access method heap", "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t add a int default random()", "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t add a int default 1 + 1", "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t add a uuid default gen_random_uuid()",
         "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t add a bigserial", "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t add a int generated always as identity",
         "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t add a int generated always as (b + 1) stored",
         "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t add a text[] not null default array[1]",
         "ordinary ALTER TABLE t [t] rewrites"},
        {"alter table t add a int not null default 5", "ordinary ALTER TABLE t [t]"},
        {"alter table t add a text[] not null default array[]::text[]",
         "ordinary ALTER TABLE t [t]"},
        {"alter table t add a timestamptz default pg_catalog.now()", "ordinary ALTER TABLE t [t]"},
        {"alter table t add a timestamptz default current_timestamp", "ordinary ALTER TABLE t [t]"},
        {"alter table t add a timestamptz default '2020-01-01'::date::timestamptz",
         "ordinary ALTER TABLE t [t]"},
        {"alter table t add a x.serial", "ordinary ALTER TABLE t [t]"},
        {"alter table t add type text", "ordinary ALTER TABLE t [t]"},
        {"alter table t alter type set default random()", "ordinary ALTER TABLE t [t]"},
        {"alter table t add a int generated always as (b + 1) stored, new",
         "ordinary ALTER TABLE t [t] rewrites ?"},
        {"alter table t alter column a set expression as (b + 1)",
         "ordinary ALTER TABLE t [t] rewrites ?"},
        {"alter table t alter column a type text new", "ordinary ALTER TABLE t [t] rewrites ?"},
        {"alter table t alter a type text new", "ordinary ALTER TABLE t [t] rewrites ?"},
        {"alter table t alter type set new", "ordinary ALTER TABLE t [t] ?"},
        {"vacuum (full, new syntax here) t", "outside VACUUM t [t] rewrites ?"},
        {"vacuum (full off) t", "outside VACUUM t [t]"},
        {"refresh materialized view m new", "ordinary REFRESH MATERIALIZED VIEW m [m] rewrites ?"},
    };
    assert_all_read(examples);
}

static void names_can_be_quoted_for_a_text(void **state)
{
    (void)state;
    const struct sql_name plain = {.name = "a"};
    const struct sql_name odd = {.schema = "A\"b", .name = "c.d"};
    CLEANUP(mem_freep) char *one = sql_name_quoted(&plain);
    CLEANUP(mem_freep) char *other = sql_name_quoted(&odd);
    assert_string_equal(one, "\"a\"");
    assert_string_equal(other, "\"A\"\"b\".\"c.d\"");
}

static void other_statements_have_a_verb_and_a_name(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"insert into t values (1)", "ordinary INSERT"},
        {"((select 1) union (select 2))", "ordinary SELECT"},
        {"with a as (select 1) select 2", "ordinary WITH"},
        {"set local lock_timeout = 1", "ordinary SET"},
        {"create or replace function S.f(a int) returns int return 1",
         "ordinary CREATE FUNCTION s.f"},
        {"create extension if not exists \"uuid-ossp\"", "ordinary CREATE EXTENSION uuid-ossp if"},
        {"create recursive view v (a) as select 1", "ordinary CREATE VIEW v"},
        {"create schema authorization joe", "ordinary CREATE SCHEMA"},
        {"create default conversion c for 'a' to 'b' from f", "ordinary CREATE CONVERSION c"},
        {"create user mapping for a server b", "ordinary CREATE USER MAPPING"},
        {"create user u", "ordinary CREATE USER u"},
        {"alter default privileges grant select on tables to a",
         "ordinary ALTER DEFAULT PRIVILEGES"},
        {"alter type t add value 'x'", "ordinary ALTER TYPE t"},
        {"drop owned by a", "ordinary DROP OWNED"},
        {"create foo bar", "ordinary CREATE ?"},
        {"alter", "ordinary ALTER ?"},
        {"foo bar", "ordinary FOO ?"},
        {"?", "ordinary SQL ?"},
        {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz x", "ordinary SQL ?"},
    };
    assert_all_read(examples);
}

static void names_are_as_the_catalog_has_them(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"create view \"A\"\"b\".C$\xC3\x84 as select 1", "ordinary CREATE VIEW A\"b.c$\xC3\x84"},
        {"drop table \"A\"\"b\".C", "ordinary DROP TABLE A\"b.c [A\"b.c]"},
        {"drop table U&\"d\\0061t\"", "ordinary DROP TABLE dat [dat]"},
        {"create view U&\"d\\0061t\" as select 1", "ordinary CREATE VIEW"},
        {"create view \"\" as select 1", "ordinary CREATE VIEW"},
        {"create view a. as select 1", "ordinary CREATE VIEW a.as"},
        {"create view a.", "ordinary CREATE VIEW"},
        {"create view abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzABCDEFGHIJ\xC3\xA4x as x",
         "ordinary CREATE VIEW abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij"},
        {"drop table abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzABCDEFGHIJ\xC3\xA4x",
         "ordinary DROP TABLE abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij "
         "[abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghij]"},
    };
    assert_all_read(examples);
}

/* Syntax of PostgreSQL 16 to 18, and what no version takes. */
static void first_words_decide_where_the_parser_is_too_old(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"alter table if exists only s.t add constraint n not null c not valid",
         "ordinary ALTER TABLE s.t if [s.t] ?"},
        {"alter table t add foreign key (a) references s.o (b) not enforced",
         "ordinary ALTER TABLE t [t s.o] ?"},
        {"create table n (a int generated always as (1) virtual, b int references n, "
         "c int references m)",
         "ordinary CREATE TABLE n [m] ?"},
        {"alter table p detach partition s.q concurrently, new syntax",
         "detach-concurrently DETACH PARTITION CONCURRENTLY s.q of p [p s.q] ?"},
        {"alter table p detach partition q new syntax", "ordinary ALTER TABLE p [p q] ?"},
        {"create unique index concurrently i on only t new syntax",
         "create-concurrently CREATE INDEX CONCURRENTLY i of t [t] ?"},
        {"create index on t new syntax", "ordinary CREATE INDEX of t [t] ?"},
        {"create statistics on a, b from t new", "ordinary CREATE STATISTICS ?"},
        {"drop index concurrently if exists s.i new syntax",
         "drop-concurrently DROP INDEX CONCURRENTLY s.i if [s.i] ?"},
        {"reindex database", "outside REINDEX ?"},
        {"reindex (verbose) system", "outside REINDEX ?"},
        {"reindex (concurrently) table t new",
         "reindex-concurrently REINDEX CONCURRENTLY of t [t] rewrites ?"},
        {"reindex (concurrently, concurrently off) index i new",
         "ordinary REINDEX i [i] rewrites ?"},
        {"reindex (concurrently 'no') index concurrently i new",
         "reindex-concurrently REINDEX CONCURRENTLY i [i] rewrites ?"},
        {"reindex (concurrently", "outside REINDEX ?"},
        {"vacuum only t", "outside VACUUM t [t] ?"},
        {"analyze only t", "ordinary ANALYZE t [t] ?"},
        {"cluster (verbose)", "outside CLUSTER rewrites ?"},
        {"alter database d set tablespace new syntax", "outside ALTER DATABASE d ?"},
        {"alter database d new (tablespace) syntax", "ordinary ALTER DATABASE d ?"},
        {"alter subscription s refresh sequences", "outside ALTER SUBSCRIPTION s ?"},
        {"alter subscription s set publication p new", "outside ALTER SUBSCRIPTION s ?"},
        {"alter subscription s set (failover) new", "outside ALTER SUBSCRIPTION s ?"},
        {"alter subscription s set (x) new", "ordinary ALTER SUBSCRIPTION s ?"},
        {"create trigger g after update of a, b on s.t new", "ordinary CREATE TRIGGER g [s.t] ?"},
        {"create rule r as on update to s.t new", "ordinary CREATE RULE r [s.t] ?"},
        {"drop rule r on t new", "ordinary DROP RULE r [t] ?"},
        {"drop policy p new", "ordinary DROP POLICY p ?"},
        {"merge into t using s on true when matched then delete returning *", "ordinary MERGE"},
    };
    assert_all_read(examples);
}

static void outside_are_those_that_a_transaction_refuses(void **state)
{
    (void)state;
    size_t n_outside = 0;
    for (enum sql_kind kind = 0; kind < SQL_KIND_MAX; kind++) {
        n_outside += sql_kind_is_outside(kind) ? 1 : 0;
    }
    assert_int_equal(n_outside, 7);
    assert_true(sql_kind_is_outside(SQL_DETACH_CONCURRENTLY));
    assert_false(sql_kind_is_outside(SQL_CALL));
}

static void a_script_keeps_order_and_extents_and_outlives_its_text(void **state)
{
    (void)state;
    char text[] = "\xEF\xBB\xBF-- \xC3\xA4\nalter table a add b int ; \r\n;drop table \"\xC3\xA4\"";
    CLEANUP(sql_script_clear) struct sql_script script;
    sql_read(text, sizeof text - 1, &script);
    memset(text, 'x', sizeof text);
    assert_int_equal(script.n, 2);
    assert_int_equal(script.statements[0].offset, 9);
    assert_int_equal(script.statements[0].size, strlen("alter table a add b int"));
    assert_string_equal(script.statements[0].verb, "ALTER TABLE");
    assert_string_equal(script.statements[1].name.name, "\xC3\xA4");
    assert_string_equal(script.statements[1].locks[0].name, "\xC3\xA4");
    CLEANUP(sql_script_clear) struct sql_script empty;
    sql_read("", 0, &empty);
    assert_int_equal(empty.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transactions_are_told),
        cmocka_unit_test(concurrent_statements_are_told),
        cmocka_unit_test(what_must_stand_outside_of_a_transaction_is_told),
        cmocka_unit_test(a_copy_that_wants_a_stream_is_told),
        cmocka_unit_test(the_relations_it_locks_are_named),
        cmocka_unit_test(what_writes_a_table_anew_is_told),
        cmocka_unit_test(names_can_be_quoted_for_a_text),
        cmocka_unit_test(other_statements_have_a_verb_and_a_name),
        cmocka_unit_test(names_are_as_the_catalog_has_them),
        cmocka_unit_test(first_words_decide_where_the_parser_is_too_old),
        cmocka_unit_test(outside_are_those_that_a_transaction_refuses),
        cmocka_unit_test(a_script_keeps_order_and_extents_and_outlives_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
