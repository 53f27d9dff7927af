/* One migration and what can happen to it: it is there as a whole or not at all, or says so. */
#include "world.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "headgate/interrupt.h"
#include "headgate/process.h"

#define A "20260101000000_a"
#define B "20260102000000_b"
#define C "20260103000000_c"

static int open_world(void **state)
{
    interrupt_forget();
    return world_open(state);
}

static int close_world(void **state)
{
    interrupt_forget();
    return world_close(state);
}

/* --- something happens in the middle --- */

/* The first migration is fast; the second one sleeps for as long as table "sleepy" is there. */
static void fall_asleep(struct world *world)
{
    run(world->db, "create schema world");
    run(world->db, "create table world.sleepy (id int)");
    write_migration(world, A, "create table a (id int);");
    write_migration(world, B,
                    "create table b (id int);\n"
                    "select pg_sleep(600) where to_regclass('world.sleepy') is not null;\n"
                    "create table c (id int);\n");
    (void)make_plan(world);
}

/* The backend that runs pg_sleep, once there is one; 0 when there is none for long. */
static pid_t sleeping_backend(struct db *db)
{
    msec deadline = SOON;
    while (!deadline_passed(deadline)) {
        struct error err = ERROR_INIT;
        CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
        bool asked = db_query(db,
                              STATEMENT("select pid from pg_stat_activity where wait_event ="
                                        " 'PgSleep' and application_name = 'headgate deploy'"),
                              DB_NO_PARAMS, deadline, &rows, &err);
        error_clear(&err);
        if (asked && db_rows_count(rows) > 0) {
            return (pid_t)db_integer(rows, 0, 0);
        }
        deadline_sleep(deadline_in(5));
    }
    return 0;
}

/* A child that does this once the migration sleeps. */
static pid_t once_it_sleeps(const struct world *world, void (*act)(pid_t backend))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) {
        return child;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    pid_t backend = sleeping_backend(session(world->url, true));
    if (backend > 0) {
        act(backend);
    }
    process_exit_child(backend > 0 ? 0 : 1);
}

static void terminate(pid_t backend)
{
    (void)kill(backend, SIGTERM);
}

static void terminate_parent(pid_t backend)
{
    (void)backend;
    (void)kill(getppid(), SIGTERM);
}

static void interrupt_parent(pid_t backend)
{
    (void)backend;
    (void)kill(getppid(), SIGINT);
}

static void expect_only_the_first(struct world *world)
{
    must_be(world->db,
            "select to_regclass('a') is not null and to_regclass('b') is null and"
            " to_regclass('c') is null",
            "t");
    must_be(world->db, "select string_agg(migration_name, ' ') from _prisma_migrations", A);
}

static void expect_that_it_goes_on(struct world *world)
{
    interrupt_forget();
    expect_only_the_first(world);
    run(world->db, "drop table world.sleepy");
    assert_int_equal(deploy(world), 1);
    must_be(world->db, "select to_regclass('c') is not null", "t");
}

static void execute_until(struct world *world, void (*act)(pid_t backend), enum error_code code,
                          struct error *ret_err)
{
    struct error err = ERROR_INIT;
    size_t n_applied;
    int status;
    fall_asleep(world);
    pid_t child = once_it_sleeps(world, act);
    bool done = execute(world, &n_applied, &err);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_fails(done, code);
    assert_int_equal(n_applied, 1);
    *ret_err = err;
}

static void a_wish_to_stop_leaves_nothing_half_way(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    execute_until(world, terminate_parent, ERROR_TERMINATED, &err);
    assert_string_equal(err.message, "environment \"x\": migration \"" B "\": stopped by SIGTERM");
    assert_contains(err.detail, "It was rolled back as a whole");
    assert_contains(err.hint, "headgate deploy x");
    assert_int_equal(err.problems.n, 0); /* the file is not to blame */
    expect_that_it_goes_on(world);
}

static void so_does_an_interrupt(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    execute_until(world, interrupt_parent, ERROR_INTERRUPTED, &err);
    assert_contains(err.message, "stopped by SIGINT");
    expect_that_it_goes_on(world);
}

static void a_backend_that_is_terminated_leaves_nothing_half_way(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    execute_until(world, terminate, ERROR_UNREACHABLE, &err);
    assert_contains(err.message, "environment \"x\": migration \"" B "\": the connection to ");
    assert_contains(err.message, "terminating connection due to administrator command");
    assert_string_equal(err.sqlstate, "57P01");
    expect_that_it_goes_on(world);
}

