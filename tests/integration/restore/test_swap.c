/* The swap: with sessions that are there, that come again and again, that cannot be ended; and with
 * the one who swaps dying in the middle. */
#include "restoring.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "headgate/history.h"
#include "headgate/process.h"

static bool swap_within(struct world *world, msec patience, size_t *ret_ended, struct error *err)
{
    CLEANUP(control_clear) struct control control = {0};
    const struct swap swap = {&control, BESIDE, KEPT, patience};
    return control_open(world->environment, false, SOON, &control, err) &&
           control_lock(&control, SOON, err) && swap_databases(&swap, ret_ended, err);
}

static bool swap_now(struct world *world, size_t *ret_ended, struct error *err)
{
    return swap_within(world, 20000, ret_ended, err);
}

static void expect_kept(const char *which)
{
    CLEANUP(db_closep) struct db *kept = session_in(KEPT);
    must_be(kept, "select one from which", which);
}

static void the_new_one_has_the_name_and_the_old_one_is_kept(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n = 99;
    make_beside(world);
    assert_ok(swap_now(world, &n, &err));
    assert_int_equal(n, 0);
    expect_shop("new");
    expect_kept("old");
    must_be(world->db, "select count(*)::text from pg_database where datname ~ '^shop'", "2");
}

static void sessions_that_are_there_are_ended(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n = 0;
    make_beside(world);
    CLEANUP(db_closep) __attribute__((unused)) struct db *idle = session_in("shop");
    CLEANUP(db_closep) struct db *open = session_in("shop");
    run(open, "begin");
    run(open, "update which set one = 'half done'");
    CLEANUP(db_closep) __attribute__((unused)) struct db *monitoring = session_in(BESIDE);
    assert_ok(swap_now(world, &n, &err));
    assert_int_equal(n, 3);
    expect_shop("new");
    expect_kept("old");
}

/* Until it is killed: connects, writes a row, leaves. */
static int hammer(void *context, int news)
{
    const char *url = context;
    CLEANUP(conninfo_freep) struct conninfo *conninfo = NULL;
    struct error ignored = ERROR_INIT;
    const struct db_options options = {.purpose = "hammer"};
    if (!conninfo_parse(url, &conninfo, &ignored)) {
        return 1;
    }
    for (;;) {
        CLEANUP(db_closep) struct db *db = NULL;
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        if (db_open(conninfo, &options, SOON, &db, &failure) &&
            db_execute(db, STATEMENT("insert into which values ('hammer')"), DB_NO_PARAMS, SOON,
                       &failure)) {
            (void)!write(news, ".", 1);
        } else if (failure.code != ERROR_UNREACHABLE && failure.code != ERROR_DATABASE) {
            return 2;
        }
    }
}

static void wait_for_word(struct worker *worker)
{
    char bytes[4096];
    struct pollfd fd = {.fd = worker->news, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 20000), 1);
    assert_true(read(worker->news, bytes, sizeof bytes) > 0);
}

/* What it has said up to now is none. */
static void wait_for_news(struct worker *worker)
{
    char bytes[4096];
    while (read(worker->news, bytes, sizeof bytes) > 0) {
    }
    wait_for_word(worker);
}

static void end_worker(struct worker *worker)
{
    int status = 0, number = 0;
    worker_kill(worker);
    while (!worker_has_ended(worker, &status, &number)) {
        deadline_sleep(deadline_in(5));
    }
    assert_int_equal(number, SIGKILL); /* it did not give up before */
    worker_clear(worker);
}

static void those_who_come_again_and_again_find_the_new_one(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct worker workers[3];
    size_t n = 0;
    CLEANUP(mem_freep) char *url = url_of("shop", "tester");
    make_beside(world);
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        assert_ok(worker_start(hammer, url, &workers[i], &err));
        wait_for_news(&workers[i]);
    }
    assert_ok(swap_now(world, &n, &err));
    for (size_t i = 0; i < ARRAY_LEN(workers); i++) {
        wait_for_news(&workers[i]);
        wait_for_news(&workers[i]);
        end_worker(&workers[i]);
    }
    CLEANUP(db_closep) struct db *kept = session_in(KEPT);
    CLEANUP(mem_freep) char *then = value(kept, "select count(*)::text from which");
    CLEANUP(db_closep) struct db *shop = session_in("shop");
    must_be(shop, "select count(*) > 1 from which where one <> 'old'", "t");
    must_be(kept, "select count(*)::text from which", then);
}

static void how_many_may_come_in_stays(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n = 0;
    make_beside(world);
    run(world->db, "alter database shop connection limit 7");
    assert_ok(swap_now(world, &n, &err));
    must_be(world->db,
            "select string_agg(datname || datconnlimit || datallowconn, ' ' order by 1)"
            " from pg_database where datname ~ '^shop'",
            KEPT "7true shop7true");
}

