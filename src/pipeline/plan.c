/* Makes a plan: looks at everything, decides what becomes of each step, and says what speaks
 * against it. */
#include "private.h"

const char *plan_verdict_name(enum plan_verdict verdict)
{
    static const char *const names[] = {
        [PLAN_RUNS] = "runs", [PLAN_NOTHING] = "nothing", [PLAN_SKIPPED] = "skipped",
        [PLAN_OPEN] = "open", [PLAN_SETTLED] = "settled",
    };
    return names[verdict];
}

const struct plan_step *plan_find(const struct plan *plan, const char *id)
{
    for (size_t i = 0; i < plan->n; i++) {
        if (text_equal(plan->steps[i].step->id, id)) {
            return &plan->steps[i];
        }
    }
    return NULL;
}

static bool is_of(const struct plan_step *step, const struct step_kind *kind)
{
    return step->step->kind == kind;
}

/* --- what each step is about --- */

/* One more than the latest of those that it needs. Steps may stand in any order in the file, so it
 * is gone over until nothing changes; there are no circles. */
static void find_stages(struct plan *plan)
{
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t i = 0; i < plan->workflow->n; i++) {
            struct plan_step *step = &plan->steps[i];
            for (size_t j = 0; j < step->step->n_needs; j++) {
                size_t least = plan->steps[step->step->needs[j]].stage + 1;
                changed = changed || step->stage < least;
                step->stage = step->stage < least ? least : step->stage;
            }
        }
    }
}

static void begin_steps(struct plan *plan)
{
    const struct workflow *workflow = plan->workflow;
    plan->n = workflow->n_all;
    plan->steps = mem_new(plan->n + 1, sizeof *plan->steps);
    for (size_t i = 0; i < plan->n; i++) {
        plan->steps[i].step = &workflow->steps[i];
        plan->steps[i].measured = -1;
        plan->steps[i].variables = (struct strlist)STRLIST_INIT;
    }
    find_stages(plan);
}

/* Once, however many steps work with it. */
static bool look_at(struct plan *plan, struct environment *environment,
                    const struct plan_request *request, msec deadline, struct error *err)
{
    const struct deploy_request look = {
        .on_progress = request->on_progress, .patience = request->patience, .shape = true};
    for (size_t i = 0; i < plan->n_targets; i++) {
        if (plan->targets[i].environment == environment) {
            return true;
        }
    }
    struct plan_target *target = &plan->targets[plan->n_targets];
    if (!deploy_plan_make(environment, plan->workflow->release, &look, deadline, &target->deploy,
                          err)) {
        return false;
    }
    target->environment = environment;
    plan->n_targets++;
    return true;
}

static struct plan_target *target_of(const struct plan *plan, const struct environment *environment)
{
    for (size_t i = 0; i < plan->n_targets; i++) {
        if (plan->targets[i].environment == environment) {
            return &plan->targets[i];
        }
    }
    return NULL;
}

static bool look_at_all(struct plan *plan, const struct plan_request *request, msec deadline,
                        struct error *err)
{
    plan->targets = mem_new(plan->n + 1, sizeof *plan->targets);
    for (size_t i = 0; i < plan->n; i++) {
        struct environment *environment = plan->steps[i].step->environment;
        if (environment != NULL && !look_at(plan, environment, request, deadline, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < plan->n; i++) {
        struct plan_step *step = &plan->steps[i];
        const struct step_kind *kind = step->step->kind;
        step->target = target_of(plan, step->step->environment);
        if (kind->look != NULL && !kind->look(plan, step, request, deadline, err)) {
            return error_prefix(err, "step \"%s\"", step->step->id);
        }
    }
    return true;
}

/* --- the whole --- */

/* Does somebody approve before this step? */
static bool is_approved_before(const struct plan *plan, const struct workflow_step *deploy)
{
    if (deploy->environment->require.approvals > 0) {
        return true;
    }
    for (size_t i = 0; i < plan->n; i++) {
        const struct workflow_step *step = plan->steps[i].step;
        if (step->gate != NULL && step->gate->approvals > 0 &&
            workflow_comes_before(plan->workflow, step, deploy)) {
            return true;
        }
    }
    return false;
}

static void sum_up(struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (!is_of(step, &step_kind_deploy) || step->verdict == PLAN_SETTLED ||
            !plan_step_counts(step)) {
            continue;
        }
        plan->to_apply += step->repeats ? 0 : deploy_plan_size(step->deploy);
        plan->confirms = plan->confirms || (step->step->environment->kind == KIND_PRODUCTION &&
                                            !is_approved_before(plan, step->step));
    }
}

static void refuse_for_step(struct plan *plan, const struct plan_step *step)
{
    refusal_copy(&plan->refusal, &step->refusal);
    (void)error_prefix(&plan->refusal, "step \"%s\"", step->step->id);
}

static void refuse_for_policy(struct plan *plan, const struct policy_finding *finding)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED, "policy of \"%s\": %s: %s",
                    finding->step->environment->name, finding->demand, finding->because);
    (void)error_hint(refusal,
                     "%s%sWho may decide so goes past it with --override %s --reason TEXT, which "
                     "every report of the run shows.",
                     finding->hint != NULL ? finding->hint : "", finding->hint != NULL ? "\n" : "",
                     finding->policy);
}

