/* A world for a deploy: that of the engine's tests, with plans. */
#pragma once

#include "../engine/world.h"

#include "headgate/deploy.h"

__attribute__((unused)) static int plan_close(void **state)
{
    struct world *world = *state;
    deploy_plan_freep(&world->plan);
    return world_close(state);
}

/* The environment changes below a plan, so that goes first. */
__attribute__((unused)) static void change_environment(struct world *world, const char *url,
                                                       const char *members)
{
    deploy_plan_freep(&world->plan);
    world_environment(world, url, members);
}

/* Reads the release and makes a plan. */
__attribute__((unused)) static struct deploy_plan *
make_plan_for(struct world *world, const struct deploy_request *request)
{
    struct error err = ERROR_INIT;
    deploy_plan_freep(&world->plan);
    read_release(world);
    assert_ok(
        deploy_plan_make(&world->set->items[0], world->release, request, SOON, &world->plan, &err));
    return world->plan;
}

__attribute__((unused)) static struct deploy_plan *make_plan(struct world *world)
{
    return make_plan_for(world, NULL);
}

__attribute__((unused)) static bool execute_for(struct world *world,
                                                struct deploy_result *ret_result, struct error *err)
{
    const struct deploy_conduct conduct = {.patience = world->patience,
                                           .actor = "somebody",
                                           .observer = {.event = on_event, .context = world}};
    strbuf_cut(&world->log, 0);
    return deploy_plan_execute(world->plan, &conduct, ret_result, err);
}

__attribute__((unused)) static bool execute(struct world *world, size_t *n_applied,
                                            struct error *err)
{
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    bool done = execute_for(world, &result, err);
    *n_applied = result.n_applied;
    return done;
}

__attribute__((unused)) static void expect_no_refusal(const struct world *world)
{
    const struct error *refusal = &world->plan->refusal;
    if (error_is_set(refusal)) {
        fail_msg("refused: %s\n%s", refusal->message, refusal->detail);
    }
}

/* Plans and executes; all must go well. */
__attribute__((unused)) static size_t deploy(struct world *world)
{
    struct error err = ERROR_INIT;
    size_t n_applied = 0;
    (void)make_plan(world);
    expect_no_refusal(world);
    assert_ok(execute(world, &n_applied, &err));
    return n_applied;
}

__attribute__((unused)) static void expect_refusal(const struct world *world, const char *message)
{
    assert_int_equal(world->plan->refusal.code, ERROR_REFUSED);
    assert_contains(world->plan->refusal.message, message);
    assert_non_null(world->plan->refusal.hint);
}

#define IN_A_PLANNED_WORLD(test) cmocka_unit_test_setup_teardown(test, world_open, plan_close)
