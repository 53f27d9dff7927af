/* A connection that is lost: what became of the work is looked up, never guessed. */
#include "world.h"

/* Ends its own session when it comes by, where `armed` has a row that says so. */
static void arm(const struct world *world)
{
    run(world->db, "create table armed (n int)");
    run(world->db, "create function fire() returns int language plpgsql as $$ begin\n"
                   "  if exists (select from public.armed) then\n"
                   "    perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10);\n"
                   "  end if;\n"
                   "  return 1;\n"
                   "end $$");
    run(world->db, "insert into armed values (1)");
}

static void what_was_lost_in_a_transaction_is_not_there(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    arm(world);
    write_migration(world, A, "create table a (id int);\nselect fire();\n");
    must_fail(world, ERROR_UNREACHABLE, "57P01", &err);
    assert_contains(err.detail, "It was rolled back as a whole: nothing of it is in the database.");
    assert_contains(err.hint, "headgate deploy x");
    assert_int_equal(err.problems.n, 0); /* the file is not to blame */
    assert_logged("lost the connection was lost; asking the server what became of it");
    must_be(world->db, "select to_regclass('a') is null", "t");
    must_be(world->db, "select count(*) from _prisma_migrations", "0");
    run(world->db, "truncate armed");
    must_run(world, 1);
}

static void a_step_that_was_lost_is_not_there_either(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    arm(world);
    write_migration(world, A,
                    "-- headgate: no-transaction\ncreate table a (id int);\nselect fire();\n");
    must_fail(world, ERROR_UNREACHABLE, "57P01", &err);
    assert_contains(err.detail, "Step 1 of 2 is done and committed. Step 2 was rolled back.");
    run(world->db, "truncate armed");
    must_run(world, 1);
    assert_logged("resumed going on with step 2 of 2 (line 3)");
}

/* --- at the COMMIT --- */

/* A commit waits for a standby that does not exist, and is ended there: it is done, but nobody has
 * said so. */
static void hold_commits(const struct world *world, bool hold)
{
    run(world->db, "set synchronous_commit = local");
    run(world->db, hold ? "alter system set synchronous_standby_names = 'nobody'"
                        : "alter system reset synchronous_standby_names");
    run(world->db, "select pg_reload_conf()");
    wait_until(world->db, hold ? "select current_setting('synchronous_standby_names') = 'nobody'"
                               : "select current_setting('synchronous_standby_names') = ''");
}

static void end_it_in_its_commit(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_BEGAN && text_equal(event->migration, B)) {
        hold_commits(world, true);
        in_background(world, "set synchronous_commit = local; do \\$\\$ begin\n"
                             "  while not exists (select from pg_stat_activity where wait_event ="
                             " 'SyncRep') loop perform pg_sleep(0.01); end loop;\n"
                             "  perform pg_terminate_backend(pid) from pg_stat_activity"
                             " where wait_event = 'SyncRep';\n"
                             "end \\$\\$");
    } else if (event->kind == EVENT_LOST) {
        hold_commits(world, false);
    }
}

static void expect_committed(struct world *world, const char *text)
{
    run(world->db, "alter role tester set synchronous_commit = local");
    write_migration(world, A, "create table a (id int);\n");
    write_migration(world, B, text);
    world->hook = end_it_in_its_commit;
    must_run(world, 2);
    world->hook = NULL;
    assert_logged("lost the connection was lost; asking the server what became of it");
    assert_logged("lost it was committed before the connection was lost");
    must_be(world->db, "select count(*) from b", "1");
    must_be(world->db, "select count(*) from _prisma_migrations where finished_at is not null",
            "2");
    wait_until(world->db, NOBODY_IN_BACKGROUND);
}

static void what_was_committed_before_the_connection_was_lost_is_known(void **state)
{
    struct world *world = *state;
    expect_committed(world, "create table b as select 1 as id;\n"
                            "set local synchronous_commit = on;\n");
}

/* What the file sets for its session is set again in the new one. */
static void a_step_that_was_committed_is_gone_on_from(void **state)
{
    struct world *world = *state;
    expect_committed(world, "-- headgate: no-transaction\n"
                            "set synchronous_commit = local;\n"
                            "set search_path to public, pg_temp;\n"
                            "begin;\n"
                            "create table b as select 1 as id;\n"
                            "set local synchronous_commit = on;\n"
                            "commit;\n"
                            "create table seen as select current_setting('search_path') as path,"
                            " current_setting('synchronous_commit') as sync,"
                            " current_setting('lock_timeout') as lock;\n");
    must_be(world->db, "select seen::text from seen", "(\"public, pg_temp\",local,2s)");
}

/* --- outside of transactions --- */

static void a_build_that_was_lost_is_not_done_and_the_next_deploy_repairs_it(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    arm(world);
    run(world->db, "create table t as select 1 as id");
    run(world->db, "create function slow(int) returns int immutable language sql as"
                   " $$ select public.fire() $$");
    run(world->db, "alter function fire() volatile");
    write_migration(world, A, "create index concurrently i on t (slow(id));\n");
    must_fail(world, ERROR_UNREACHABLE, "57P01", &err);
    assert_contains(err.detail, "The index i is there, but INVALID");
    run(world->db, "truncate armed");
    must_run(world, 1);
    assert_logged("repaired dropped the invalid index i,");
    must_be(world->db, "select indisvalid from pg_index where indexrelid = 'i'::regclass", "t");
}

/* --- the server is not to be asked --- */

static void ask_to_stop(struct world *world, const struct engine_event *event)
{
    if (event->kind == EVENT_LOST) {
        world->n_hooked++;
        (void)raise(SIGTERM);
    }
}

static void where_the_server_is_not_asked_nothing_is_claimed(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    arm(world);
    write_migration(world, A, "create table a (id int);\nselect fire();\n");
    world->hook = ask_to_stop;
    must_fail(world, ERROR_UNREACHABLE, "57P01", &err);
    assert_int_equal(world->n_hooked, 1);
    assert_contains(err.detail, "The server could not be asked what became of it.");
    assert_contains(err.hint, "(it asks the database first)");
}

static void nor_of_a_step(void **state)
{
    struct world *world = *state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    arm(world);
    write_migration(world, A, "-- headgate: no-transaction\nselect 1;\nselect fire();\n");
    world->hook = ask_to_stop;
    must_fail(world, ERROR_UNREACHABLE, "57P01", &err);
    assert_contains(err.detail, "Step 2 is there as a whole or not at all: the next deploy looks.");
    interrupt_forget();
    run(world->db, "truncate armed");
    world->hook = NULL;
    must_run(world, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_WORLD(what_was_lost_in_a_transaction_is_not_there),
        IN_A_WORLD(a_step_that_was_lost_is_not_there_either),
        IN_A_WORLD(what_was_committed_before_the_connection_was_lost_is_known),
        IN_A_WORLD(a_step_that_was_committed_is_gone_on_from),
        IN_A_WORLD(a_build_that_was_lost_is_not_done_and_the_next_deploy_repairs_it),
        IN_A_WORLD(where_the_server_is_not_asked_nothing_is_claimed),
        IN_A_WORLD(nor_of_a_step),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
