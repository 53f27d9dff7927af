/* A plan while somebody is at work: an unfinished row is then no failure. */
#include "planning.h"

static size_t n_told;
static struct world *watched;

static void begin_elsewhere(struct world *world, const char *key)
{
    CLEANUP(mem_freep) char *lock = mem_printf("select pg_advisory_lock(%s)", key);
    world->other = session(world->url, false);
    run(world->other, lock);
    row(world, "migration_name, logs", "'" A "', 'headgate: no step is done yet'");
}

static void who_is_at_work_is_told_and_waited_for_no_longer_than_wanted(void **state)
{
    struct world *world = *state;
    static const char *const keys[] = {HISTORY_KEY_OWN, HISTORY_KEY_PRISMA};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        begin_elsewhere(world, keys[i]);
        (void)make_plan(world);
        assert_int_equal(world->plan->refusal.code, ERROR_LOCKED);
        assert_string_equal(world->plan->refusal.message, "a deploy is at work in this database");
        assert_contains(world->plan->refusal.detail, "It is headgate test (server process ");
        assert_contains(world->plan->refusal.hint, "--wait");
        db_closep(&world->other);
        run(world->db, "truncate _prisma_migrations");
        wait_until(world->db, "select count(*) = 0 from pg_locks where locktype = 'advisory'");
    }
}

static void end_it(const char *sentence)
{
    assert_contains(sentence, "waiting for headgate test (server process ");
    n_told++;
    run(watched->db, "update _prisma_migrations set rolled_back_at = now()");
    db_closep(&watched->other);
}

static void who_ends_in_time_is_waited_for(void **state)
{
    struct world *world = *state;
    const struct deploy_request request = {.on_progress = end_it, .patience = 20000};
    begin_elsewhere(world, HISTORY_KEY_OWN);
    watched = world;
    n_told = 0;
    (void)make_plan_for(world, &request);
    expect_no_refusal(world);
    assert_int_equal(n_told, 1);
    assert_int_equal(deploy(world), 3);
}

static void ask_to_stop(const char *sentence)
{
    (void)sentence;
    (void)raise(SIGTERM);
}

static void a_wish_to_stop_ends_the_wait(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct deploy_plan *plan = NULL;
    const struct deploy_request request = {.on_progress = ask_to_stop, .patience = 20000};
    begin_elsewhere(world, HISTORY_KEY_OWN);
    read_release(world);
    deploy_plan_freep(&world->plan);
    assert_fails(
        deploy_plan_make(&world->set->items[0], world->release, &request, SOON, &plan, &err),
        ERROR_TERMINATED);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_NEW_WORLD(who_is_at_work_is_told_and_waited_for_no_longer_than_wanted),
        IN_A_NEW_WORLD(who_ends_in_time_is_waited_for),
        IN_A_NEW_WORLD(a_wish_to_stop_ends_the_wait),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