static void a_closed_database_stays_closed(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    size_t n = 0;
    make_beside(world);
    run(world->db, "alter database shop allow_connections false");
    assert_ok(swap_now(world, &n, &err));
    must_be(world->db, "select datallowconn::text from pg_database where datname = 'shop'",
            "false");
}

static void a_swap_that_fails_in_the_middle_changes_nothing(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    size_t n = 0;
    /* the second rename finds nothing */
    assert_fails(swap_now(world, &n, &err), ERROR_DATABASE);
    expect_shop("old");
    must_be(world->db, "select count(*)::text from pg_database where datname ~ '^shop'", "1");
}

static void prepared_transactions_are_named(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    size_t n = 0;
    make_beside(world);
    CLEANUP(db_closep) struct db *shop = session_in("shop");
    run(shop, "begin");
    run(shop, "update which set one = 'prepared'");
    run(shop, "prepare transaction 'order 4711'");
    assert_fails(swap_now(world, &n, &err), ERROR_REFUSED);
    assert_string_equal(err.message, "database \"shop\" has prepared transactions");
    assert_contains(err.detail, "'order 4711'");
    must_be(shop, "select one from which", "old"); /* not ended */
    run(shop, "rollback prepared 'order 4711'");
}

static void a_deploy_at_work_is_not_disturbed(void **state)
{
    struct world *world = *state;
    static const char *const keys[] = {HISTORY_KEY_OWN, HISTORY_KEY_RUN};
    make_beside(world);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        bool locked = false;
        size_t n = 0;
        CLEANUP(db_closep) struct db *deploy = session_in("shop");
        assert_ok(history_try_lock(deploy, keys[i], SOON, &locked, &err));
        assert_true(locked);
        assert_fails(swap_now(world, &n, &err), ERROR_LOCKED);
        assert_contains(err.detail, "headgate test (server process ");
        must_be(deploy, "select one from which", "old");
    }
    expect_shop("old");
}

static void a_role_that_may_not_end_a_session_leaves_all_as_it_was(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    size_t n = 0;
    make_beside(world);
    run(world->db, "create role keeper login createdb");
    run(world->db, "alter database shop owner to keeper");
    run(world->db, "alter database " BESIDE " owner to keeper");
    world_environment(world, "keeper", "");
    CLEANUP(db_closep) struct db *superuser = session_in("shop");
    assert_fails(swap_within(world, 200, &n, &err), ERROR_DATABASE);
    assert_contains(err.message, "could not end the sessions of others");
    must_be(superuser, "select one from which", "old");
    expect_shop("old");
    /* and where there is nobody it is enough */
    db_closep(&superuser);
    error_clear(&err);
    wait_until_left(world->db);
    assert_ok(swap_now(world, &n, &err));
    expect_shop("new");
}

/* --- dying in between --- */

struct dying {
    struct world *world;
};

static int swap_in_a_worker(void *context, int news)
{
    struct dying *dying = context;
    struct error err = ERROR_INIT;
    size_t n = 0;
    (void)!write(news, "b", 1);
    bool done = swap_now(dying->world, &n, &err);
    (void)!write(news, "e", 1);
    return done ? 0 : 1;
}

static void expect_one_or_the_other(struct world *world)
{
    CLEANUP(mem_freep)
    char *kept =
        value(world->db, "select count(*)::text from pg_database where datname = '" KEPT "'");
    expect_shop(text_equal(kept, "1") ? "new" : "old");
    must_be(world->db,
            "select bool_and(datallowconn)::text from pg_database where datname ~ "
            "'^shop'",
            "true");
}

static void kill_and_wait(struct worker *worker)
{
    int status = 0, number = 0;
    worker_kill(worker);
    while (!worker_has_ended(worker, &status, &number)) {
        deadline_sleep(deadline_in(2));
    }
    worker_clear(worker);
}

static void a_death_while_it_waits_leaves_the_old_one(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct dying dying = {world};
    struct worker worker;
    make_beside(world);
    CLEANUP(db_closep) struct db *holder = session_in("postgres");
    run(holder, "begin");
    run(holder, "lock table pg_database in share mode"); /* no rename gets past it */
    assert_ok(worker_start(swap_in_a_worker, &dying, &worker, &err));
    wait_for_word(&worker);
    for (bool waits = false; !waits;) {
        CLEANUP(mem_freep)
        char *n = value(world->db, "select count(*)::text from pg_locks where not granted and "
                                   "relation = 'pg_database'::regclass");
        waits = !text_equal(n, "0");
    }
    kill_and_wait(&worker);
    run(holder, "rollback");
    expect_shop("old");
    must_be(world->db, "select count(*)::text from pg_database where datname = '" KEPT "'", "0");
}

