/* Batches, and single texts of the user's: what they do while nobody stops them. */
#include "sessions.h"

#include <stdlib.h>
#include <sys/resource.h>

#define TEXT(sql) (sql), strlen(sql)

static struct db *db;

static int open_db(void **state)
{
    (void)state;
    db = session(scratch_postgres(), false);
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    db_closep(&db);
    return 0;
}

static void batch_ok(struct db_batch *batch)
{
    struct error err = ERROR_INIT;
    size_t failed = 99;
    assert_ok(db_batch_run(db, batch, deadline_in(60000), &failed, &err));
    assert_int_equal(failed, 99);
}

static void batch_fails(struct db_batch *batch, enum error_code code, size_t step,
                        struct error *ret_err)
{
    struct error err = ERROR_INIT;
    size_t failed = 99;
    assert_fails(db_batch_run(db, batch, deadline_in(60000), &failed, &err), code);
    assert_int_equal(failed, step);
    assert_true(db_is_alive(db));
    *ret_err = err;
}

static void a_batch_is_a_transaction_where_it_says_so_and_gives_our_rows(void **state)
{
    (void)state;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    assert_int_equal(db_batch_begin(batch), 0);
    assert_int_equal(db_batch_add_text(batch, TEXT("create table first (a int, b text)")), 1);
    const char *slice = "insert into first values (2, 'b');garbage";
    assert_int_equal(db_batch_add_text(batch, slice, strlen(slice) - strlen(";garbage")), 2);
    size_t rows = db_batch_add(batch,
                               STATEMENT("insert into first values ($1::int, $2), (4, $3)"
                                         " returning a, b"),
                               DB_PARAMS("3", "x", NULL));
    size_t nothing = db_batch_add(batch, STATEMENT("select 1 where false"), DB_NO_PARAMS);
    assert_int_equal(db_batch_commit(batch), 5);
    batch_ok(batch);
    assert_int_equal(db_rows_count(db_batch_rows(batch, rows)), 2);
    assert_int_equal(db_integer(db_batch_rows(batch, rows), 0, 0), 3);
    assert_string_equal(db_text(db_batch_rows(batch, rows), 0, 1), "x");
    assert_null(db_text(db_batch_rows(batch, rows), 1, 1));
    assert_int_equal(db_rows_count(db_batch_rows(batch, nothing)), 0);
    assert_false(db_in_transaction(db));
    must_be(db, "select string_agg(a::text, ',' order by a) from first", "2,3,4");
}

static void the_first_failure_ends_the_batch_and_leaves_a_usable_session(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    db_batch_add_text(batch, TEXT("create table second (a int)"));
    db_batch_add_text(batch, TEXT("select 'äö', nonsense from second"));
    db_batch_add_text(batch, TEXT("select 1/0"));
    db_batch_commit(batch);
    batch_fails(batch, ERROR_DATABASE, 2, &err);
    assert_string_equal(err.sqlstate, "42703");
    assert_int_equal(err.position, 14);
    error_clear(&err);
    assert_true(db_in_transaction(db));
    db_rollback(db);
    assert_false(db_in_transaction(db));
    must_be(db, "select to_regclass('second') is null", "t");
}

static void a_batch_can_be_run_again_after_a_failure(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    size_t rows = db_batch_add(batch, STATEMENT("select 'mine'"), DB_NO_PARAMS);
    db_batch_add_text(batch, TEXT("insert into later values (1)"));
    db_batch_commit(batch);
    batch_fails(batch, ERROR_DATABASE, 2, &err);
    assert_string_equal(err.sqlstate, "42P01");
    error_clear(&err);
    db_rollback(db);
    run(db, "create table later (a int)");
    batch_ok(batch);
    assert_string_equal(db_text(db_batch_rows(batch, rows), 0, 0), "mine");
    must_be(db, "select count(*) from later", "1");
}