/* The first reason is the one that the exit status is made of; the report shows all of them. */
static void refuse(struct plan *plan)
{
    for (size_t i = 0; i < plan->n && !error_is_set(&plan->refusal); i++) {
        const struct plan_step *step = &plan->steps[i];
        if (error_is_set(&step->refusal) && step->verdict != PLAN_SETTLED &&
            step->verdict != PLAN_SKIPPED) {
            refuse_for_step(plan, step);
        }
    }
    for (size_t i = 0; i < plan->n_findings && !error_is_set(&plan->refusal); i++) {
        if (plan->findings[i].state == POLICY_FAILS) {
            refuse_for_policy(plan, &plan->findings[i]);
        }
    }
}

static bool check_until(const struct workflow *workflow, const char *until, struct error *err)
{
    const struct workflow_step *step = until != NULL ? workflow_find(workflow, until) : NULL;
    if (until == NULL || (step != NULL && !step->always)) {
        return true;
    }
    CLEANUP(strlist_clear) struct strlist ids = STRLIST_INIT;
    for (size_t i = 0; i < workflow->n; i++) {
        strlist_add(&ids, workflow->steps[i].id);
    }
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&ids);
    (void)error_set(err, ERROR_USAGE, "there is no step \"%s\" in %s", until, workflow->path);
    return error_hint(err, "Its steps are %s.", sentence);
}

bool plan_make(struct workflow *workflow, struct state *state, const struct plan_request *request,
               msec deadline, struct plan **ret_plan, struct error *err)
{
    CLEANUP(plan_freep) struct plan *plan = mem_new(1, sizeof *plan);
    plan->workflow = workflow;
    plan->until = request->until;
    plan->overrides = request->overrides;
    plan->n_overrides = request->n_overrides;
    if (!check_until(workflow, request->until, err)) {
        return false;
    }
    begin_steps(plan);
    if (!look_at_all(plan, request, deadline, err) ||
        !plan_decide(plan, state, request->so_far, err) ||
        !plan_check_policies(plan, state, request->so_far, deadline, err)) {
        return false;
    }
    sum_up(plan);
    refuse(plan);
    plan_take_measures(plan, state);
    plan_write_document(plan);
    plan->made = wall_now_usec();
    plan->valid_until = plan->made + PLAN_VALIDITY * 1000;
    *ret_plan = TAKE(plan);
    return true;
}

static void step_clear(struct plan_step *step)
{
    mem_free(step->why);
    mem_free(step->program);
    mem_free(step->seed);
    mem_free(step->measured_in);
    if (step->backup != NULL) {
        backup_plan_clear(&step->backup->own);
        tool_report_clear(&step->backup->report);
    }
    mem_free(step->backup);
    plan_restore_freep(&step->restore);
    strlist_clear(&step->variables);
    error_clear(&step->refusal);
}

static void finding_clear(struct policy_finding *finding)
{
    mem_free(finding->policy);
    mem_free(finding->demand);
    mem_free(finding->because);
    mem_free(finding->hint);
    mem_free(finding->reason);
}

void plan_freep(struct plan **plan)
{
    if (*plan == NULL) {
        return;
    }
    for (size_t i = 0; i < (*plan)->n_targets; i++) {
        deploy_plan_freep(&(*plan)->targets[i].deploy);
    }
    for (size_t i = 0; i < (*plan)->n; i++) {
        step_clear(&(*plan)->steps[i]);
    }
    for (size_t i = 0; i < (*plan)->n_findings; i++) {
        finding_clear(&(*plan)->findings[i]);
    }
    mem_free((*plan)->targets);
    mem_free((*plan)->steps);
    mem_free((*plan)->findings);
    mem_free((*plan)->document);
    error_clear(&(*plan)->refusal);
    mem_free(*plan);
    *plan = NULL;
}
