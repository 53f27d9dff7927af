/*
 * What becomes of each step of a plan: it runs, there is nothing to do, its condition says no, or
 * the run has done it before.
 */
#include "private.h"

bool plan_step_counts(const struct plan_step *step)
{
    return step->verdict == PLAN_RUNS || step->verdict == PLAN_OPEN ||
           step->verdict == PLAN_SETTLED;
}

static bool is_of(const struct plan_step *step, const struct step_kind *kind)
{
    return step->step->kind == kind;
}

static void decide(struct plan_step *step, enum plan_verdict verdict, char *why)
{
    step->verdict = verdict;
    mem_free(step->why);
    step->why = why;
}

static void settle_step(struct plan_step *step, const struct record *so_far)
{
    const struct record_step *before = so_far != NULL ? record_find(so_far, step->step->id) : NULL;
    if (before == NULL || step->step->always) {
        return;
    }
    bool went_on = before->state == STEP_FAILED && before->went_on;
    if (before->state == STEP_DONE || before->state == STEP_SKIPPED || went_on) {
        decide(step, PLAN_SETTLED,
               mem_printf("%s in this run", before->state == STEP_SKIPPED ? "skipped" : "done"));
    }
}

static bool is_within(const struct plan *plan, const struct workflow_step *step)
{
    const struct workflow_step *last =
        plan->until != NULL ? workflow_find(plan->workflow, plan->until) : NULL;
    return last == NULL || step == last || step->always ||
           workflow_comes_before(plan->workflow, step, last);
}

static void decide_step(struct plan *plan, struct plan_step *step, const struct record *so_far)
{
    struct plan_facts facts = {.plan = plan, .record = so_far};
    const struct condition_facts asked = {.fact = plan_fact, .context = &facts};
    enum condition_answer answer = step->step->when != NULL && step->verdict != PLAN_SETTLED
                                       ? condition_answer(step->step->when, &asked)
                                       : CONDITION_YES;
    if (step->verdict == PLAN_SETTLED) {
        return;
    }
    if (!is_within(plan, step->step)) {
        decide(step, PLAN_SKIPPED, mem_printf("only until \"%s\"", plan->until));
    } else if (answer == CONDITION_NO) {
        decide(step, PLAN_SKIPPED, mem_printf("not the case: %s", step->step->when_text));
    } else if (answer == CONDITION_OPEN) {
        decide(step, PLAN_OPEN, mem_printf("if %s", step->step->when_text));
    } else if (is_of(step, &step_kind_deploy) && !error_is_set(&step->refusal) &&
               deploy_plan_size(step->deploy) == 0) {
        decide(step, PLAN_NOTHING,
               mem_printf("has release %.*s", DIGEST_SHOWN, plan->workflow->release->digest));
    }
}

/* Another deploy to the same environment that does not wait for this one. */
static const struct plan_step *deploys_there(const struct plan *plan, const struct plan_step *step)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *other = &plan->steps[i];
        if (other != step && is_of(other, &step_kind_deploy) && plan_step_counts(other) &&
            other->step->environment == step->step->environment &&
            !workflow_comes_before(plan->workflow, step->step, other->step)) {
            return other;
        }
    }
    return NULL;
}

const struct workflow_step *plan_restored_before(const struct plan *plan,
                                                 const struct workflow_step *deploy)
{
    const struct workflow_step *found = NULL;
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (is_of(step, &step_kind_restore) && step->verdict != PLAN_SETTLED &&
            plan_step_counts(step) && step->step->environment == deploy->environment &&
            workflow_comes_before(plan->workflow, step->step, deploy)) {
            found = step->step;
        }
    }
    return found;
}

/* What a backup has of the release is known when it has been restored. */
static void decide_restored(struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        struct plan_step *step = &plan->steps[i];
        bool open = step->verdict == PLAN_RUNS || step->verdict == PLAN_OPEN ||
                    step->verdict == PLAN_NOTHING;
        step->restored_by =
            is_of(step, &step_kind_deploy) && open ? plan_restored_before(plan, step->step) : NULL;
        if (step->restored_by != NULL) {
            decide(step, PLAN_OPEN,
                   mem_printf("what step \"%s\" restores does not have", step->restored_by->id));
        }
    }
}

/* Nobody knows before whether the first of two deploys leaves something for the second. */
static void decide_repeated(struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        struct plan_step *step = &plan->steps[i];
        bool runs = step->verdict == PLAN_RUNS || step->verdict == PLAN_OPEN;
        const struct plan_step *other =
            is_of(step, &step_kind_deploy) && runs ? deploys_there(plan, step) : NULL;
        step->repeats = other != NULL && !other->repeats;
        if (other != NULL && step->verdict == PLAN_RUNS) {
            decide(step, PLAN_OPEN,
                   mem_printf("if step \"%s\" leaves something to deploy", other->step->id));
        }
    }
}

/* A pipeline whose deploys have nothing to deploy has nothing to prove and nobody to ask. What it
 * was begun for may still be missing: evidence, a seed; or it deploys nothing at all. */
static bool is_for_something(const struct plan_step *step, bool deploys, bool evidence_missing)
{
    bool runs = step->verdict == PLAN_RUNS || step->verdict == PLAN_OPEN;
    bool proves = step->step->evidence != NULL && evidence_missing;
    return runs && !step->step->always && !is_of(step, &step_kind_gate) &&
           (!deploys || is_of(step, &step_kind_deploy) || is_of(step, &step_kind_seed) ||
            is_of(step, &step_kind_restore) || proves);
}

static bool decide_whole(struct plan *plan, struct state *state, const struct record *so_far,
                         struct error *err)
{
    bool deploys = false, something = so_far != NULL;
    for (size_t i = 0; i < plan->n; i++) {
        deploys = deploys || is_of(&plan->steps[i], &step_kind_deploy);
    }
    for (size_t i = 0; i < plan->n && !something; i++) {
        CLEANUP(evidence_clear) struct evidence found = {0};
        const char *name = plan->steps[i].step->evidence;
        if (name != NULL &&
            !evidence_find(state, plan->workflow->release->digest, name, &found, err)) {
            return false;
        }
        something = is_for_something(&plan->steps[i], deploys, found.run == NULL);
    }
    for (size_t i = 0; i < plan->n && !something; i++) {
        if (plan->steps[i].verdict != PLAN_NOTHING && !error_is_set(&plan->steps[i].refusal)) {
            decide(&plan->steps[i], PLAN_NOTHING, mem_copy("there is nothing to deploy"));
        }
    }
    return true;
}

bool plan_does_something(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if ((step->verdict == PLAN_RUNS || step->verdict == PLAN_OPEN) && !step->step->always) {
            return true;
        }
    }
    return false;
}

bool plan_decide(struct plan *plan, struct state *state, const struct record *so_far,
                 struct error *err)
{
    for (size_t i = 0; i < plan->n; i++) {
        settle_step(&plan->steps[i], so_far);
    }
    for (size_t i = 0; i < plan->n; i++) {
        decide_step(plan, &plan->steps[i], so_far);
    }
    decide_repeated(plan);
    decide_restored(plan);
    return decide_whole(plan, state, so_far, err);
}
