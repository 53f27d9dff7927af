/* Executing a plan: exactly once, and never what was not shown. */
#include "world.h"

#include <signal.h>
#include <sys/wait.h>

#include "headgate/interrupt.h"
#include "headgate/process.h"

#define A "20260101000000_a"
#define B "20260102000000_b"
#define C "20260103000000_c"
#define NOBODY (&(const struct deploy_observer){0})

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
    world_environment(world, url, "");
}

/* --- what is done --- */

static void log_began(void *context, const struct plan_item *item)
{
    strbuf_printf(context, "began %s\n", item->name);
}

static void log_applied(void *context, const struct plan_item *item, msec took)
{
    assert_true(took >= 0);
    strbuf_printf(context, "applied %s\n", item->name);
}

static void log_notice(void *context, const char *line)
{
    strbuf_printf(context, "%s\n", line);
}

static void a_plan_is_executed_in_order(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf log = STRBUF_INIT;
    const struct deploy_observer observer = {
        .began = log_began, .applied = log_applied, .notice = log_notice, .context = &log};
    size_t n_applied = 0;
    write_migration(world, A, "create table a (id int);");
    write_migration(world, B, "drop table if exists b; create table b as select * from a;");
    write_migration(world, C, "-- nothing but a comment");
    (void)make_plan(world);
    assert_ok(deploy_plan_execute(world->plan, SOON, &observer, &n_applied, &err));
    assert_int_equal(n_applied, 3);
    assert_string_equal(log.text, "began " A "\napplied " A "\nbegan " B
                                  "\nNOTICE: table \"b\" does not exist, skipping\n"
                                  "applied " B "\nbegan " C "\napplied " C "\n");
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
    world_environment(world, url, "");
    two_tables(world);
    assert_int_equal(deploy(world), 2);
    must_be(world->db,
            "select string_agg(relname, ' ' order by relname) from pg_class"
            " where relnamespace = '\"My Shop\"'::regnamespace and relkind = 'r'",
            "_prisma_migrations a b");
    must_be(world->db, "select count(*) from pg_class where relnamespace = 'public'::regnamespace",
            "0");
}

static void what_one_migration_sets_does_not_reach_the_next(void **state)
{
    struct world *world = *state;
    world_environment(world, world->url,
                      ",\"deploy\":{\"lock_timeout\":\"1234ms\",\"statement_timeout\":\"9s\"}");
    write_migration(world, A,
                    "create schema elsewhere; set search_path to elsewhere; set lock_timeout = 0;"
                    " set statement_timeout = 0; set client_encoding to latin1;"
                    " set check_function_bodies to off; create table a (id int);");
    write_migration(world, B,
                    "create table b as select name, setting from pg_settings where name in"
                    " ('lock_timeout', 'statement_timeout', 'client_encoding',"
                    " 'check_function_bodies');");
    assert_int_equal(deploy(world), 2);
    must_be(world->db, "select to_regclass('elsewhere.a') is not null", "t");
    must_be(world->db, "select string_agg(setting, ' ' order by name) from public.b",
            "on UTF8 1234 9000");
    must_be(world->db, "select count(*) from public._prisma_migrations", "2");
}

