/* Batches that do not come to their end by themselves, and what is done while they are waited for.
 */
#include "sessions.h"

#include <signal.h>

#include "headgate/interrupt.h"

#define TEXT(sql) (sql), strlen(sql)

static struct db *db, *other;

static int open_db(void **state)
{
    (void)state;
    interrupt_forget();
    db = session(scratch_postgres(), false);
    other = session(scratch_postgres(), false);
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    interrupt_forget();
    db_closep(&db);
    db_closep(&other);
    return 0;
}

/* --- what happens meanwhile --- */

/* What is to be done once the backend runs a statement with this word. */
struct meanwhile {
    const char *word;
    void (*act)(void);
    int n_ticks;
    bool acted;
};

static void look(void *context)
{
    struct meanwhile *m = context;
    struct error err = ERROR_INIT;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(mem_freep) char *pid = mem_printf("%d", db_identity(db)->pid);
    CLEANUP(mem_freep) char *pattern = mem_printf("%%%s%%", m->word);
    m->n_ticks++;
    assert_ok(db_query(other,
                       STATEMENT("select 1 from pg_stat_activity where pid = $1::int and"
                                 " state = 'active' and query like $2::text"),
                       DB_PARAMS(pid, pattern), SOON, &rows, &err));
    if (!m->acted && db_rows_count(rows) == 1) {
        m->acted = true;
        m->act();
    }
}

static void interrupt_us(void)
{
    assert_int_equal(raise(SIGINT), 0);
}

static void terminate_backend(void)
{
    assert_int_equal(kill(db_identity(db)->pid, SIGTERM), 0);
}

static void kill_backend(void)
{
    assert_int_equal(kill(db_identity(db)->pid, SIGKILL), 0);
}

static void freeze_backend(void)
{
    assert_int_equal(kill(db_identity(db)->pid, SIGSTOP), 0);
}

static void let_it_go_on(void)
{
    run(other, "insert into gate values (1)");
}

static void terminate_frozen(void)
{
    kill(db_identity(db)->pid, SIGTERM);
    kill(db_identity(db)->pid, SIGCONT);
}

/* --- a wish to stop --- */

static void a_wish_to_stop_cancels_the_step_and_keeps_the_session(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    struct meanwhile m = {.word = "pg_sleep(600)", .act = interrupt_us};
    db_on_wait(db, 10, look, &m);
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    db_batch_add_text(batch, TEXT("create table half (a int)"));
    db_batch_add_text(batch, TEXT("select pg_sleep(600)"));
    db_batch_commit(batch);
    assert_fails(db_batch_run(db, batch, SOON, &failed, &err), ERROR_INTERRUPTED);
    assert_int_equal(failed, 2);
    error_clear(&err);
    db_on_wait(db, 0, NULL, NULL);
    assert_true(db_in_transaction(db));
    db_rollback(db); /* although the wish to stop is still there */
    assert_fails(db_batch_run(db, batch, SOON, &failed, &err), ERROR_INTERRUPTED);
    assert_int_equal(failed, 0);
    error_clear(&err);
    interrupt_forget();
    must_be(db, "select to_regclass('half') is null", "t");
}

static void stop_at_once(void *context, size_t step)
{
    (void)context;
    if (step == 10) {
        interrupt_us();
    }
}

static void the_steps_that_were_not_sent_yet_are_not_sent_any_more(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 0;
    CLEANUP(mem_freep) char *padding = mem_printf("select pg_sleep(0.01) /* %10000s */", "");
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_on_done(batch, stop_at_once, NULL);
    for (int i = 0; i < 5000; i++) {
        db_batch_add_text(batch, padding, strlen(padding));
    }
    msec start = clock_now();
    assert_fails(db_batch_run(db, batch, deadline_in(100000), &failed, &err), ERROR_INTERRUPTED);
    assert_true(failed > 10 && failed < 5000);
    assert_true(clock_now() - start < 40000);
    error_clear(&err);
    interrupt_forget();
    must_be(db, "select 'still here'", "still here");
}