/* How far each one gets is the machine's affair; what is left must be one or the other. */
static void a_death_at_any_moment_leaves_one_or_the_other(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct dying dying = {world};
    bool swapped = false;
    make_beside(world);
    for (msec after = 0; after < 200 && !swapped; after += after < 40 ? 3 : 12) {
        struct worker worker;
        CLEANUP(db_closep) __attribute__((unused)) struct db *idle = session_in("shop");
        assert_ok(worker_start(swap_in_a_worker, &dying, &worker, &err));
        wait_for_word(&worker);
        deadline_sleep(deadline_in(after));
        kill_and_wait(&worker);
        expect_one_or_the_other(world);
        CLEANUP(mem_freep)
        char *there = value(world->db, "select exists (select from pg_database"
                                       " where datname = '" KEPT "')::text");
        swapped = text_equal(there, "true");
    }
    if (!swapped) { /* none was fast enough */
        size_t n = 0;
        assert_ok(swap_now(world, &n, &err));
    }
    expect_shop("new");
}

static void a_wish_to_stop_before_the_commit_changes_nothing(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    size_t n = 0;
    make_beside(world);
    interrupt_install();
    CLEANUP(control_clear) struct control control = {0};
    const struct swap swap = {&control, BESIDE, KEPT, 20000};
    assert_ok(control_open(world->environment, false, SOON, &control, &err));
    (void)raise(SIGTERM);
    assert_fails(swap_databases(&swap, &n, &err), ERROR_TERMINATED);
    /* what we have made goes all the same */
    error_clear(&err);
    assert_ok(database_drop(control.db, BESIDE, SOON, &err));
    interrupt_forget();
    expect_shop("old");
    must_be(world->db, "select count(*)::text from pg_database where datname ~ '^shop'", "1");
}

static void only_one_restore_at_a_time(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(control_clear) struct control first = {0};
    CLEANUP(control_clear) struct control second = {0};
    assert_ok(control_open(world->environment, false, SOON, &first, &err));
    assert_ok(control_open(world->environment, false, SOON, &second, &err));
    assert_ok(control_lock(&first, SOON, &err));
    assert_fails(control_lock(&second, SOON, &err), ERROR_LOCKED);
    assert_string_equal(err.message, "another restore of database \"shop\" is at work");
    assert_contains(err.detail, "It is headgate restore of role \"tester\" (server process ");
    error_clear(&err);
    control_clear(&first);
    msec deadline = SOON;
    bool locked = false;
    while (!locked) { /* its server process may take a moment to see it */
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        locked = control_lock(&second, SOON, &failure);
        assert_false(!locked && deadline_passed(deadline));
    }
}

static void what_the_dead_have_left_is_dropped_with_whoever_is_in_it(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    make_beside(world);
    make_database(world, "shop_restoring_by_hand");
    CLEANUP(db_closep) __attribute__((unused)) struct db *loader = session_in(BESIDE);
    CLEANUP(control_clear) struct control control = {0};
    assert_ok(control_open(world->environment, false, SOON, &control, &err));
    assert_ok(leftovers_drop(&control, SOON, &err));
    must_be(world->db,
            "select string_agg(datname, ' ' order by 1) from pg_database"
            " where datname ~ '^shop'",
            "shop shop_restoring_by_hand");
}

/* A server forbids prepared transactions until it is told, and started anew. */
static int allow_prepared(void **state)
{
    (void)state;
    {
        CLEANUP(db_closep) struct db *db = session(scratch_postgres(), false);
        run(db, "alter system set max_prepared_transactions = 5");
    }
    scratch_sh("%s/pg restart %s/pg", TEST_SUPPORT, scratch_dir());
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(the_new_one_has_the_name_and_the_old_one_is_kept),
        IN_A_WORLD(sessions_that_are_there_are_ended),
        IN_A_WORLD(those_who_come_again_and_again_find_the_new_one),
        IN_A_WORLD(how_many_may_come_in_stays),
        IN_A_WORLD(a_closed_database_stays_closed),
        IN_A_WORLD(a_swap_that_fails_in_the_middle_changes_nothing),
        IN_A_WORLD(prepared_transactions_are_named),
        IN_A_WORLD(a_deploy_at_work_is_not_disturbed),
        IN_A_WORLD(a_role_that_may_not_end_a_session_leaves_all_as_it_was),
        IN_A_WORLD(a_death_while_it_waits_leaves_the_old_one),
        IN_A_WORLD(a_death_at_any_moment_leaves_one_or_the_other),
        IN_A_WORLD(a_wish_to_stop_before_the_commit_changes_nothing),
        IN_A_WORLD(only_one_restore_at_a_time),
        IN_A_WORLD(what_the_dead_have_left_is_dropped_with_whoever_is_in_it),
    };
    return cmocka_run_group_tests(tests, allow_prepared, NULL);
}
