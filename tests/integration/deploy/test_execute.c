/* Executing a plan: exactly once, and never what was not shown. */
#include "world.h"

#include <sys/wait.h>

#include "headgate/process.h"

static void two_tables(const struct world *world)
{
    write_migration(world, A, "create table a (id int);\n");
    write_migration(world, B, "create table b (id int);\n");
}

/* The environment's server is the one that this link leads to. */
static void go_through_link(struct world *world)
{
    scratch_sh("ln -s ../pg %s/link", world->folder);
    CLEANUP(mem_freep)
    char *url = mem_printf("host=%s/link user=tester dbname=postgres", world->folder);
    change_environment(world, url, "");
}

/* --- what is done --- */

static void a_plan_is_executed_in_order(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    write_migration(world, A, "create table a (id int);");
    write_migration(world, B, "drop table if exists b; create table b as select * from a;");
    write_migration(world, C, "-- nothing but a comment");
    (void)make_plan(world);
    assert_ok(execute_for(world, &result, &err));
    assert_int_equal(result.n_applied, 3);
    assert_null(result.replica);
    assert_string_equal(world->log.text,
                        "began " A "\nstatement 1 CREATE TABLE\napplied\nbegan " B
                        "\nstatement 1 DROP TABLE\nstatement 1 CREATE TABLE\n"
                        "notice NOTICE: table \"b\" does not exist, skipping\napplied\nbegan " C
                        "\napplied\n");
    CLEANUP(mem_freep)
    char *recorded = mem_printf("select count(*) from headgate.migration where run = '%s' and"
                                " release = '%s' and actor = 'somebody'",
                                result.run, world->release->digest);
    must_be(world->db, recorded, "3");
    must_be(world->db, "select concat_ws(' ', name, kind, marked_by) from headgate.environment",
            "x test somebody");
    must_be(world->db,
            "select string_agg(migration_name, ' ' order by started_at) from _prisma_migrations"
            " where finished_at is not null and applied_steps_count = 1 and logs is null",
            A " " B " " C);
    CLEANUP(mem_freep)
    char *checksum =
        value(world->db, "select checksum from _prisma_migrations where migration_name = '" B "'");
    assert_string_equal(checksum, release_find(world->release, B)->checksum);
    assert_int_equal(deploy(world), 0);
}

static void where_nothing_is_to_do_nobody_is_bothered(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied;
    go_through_link(world);
    two_tables(world);
    assert_int_equal(deploy(world), 2);
    (void)make_plan(world);
    scratch_sh("rm %s/link", world->folder);
    assert_ok(execute(world, &n_applied, &err));
    assert_int_equal(n_applied, 0);
}

static void a_schema_of_its_own_is_made_and_kept_to(void **state)
{
    struct world *world = *state;
    CLEANUP(mem_freep)
    char *url =
        mem_printf("postgresql://tester@/postgres?host=%s/pg&schema=My%%20Shop", scratch_dir());
    change_environment(world, url, "");
    two_tables(world);
    assert_int_equal(deploy(world), 2);
    must_be(world->db,
            "select string_agg(relname, ' ' order by relname) from pg_class"
            " where relnamespace = '\"My Shop\"'::regnamespace and relkind = 'r'",
            "_prisma_migrations a b");
    must_be(world->db, "select count(*) from pg_class where relnamespace = 'public'::regnamespace",
            "0");
}

/* --- two at once --- */

#define N_AT_ONCE 4
#define N_MIGRATIONS 5
#define ROUNDS 4
#define OUTCOME_FAILED 100 /* else a child's exit status is how many it has applied */

/* Plans, says that it has, waits until all have, executes. */
static _Noreturn void rival(struct world *world, int ready, int go)
{
    struct error err = ERROR_INIT;
    size_t n_applied = 0;
    char byte = '.';
    bool planned =
        deploy_plan_make(&world->set->items[0], world->release, NULL, SOON, &world->plan, &err);
    if (!planned || write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 0) {
        process_exit_child(OUTCOME_FAILED);
    }
    bool done = execute(world, &n_applied, &err);
    process_exit_child(done ? (int)n_applied : OUTCOME_FAILED);
}

