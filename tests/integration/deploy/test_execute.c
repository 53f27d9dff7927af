/* Executing a plan: exactly once, all or nothing, and never what was not shown. */
#include "world.h"

#include <signal.h>
#include <sys/prctl.h>
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

struct log {
    struct strbuf text;
};

static void log_began(void *context, const struct plan_item *item)
{
    struct log *log = context;
    strbuf_printf(&log->text, "began %s\n", item->name);
}

static void log_applied(void *context, const struct plan_item *item, msec took)
{
    struct log *log = context;
    assert_true(took >= 0);
    strbuf_printf(&log->text, "applied %s\n", item->name);
}

static void log_notice(void *context, const char *line)
{
    struct log *log = context;
    strbuf_printf(&log->text, "%s\n", line);
}

static void a_plan_is_executed_in_order(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct log log = {.text = STRBUF_INIT};
    const struct deploy_observer observer = {
        .began = log_began, .applied = log_applied, .notice = log_notice, .context = &log};
    size_t n_applied = 0;
    write_migration(world, A, "create table a (id int);");
    write_migration(world, B, "drop table if exists b; create table b as select * from a;");
    write_migration(world, C, "-- nothing but a comment");
    (void)make_plan(world);
    assert_ok(deploy_plan_execute(world->plan, SOON, &observer, &n_applied, &err));
    assert_int_equal(n_applied, 3);
    assert_string_equal(log.text.text, "began " A "\napplied " A "\nbegan " B
                                       "\nNOTICE: table \"b\" does not exist, skipping\n"
                                       "applied " B "\nbegan " C "\napplied " C "\n");
    strbuf_clear(&log.text);
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
                    "create schema elsewhere; set search_path to elsewhere;"
                    " set lock_timeout = 0; set statement_timeout = 0; create table a (id int);");
    write_migration(world, B,
                    "create table b as select current_setting('lock_timeout') as lock,"
                    " current_setting('statement_timeout') as statement;");
    assert_int_equal(deploy(world), 2);
    must_be(world->db, "select to_regclass('elsewhere.a') is not null", "t");
    must_be(world->db, "select lock || ' ' || statement from public.b", "1234ms 9s");
    must_be(world->db, "select count(*) from public._prisma_migrations", "2");
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
    /* The server sees by itself that nobody is there any more: the lock is free soon. */
    expect_that_it_goes_on(world);
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
        IN_A_WORLD(a_plan_is_executed_in_order),
        IN_A_WORLD(where_nothing_is_to_do_nobody_is_bothered),
        IN_A_WORLD(a_schema_of_its_own_is_made_and_kept_to),
        IN_A_WORLD(what_one_migration_sets_does_not_reach_the_next),
        IN_A_WORLD(four_at_once_apply_each_migration_once),
        IN_A_WORLD(who_holds_the_lock_is_told_when_patience_ends),
        IN_A_WORLD(the_lock_is_waited_for),
        IN_A_WORLD(a_wish_to_stop_ends_the_wait_for_the_lock),
        IN_A_WORLD(what_somebody_else_has_done_meanwhile_is_fine_when_it_is_all),
        IN_A_WORLD(a_history_that_has_become_another_makes_the_plan_stale),
        IN_A_WORLD(another_server_makes_the_plan_stale),
        IN_A_WORLD(a_file_that_has_changed_meanwhile_is_not_run),
        IN_A_WORLD(a_wish_to_stop_leaves_nothing_half_way),
        IN_A_WORLD(so_does_an_interrupt),
        IN_A_WORLD(a_backend_that_is_terminated_leaves_nothing_half_way),
        IN_A_WORLD(a_client_that_is_killed_leaves_nothing_half_way),
        IN_A_WORLD(no_migration_is_begun_after_a_wish_to_stop),
        IN_A_WORLD(one_that_fails_is_rolled_back_as_a_whole),
        IN_A_WORLD(the_place_of_a_mistake_is_right_behind_wide_characters),
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
