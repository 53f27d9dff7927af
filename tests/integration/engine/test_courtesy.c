/* Towards the other users of a database: nobody waits for a migration for long, and a migration
 * waits for those who cannot be hurried. */
#include "busy.h"

static void give_way_at_second_retry(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_RETRY && ++world->n_hooked == 2) {
        let_pass(world);
    }
}

static void a_lock_that_is_not_to_be_had_is_tried_for_again(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"120ms\"");
    read_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    world->hook = give_way_at_second_retry;
    must_run(world, 1);
    assert_int_equal(world->n_hooked, 2);
    assert_int_equal(world->cost.retries, 2);
    assert_true(world->cost.lock_wait > 0);
    assert_logged("waiting waiting for a lock that is held by headgate test (server process ");
    assert_logged(", from this machine), in a transaction since 20");
    assert_logged(": select * from busy\nretry canceling statement due to lock timeout, held by "
                  "headgate test (server process ");
    assert_logged("; everything is given up, again in ");
    assert_logged(" (1 of 30)");
    assert_logged(" (2 of 30)");
    must_be(world->db, "select attempts || ' ' || (lock_wait_ms > 0) from headgate.migration",
            "3 true");
    must_be(world->db, "select count(*) from _prisma_migrations", "1");
}

/* In the gap we hold nothing, so that whoever has waited behind us gets through. */
static void look_who_gets_through(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING && world->n_hooked == 0) {
        world->n_hooked++;
        in_background(world, "select * from busy; insert into tries values (1)");
        in_background(world, "select * from busy; insert into tries values (2)");
        wait_until(world->db, N_WAIT(2));
    } else if (event->kind == EVENT_RETRY && world->n_hooked == 1) {
        world->n_hooked++;
        wait_until(world->db, NOBODY_IN_BACKGROUND);
        must_be(world->db, "select count(*) from tries", "2");
        must_be(
            world->db,
            "select count(*) from pg_locks where locktype <> 'advisory' and pid ="
            " (select pid from pg_stat_activity where application_name like 'headgate deploy%')",
            "0");
        let_pass(world);
    }
}

static void those_behind_it_get_through_between_two_tries(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"1500ms\"");
    read_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    world->hook = look_who_gets_through;
    must_run(world, 1);
    assert_int_equal(world->n_hooked, 2);
    assert_true(world->cost.blocked > 0);
}

static void when_all_tries_are_used_up_it_is_given_up_and_noted(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world_deploy(world, "\"lock_timeout\":\"120ms\",\"lock_retries\":1");
    read_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    must_fail(world, ERROR_DATABASE, "55P03", &err);
    assert_string_equal(err.message,
                        "migration \"" A "\" failed: canceling statement due to lock timeout");
    assert_contains(err.detail, "The lock is held by headgate test (server process ");
    assert_contains(err.detail, "It was rolled back as a whole: nothing of it is in the database.");
    assert_string_equal(err.hint, "When that is settled, then go on: headgate deploy x");
    assert_int_equal(err.problems.n, 1);
    assert_int_equal(err.problems.items[0].line, 2);
    assert_int_equal(world->cost.retries, 1);
    must_be(world->db, "select to_regclass('a') is null", "t");
    must_be(world->db,
            "select logs from _prisma_migrations where rolled_back_at is not null and"
            " finished_at is null and applied_steps_count = 0",
            "55P03: canceling statement due to lock timeout");
    let_pass(world);
    must_run(world, 1);
}

static void a_wish_to_stop_ends_the_tries(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    world_deploy(world, "\"lock_timeout\":\"10s\"");
    read_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    (void)raise(SIGTERM);
    assert_fails(run_all(world, &err), ERROR_TERMINATED);
    error_clear(&err);
}

/* --- the breaker --- */

static void queue_up_behind_it(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING && world->n_hooked == 0) {
        world->n_hooked++;
        for (int i = 0; i < 3; i++) {
            in_background(world, "select * from busy");
        }
        wait_until(world->db, N_WAIT(3));
    } else if (event->kind == EVENT_RETRY) {
        world->n_hooked++;
        wait_until(world->db, NOBODY_IN_BACKGROUND);
        let_pass(world);
    }
}

static void where_too_many_wait_for_it_too_long_it_is_stopped_and_tried_again(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"20s\",\"breaker\":{\"blocked_sessions\":2,"
                        "\"for\":\"50ms\"}");
    read_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    world->hook = queue_up_behind_it;
    must_run(world, 1);
    assert_int_equal(world->n_hooked, 2);
    assert_int_equal(world->cost.retries, 1);
    assert_logged("waiting stopped it: 3 sessions have waited for it for ");
    assert_logged("retry canceling statement due to user request, held by headgate test");
    must_be(world->db, "select (blocked_ms > 0 and lock_wait_ms > 0)::text from headgate.migration",
            "true");
}

