/* What a plan says of the texts it would run, before anything is done. */
#include "planning.h"

static void a_plan_says_how_each_would_be_run(void **state)
{
    struct world *world = *state;
    write_migration(world, B, "create table b (id int); create index concurrently i on b (id);\n");
    write_migration(world, C, "begin; select 1; commit; begin; select 2; commit;\n");
    const struct deploy_plan *plan = make_plan(world);
    static const char *const modes[] = {"in a transaction",
                                        "step by step (CREATE INDEX CONCURRENTLY)",
                                        "step by step (its own transactions)"};
    static const size_t n_statements[] = {1, 2, 6};
    assert_int_equal(plan->n, ARRAY_LEN(modes));
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        assert_string_equal(plan->items[i].mode, modes[i]);
        assert_int_equal(plan->items[i].n_statements, n_statements[i]);
        assert_int_equal(plan->items[i].transactional, i == 0);
    }
}

static void texts_that_cannot_be_run_are_refused_all_at_once(void **state)
{
    struct world *world = *state;
    write_migration(world, A, "create table a (id int);\nrollback;\n");
    write_migration(world, C, "\\connect x\n");
    (void)make_plan(world);
    assert_int_equal(world->plan->refusal.code, ERROR_CONFIG);
    assert_int_equal(world->plan->refusal.problems.n, 2);
    assert_contains(world->plan->refusal.hint, "Correct what is marked");
    must_be(world->db, "select to_regclass('a') is null", "t");
}

static void a_text_that_is_gone_is_a_failure(void **state)
{
    struct world *world = *state;
    struct error err = ERROR_INIT;
    struct deploy_plan *plan = NULL;
    read_release(world);
    write_migration(world, B, "create table other (id int);\n");
    deploy_plan_freep(&world->plan);
    assert_fails(deploy_plan_make(&world->set->items[0], world->release, NULL, SOON, &plan, &err),
                 ERROR_STALE);
    error_clear(&err);
}

#define BEGUN "create table one (id int);\nvacuum one;\n"

/* Runs into the third step, which fails. */
static void begin_it(struct world *world)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    size_t n_applied = 0;
    write_migration(world, A, BEGUN "oops;\n");
    (void)make_plan(world);
    assert_fails(execute(world, &n_applied, &err), ERROR_HALFWAY);
}

static void what_is_not_done_yet_may_be_edited(void **state)
{
    struct world *world = *state;
    begin_it(world);
    write_migration(world, A, BEGUN "create table two (id int);\n");
    expect_states(world, "upp");
    expect_no_refusal(world);
    assert_int_equal(deploy(world), 3);
}

static void what_is_done_may_not_be_edited(void **state)
{
    struct world *world = *state;
    begin_it(world);
    write_migration(world, A, "create table one (id int);\nvacuum full one;\n");
    expect_states(world, "upp");
    expect_refusal(world, "migration \"" A "\" was edited after a part of it was applied");
    assert_contains(world->plan->refusal.detail,
                    "2 of its steps are done. The file now says something else of them.");
    run(world->db, "drop schema headgate cascade");
    (void)make_plan(world);
    assert_contains(world->plan->refusal.detail, "What they were was not recorded.");
    write_migration(world, A, BEGUN "oops;\n");
    (void)make_plan(world);
    expect_no_refusal(world);
}

static void what_nobody_knows_is_refused_before_anything_is_done(void **state)
{
    struct world *world = *state;
    write_migration(world, A, "-- headgate: no-transaction\ncall p();\n");
    row(world, "migration_name, logs", "'" A "', 'headgate: step 1 (line 2) has begun'");
    (void)make_plan(world);
    expect_refusal(world, "migration \"" A "\": nobody knows what its step 1 has done");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_NEW_WORLD(a_plan_says_how_each_would_be_run),
        IN_A_NEW_WORLD(texts_that_cannot_be_run_are_refused_all_at_once),
        IN_A_NEW_WORLD(a_text_that_is_gone_is_a_failure),
        IN_A_NEW_WORLD(what_is_not_done_yet_may_be_edited),
        IN_A_NEW_WORLD(what_is_done_may_not_be_edited),
        IN_A_NEW_WORLD(what_nobody_knows_is_refused_before_anything_is_done),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
