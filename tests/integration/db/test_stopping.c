/* Statements that do not come to their end by themselves. */
#include "sessions.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "headgate/interrupt.h"

static struct db *db;
static pid_t backend;

static int open_db(void **state)
{
    (void)state;
    interrupt_forget();
    db = session(scratch_postgres(), false);
    CLEANUP(mem_freep) char *pid = value(db, "select pg_backend_pid()");
    backend = (pid_t)strtol(pid, NULL, 10);
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    interrupt_forget();
    db_closep(&db);
    return 0;
}

/* A child that does `act` to the backend, or to us, once the backend runs a statement with this
 * word. */
static pid_t once_it_runs(const char *word, void (*act)(pid_t backend))
{
    pid_t child = fork();
    if (child != 0) {
        assert_true(child > 0);
        return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct error err = ERROR_INIT;
    struct db *other = session(scratch_postgres(), false);
    CLEANUP(mem_freep) char *pid = mem_printf("%d", (int)backend);
    CLEANUP(mem_freep) char *pattern = mem_printf("%%%s%%", word);
    msec deadline = SOON;
    bool runs = false;
    while (!runs && !deadline_passed(deadline)) {
        CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
        bool asked = db_query(other,
                              STATEMENT("select 1 from pg_stat_activity where pid = $1::int and"
                                        " state = 'active' and query like $2::text"),
                              DB_PARAMS(pid, pattern), deadline, &rows, &err);
        runs = asked && db_rows_count(rows) == 1;
    }
    act(backend);
    _exit(runs ? 0 : 1);
}

static bool run_text(const char *text, msec deadline, struct error *err)
{
    return db_run_text(db, text, strlen(text), deadline, err);
}

static void assert_child_did_it(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void interrupt_parent(pid_t backend_)
{
    (void)backend_;
    kill(getppid(), SIGINT);
}

static void terminate_parent(pid_t backend_)
{
    (void)backend_;
    kill(getppid(), SIGTERM);
}

static void freeze(pid_t pid)
{
    kill(pid, SIGSTOP);
}

static pid_t postmaster(void)
{
    return (pid_t)strtol(scratch_out("head -n 1 pg/data/postmaster.pid"), NULL, 10);
}

/* Frozen as a whole, the server does not even take a request to cancel. */
static void freeze_all_and_interrupt_parent(pid_t pid)
{
    kill(postmaster(), SIGSTOP);
    kill(pid, SIGSTOP);
    kill(getppid(), SIGINT);
}

static void terminate_backend(pid_t pid)
{
    kill(pid, SIGTERM);
}

static bool sleep_long(msec deadline, struct error *err)
{
    return db_execute(db, STATEMENT("select pg_sleep(600)"), DB_NO_PARAMS, deadline, err);
}

static void assert_no_longer_active(pid_t pid)
{
    CLEANUP(db_closep) struct db *other = session(scratch_postgres(), false);
    CLEANUP(mem_freep)
    char *sql = mem_printf("select count(*) from pg_stat_activity where pid = %d and"
                           " state = 'active'",
                           (int)pid);
    must_be(other, sql, "0");
}

static void a_wish_to_stop_cancels_the_statement_and_keeps_the_session(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    pid_t child = once_it_runs("pg_sleep(600)", interrupt_parent);
    assert_fails(sleep_long(DEADLINE_NONE, &err), ERROR_INTERRUPTED);
    error_clear(&err);
    assert_child_did_it(child);
    assert_true(db_is_alive(db));
    interrupt_forget();
    assert_no_longer_active(backend);
    must_be(db, "select 'still here'", "still here");
}

static void a_script_is_cancelled_too_and_its_transaction_rolled_back(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_ok(db_begin(db, SOON, &err));
    run(db, "create table half (a int)");
    pid_t child = once_it_runs("pg_sleep(600)", terminate_parent);
    assert_fails(run_text("select pg_sleep(600)", SOON, &err), ERROR_TERMINATED);
    error_clear(&err);
    assert_child_did_it(child);
    /* although the wish to stop is still there */
    db_rollback(db);
    assert_true(db_is_alive(db));
    interrupt_forget();
    must_be(db, "select to_regclass('half') is null", "t");
}

static void a_copy_that_never_ends_is_cancelled(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    pid_t child = once_it_runs("generate_series", interrupt_parent);
    assert_fails(run_text("copy (select generate_series(1, 1000000000000)) to stdout", SOON, &err),
                 ERROR_INTERRUPTED);
    error_clear(&err);
    assert_child_did_it(child);
    assert_true(db_is_alive(db));
}

static void a_statement_that_is_done_all_the_same_is_done(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create table done (a int)");
    pid_t child = once_it_runs("insert into done", interrupt_parent);
    /* this function cannot be cancelled */
    bool inserted = run_text("do $$ declare go_on bool := true; begin\n"
                             "  while go_on loop begin perform pg_sleep(1); go_on := false;\n"
                             "    exception when query_canceled then go_on := false; end;\n"
                             "  end loop; insert into done values (1);\n"
                             "end $$",
                             SOON, &err);
    assert_child_did_it(child);
    assert_ok(inserted);
    assert_int_equal(interrupt_pending(), SIGINT);
    interrupt_forget();
    must_be(db, "select count(*) from done", "1");
}

static void nothing_is_begun_once_there_is_a_wish_to_stop_but_a_commit_is_finished(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create table stopped (a int)");
    assert_ok(db_begin(db, SOON, &err));
    run(db, "insert into stopped values (1)");
    struct pollfd none = {.fd = -1, .events = 0, .revents = 0};
    raise(SIGINT);
    assert_int_equal(interrupt_poll(&none, 1, SOON), -1);
    assert_fails(
        db_execute(db, STATEMENT("insert into stopped values (2)"), DB_NO_PARAMS, SOON, &err),
        ERROR_INTERRUPTED);
    error_clear(&err);
    assert_ok(db_commit(db, SOON, &err));
    interrupt_forget();
    must_be(db, "select count(*) from stopped", "1");
}

static void a_deadline_closes_the_session(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_fails(sleep_long(deadline_in(300), &err), ERROR_TIMEOUT);
    assert_contains(err.message, "no answer from ");
    assert_contains(err.message, "/pg:5432/postgres within ");
    assert_contains(err.message, "300ms");
    assert_contains(err.detail, "may still be running");
    error_clear(&err);
    assert_false(db_is_alive(db));
    assert_false(db_in_transaction(db));
    assert_fails(sleep_long(SOON, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "is closed");
    assert_true(err.retryable);
    error_clear(&err);
    db_rollback(db);
    CLEANUP(db_closep) struct db *other = session(scratch_postgres(), false);
    CLEANUP(mem_freep) char *sql = mem_printf("select pg_terminate_backend(%d)", (int)backend);
    run(other, sql);
}

static void a_frozen_server_does_not_outlive_the_deadline(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    pid_t child = once_it_runs("pg_sleep(600)", freeze);
    bool slept = sleep_long(deadline_in(1500), &err);
    assert_child_did_it(child);
    kill(backend, SIGCONT);
    kill(backend, SIGTERM);
    assert_fails(slept, ERROR_TIMEOUT);
    error_clear(&err);
    assert_false(db_is_alive(db));
}

static void a_frozen_server_does_not_outlive_a_wish_to_stop(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    pid_t child = once_it_runs("pg_sleep(600)", freeze_all_and_interrupt_parent);
    bool slept = sleep_long(DEADLINE_NONE, &err);
    assert_child_did_it(child);
    kill(postmaster(), SIGCONT);
    kill(backend, SIGCONT);
    kill(backend, SIGTERM);
    assert_fails(slept, ERROR_INTERRUPTED);
    assert_contains(err.detail, "may still be running");
    error_clear(&err);
    assert_false(db_is_alive(db));
}

static void a_frozen_server_does_not_read_a_long_statement(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t size = 32u << 20;
    CLEANUP(mem_freep) char *big = mem_new(size + 1, 1);
    memset(big, 'x', size);
    kill(backend, SIGSTOP);
    bool sent = db_execute(db, STATEMENT("select length($1::text)"), DB_PARAMS(big),
                           deadline_in(500), &err);
    kill(backend, SIGCONT);
    assert_fails(sent, ERROR_TIMEOUT);
    error_clear(&err);
}

static void end_and_wake(pid_t pid)
{
    kill(pid, SIGTERM);
    kill(pid, SIGCONT);
}

static void a_server_that_ends_while_it_is_sent_a_long_statement_is_a_lost_connection(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    size_t size = 32u << 20;
    CLEANUP(mem_freep) char *big = mem_new(size + 1, 1);
    memset(big, 'x', size);
    kill(backend, SIGSTOP);
    pid_t child = fork();
    if (child == 0) {
        deadline_sleep(deadline_in(200));
        end_and_wake(backend);
        _exit(0);
    }
    assert_fails(db_execute(db, STATEMENT("select length($1::text)"), DB_PARAMS(big), SOON, &err),
                 ERROR_UNREACHABLE);
    assert_child_did_it(child);
    error_clear(&err);
    assert_false(db_is_alive(db));
}

static void a_copy_that_gives_nothing_ends_at_the_deadline(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_fails(run_text("copy (select pg_sleep(600)) to stdout", deadline_in(300), &err),
                 ERROR_TIMEOUT);
    error_clear(&err);
    assert_fails(db_set_schema(db, "public", SOON, &err), ERROR_UNREACHABLE);
    error_clear(&err);
    kill(backend, SIGTERM);
}

static void a_copy_whose_server_ends_is_a_lost_connection(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    pid_t child = once_it_runs("pg_sleep(600)", terminate_backend);
    assert_fails(run_text("copy (select pg_sleep(600)) to stdout", SOON, &err), ERROR_UNREACHABLE);
    assert_child_did_it(child);
    error_clear(&err);
}

static void a_terminated_backend_is_a_lost_connection(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    pid_t child = once_it_runs("pg_sleep(600)", terminate_backend);
    assert_fails(sleep_long(DEADLINE_NONE, &err), ERROR_UNREACHABLE);
    assert_child_did_it(child);
    assert_contains(err.message, "the connection to ");
    assert_contains(err.message, " was lost: terminating connection due to administrator command");
    assert_string_equal(err.sqlstate, "57P01");
    assert_false(err.retryable);
    error_clear(&err);
    assert_false(db_is_alive(db));
}

static void a_commit_whose_answer_is_lost_is_in_doubt(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create function slow() returns trigger language plpgsql as"
            " $$ begin perform pg_sleep(600); return new; end $$");
    run(db, "create table doubtful (a int)");
    run(db, "create constraint trigger slow after insert on doubtful deferrable initially deferred"
            " for each row execute function slow()");
    assert_ok(db_begin(db, SOON, &err));
    run(db, "insert into doubtful values (1)");
    pid_t child = once_it_runs("commit", terminate_backend);
    assert_fails(db_commit(db, DEADLINE_NONE, &err), ERROR_UNREACHABLE);
    assert_child_did_it(child);
    assert_contains(err.detail, "not known whether the transaction was committed");
    error_clear(&err);
    db_rollback(db);
    assert_false(db_is_alive(db));
}

static void a_rollback_that_the_server_does_not_answer_closes_the_session(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_ok(db_begin(db, SOON, &err));
    kill(backend, SIGKILL); /* the whole server starts again */
    db_rollback(db);
    assert_false(db_is_alive(db));
}

/* The last test: afterwards there is no server. */
static void a_killed_server_is_a_lost_connection(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    scratch_sh("%s/pg kill9 %s/pg", TEST_SUPPORT, scratch_dir());
    assert_fails(sleep_long(DEADLINE_NONE, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "was lost");
    error_clear(&err);
    assert_false(db_is_alive(db));
}

/* After the server was killed by a test the next one waits until it is there again. */
static int open_db_again(void **state)
{
    wait_until_open(scratch_postgres());
    return open_db(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)

int main(void)
{
    interrupt_install();
    const struct CMUnitTest tests[] = {
        TEST(a_wish_to_stop_cancels_the_statement_and_keeps_the_session),
        TEST(a_script_is_cancelled_too_and_its_transaction_rolled_back),
        TEST(a_copy_that_never_ends_is_cancelled),
        TEST(a_statement_that_is_done_all_the_same_is_done),
        TEST(nothing_is_begun_once_there_is_a_wish_to_stop_but_a_commit_is_finished),
        TEST(a_deadline_closes_the_session),
        TEST(a_frozen_server_does_not_outlive_the_deadline),
        TEST(a_frozen_server_does_not_outlive_a_wish_to_stop),
        TEST(a_frozen_server_does_not_read_a_long_statement),
        TEST(a_server_that_ends_while_it_is_sent_a_long_statement_is_a_lost_connection),
        TEST(a_copy_that_gives_nothing_ends_at_the_deadline),
        TEST(a_copy_whose_server_ends_is_a_lost_connection),
        TEST(a_terminated_backend_is_a_lost_connection),
        TEST(a_commit_whose_answer_is_lost_is_in_doubt),
        TEST(a_rollback_that_the_server_does_not_answer_closes_the_session),
        cmocka_unit_test_setup_teardown(a_killed_server_is_a_lost_connection, open_db_again,
                                        close_db),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
