/* Statements that are CONCURRENTLY wait for others, and others for them: for old transactions, for
 * Prisma, for somebody who builds the same. */
#include "indexes.h"

/* --- somebody holds it up --- */

/* An old transaction that has written what is to be indexed. */
static void write_for_long(struct world *world)
{
    run(world->db, "create table t as select n as id from generate_series(1, 1000) n");
    world->other = session(world->url, false);
    run(world->other, "begin");
    run(world->other, "insert into t values (1001)");
}

static bool is_free(const struct world *world, const char *key)
{
    CLEANUP(mem_freep) char *sql = mem_printf("select pg_try_advisory_lock(%s)", key);
    CLEANUP(mem_freep) char *unlock = mem_printf("select pg_advisory_unlock(%s)", key);
    CLEANUP(mem_freep) char *got = value(world->db, sql);
    if (text_equal(got, "t")) {
        run(world->db, unlock);
    }
    return text_equal(got, "t");
}

static void let_it_go_on(struct world *world, const struct engine_event *event)
{
    struct error err = ERROR_INIT;
    struct engine *second = NULL;
    if (event->kind == EVENT_PROGRESS && world->n_hooked == 0) {
        world->n_hooked++;
        assert_true(is_free(world, HISTORY_KEY_PRISMA));
        assert_false(is_free(world, HISTORY_KEY_OWN));
        world->hook = NULL;
        world->patience = 0;
        assert_fails(open_engine(world, &second, &err), ERROR_LOCKED);
        assert_contains(err.detail, "It is headgate deploy run-1 (server process ");
        error_clear(&err);
        world->hook = let_it_go_on;
        db_closep(&world->other);
    } else if (event->kind == EVENT_STATEMENT && world->n_hooked == 1) {
        world->n_hooked++;
    } else if (event->kind == EVENT_APPLIED && text_equal(event->migration, B)) {
        assert_int_equal(world->n_hooked, 2);
        assert_false(is_free(world, HISTORY_KEY_PRISMA));
    }
}

static void a_long_build_tells_its_progress_and_only_another_headgate_is_kept_out(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"50ms\"");
    write_for_long(world);
    write_migration(world, B, "create index concurrently i on t (id);\n");
    world->hook = let_it_go_on;
    must_run(world, 1);
    assert_logged("progress waiting for writers before build");
    assert_logged("waiting waiting for a lock that is held by headgate test");
    assert_int_equal(world->cost.retries, 0); /* it is patient, whatever lock_timeout says */
}

static void that_is_so_too_where_a_migration_gave_one_key_back(void **state)
{
    struct world *world = *state;
    write_for_long(world);
    write_migration(world, A, "select pg_advisory_unlock(72707370), id from t limit 1;\n");
    write_migration(world, B, "create index concurrently i on t (id);\n");
    world->hook = let_it_go_on;
    must_run(world, 2);
}

static void a_prisma_that_waits_for_its_lock_is_no_deadlock(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_retries\":0");
    run(world->db, "create table t as select n as id from generate_series(1, 1000) n");
    run(world->db, "create index j on t (id)");
    mark_invalid(world, "j");
    write_migration(world, A,
                    "create index concurrently i on t (id);\n"
                    "create index concurrently j on t (id);\n"
                    "reindex index concurrently i;\n"
                    "drop index concurrently i;\n");
    world->hook = wait_as_prisma_does;
    must_run(world, 1);
    assert_int_equal(world->n_hooked, 1);
    wait_until(world->db, NOBODY_IN_BACKGROUND);
    must_be(world->db, VALID("j"), "true");
}

/* --- somebody else builds it --- */

static void build_elsewhere(struct world *world)
{
    write_for_long(world);
    in_background(world, "create index concurrently i on t (id)");
    wait_until(world->db, N_WAIT(1));
}

static void an_index_that_somebody_builds_is_not_dropped_under_him(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world->patience = 50;
    build_elsewhere(world);
    write_migration(world, A, "create index concurrently if not exists i on t (id);\n");
    must_fail(world, ERROR_LOCKED, "", &err);
    assert_string_equal(err.message,
                        "migration \"" A "\": index i is being built by somebody else");
    assert_contains(err.detail, "It is server process ");
    assert_contains(err.hint, "--wait 2h");
    db_closep(&world->other);
    wait_until(world->db, NOBODY_IN_BACKGROUND);
    must_be(world->db, VALID("i"), "true");
    world->patience = 20000;
    must_run(world, 1);
}

static void let_him_end(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING) {
        world->n_hooked++;
        db_closep(&world->other);
    }
}

static void it_is_waited_for(void **state)
{
    struct world *world = *state;
    world->patience = 20000;
    build_elsewhere(world);
    write_migration(world, A, "create index concurrently if not exists i on t (id);\n");
    world->hook = let_him_end;
    must_run(world, 1);
    assert_int_equal(world->n_hooked, 1);
    assert_logged("which builds index i\n");
    assert_null(strstr(world->log.text, "repaired"));
    must_be(world->db, VALID("i"), "true");
}

static void interrupt_it(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING) {
        world->n_hooked++;
        (void)raise(SIGTERM);
    }
}

static void a_wish_to_stop_ends_that_wait(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world->patience = 20000;
    build_elsewhere(world);
    write_migration(world, A, "create index concurrently if not exists i on t (id);\n");
    world->hook = interrupt_it;
    must_fail(world, ERROR_TERMINATED, "", &err);
    interrupt_forget();
    db_closep(&world->other);
    wait_until(world->db, NOBODY_IN_BACKGROUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_long_build_tells_its_progress_and_only_another_headgate_is_kept_out),
        IN_A_WORLD(that_is_so_too_where_a_migration_gave_one_key_back),
        IN_A_WORLD(a_prisma_that_waits_for_its_lock_is_no_deadlock),
        IN_A_WORLD(an_index_that_somebody_builds_is_not_dropped_under_him),
        IN_A_WORLD(it_is_waited_for),
        IN_A_WORLD(a_wish_to_stop_ends_that_wait),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