static void a_role_and_a_lock_that_one_migration_leaves_do_not_reach_the_next(void **state)
{
    struct world *world = *state;
    run(world->db, "create role errand");
    run(world->db, "grant all on schema public to errand");
    write_migration(world, A,
                    "grant all on _prisma_migrations to errand; set role errand;"
                    " select pg_advisory_unlock_all();");
    write_migration(world, B,
                    "create table b as select current_user::text || ' ' || count(*) as got"
                    " from pg_locks where locktype = 'advisory' and pid = pg_backend_pid();");
    assert_int_equal(deploy(world), 2);
    must_be(world->db, "select got from b", "tester 1");
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
    bool done = deploy_plan_execute(world->plan, SOON, NOBODY, &n_applied, &err);
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
    world_environment(world, url, "");
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

struct holder {
    struct db *db;
    size_t n_told;
};

static struct holder prisma(const struct world *world)
{
    struct holder holder = {.db = session(world->url, false)};
    run(holder.db, "set application_name to prisma");
    run(holder.db, "select pg_advisory_lock(72707369)");
    return holder;
}

static void note(void *context, const struct history_holder *who)
{
    struct holder *holder = context;
    assert_string_equal(who->application, "prisma");
    holder->n_told++;
}

static void let_go(void *context, const struct history_holder *who)
{
    struct holder *holder = context;
    note(context, who);
    db_closep(&holder->db);
}

static void ask_to_stop(void *context, const struct history_holder *who)
{
    note(context, who);
    (void)raise(SIGTERM);
}

static bool execute_beside(const struct world *world, struct holder *holder, msec patience,
                           void (*waiting)(void *, const struct history_holder *),
                           struct error *err)
{
    const struct deploy_observer observer = {.waiting = waiting, .context = holder};
    size_t n_applied = 0;
    bool done = deploy_plan_execute(world->plan, deadline_in(patience), &observer, &n_applied, err);
    assert_int_equal(holder->n_told, 1);
    assert_int_equal(n_applied, done ? 2 : 0);
    db_closep(&holder->db);
    return done;
}

static void who_holds_the_lock_is_told_when_patience_ends(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    two_tables(world);
    (void)make_plan(world);
    struct holder holder = prisma(world);
    assert_fails(execute_beside(world, &holder, 500, note, &err), ERROR_LOCKED);
    assert_contains(err.message, "environment \"x\": another deploy holds the lock");
    assert_contains(err.detail, "It is prisma (server process ");
    error_clear(&err);
    must_be(world->db, "select to_regclass('_prisma_migrations') is null", "t");
}

static void the_lock_is_waited_for(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    two_tables(world);
    (void)make_plan(world);
    struct holder holder = prisma(world);
    assert_ok(execute_beside(world, &holder, 20000, let_go, &err));
}

static void a_wish_to_stop_ends_the_wait_for_the_lock(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    two_tables(world);
    (void)make_plan(world);
    struct holder holder = prisma(world);
    assert_fails(execute_beside(world, &holder, 20000, ask_to_stop, &err), ERROR_TERMINATED);
    assert_contains(err.message, "environment \"x\": stopped by SIGTERM");
    error_clear(&err);
}

static void no_migration_is_begun_after_a_wish_to_stop(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied;
    two_tables(world);
    (void)make_plan(world);
    (void)raise(SIGINT);
    assert_fails(execute(world, &n_applied, &err), ERROR_INTERRUPTED);
    error_clear(&err);
    interrupt_forget();
    must_be(world->db, "select to_regclass('a') is null", "t");
}

/* --- the world has changed since the plan was made --- */

static void expect_stale(const struct world *world, const char *message)
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

static void what_somebody_else_has_done_meanwhile_is_fine_when_it_is_all(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n_applied;
    begin_history(world);
    applied_by_somebody(world, A, release_find(world->release, A)->checksum);
    expect_stale(world, "environment \"x\": the history has changed since the plan was made");
    applied_by_somebody(world, B, release_find(world->release, B)->checksum);
    assert_ok(execute(world, &n_applied, &err));
    assert_int_equal(n_applied, 0);
    must_be(world->db, "select to_regclass('a') is null", "t");
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
    assert_int_equal(n_applied, 1);
    error_clear(&err);
    must_be(world->db, "select to_regclass('a') is not null and to_regclass('b') is null", "t");
    assert_int_equal(deploy(world), 1);
}

int main(void)
{
#define IN_A_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_plan_is_executed_in_order),
        IN_A_WORLD(where_nothing_is_to_do_nobody_is_bothered),
        IN_A_WORLD(a_schema_of_its_own_is_made_and_kept_to),
        IN_A_WORLD(what_one_migration_sets_does_not_reach_the_next),
        IN_A_WORLD(a_role_and_a_lock_that_one_migration_leaves_do_not_reach_the_next),
        IN_A_WORLD(four_at_once_apply_each_migration_once),
        IN_A_WORLD(who_holds_the_lock_is_told_when_patience_ends),
        IN_A_WORLD(the_lock_is_waited_for),
        IN_A_WORLD(a_wish_to_stop_ends_the_wait_for_the_lock),
        IN_A_WORLD(what_somebody_else_has_done_meanwhile_is_fine_when_it_is_all),
        IN_A_WORLD(a_history_that_has_become_another_makes_the_plan_stale),
        IN_A_WORLD(another_server_makes_the_plan_stale),
        IN_A_WORLD(a_file_that_has_changed_meanwhile_is_not_run),
        IN_A_WORLD(no_migration_is_begun_after_a_wish_to_stop),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