static void a_commit_in_a_batch_that_rolls_back_is_a_failure(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_commit(batch);
    assert_ok(db_begin(db, SOON, &err));
    assert_fails(db_execute(db, STATEMENT("select 1/0"), DB_NO_PARAMS, SOON, &err), ERROR_DATABASE);
    error_clear(&err);
    batch_fails(batch, ERROR_DATABASE, 0, &err);
    assert_contains(err.message, "rolled back instead of committed");
    error_clear(&err);
    assert_false(db_in_transaction(db));
}

static void a_constraint_that_fails_at_the_end_of_the_batch_is_told(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create table late (a int unique deferrable initially deferred)");
    CLEANUP(db_batch_freep) struct db_batch *at_sync = db_batch_new();
    db_batch_add_text(at_sync, TEXT("insert into late values (1), (1)"));
    batch_fails(at_sync, ERROR_DATABASE, 0, &err);
    assert_string_equal(err.sqlstate, "23505");
    error_clear(&err);
    CLEANUP(db_batch_freep) struct db_batch *at_commit = db_batch_new();
    db_batch_begin(at_commit);
    db_batch_add_text(at_commit, TEXT("insert into late values (1), (1)"));
    db_batch_commit(at_commit);
    batch_fails(at_commit, ERROR_DATABASE, 2, &err);
    assert_string_equal(err.sqlstate, "23505");
    error_clear(&err);
    must_be(db, "select count(*) from late", "0");
}

static void what_cannot_be_sent_ends_the_batch(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_batch_freep) struct db_batch *zero = db_batch_new();
    db_batch_add(zero, STATEMENT("select 1"), DB_NO_PARAMS);
    db_batch_add_text(zero, "select 1\0; drop table late", 26);
    db_batch_add_text(zero, TEXT("select 1/0"));
    batch_fails(zero, ERROR_CONFIG, 1, &err);
    assert_contains(err.message, "zero byte");
    error_clear(&err);

    size_t too_many = 70000;
    CLEANUP(mem_freep) const char **values = mem_new(too_many, sizeof *values);
    CLEANUP(db_batch_freep) struct db_batch *many = db_batch_new();
    db_batch_add(many, STATEMENT("select 1"), (struct db_params){values, too_many});
    batch_fails(many, ERROR_UNREACHABLE, 0, &err);
    assert_contains(err.message, "could not send to ");
    assert_true(err.retryable);
    error_clear(&err);
    must_be(db, "select 1", "1");
}

static void copy_is_told_in_the_same_words_and_the_session_goes_on(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"copy copied from stdin", "COPY from stdin failed: there is nothing to copy from"},
        {" /* so */ copy copied from stdin", "there is nothing to copy from"},
        {"COPY copied TO STDOUT", "cannot run COPY ... TO STDOUT here"},
        {"copy (select repeat('x', 1000) from generate_series(1, 20000)) to stdout",
         "cannot run COPY ... TO STDOUT here"},
    };
    run(db, "create table copied (a int)");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error err = ERROR_INIT;
        CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
        db_batch_begin(batch);
        db_batch_add_text(batch, TEXT("insert into copied values (1)"));
        db_batch_add_text(batch, cases[i].text, strlen(cases[i].text));
        db_batch_add_text(batch, TEXT("insert into copied values (2)"));
        db_batch_commit(batch);
        batch_fails(batch, ERROR_DATABASE, 2, &err);
        assert_contains(err.message, cases[i].message);
        error_clear(&err);
        db_rollback(db);
        must_be(db, "select count(*) from copied", "0");
        assert_fails(db_run_text(db, cases[i].text, strlen(cases[i].text), SOON, &err),
                     ERROR_DATABASE);
        assert_contains(err.message, cases[i].message);
        error_clear(&err);
        must_be(db, "select count(*) from copied", "0");
    }
    CLEANUP(strlist_clear) struct strlist notices = STRLIST_INIT;
    db_take_notices(db, &notices);
    assert_int_equal(notices.n, 0);
}

