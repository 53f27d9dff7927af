/* What we say must stand outside of a transaction is what a real server refuses inside of one. */
#include <stdio.h>
#include <stdlib.h>

#include "headgate/mem.h"
#include "headgate/sql.h"
#include "headgate/strbuf.h"
#include "scratch.h"

static const char *const preparation[] = {
    "create schema s",
    "create table t (a int primary key, b int)",
    "create index i on t (b)",
    "create index j on t (b)",
    "create view v as select 1 as one",
    "create materialized view m as select 1 as one",
    "create unique index on m (one)",
    "create sequence q",
    "create table p (a int) partition by list (a)",
    "create table p1 partition of p for values in (1)",
    "create function f() returns trigger language plpgsql as $$ begin return new; end; $$",
    "create procedure proc() language sql as 'select 1'",
    "create publication pub",
    "create database other",
    "create type e as enum ('a')",
    /* With the name of a slot, but without a publisher. */
    "create subscription sub connection 'host=/nowhere' publication pub with (connect = false)",
    "alter subscription sub enable",
};

/* Each is run in a transaction of its own, which is then rolled back. Those that need what this
 * server does not have fail otherwise, and not with 25001. */
static const char *const statements[] = {
    "alter database other rename to another",
    "alter database other set work_mem = '1MB'",
    "alter database other set tablespace pg_default",
    "alter database other tablespace pg_default",
    "alter database other with connection limit 5",
    "alter index i rename to k",
    "alter sequence q restart",
    "alter subscription sub connection 'host=/elsewhere'",
    "alter subscription sub owner to current_user",
    "alter subscription sub rename to bus",
    "alter subscription sub set (binary = true)",
    "alter system reset work_mem",
    "alter system set work_mem = '1MB'",
    "alter table only t add column c int, drop column b",
    "alter table p detach partition p1",
    "alter table p attach partition p1 for values in (1)",
    "alter type e add value 'b'",
    "alter view v rename to w",
    "analyze",
    "analyze verbose t",
    "call proc()",
    "checkpoint",
    "cluster",
    "cluster t using i",
    "cluster verbose",
    "comment on table t is 'x'",
    "commit prepared 'nothing'",
    "rollback prepared 'nothing'",
    "create database third",
    "create domain d as int",
    "create index concurrently if not exists k on t (b)",
    "create index k on t (b)",
    "create unique index concurrently on only t (b)",
    "create materialized view n as select 1",
    "create or replace function g() returns int language sql as 'select 1'",
    "create role somebody",
    "create rule r as on insert to t do also (select 1; select 2)",
    "create schema another",
    "create statistics st on a, b from t",
    "create subscription u connection 'host=/nowhere' publication pub",
    "create subscription u connection 'host=/nowhere' publication pub with (connect = false)",
    "create subscription u connection 'host=/nowhere' publication pub with (connect = 'no')",
    "create table n (a int references t)",
    "create table n as select 1 as one",
    "create tablespace elsewhere location '/nowhere'",
    "create trigger g before insert on t for each row execute function f()",
    "create view w as select 1",
    "deallocate all",
    "declare c cursor for select 1",
    "discard all",
    "discard plans",
    "discard sequences",
    "discard temp",
    "do $$ begin perform 1; end $$",
    "drop database if exists nothing",
    "drop database other",
    "drop index concurrently i",
    "drop index concurrently if exists nothing",
    "drop index i, j",
    "drop owned by pg_monitor",
    "drop subscription sub",
    "drop table if exists t cascade",
    "drop tablespace nothing",
    "drop view v",
    "explain analyze select 1",
    "grant select on t to public",
    "insert into t values (1, 2)",
    "listen somebody",
    "load 'plpgsql'",
    "lock table t",
    "notify somebody",
    "prepare transaction as select 1",
    "refresh materialized view concurrently m",
    "refresh materialized view m",
    "reindex (verbose) table t",
    "reindex database postgres",
    "reindex index i",
    "reindex index concurrently i",
    "reindex schema s",
    "reindex schema concurrently s",
    "reindex system postgres",
    "reindex table concurrently t",
    "reindex table t",
    "savepoint a",
    "select 1",
    "set local work_mem = '1MB'",
    "truncate t",
    "vacuum",
    "vacuum (analyze) t",
    "vacuum full t",
    "vacuum freeze analyze t",
    "values (1)",
    "with x as (select 1) select * from x",
};

