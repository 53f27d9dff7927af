/* Those who cannot be hurried, and those who cannot be seen: dumps, vacuums, a second session that
 * is not to be had. */
#include "busy.h"

/* --- no second session --- */

static void without_a_second_session_it_works_as_well(void **state)
{
    struct world *world = *state;
    run(world->db, "create role single login connection limit 1 superuser");
    run(world->db, "alter role single nosuperuser");
    run(world->db, "grant create, usage on schema public to single");
    CLEANUP(mem_freep) char *url = mem_printf("%s user=single", world->url);
    world_environment(world, url, ",\"deploy\":{\"lock_timeout\":\"150ms\"}");
    read_for_long(world);
    run(world->other, "rollback");
    run(world->db, "alter table busy owner to single");
    run(world->other, "begin");
    run(world->other, "select * from busy");
    write_migration(world, A, "alter table busy add column b int;\n");
    world->hook = give_way;
    must_run(world, 1);
    assert_true(world->cost.retries >= 1);
    assert_logged("notice nobody watches who waits for us: environment \"x\": could not connect");
    assert_logged("retry canceling statement due to lock timeout; everything is given up");
    assert_int_equal(world->cost.lock_wait, 0);
}

/* The watch is another session of ours; the server ends it. */
static void end_the_watch(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING && world->n_hooked++ == 0) {
        run(world->db, "select pg_terminate_backend(pid) from pg_stat_activity"
                       " where application_name = 'headgate watch'");
    } else if (event->kind == EVENT_RETRY) {
        let_pass(world);
    }
}

static void a_watch_that_is_lost_is_done_without(void **state)
{
    struct world *world = *state;
    world_deploy(world, "\"lock_timeout\":\"600ms\"");
    read_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    world->hook = end_the_watch;
    must_run(world, 1);
    assert_true(world->n_hooked >= 1);
}

/* --- those who cannot be hurried --- */

static void dump_for_long(struct world *world)
{
    read_for_long(world);
    run(world->other, "set application_name = 'pg_dump'");
}

static void a_dump_that_has_what_it_needs_is_named_when_patience_ends(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world->patience = 50;
    dump_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    must_fail(world, ERROR_LOCKED, "", &err);
    assert_string_equal(err.message,
                        "migration \"" A "\": something else holds what the migration needs");
    assert_contains(err.detail, "It is pg_dump (server process ");
    assert_contains(err.detail, ", from this machine), which holds busy since 20");
    assert_contains(err.detail, "so it was not begun: nothing was changed.");
    assert_string_equal(err.hint,
                        "Wait until it has ended, or let headgate wait longer: --wait 2h");
    assert_int_equal(error_exit_status(err.code), 6);
    assert_int_equal(world->cost.retries, 0);
    assert_logged("waiting waiting for pg_dump (server process ");
    must_be(world->db, "select count(*) from _prisma_migrations", "0");
}

static void end_the_dump(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING) {
        world->n_hooked++;
        let_pass(world);
    }
}

static void a_dump_is_waited_for_and_nobody_waits_behind_us(void **state)
{
    struct world *world = *state;
    dump_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    world->hook = end_the_dump;
    must_run(world, 1);
    assert_int_equal(world->n_hooked, 1);
    assert_int_equal(world->cost.retries, 0);
}

static void a_dump_of_something_else_is_let_be(void **state)
{
    struct world *world = *state;
    dump_for_long(world);
    write_migration(world, A, "create table a (id int); alter table tries add column b int;");
    must_run(world, 1);
}

static void stop_waiting(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_WAITING) {
        world->n_hooked++;
        (void)raise(SIGTERM);
    }
}

static void a_wish_to_stop_ends_the_wait_for_a_dump(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    dump_for_long(world);
    write_migration(world, A, ADD_COLUMN);
    world->hook = stop_waiting;
    must_fail(world, ERROR_TERMINATED, "", &err);
    assert_int_equal(world->n_hooked, 1);
}

/* A real one: a table old enough, whose vacuum is made to creep. */
static void vacuum_against_wraparound(struct world *world)
{
    run(world->db, "create table busy (id int, filler text)"
                   " with (autovacuum_freeze_max_age = 100000, autovacuum_vacuum_cost_delay = 100,"
                   " autovacuum_vacuum_cost_limit = 1)");
    run(world->db, "insert into busy select n, repeat('x', 1000) from generate_series(1, 2000) n");
    run(world->db, "create temp table burnt (id int)");
    run(world->db, "do $$ begin for i in 1 .. 100100 loop\n"
                   "  begin insert into burnt values (1); exception when others then null; end;\n"
                   "end loop; end $$");
    run(world->db, "alter system set autovacuum_naptime = '1s'");
    run(world->db, "select pg_reload_conf()");
    wait_until(world->db, "select count(*) = 1 from pg_stat_activity where"
                          " query like 'autovacuum: VACUUM%public.busy (to prevent wraparound)'");
}

static void a_vacuum_against_wraparound_is_waited_for(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    world->patience = 50;
    vacuum_against_wraparound(world);
    write_migration(world, A, ADD_COLUMN);
    must_fail(world, ERROR_LOCKED, "", &err);
    assert_contains(err.detail, "It is a vacuum against wraparound (server process ");
    assert_contains(err.detail, "), which works on busy.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(without_a_second_session_it_works_as_well),
        IN_A_WORLD(a_watch_that_is_lost_is_done_without),
        IN_A_WORLD(a_dump_that_has_what_it_needs_is_named_when_patience_ends),
        IN_A_WORLD(a_dump_is_waited_for_and_nobody_waits_behind_us),
        IN_A_WORLD(a_dump_of_something_else_is_let_be),
        IN_A_WORLD(a_wish_to_stop_ends_the_wait_for_a_dump),
        IN_A_WORLD(a_vacuum_against_wraparound_is_waited_for),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