static void a_client_that_is_killed_leaves_nothing_half_way(void **state)
{
    struct world *world = *state;
    fall_asleep(world);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error err = ERROR_INIT;
        size_t n_applied;
        process_exit_child(execute(world, &n_applied, &err) ? 0 : 1);
    }
    pid_t backend = sleeping_backend(world->db);
    assert_true(backend > 0);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    /* The server sees by itself that nobody is there any more: the lock is free soon. One before 14
     * goes on for nobody until it wants to answer. */
    if (db_identity(world->db)->version < 140000) {
        assert_int_equal(kill(backend, SIGTERM), 0);
    }
    expect_that_it_goes_on(world);
}

/* --- migrations that fail --- */

static void expect_failure(struct world *world, size_t n_before, const char *sqlstate,
                           struct error *ret_err)
{
    struct error err = ERROR_INIT;
    size_t n_applied;
    (void)make_plan(world);
    assert_fails(execute(world, &n_applied, &err), ERROR_DATABASE);
    assert_int_equal(n_applied, n_before);
    assert_string_equal(err.sqlstate, sqlstate);
    *ret_err = err;
}

static void one_that_fails_is_rolled_back_as_a_whole(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int);");
    write_migration(world, B, "create table b (id int); insert into b values ('x');");
    write_migration(world, C, "create table c (id int);");
    expect_failure(world, 1, "22P02", &err);
    assert_contains(err.message, "environment \"x\": migration \"" B "\" failed: invalid input");
    assert_contains(err.detail, "It was rolled back as a whole");
    assert_contains(err.hint, "Correct ");
    expect_only_the_first(world);
    write_migration(world, B, "create table b (id int);");
    assert_int_equal(deploy(world), 2);
}

static void expect_place(const struct error *err, size_t line, size_t column)
{
    assert_int_equal(err->problems.n, 1);
    assert_int_equal(err->problems.items[0].line, line);
    assert_int_equal(err->problems.items[0].column, column);
}

static void the_place_of_a_mistake_is_right_behind_wide_characters(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "-- \xf0\x9f\x90\x98 \xc3\xa4\xc3\xb6\n"
                    "select '\xe2\x82\xac' as \"\xc3\xbc\", nowhere;\n");
    expect_failure(world, 0, "42703", &err);
    expect_place(&err, 2, 20);
}

static void what_the_server_hints_at_stands_with_the_place(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int);\nselect lower(1, 2);\n");
    expect_failure(world, 0, "42883", &err);
    expect_place(&err, 2, 8);
    assert_int_equal(err.problems.items[0].notes.n, 1);
    assert_contains(err.problems.items[0].notes.items[0], "explicit type casts");
    assert_contains(err.hint, "Correct ");
}

static void a_byte_order_mark_is_no_mistake_and_moves_no_place(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "\xef\xbb\xbf"
                    "create table a (id int);\n");
    assert_int_equal(deploy(world), 1);
    write_migration(world, B,
                    "\xef\xbb\xbf"
                    "create tabel b (id int);\n");
    expect_failure(world, 0, "42601", &err);
    expect_place(&err, 1, 8);
    assert_string_equal(err.problems.items[0].source_line, "create tabel b (id int);");
}

static void a_table_that_is_locked_too_long_is_given_up(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *other = session(world->url, false);
    world_environment(world, world->url, ",\"deploy\":{\"lock_timeout\":\"100ms\"}");
    run(world->db, "create schema world");
    run(world->db, "create table world.busy (id int)");
    run(other, "begin");
    run(other, "select * from world.busy");
    write_migration(world, A, "create table a (id int); alter table world.busy add column b int;");
    expect_failure(world, 0, "55P03", &err);
    assert_contains(err.message, "failed: canceling statement due to lock timeout");
    assert_contains(err.detail, "It was rolled back as a whole");
    assert_contains(err.hint, "When that is settled, then go on: headgate deploy x");
    assert_true(err.retryable);
    must_be(world->db, "select to_regclass('a') is null", "t");
    run(other, "commit");
    assert_int_equal(deploy(world), 1);
}

static void a_statement_that_takes_too_long_is_given_up(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world_environment(world, world->url, ",\"deploy\":{\"statement_timeout\":\"100ms\"}");
    write_migration(world, A, "create table a (id int); select pg_sleep(600);");
    expect_failure(world, 0, "57014", &err);
    assert_contains(err.message, "failed: canceling statement due to statement timeout");
    must_be(world->db, "select to_regclass('a') is null", "t");
}

static void one_that_drops_its_history_is_rolled_back(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "drop table _prisma_migrations; create table a (id int);");
    expect_failure(world, 0, "42P01", &err);
    assert_contains(err.detail, "It was rolled back as a whole");
    must_be(world->db,
            "select to_regclass('a') is null and to_regclass('_prisma_migrations') is not null",
            "t");
}