static size_t run_rivals(struct world *world)
{
    int ready[2], go[2], status = 0;
    pid_t children[N_AT_ONCE];
    size_t n_applied = 0;
    assert_int_equal(pipe(ready) + pipe(go), 0);
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            (void)close(go[1]);
            rival(world, ready[1], go[0]);
        }
    }
    (void)close(ready[1]);
    for (char byte, n = 0; n < N_AT_ONCE; n++) {
        assert_int_equal(read(ready[0], &byte, 1), 1);
    }
    (void)close(go[1]);
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        int outcome = WEXITSTATUS(status);
        assert_true(outcome == 0 || outcome == N_MIGRATIONS);
        n_applied += (size_t)outcome;
    }
    (void)close(ready[0]);
    (void)close(go[0]);
    return n_applied;
}

static void four_at_once_apply_each_migration_once(void **state)
{
    struct world *world = *state;
    run(world->db, "create table times (n int)");
    run(world->db, "create schema history");
    CLEANUP(mem_freep)
    char *url =
        mem_printf("postgresql://tester@/postgres?host=%s/pg&schema=history", scratch_dir());
    change_environment(world, url, "");
    for (int i = 0; i < N_MIGRATIONS; i++) {
        CLEANUP(mem_freep) char *name = mem_printf("2026010%d000000_m", i + 1);
        CLEANUP(mem_freep) char *sql = mem_printf("insert into public.times values (%d);", i);
        write_migration(world, name, sql);
    }
    for (int i = 0; i < ROUNDS; i++) {
        (void)make_plan(world);
        assert_int_equal(run_rivals(world), N_MIGRATIONS);
        must_be(world->db,
                "select string_agg(n::text, ' ' order by n) || ' ' ||"
                " (select count(*) from history._prisma_migrations) from public.times",
                "0 1 2 3 4 5");
        run(world->db, "truncate public.times");
        run(world->db, i % 2 == 0 ? "drop table history._prisma_migrations"
                                  : "truncate history._prisma_migrations");
    }
}

/* --- the lock is held by somebody else --- */

static void a_lock_that_somebody_holds_is_told_with_the_environment(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied;
    two_tables(world);
    (void)make_plan(world);
    world->patience = 0;
    world->other = session(world->url, false);
    run(world->other, "select pg_advisory_lock(72707369)");
    assert_fails(execute(world, &n_applied, &err), ERROR_LOCKED);
    assert_contains(err.message, "environment \"x\": another deploy holds the lock");
    error_clear(&err);
    must_be(world->db, "select to_regclass('_prisma_migrations') is null", "t");
}

static void no_migration_is_begun_after_a_wish_to_stop(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied;
    two_tables(world);
    (void)make_plan(world);
    (void)raise(SIGTERM);
    assert_fails(execute(world, &n_applied, &err), ERROR_TERMINATED);
    error_clear(&err);
    interrupt_forget();
    must_be(world->db, "select to_regclass('a') is null", "t");
}

/* --- the world has changed since the plan was made --- */

static void expect_stale(struct world *world, const char *message)
{
    struct error err = ERROR_INIT;
    size_t n_applied;
    assert_fails(execute(world, &n_applied, &err), ERROR_STALE);
    assert_contains(err.message, message);
    assert_int_equal(n_applied, 0);
    error_clear(&err);
    must_be(world->db, "select to_regclass('a') is null and to_regclass('b') is null", "t");
}

static void applied_by_somebody(const struct world *world, const char *name, const char *checksum)
{
    CLEANUP(mem_freep)
    char *sql = mem_printf("insert into _prisma_migrations (id, migration_name, checksum,"
                           " finished_at) values (md5(random()::text), '%s', '%s', now())",
                           name, checksum);
    run(world->db, sql);
}

static void begin_history(struct world *world)
{
    struct error err = ERROR_INIT;
    assert_ok(history_use_schema(world->db, NULL, SOON, &err));
    assert_ok(history_create(world->db, SOON, &err));
    two_tables(world);
    (void)make_plan(world);
}

