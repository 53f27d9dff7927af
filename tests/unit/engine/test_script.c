/* A migration's text, taken apart into steps; and what is refused, with its place. */
#include "script.h"

#include "scratch.h"

#include <string.h>

#include "headgate/mem.h"

static bool build(const char *text, bool no_transaction, struct script *ret_script,
                  struct error *err)
{
    struct strbuf copy = STRBUF_INIT;
    strbuf_add(&copy, text);
    return script_build("m.sql", &copy, no_transaction, ret_script, err);
}

/* "1 2 | 3 | >5 6": the numbers of the statements by step, ! where one runs outside, > where it has
 * a BEGIN of its own. */
static char *shown(const struct script *script)
{
    struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < script->n_steps; i++) {
        const struct script_step *step = &script->steps[i];
        strbuf_printf(&out, "%s%s", i > 0 ? "| " : "", step->outside ? "!" : "");
        if (step->opener != SCRIPT_NO_OPENER) {
            strbuf_printf(&out, "%zu>", step->opener + 1);
        }
        for (size_t k = 0; k < step->n; k++) {
            strbuf_printf(&out, "%zu ", step->first + k + 1);
        }
    }
    strbuf_trim_end(&out);
    return strbuf_take(&out);
}

static void expect(const char *text, bool no_transaction, const char *steps, const char *mode)
{
    struct error err = ERROR_INIT;
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    assert_ok(build(text, no_transaction, &script, &err));
    CLEANUP(mem_freep) char *got = shown(&script);
    CLEANUP(mem_freep) char *got_mode = script_mode(&script);
    assert_string_equal(got, steps);
    assert_string_equal(got_mode, mode);
    assert_int_equal(script.transactional, script.why == NULL);
}

#define WHOLE "in a transaction"

static void statements_that_may_be_together_are_one_step(void **state)
{
    (void)state;
    expect("", false, "", WHOLE);
    expect("-- nothing\n;;", false, "", WHOLE);
    expect("select 1", false, "1", WHOLE);
    expect("create table a (id int); insert into a values (1); call p(); do $$ begin end $$;",
           false, "1 2 3 4", WHOLE);
    expect("savepoint s; select 1; rollback to s; release s", false, "1 2 3 4", WHOLE);
}

static void one_that_cannot_makes_each_a_step(void **state)
{
    (void)state;
    expect("create index concurrently i on t (a)", false, "!1",
           "step by step (CREATE INDEX CONCURRENTLY)");
    expect("select 1; select 2; vacuum; call p(); do $$ begin end $$; select 3;", false,
           "1 | 2 | !3 | !4 | !5 | 6", "step by step (VACUUM)");
    expect("drop index concurrently i; vacuum", false, "!1 | !2",
           "step by step (DROP INDEX CONCURRENTLY)");
    expect("begin; select 1; call p(); commit; create database d", false, "1>2 3 | !5",
           "step by step (CREATE DATABASE)");
}

static void a_file_may_ask_for_it(void **state)
{
    (void)state;
    expect("select 1; select 2", true, "1 | 2", "step by step (no-transaction)");
    expect("vacuum; select 2", true, "!1 | 2", "step by step (no-transaction)");
    expect("call p(); begin; select 1; select 2; commit;", true, "!1 | 2>3 4",
           "step by step (no-transaction)");
    expect("", true, "", "step by step (no-transaction)");
}

static void transactions_of_its_own_are_steps(void **state)
{
    (void)state;
    expect("begin; select 1; select 2; commit;", false, "1>2 3", WHOLE);
    expect("begin; select 1; commit; select 2; select 3", false, "1>2 | 4 5",
           "step by step (its own transactions)");
    expect("select 1; begin isolation level serializable; select 2; end; select 3;", false,
           "1 | 2>3 | 5", "step by step (its own transactions)");
    expect("begin; select 1; commit; start transaction; select 2; commit", false, "1>2 | 4>5",
           "step by step (its own transactions)");
}

static void a_commit_alone_ends_a_step(void **state)
{
    (void)state;
    expect("select 1; commit; select 2; select 3;", false, "1 | 3 4",
           "step by step (its own transactions)");
    expect("select 1; commit;", false, "1", WHOLE);
    expect("commit; select 1", false, "2", WHOLE);
}