static void a_copy_at_the_server_is_a_step_like_others(void **state)
{
    (void)state;
    run(db, "create table from_program (a int)");
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    db_batch_add_text(batch, TEXT("copy from_program from program 'echo 7'"));
    db_batch_add_text(batch, TEXT("insert into from_program values (8)"));
    db_batch_commit(batch);
    batch_ok(batch);
    must_be(db, "select sum(a) from from_program", "15");
}

/* --- sizes --- */

static void ten_thousand_steps_with_big_answers_do_not_block_each_other(void **state)
{
    (void)state;
    size_t n = 10000;
    CLEANUP(mem_freep) char *text = mem_printf("select repeat('x', 3000) /* %2000s */", "");
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    for (size_t i = 0; i < n; i++) {
        if (i % 2 == 0) {
            db_batch_add_text(batch, text, strlen(text));
        } else {
            db_batch_add(batch, STATEMENT("select $1::text || 'y'"), DB_PARAMS(text));
        }
    }
    batch_ok(batch);
    assert_int_equal(strlen(db_text(db_batch_rows(batch, n - 1), 0, 0)), strlen(text) + 1);
}

static long peak_kb(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static bool memory_is_kept_back(void)
{
    return text_equal(getenv("HEADGATE_FLAVOUR"), "sanitize");
}

static void neither_rows_nor_texts_fill_our_memory(void **state)
{
    (void)state;
    if (memory_is_kept_back()) {
        skip();
    }
    size_t piece = 1u << 20, n = 64;
    CLEANUP(mem_freep) char *texts = mem_new(n * piece, 1);
    memset(texts, ' ', n * piece);
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    for (size_t i = 0; i < n; i++) {
        memcpy(texts + i * piece, "select 1", strlen("select 1"));
        db_batch_add_text(batch, texts + i * piece, piece);
    }
    db_batch_add_text(batch, TEXT("select repeat('x', 10000) from generate_series(1, 15000)"));
    db_batch_add_text(batch, TEXT("select * from generate_series(1, 1000000)"));
    long before = peak_kb();
    batch_ok(batch);
    struct error err = ERROR_INIT;
    assert_ok(db_run_text(db, TEXT("select repeat('x', 10000) from generate_series(1, 15000)"),
                          deadline_in(60000), &err));
    assert_true(peak_kb() - before < 40000);
}

static void a_text_of_many_megabytes_is_one_step(void **state)
{
    (void)state;
    size_t size = 32u << 20;
    CLEANUP(mem_freep) char *text = mem_new(size, 1);
    memset(text, ' ', size);
    memcpy(text, "select 1", strlen("select 1"));
    memcpy(text + size - 4, "\n/ 0", 4);
    struct error err = ERROR_INIT;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_add_text(batch, TEXT("select 1"));
    db_batch_add_text(batch, text, size);
    batch_fails(batch, ERROR_DATABASE, 1, &err);
    assert_string_equal(err.sqlstate, "22012");
    error_clear(&err);
}

/* --- who is told --- */

struct steps_done {
    size_t steps[8], n;
};

static void note_step(void *context, size_t step)
{
    struct steps_done *done = context;
    assert_true(done->n < ARRAY_LEN(done->steps));
    done->steps[done->n++] = step;
}

static void each_step_of_the_users_is_told_once_it_is_done(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct steps_done done = {.n = 0};
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_on_done(batch, note_step, &done);
    db_batch_add_text(batch, TEXT("select generate_series(1, 3)"));
    db_batch_add(batch, STATEMENT("select 1"), DB_NO_PARAMS);
    db_batch_add_text(batch, TEXT("do $$ begin raise notice 'here'; end $$"));
    db_batch_add_text(batch, TEXT(""));
    db_batch_add_text(batch, TEXT("select 1/0"));
    db_batch_add_text(batch, TEXT("select 1"));
    batch_fails(batch, ERROR_DATABASE, 4, &err);
    error_clear(&err);
    assert_int_equal(done.n, 3);
    assert_int_equal(done.steps[0], 0);
    assert_int_equal(done.steps[1], 2);
    assert_int_equal(done.steps[2], 3);
    CLEANUP(strlist_clear) struct strlist notices = STRLIST_INIT;
    db_take_notices(db, &notices);
    assert_int_equal(notices.n, 1);
    assert_string_equal(notices.items[0], "NOTICE: here");
}

/* --- single texts --- */

static void a_single_text_runs_outside_of_transactions(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create table alone (a int)");
    run(db, "create procedure in_two() language plpgsql as $$ begin insert into alone values (1);"
            " commit; insert into alone values (2); rollback; end $$");
    const char *slice = "create index concurrently alone_a on alone (a) nonsense";
    assert_ok(db_run_text(db, slice, strlen(slice) - strlen(" nonsense"), SOON, &err));
    assert_ok(db_run_text(db, TEXT("vacuum alone"), SOON, &err));
    assert_ok(db_run_text(db, TEXT("call in_two()"), SOON, &err));
    assert_ok(db_run_text(db, TEXT("select a, a from alone"), SOON, &err));
    must_be(db, "select sum(a) from alone", "1");
    must_be(db, "select indisvalid from pg_index where indexrelid = 'alone_a'::regclass", "t");
}

static void a_single_text_that_fails_says_where(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_fails(db_run_text(db, TEXT("select '€', nonsense"), SOON, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "42703");
    assert_int_equal(err.position, 13);
    error_clear(&err);
    assert_fails(db_run_text(db, TEXT("select 1; select 2"), SOON, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "42601");
    error_clear(&err);
    assert_fails(db_run_text(db, "select 1\0", 9, SOON, &err), ERROR_CONFIG);
    error_clear(&err);
    must_be(db, "select 1", "1");
}

static void no_text_of_the_users_goes_through_a_pooler(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep)
    char *url =
        mem_printf("postgresql://tester@/postgres?host=%s/pg&pgbouncer=true", scratch_dir());
    CLEANUP(db_closep) struct db *pooled = session(url, false);
    size_t failed = 99;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_add_text(batch, TEXT("select 1"));
    assert_fails(db_batch_run(pooled, batch, SOON, &failed, &err), ERROR_REFUSED);
    assert_int_equal(failed, 0);
    assert_contains(err.message, "through a connection pooler");
    error_clear(&err);
    assert_fails(db_run_text(pooled, TEXT("select 1"), SOON, &err), ERROR_REFUSED);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_a_transaction_where_it_says_so_and_gives_our_rows),
        cmocka_unit_test(the_first_failure_ends_the_batch_and_leaves_a_usable_session),
        cmocka_unit_test(a_batch_can_be_run_again_after_a_failure),
        cmocka_unit_test(a_commit_in_a_batch_that_rolls_back_is_a_failure),
        cmocka_unit_test(a_constraint_that_fails_at_the_end_of_the_batch_is_told),
        cmocka_unit_test(what_cannot_be_sent_ends_the_batch),
        cmocka_unit_test(copy_is_told_in_the_same_words_and_the_session_goes_on),
        cmocka_unit_test(a_copy_at_the_server_is_a_step_like_others),
        cmocka_unit_test(neither_rows_nor_texts_fill_our_memory),
        cmocka_unit_test(ten_thousand_steps_with_big_answers_do_not_block_each_other),
        cmocka_unit_test(a_text_of_many_megabytes_is_one_step),
        cmocka_unit_test(each_step_of_the_users_is_told_once_it_is_done),
        cmocka_unit_test(a_single_text_runs_outside_of_transactions),
        cmocka_unit_test(a_single_text_that_fails_says_where),
        cmocka_unit_test(no_text_of_the_users_goes_through_a_pooler),
    };
    return cmocka_run_group_tests(tests, open_db, close_db);
}