static void what_somebody_else_has_done_meanwhile_is_not_done_again(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied;
    begin_history(world);
    applied_by_somebody(world, A, release_find(world->release, A)->checksum);
    applied_by_somebody(world, B, release_find(world->release, B)->checksum);
    assert_ok(execute(world, &n_applied, &err));
    assert_int_equal(n_applied, 0);
    must_be(world->db, "select to_regclass('a') is null", "t");
}

/* It died on the way, for example. */
static void what_somebody_else_has_left_is_done(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied;
    begin_history(world);
    applied_by_somebody(world, A, release_find(world->release, A)->checksum);
    assert_ok(execute(world, &n_applied, &err));
    assert_int_equal(n_applied, 1);
    must_be(world->db, "select to_regclass('a') is null and to_regclass('b') is not null", "t");
}

static void a_later_one_that_was_applied_meanwhile_makes_the_plan_stale(void **state)
{
    struct world *world = *state;
    begin_history(world);
    applied_by_somebody(world, B, release_find(world->release, B)->checksum);
    expect_stale(world, "environment \"x\": the history has changed since the plan was made");
}

static void a_history_that_has_become_another_makes_the_plan_stale(void **state)
{
    struct world *world = *state;
    begin_history(world);
    applied_by_somebody(world, "20250101000000_other", "x");
    expect_stale(world, "the history has changed");
    run(world->db, "update _prisma_migrations set migration_name = '" A "', finished_at = null");
    expect_stale(world, "the history has changed");
    run(world->db, "update _prisma_migrations set finished_at = now()");
    expect_stale(world, "the history has changed");
    run(world->db, "update _prisma_migrations set rolled_back_at = now()");
    assert_int_equal(deploy(world), 2);
}

static void another_server_makes_the_plan_stale(void **state)
{
    struct world *world = *state;
    go_through_link(world);
    two_tables(world);
    (void)make_plan(world);
    scratch_sh("%s/pg start %s/pg2 >url2", TEST_SUPPORT, scratch_dir());
    scratch_sh("ln -sfn ../pg2 %s/link", world->folder);
    expect_stale(world, "this is another server than the one that was looked at");
    assert_string_equal(
        scratch_out("psql -XAt \"$(cat url2)\" -c \"select to_regclass('a') is null\""), "t");
    scratch_sh("%s/pg stop %s/pg2", TEST_SUPPORT, scratch_dir());
}

static void a_file_that_has_changed_meanwhile_is_not_run(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied;
    two_tables(world);
    (void)make_plan(world);
    write_migration(world, B, "create table b (id int); drop table a;\n");
    assert_fails(execute(world, &n_applied, &err), ERROR_STALE);
    assert_contains(err.message, "/m/" B "/migration.sql has changed since the release was read");
    assert_int_equal(n_applied, 0); /* not even the one before it */
    error_clear(&err);
    must_be(world->db, "select to_regclass('a') is null and to_regclass('b') is null", "t");
    assert_int_equal(deploy(world), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLANNED_WORLD(a_plan_is_executed_in_order),
        IN_A_PLANNED_WORLD(where_nothing_is_to_do_nobody_is_bothered),
        IN_A_PLANNED_WORLD(a_schema_of_its_own_is_made_and_kept_to),
        IN_A_PLANNED_WORLD(four_at_once_apply_each_migration_once),
        IN_A_PLANNED_WORLD(a_lock_that_somebody_holds_is_told_with_the_environment),
        IN_A_PLANNED_WORLD(no_migration_is_begun_after_a_wish_to_stop),
        IN_A_PLANNED_WORLD(what_somebody_else_has_done_meanwhile_is_not_done_again),
        IN_A_PLANNED_WORLD(what_somebody_else_has_left_is_done),
        IN_A_PLANNED_WORLD(a_later_one_that_was_applied_meanwhile_makes_the_plan_stale),
        IN_A_PLANNED_WORLD(a_history_that_has_become_another_makes_the_plan_stale),
        IN_A_PLANNED_WORLD(another_server_makes_the_plan_stale),
        IN_A_PLANNED_WORLD(a_file_that_has_changed_meanwhile_is_not_run),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