/* The server takes the wish for granted and commits all the same. */
static void a_commit_that_is_done_all_the_same_is_done(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    struct meanwhile m = {.word = "go_on", .act = interrupt_us};
    run(db, "create table stubborn (a int)");
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    db_batch_add_text(batch, TEXT("do $$ declare go_on bool := true; begin\n"
                                  "  while go_on loop begin perform pg_sleep(1); go_on := false;\n"
                                  "    exception when query_canceled then go_on := false; end;\n"
                                  "  end loop; insert into stubborn values (1);\n"
                                  "end $$"));
    db_batch_commit(batch);
    db_on_wait(db, 10, look, &m);
    assert_ok(db_batch_run(db, batch, SOON, &failed, &err));
    db_on_wait(db, 0, NULL, NULL);
    assert_int_equal(interrupt_pending(), SIGINT);
    interrupt_forget();
    must_be(db, "select count(*) from stubborn", "1");
}

static void a_single_text_gives_way_too(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct meanwhile m = {.word = "generate_series", .act = interrupt_us};
    db_on_wait(db, 10, look, &m);
    assert_fails(db_run_text(db, TEXT("select generate_series(1, 1000000000000)"), SOON, &err),
                 ERROR_INTERRUPTED);
    error_clear(&err);
    assert_true(db_is_alive(db));
}

/* --- deadlines --- */

static void a_deadline_closes_the_session_and_names_the_step(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    db_batch_add_text(batch, TEXT("select pg_sleep(600)"));
    db_batch_commit(batch);
    assert_fails(db_batch_run(db, batch, deadline_in(500), &failed, &err), ERROR_TIMEOUT);
    assert_int_equal(failed, 1);
    assert_contains(err.message, "no answer from ");
    assert_contains(err.detail, "may still be running");
    error_clear(&err);
    assert_false(db_is_alive(db));
    terminate_frozen();
    assert_fails(db_batch_run(db, batch, SOON, &failed, &err), ERROR_UNREACHABLE);
    assert_int_equal(failed, 0);
    assert_true(err.retryable);
    error_clear(&err);
}

static void rows_that_come_for_ever_end_at_the_deadline(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_add_text(batch, TEXT("select generate_series(1, 1000000000000)"));
    assert_fails(db_batch_run(db, batch, deadline_in(500), &failed, &err), ERROR_TIMEOUT);
    error_clear(&err);
    db_closep(&db);
    db = session(scratch_postgres(), false);
    assert_fails(db_run_text(db,
                             TEXT("copy (select generate_series(1, 1000000000000)) to"
                                  " stdout"),
                             deadline_in(500), &err),
                 ERROR_TIMEOUT);
    error_clear(&err);
}

static void a_copy_in_a_batch_ends_at_the_deadline(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_add_text(batch, TEXT("copy (select pg_sleep(600)) to stdout"));
    assert_fails(db_batch_run(db, batch, deadline_in(500), &failed, &err), ERROR_TIMEOUT);
    error_clear(&err);
    terminate_frozen();
}

static void a_frozen_server_does_not_take_a_batch_for_ever(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99, size = 16u << 20;
    CLEANUP(mem_freep) char *big = mem_new(size + 1, 1);
    memset(big, 'x', size);
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    db_batch_add(batch, STATEMENT("select length($1::text)"), DB_PARAMS(big));
    db_batch_commit(batch);
    freeze_backend();
    bool done = db_batch_run(db, batch, deadline_in(500), &failed, &err);
    terminate_frozen();
    assert_fails(done, ERROR_TIMEOUT);
    assert_int_equal(failed, 0);
    error_clear(&err);
}

/* --- lost connections --- */

static void a_commit_whose_answer_is_lost_is_in_doubt(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    struct meanwhile m = {.word = "commit", .act = terminate_backend};
    run(db, "create function slow() returns trigger language plpgsql as"
            " $$ begin perform pg_sleep(600); return new; end $$");
    run(db, "create table doubtful (a int)");
    run(db, "create constraint trigger slow after insert on doubtful deferrable initially deferred"
            " for each row execute function slow()");
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_begin(batch);
    db_batch_add_text(batch, TEXT("insert into doubtful values (1)"));
    db_batch_commit(batch);
    db_on_wait(db, 10, look, &m);
    assert_fails(db_batch_run(db, batch, SOON, &failed, &err), ERROR_UNREACHABLE);
    assert_int_equal(failed, 2);
    assert_false(err.retryable);
    assert_string_equal(err.sqlstate, "57P01");
    assert_contains(err.message, " was lost: terminating connection due to administrator command");
    error_clear(&err);
    assert_false(db_is_alive(db));
    db_rollback(db);
}