static void a_check_at_the_end_of_the_transaction_fails_the_migration(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "create table a (id int primary key, b int references a deferrable initially"
                    " deferred); insert into a values (1, 2);");
    expect_failure(world, 0, "23503", &err);
    assert_contains(err.detail, "It was rolled back as a whole");
    must_be(world->db, "select count(*) from _prisma_migrations", "0");
    must_be(world->db, "select to_regclass('a') is null", "t");
}

/* --- migrations that end their transaction --- */

static void one_that_commits_is_finished(void **state)
{
    struct world *world = *state;
    write_migration(world, A, "create table a (id int); commit; create table b (id int);");
    write_migration(world, B,
                    "begin; create table c (id int); commit; begin;"
                    " create table d (id int);");
    assert_int_equal(deploy(world), 2);
    must_be(world->db,
            "select count(*) from _prisma_migrations where finished_at is not null and"
            " applied_steps_count = 1",
            "2");
    must_be(world->db, "select to_regclass('b') is not null and to_regclass('d') is not null", "t");
}

static void expect_begun(struct world *world, const struct error *err)
{
    assert_contains(err->detail, "a part of it may be in the database");
    assert_contains(err->detail, "its history row says that it is unfinished");
    assert_contains(err->hint, "prisma migrate resolve --rolled-back " A);
    must_be(world->db, "select count(*) from _prisma_migrations where finished_at is null", "1");
    must_be(world->db, "select to_regclass('a') is not null and to_regclass('b') is null", "t");
    (void)make_plan(world);
    assert_int_equal(world->plan->refusal.code, ERROR_REFUSED);
}

static void one_that_commits_and_then_fails_wants_a_person(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int); commit; create table b (id int); oops;");
    expect_failure(world, 0, "42601", &err);
    /* the server parses a whole message before it runs any of it */
    assert_contains(err.detail, "It was rolled back as a whole");
    write_migration(world, A, "create table a (id int); commit; create table b (id int, id int);");
    error_clear(&err);
    expect_failure(world, 0, "42701", &err);
    expect_begun(world, &err);
}

static void one_that_commits_begins_again_and_then_fails_wants_a_person_too(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A,
                    "create table a (id int); commit; begin; create table b (id int, id int);");
    expect_failure(world, 0, "42701", &err);
    expect_begun(world, &err);
}

static void one_that_rolls_back_is_not_taken_for_applied(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "create table a (id int); rollback;");
    expect_failure(world, 0, "", &err);
    assert_contains(err.message, "failed: it rolled back its own transaction");
    assert_contains(err.detail, "it has no history row");
    assert_contains(err.hint, "take the ROLLBACK out of ");
    must_be(world->db, "select count(*) from _prisma_migrations", "0");
    must_be(world->db, "select to_regclass('a') is null", "t");
    write_migration(world, A, "create table a (id int);");
    assert_int_equal(deploy(world), 1);
}

static void what_one_does_behind_its_rollback_is_not_denied(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    write_migration(world, A, "rollback; create table a (id int);");
    expect_failure(world, 0, "", &err);
    assert_contains(err.detail, "What it did behind its ROLLBACK may be in the database");
    must_be(world->db, "select to_regclass('a') is not null", "t");
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_wish_to_stop_leaves_nothing_half_way),
        IN_A_WORLD(so_does_an_interrupt),
        IN_A_WORLD(a_backend_that_is_terminated_leaves_nothing_half_way),
        IN_A_WORLD(a_client_that_is_killed_leaves_nothing_half_way),
        IN_A_WORLD(one_that_fails_is_rolled_back_as_a_whole),
        IN_A_WORLD(the_place_of_a_mistake_is_right_behind_wide_characters),
        IN_A_WORLD(what_the_server_hints_at_stands_with_the_place),
        IN_A_WORLD(a_byte_order_mark_is_no_mistake_and_moves_no_place),
        IN_A_WORLD(a_table_that_is_locked_too_long_is_given_up),
        IN_A_WORLD(a_statement_that_takes_too_long_is_given_up),
        IN_A_WORLD(one_that_drops_its_history_is_rolled_back),
        IN_A_WORLD(a_check_at_the_end_of_the_transaction_fails_the_migration),
        IN_A_WORLD(one_that_commits_is_finished),
        IN_A_WORLD(one_that_commits_and_then_fails_wants_a_person),
        IN_A_WORLD(one_that_commits_begins_again_and_then_fails_wants_a_person_too),
        IN_A_WORLD(one_that_rolls_back_is_not_taken_for_applied),
        IN_A_WORLD(what_one_does_behind_its_rollback_is_not_denied),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