/* Of PostgreSQL 14 and later. */
static const char *const newer_statements[] = {
    "alter subscription sub add publication pubb",
    "alter subscription sub drop publication pubb with (refresh = off)",
    "alter table p detach partition p1 concurrently",
    "alter table p detach partition p1 finalize",
    "create function h() returns int begin atomic select case when true then 1 end; end",
    "reindex (concurrently 0) index i",
    "reindex (concurrently off, verbose) index i",
    "reindex (concurrently) index i",
    "reindex (verbose, concurrently true) table t",
};

static enum sql_kind kind_of(const char *text)
{
    CLEANUP(sql_script_clear) struct sql_script script;
    sql_read(text, strlen(text), &script);
    assert_int_equal(script.n, 1);
    return script.statements[0].kind;
}

/* psql runs each and says what it got. */
static void add_question(struct strbuf *questions, size_t i, const char *statement)
{
    strbuf_printf(questions, "begin;\n%s;\n\\echo answer %zu :SQLSTATE\nrollback;\n", statement, i);
}

static const char *ask(const struct strbuf *questions)
{
    CLEANUP(mem_freep) char *path = mem_printf("%s/questions.sql", scratch_dir());
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(questions->text, 1, questions->size, file), questions->size);
    assert_int_equal(fclose(file), 0);
    return scratch_out("psql '%s' -X -q -A -t -f questions.sql 2>&1 | grep '^answer '",
                       scratch_postgres());
}

static size_t compare(const char *const *list, size_t n, const char *answers)
{
    size_t n_refused = 0;
    for (size_t i = 0; i < n; i++) {
        CLEANUP(mem_freep) char *refusal = mem_printf("answer %zu 25001", i);
        CLEANUP(mem_freep) char *answer = mem_printf("answer %zu ", i);
        assert_contains(answers, answer);
        bool refused = strstr(answers, refusal) != NULL;
        n_refused += refused ? 1 : 0;
        if (refused != sql_kind_is_outside(kind_of(list[i]))) {
            fail_msg("%s: the server %s it in a transaction", list[i],
                     refused ? "refuses" : "takes");
        }
    }
    return n_refused;
}

static size_t ask_and_compare(const char *const *list, size_t n)
{
    CLEANUP(strbuf_clear) struct strbuf questions = STRBUF_INIT;
    for (size_t i = 0; i < n; i++) {
        add_question(&questions, i, list[i]);
    }
    return compare(list, n, ask(&questions));
}

static void prepare(void)
{
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    static bool done = false;
    if (done) {
        return;
    }
    strbuf_printf(&line, "psql '%s' -X -q -v ON_ERROR_STOP=1 2>&1 <<'END'\n", scratch_postgres());
    for (size_t i = 0; i < ARRAY_LEN(preparation); i++) {
        strbuf_printf(&line, "%s;\n", preparation[i]);
    }
    strbuf_add(&line, "END\n");
    scratch_sh("%s", line.text);
    done = true;
}

static void the_server_refuses_in_a_transaction_what_we_say(void **state)
{
    (void)state;
    prepare();
    assert_true(ask_and_compare(statements, ARRAY_LEN(statements)) > 25);
}

static void and_in_the_syntax_of_newer_servers(void **state)
{
    (void)state;
    prepare();
    int version =
        atoi(scratch_out("psql '%s' -X -A -t -c 'show server_version_num'", scratch_postgres()));
    if (version < 140000) {
        skip();
    }
    assert_true(ask_and_compare(newer_statements, ARRAY_LEN(newer_statements)) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_server_refuses_in_a_transaction_what_we_say),
        cmocka_unit_test(and_in_the_syntax_of_newer_servers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