static void a_server_that_ends_between_the_steps_is_a_lost_connection(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t failed = 99;
    struct meanwhile m = {.word = "pg_sleep(600)", .act = terminate_backend};
    CLEANUP(mem_freep) char *big = mem_printf("select 2 /* %500000s */", "");
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    db_batch_add_text(batch, TEXT("select 1"));
    db_batch_add_text(batch, TEXT("select pg_sleep(600)"));
    for (int i = 0; i < 20; i++) {
        db_batch_add_text(batch, big, strlen(big));
    }
    db_on_wait(db, 10, look, &m);
    assert_fails(db_batch_run(db, batch, SOON, &failed, &err), ERROR_UNREACHABLE);
    assert_int_equal(failed, 1);
    assert_string_equal(err.sqlstate, "57P01");
    error_clear(&err);
}

/* The server ends every session when it notices, and only then begins anew. */
static void wait_until_lost(struct db *bystander)
{
    struct error err = ERROR_INIT;
    while (db_execute(bystander, STATEMENT("select pg_sleep(0.02)"), DB_NO_PARAMS, SOON, &err)) {
    }
    error_clear(&err);
}

static void a_backend_that_is_killed_is_a_lost_connection_in_one_sentence(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct meanwhile m = {.word = "pg_sleep(600)", .act = kill_backend};
    CLEANUP(db_closep) struct db *bystander = session(scratch_postgres(), false);
    db_on_wait(db, 10, look, &m);
    CLEANUP(mem_freep)
    char *wanted = mem_printf("the connection to %s was lost: the server or the network ended it",
                              db_display(db));
    assert_fails(db_run_text(db, TEXT("select pg_sleep(600)"), SOON, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, wanted);
    assert_string_equal(err.sqlstate, "");
    error_clear(&err);
    wait_until_lost(bystander);
}

static int open_db_again(void **state)
{
    wait_until_open(scratch_postgres());
    return open_db(state);
}

/* --- while an answer is waited for --- */

static void what_is_done_while_waiting_may_use_other_sessions(void **state)
{
    (void)state;
    struct meanwhile m = {.word = "gate", .act = let_it_go_on};
    run(db, "create table gate (a int)");
    db_on_wait(db, 10, look, &m);
    run(db, "do $$ begin while not exists (select from gate) loop perform pg_sleep(0.01);"
            " end loop; end $$");
    assert_true(m.acted);
    int n_ticks = m.n_ticks;
    db_on_wait(db, 10, NULL, NULL);
    run(db, "select pg_sleep(0.1)");
    assert_int_equal(m.n_ticks, n_ticks);
    db_on_wait(db, 600000, look, &m);
    run(db, "select pg_sleep(0.1)");
    assert_int_equal(m.n_ticks, n_ticks);
}

static void count(void *context)
{
    ++*(int *)context;
}

static void rows_that_keep_coming_do_not_hold_it_up(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    int n = 0;
    db_on_wait(db, 1, count, &n);
    assert_ok(db_run_text(db, TEXT("select repeat('x', 1000) from generate_series(1, 100000)"),
                          deadline_in(60000), &err));
    assert_true(n > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)

int main(void)
{
    interrupt_install();
    const struct CMUnitTest tests[] = {
        TEST(a_wish_to_stop_cancels_the_step_and_keeps_the_session),
        TEST(the_steps_that_were_not_sent_yet_are_not_sent_any_more),
        TEST(a_commit_that_is_done_all_the_same_is_done),
        TEST(a_single_text_gives_way_too),
        TEST(a_deadline_closes_the_session_and_names_the_step),
        TEST(rows_that_come_for_ever_end_at_the_deadline),
        TEST(a_copy_in_a_batch_ends_at_the_deadline),
        TEST(a_frozen_server_does_not_take_a_batch_for_ever),
        TEST(a_commit_whose_answer_is_lost_is_in_doubt),
        TEST(a_server_that_ends_between_the_steps_is_a_lost_connection),
        TEST(what_is_done_while_waiting_may_use_other_sessions),
        TEST(rows_that_keep_coming_do_not_hold_it_up),
        TEST(a_backend_that_is_killed_is_a_lost_connection_in_one_sentence),
        cmocka_unit_test_setup_teardown(a_single_text_gives_way_too, open_db_again, close_db),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
