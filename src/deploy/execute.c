/* Executes a plan: lock, look again, then one migration after the other. */
#include <assert.h>

#include "headgate/clock.h"
#include "headgate/hash.h"
#include "headgate/interrupt.h"
#include "private.h"

/* What is there now, under the lock, where nothing changes any more. */
static bool look_again(const struct deploy_plan *plan, struct db *db, struct deploy_plan *now,
                       struct error *err)
{
    now->environment = plan->environment;
    now->release = plan->release;
    now->reason = plan->reason;
    now->schema = mem_copy(plan->schema);
    return plan_read_history(now, db, DEADLINE_NONE, err);
}

/* As it was planned; or somebody else was faster with a part of it. */
static bool is_as_planned(const struct deploy_plan *plan, const struct plan_item *planned,
                          const struct plan_item *now)
{
    bool same = now->state == planned->state;
    bool further = now->state == MIGRATION_APPLIED || now->state == MIGRATION_UNFINISHED;
    return text_equal(now->name, planned->name) &&
           (same || (further && plan_item_is_to_do(plan, planned)));
}

/* What is left must have been planned: nothing, where another deploy of the same release was
 * faster, or a part, where that one died on the way. */
static bool check_still_true(const struct deploy_plan *plan, const struct deploy_plan *now,
                             bool *ret_nothing_left, struct error *err)
{
    bool same = now->n == plan->n;
    for (size_t i = 0; same && i < now->n; i++) {
        same = is_as_planned(plan, &plan->items[i], &now->items[i]);
    }
    *ret_nothing_left = now->count[MIGRATION_APPLIED] == now->n;
    if (!same && !*ret_nothing_left) {
        (void)error_set(err, ERROR_STALE, "the history has changed since the plan was made");
        return error_hint(err, "Look at what would be done now: headgate deploy %s --dry-run",
                          plan->environment->name);
    }
    return true;
}

static bool check_same_server(const struct deploy_plan *plan, const struct db *db,
                              struct error *err)
{
    const char *identifier = db_identity(db)->system_identifier;
    if (text_equal(plan->system_identifier, identifier)) {
        return true;
    }
    (void)error_set(err, ERROR_STALE, "this is another server than the one that was looked at");
    return error_detail(err, "Its system identifier is %s, the plan is for %s.",
                        identifier != NULL ? identifier : "unknown",
                        plan->system_identifier != NULL ? plan->system_identifier : "unknown");
}

/* What the engine writes into. Where the role may not have the second part, it is done without. */
static bool prepare_history(const struct deploy_plan *now, struct engine *engine, const char *actor,
                            struct error *err)
{
    struct db *db = engine_session(engine);
    const struct environment *environment = now->environment;
    bool recorded = now->history->recorded;
    if ((!now->history->exists && !history_create(db, DEADLINE_NONE, err)) ||
        (!recorded && !history_create_records(db, DEADLINE_NONE, &recorded, err))) {
        return false;
    }
    engine_set_recorded(engine, recorded);
    return !recorded || now->history->marked != NULL ||
           history_mark(db, environment->name, environment_kind_name(environment->kind), actor,
                        DEADLINE_NONE, err);
}

/* Between two migrations is a safe point. */
static bool stop_here(const struct deploy_result *result, struct error *err)
{
    (void)(interrupt_pending() != 0 ? interrupt_error(err)
                                    : error_set(err, ERROR_INTERRUPTED, "stopped as asked"));
    return error_detail(err, "%zu of its migrations %s applied, none is half done.",
                        result->n_applied, result->n_applied == 1 ? "is" : "are");
}

static bool run_items(const struct deploy_plan *now, struct engine *engine,
                      struct deploy_result *result, struct error *err)
{
    for (size_t i = 0; i < now->n; i++) {
        const struct plan_item *item = &now->items[i];
        if (!plan_item_is_to_do(now, item)) {
            continue;
        }
        if (interrupt_is_wished()) {
            return stop_here(result, err);
        }
        if (!engine_run(engine, item->migration, item->row, err)) {
            return false;
        }
        result->n_applied++;
    }
    return true;
}

/* All of them, before anything is written: what was shown is what is done. */
static bool check_texts(const struct deploy_plan *now, struct error *err)
{
    for (size_t i = 0; i < now->n; i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        if (plan_item_is_to_do(now, &now->items[i]) &&
            !migration_load(now->items[i].migration, &text, err)) {
            return false;
        }
    }
    return true;
}

static bool execute_in(struct engine *engine, const struct deploy_plan *plan, const char *actor,
                       struct deploy_result *result, struct error *err)
{
    CLEANUP(deploy_plan_freep) struct deploy_plan *now = mem_new(1, sizeof *now);
    bool nothing_left = false;
    if (!check_same_server(plan, engine_session(engine), err) ||
        !look_again(plan, engine_session(engine), now, err) ||
        !check_still_true(plan, now, &nothing_left, err)) {
        return false;
    }
    if (nothing_left) {
        return true;
    }
    return check_texts(now, err) && prepare_history(now, engine, actor, err) &&
           run_items(now, engine, result, err) && deploy_aftercare(plan, engine, result, err);
}

bool deploy_plan_execute(const struct deploy_plan *plan, const struct deploy_conduct *conduct,
                         struct deploy_result *ret_result, struct error *err)
{
    CLEANUP(engine_freep) struct engine *engine = NULL;
    assert(!error_is_set(&plan->refusal));
    *ret_result = (struct deploy_result){0};
    if (deploy_plan_size(plan) == 0) {
        return true;
    }
    ret_result->run = conduct->run != NULL ? mem_copy(conduct->run) : engine_new_run();
    const struct engine_settings settings = {.environment = plan->environment,
                                             .schema = plan->schema,
                                             .release_digest = plan->release->digest,
                                             .run = ret_result->run,
                                             .actor = conduct->actor,
                                             .reason = plan->reason,
                                             .again = conduct->again,
                                             .corrected = conduct->corrected,
                                             .patience = conduct->patience,
                                             .observer = conduct->observer};
    if (!engine_open(&settings, &engine, err)) {
        return false;
    }
    bool done = execute_in(engine, plan, conduct->actor, ret_result, err);
    ret_result->cost = *engine_cost(engine);
    return done || environment_name_error(plan->environment, err);
}

void deploy_result_clear(struct deploy_result *result)
{
    mem_free(result->run);
    mem_free(result->replica);
    *result = (struct deploy_result){0};
}