static void its_failure_says_so_when_no_try_is_left(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world_deploy(world, "\"lock_timeout\":\"20s\",\"lock_retries\":0,"
                        "\"breaker\":{\"blocked_sessions\":2,\"for\":\"50ms\"}");
    read_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    world->hook = queue_up_behind_it;
    must_fail(world, ERROR_DATABASE, "57014", &err);
    assert_contains(err.detail, "It was stopped because too many sessions waited for it.");
    wait_until(world->db, NOBODY_IN_BACKGROUND);
}

/* As many as are allowed, and not one more. */
static void queue_up_but_not_too_many(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING && world->n_hooked == 0) {
        world->n_hooked++;
        in_background(world, "select * from busy");
        in_background(world, "select * from busy");
        wait_until(world->db, N_WAIT(2));
    }
    assert_null(strstr(world->log.text, "stopped it"));
}

static void fewer_are_let_wait(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world_deploy(world, "\"lock_timeout\":\"1s\",\"lock_retries\":0,"
                        "\"breaker\":{\"blocked_sessions\":2,\"for\":\"0ms\"}");
    read_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    world->hook = queue_up_but_not_too_many;
    must_fail(world, ERROR_DATABASE, "55P03", &err);
    assert_int_equal(world->n_hooked, 1);
    assert_true(world->cost.blocked > 0);
    wait_until(world->db, NOBODY_IN_BACKGROUND);
}

/* --- deadlocks, serialization --- */

#define GATE "select pg_advisory_xact_lock(42);\n"

static void close_the_gate(struct world *world)
{
    world->other = session(world->url, false);
    run(world->other, "select pg_advisory_lock(42)");
}

/* We hold one and wait at the gate: somebody takes the two the other way round. */
static void come_the_other_way(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING && world->n_hooked == 0) {
        world->n_hooked++;
        in_background(world, "begin; lock table two; lock table one; commit");
        wait_until(world->db, N_WAIT(1));
        run(world->other, "select pg_advisory_unlock(42)");
    }
}

static void a_deadlock_is_tried_again(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"20s\"");
    run(world->db, "create table one (id int)");
    run(world->db, "create table two (id int)");
    close_the_gate(world);
    write_migration(world, A,
                    "set local deadlock_timeout = '20ms';\nlock table one;\n" GATE
                    "lock table two;\n");
    world->hook = come_the_other_way;
    must_run(world, 1);
    assert_int_equal(world->cost.retries, 1);
    assert_logged("retry deadlock detected");
}

static void change_it_meanwhile(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING && world->n_hooked == 0) {
        world->n_hooked++;
        run(world->other, "update one set id = id + 10");
        run(world->other, "select pg_advisory_unlock(42)");
    }
}

static void so_is_what_could_not_be_serialized(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"20s\"");
    run(world->db, "create table one as select 1 as id");
    close_the_gate(world);
    write_migration(world, A,
                    "begin isolation level repeatable read;\nselect * from one;\n" GATE
                    "update one set id = id + 100;\ncommit;\n");
    world->hook = change_it_meanwhile;
    must_run(world, 1);
    assert_int_equal(world->cost.retries, 1);
    assert_logged("retry could not serialize access due to concurrent update");
    must_be(world->db, "select id from one", "111");
}

static void a_step_is_tried_again_by_itself(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"120ms\"");
    read_for_long(world);
    write_migration(world, A,
                    "-- headgate: no-transaction\n"
                    "insert into tries values (1);\n"
                    "alter table busy add column b int;\n"
                    "insert into tries values (2);\n");
    world->hook = give_way;
    must_run(world, 1);
    assert_true(world->cost.retries >= 1);
    must_be(world->db, "select string_agg(n::text, ' ' order by n) from tries", "1 2");
}

static void so_is_one_outside_of_transactions(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"120ms\"");
    read_for_long(world);
    write_migration(world, A, "vacuum full busy;");
    world->hook = give_way;
    must_run(world, 1);
    assert_true(world->cost.retries >= 1);
    assert_logged("waiting waiting for a lock that is held by headgate test");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(a_lock_that_is_not_to_be_had_is_tried_for_again),
        IN_A_WORLD(those_behind_it_get_through_between_two_tries),
        IN_A_WORLD(when_all_tries_are_used_up_it_is_given_up_and_noted),
        IN_A_WORLD(a_wish_to_stop_ends_the_tries),
        IN_A_WORLD(where_too_many_wait_for_it_too_long_it_is_stopped_and_tried_again),
        IN_A_WORLD(its_failure_says_so_when_no_try_is_left),
        IN_A_WORLD(fewer_are_let_wait),
        IN_A_WORLD(a_deadlock_is_tried_again),
        IN_A_WORLD(so_is_what_could_not_be_serialized),
        IN_A_WORLD(a_step_is_tried_again_by_itself),
        IN_A_WORLD(so_is_one_outside_of_transactions),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
