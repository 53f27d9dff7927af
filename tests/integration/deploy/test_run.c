/* What can happen in the middle of a deploy: a migration is there as a whole or not at all. */
#include "world.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include "headgate/process.h"

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
                                        " 'PgSleep' and application_name like 'headgate deploy%'"),
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

static void a_backend_that_is_terminated_leaves_nothing_half_way(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    execute_until(world, terminate, ERROR_UNREACHABLE, &err);
    assert_contains(err.message,
                    "environment \"x\": migration \"" B "\" failed: the connection to ");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLANNED_WORLD(a_wish_to_stop_leaves_nothing_half_way),
        IN_A_PLANNED_WORLD(a_backend_that_is_terminated_leaves_nothing_half_way),
        IN_A_PLANNED_WORLD(a_client_that_is_killed_leaves_nothing_half_way),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