static void a_transaction_without_a_statement_is_no_step(void **state)
{
    (void)state;
    expect("begin; commit;", false, "", WHOLE);
    expect("select 1; begin; commit; select 2", false, "1 | 4",
           "step by step (its own transactions)");
}

static void a_byte_order_mark_is_no_part_of_it(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    assert_ok(build("\xef\xbb\xbfselect 1;", false, &script, &err));
    assert_string_equal(script.text.text, "select 1;");
    assert_int_equal(script.text.size, 9);
    assert_int_equal(script.source.size, 9);
    assert_int_equal(script.sql.statements[0].offset, 0);
}

/* --- refusals --- */

static const struct {
    const char *text;
    size_t line, column, width;
    const char *message, *note;
} refused[] = {
    {"select 1;\n  rollback;\n", 2, 3, 8, "a migration cannot roll back its own transaction",
     "take the statement out"},
    {"abort", 1, 1, 5, "a migration cannot roll back its own transaction", "rolled back anyway"},
    {"prepare transaction 'x';", 1, 1, 23, "a migration cannot leave a prepared transaction behind",
     "COMMIT"},
    {"copy t from stdin;", 1, 1, 17, "COPY FROM STDIN has no rows to read here", "--inserts"},
    {"copy t to stdout;", 1, 1, 16, "nobody would read the rows of COPY TO STDOUT here",
     "take the statement out"},
    {"\\i other.sql\nselect 1;", 1, 1, 12, "this is a command of psql, not SQL", "write it in SQL"},
    {"select 1;\nbegin;\nselect 2;", 2, 1, 5, "this BEGIN has no COMMIT", "end the transaction"},
    {"begin;\nbegin;\nselect 2; commit;", 2, 1, 5, "a transaction has begun already",
     "end it with COMMIT first"},
    {"begin; select 1;\nvacuum\n  full; commit;", 2, 1, 6, "this cannot run inside a transaction",
     "move it out"},
    {"create index concurrently on t (a)", 1, 1, 34,
     "an index that is built concurrently needs a name", "found again by its name"},
    {"\xef\xbb\xbf rollback", 1, 2, 8, "a migration cannot roll back its own transaction", "out"},
};

static void what_cannot_be_run_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        struct script script = {.text = STRBUF_INIT};
        assert_fails(build(refused[i].text, false, &script, &err), ERROR_CONFIG);
        assert_string_equal(err.message, "m.sql cannot be run");
        assert_true(err.problems.n > 0);
        const struct problem *problem = &err.problems.items[0];
        assert_string_equal(problem->file, "m.sql");
        assert_string_equal(problem->message, refused[i].message);
        assert_int_equal(problem->line, refused[i].line);
        assert_int_equal(problem->column, refused[i].column);
        assert_int_equal(problem->width, refused[i].width);
        assert_contains(problem->notes.items[0], refused[i].note);
    }
}

static void all_that_is_wrong_is_told_at_once_in_the_order_of_the_file(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct script script = {.text = STRBUF_INIT};
    assert_fails(
        build("begin;\nselect 1;\n\\echo x\nrollback;\ncopy t from stdin;\n", false, &script, &err),
        ERROR_CONFIG);
    assert_int_equal(err.problems.n, 4);
    for (size_t i = 0; i < 4; i++) {
        static const size_t lines[] = {1, 3, 4, 5};
        assert_int_equal(err.problems.items[i].line, lines[i]);
    }
}

/* --- events --- */

static void events_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < EVENT_KIND_MAX; i++) {
        assert_true(strlen(engine_event_name((enum engine_event_kind)i)) > 3);
    }
    assert_string_equal(engine_event_name(EVENT_RETRY), "retry");
    assert_string_equal(engine_event_name(EVENT_KIND_MAX), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statements_that_may_be_together_are_one_step),
        cmocka_unit_test(one_that_cannot_makes_each_a_step),
        cmocka_unit_test(a_file_may_ask_for_it),
        cmocka_unit_test(transactions_of_its_own_are_steps),
        cmocka_unit_test(a_commit_alone_ends_a_step),
        cmocka_unit_test(a_transaction_without_a_statement_is_no_step),
        cmocka_unit_test(a_byte_order_mark_is_no_part_of_it),
        cmocka_unit_test(what_cannot_be_run_is_refused_with_its_place),
        cmocka_unit_test(all_that_is_wrong_is_told_at_once_in_the_order_of_the_file),
        cmocka_unit_test(events_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
