/*
 * What the environments demand of a plan, demand by demand, each with the evidence for it. Policy
 * belongs to the environment: no pipeline can leave it out. It is weighed when the plan is made and
 * once more at the moment of the deploy.
 */
#include "private.h"

const char *policy_state_name(enum policy_state state)
{
    static const char *const names[] = {
        [POLICY_OK] = "ok",       [POLICY_COMES] = "comes",           [POLICY_WAITS] = "wait",
        [POLICY_FAILS] = "fails", [POLICY_OVERRIDDEN] = "overridden",
    };
    return names[state];
}

const char *const policy_names[] = {"after",     "evidence", "signature", "backup",
                                    "approvals", "windows",  "freeze",    NULL};

struct weighing {
    struct plan *plan;
    const struct plan_step *step; /* the deploy */
    const struct requirements *require;
    struct state *state;
    const struct record *so_far;
    msec deadline;
};

const struct policy_override *policy_override_of(const struct plan *plan, const char *policy,
                                                 const char *environment)
{
    CLEANUP(mem_freep) char *exactly = mem_printf("%s:%s", policy, environment);
    for (size_t i = 0; i < plan->n_overrides; i++) {
        const struct policy_override *override = &plan->overrides[i];
        if (text_equal(override->policy, policy) || text_equal(override->policy, exactly)) {
            return override;
        }
    }
    return NULL;
}

/* All texts are taken. */
static void add(const struct weighing *weighing, const char *policy, enum policy_state state,
                char *demand, char *because, char *hint)
{
    struct plan *plan = weighing->plan;
    const char *name = weighing->step->step->environment->name;
    bool holds = state == POLICY_OK || state == POLICY_COMES;
    const struct policy_override *override = policy_override_of(plan, policy, name);
    plan->findings = mem_resize(plan->findings, plan->n_findings + 1, sizeof *plan->findings);
    plan->findings[plan->n_findings++] = (struct policy_finding){
        .step = weighing->step->step,
        .policy = mem_copy(policy),
        .state = override != NULL && !holds ? POLICY_OVERRIDDEN : state,
        .demand = demand,
        .because = because,
        .hint = hint,
        .reason = override != NULL && !holds ? mem_copy(override->reason) : NULL,
    };
}

/* --- after --- */

/* A deploy to that environment that this plan does first. */
static const struct plan_step *deploys_before(const struct weighing *weighing, const char *name)
{
    const struct plan *plan = weighing->plan;
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->step->kind == &step_kind_deploy && plan_step_counts(step) &&
            text_equal(step->step->environment->name, name) &&
            workflow_comes_before(plan->workflow, step->step, weighing->step->step)) {
            return step;
        }
    }
    return NULL;
}

static const struct deploy_plan *looked_at(const struct plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_targets; i++) {
        if (text_equal(plan->targets[i].environment->name, name)) {
            return plan->targets[i].deploy;
        }
    }
    return NULL;
}

static bool weigh_predecessor(const struct weighing *weighing, const char *name, struct error *err)
{
    CLEANUP(error_clear) struct error refusal = ERROR_INIT;
    const struct plan_step *before = deploys_before(weighing, name);
    const struct deploy_plan *there = looked_at(weighing->plan, name);
    if (there == NULL && !deploy_check_predecessor(weighing->step->deploy, name, weighing->deadline,
                                                   &refusal, err)) {
        return false;
    }
    bool has_it = there != NULL ? deploy_plan_missing(there) == 0 : !error_is_set(&refusal);
    char *demand = mem_printf("%s must have this release", name);
    if (has_it) {
        add(weighing, "after", POLICY_OK, demand, mem_copy("its history has it"), NULL);
    } else if (before != NULL) {
        add(weighing, "after", POLICY_COMES, demand,
            mem_printf("will come from step %zu, %s", before->step->number, before->step->id),
            NULL);
    } else {
        add(weighing, "after", POLICY_FAILS, demand,
            mem_printf("its history does not have all of release %.*s", DIGEST_SHOWN,
                       weighing->plan->workflow->release->digest),
            mem_printf("Deploy there first: headgate deploy %s; or with a step of this pipeline "
                       "that comes before \"%s\".",
                       name, weighing->step->step->id));
    }
    return true;
}

/* --- evidence --- */

static const struct plan_step *proves_before(const struct weighing *weighing, const char *name)
{
    const struct plan *plan = weighing->plan;
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (text_equal(step->step->evidence, name) && plan_step_counts(step) &&
            workflow_comes_before(plan->workflow, step->step, weighing->step->step)) {
            return step;
        }
    }
    return NULL;
}

static bool weigh_evidence(const struct weighing *weighing, const char *name, struct error *err)
{
    CLEANUP(evidence_clear) struct evidence found = {0};
    const struct plan_step *before = proves_before(weighing, name);
    const char *release = weighing->plan->workflow->release->digest;
    if (!evidence_find(weighing->state, release, name, &found, err)) {
        return false;
    }
    char *demand = mem_printf("evidence %s", name);
    if (found.run != NULL) {
        CLEANUP(mem_freep) char *time = wall_short(found.time);
        add(weighing, "evidence", POLICY_OK, demand,
            mem_printf("run %s, step %s, %s", found.run, found.step, time), NULL);
    } else if (before != NULL) {
        add(weighing, "evidence", POLICY_COMES, demand,
            mem_printf("will come from step %zu, %s", before->step->number, before->step->id),
            NULL);
    } else {
        add(weighing, "evidence", POLICY_FAILS, demand,
            mem_printf("no run has recorded it about release %.*s", DIGEST_SHOWN, release),
            mem_printf("A step with \"evidence\": \"%s\" that comes before \"%s\" brings it.", name,
                       weighing->step->step->id));
    }
    return true;
}

/* --- the rest --- */

static bool weigh_signature(const struct weighing *weighing, struct error *err)
{
    CLEANUP(error_clear) struct error refusal = ERROR_INIT;
    if (weighing->require->signed_by == NULL) {
        return true;
    }
    if (!deploy_check_signature(weighing->step->deploy, &refusal, err)) {
        return false;
    }
    bool good = !error_is_set(&refusal);
    add(weighing, "signature", good ? POLICY_OK : POLICY_FAILS, mem_copy("a signed release"),
        mem_copy(good ? "its signature is good" : refusal.message),
        !good && refusal.hint != NULL ? mem_copy(refusal.hint) : NULL);
    return true;
}

/* A step before the deploy that will bring the backup that is demanded. */
static const struct plan_step *backs_up_before(const struct weighing *weighing)
{
    const struct plan *plan = weighing->plan;
    enum proof_level wanted = weighing->require->backup_restored ? PROOF_RESTORE : PROOF_CHECKSUMS;
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->step->kind == &step_kind_backup && step->verdict != PLAN_SETTLED &&
            plan_step_counts(step) && step->step->verify >= wanted && !step->backup->by_tool &&
            step->step->environment == weighing->step->step->environment &&
            workflow_comes_before(plan->workflow, step->step, weighing->step->step)) {
            return step;
        }
    }
    return NULL;
}

static bool weigh_backup(const struct weighing *weighing, struct error *err)
{
    const struct environment *environment = weighing->step->step->environment;
    CLEANUP(mem_freep) char *because = NULL;
    bool holds = false;
    if (!weighing->require->backup) {
        return true;
    }
    if (!backup_policy_look(environment, weighing->step->deploy, weighing->deadline, &holds,
                            &because, err)) {
        return false;
    }
    const struct plan_step *before = backs_up_before(weighing);
    char *demand =
        mem_copy(weighing->require->backup_restored ? "a backup that was restored" : "a backup");
    if (holds) {
        add(weighing, "backup", POLICY_OK, demand, TAKE(because), NULL);
    } else if (before != NULL) {
        add(weighing, "backup", POLICY_COMES, demand,
            mem_printf("will come from step %zu, %s", before->step->number, before->step->id),
            NULL);
    } else {
        add(weighing, "backup", POLICY_FAILS, demand, TAKE(because),
            backup_policy_hint(environment));
    }
    return true;
}

static void weigh_approvals(const struct weighing *weighing)
{
    int64_t wanted = weighing->require->approvals;
    size_t given = 0;
    for (size_t i = 0; weighing->so_far != NULL && i < weighing->so_far->n_approvals; i++) {
        given += !weighing->so_far->approvals[i].rejects;
    }
    if (wanted > 0) {
        add(weighing, "approvals", POLICY_WAITS,
            mem_printf("%ld approval%s", (long)wanted, wanted == 1 ? "" : "s"),
            mem_printf("%zu given in this run so far", given), NULL);
    }
}

static void add_opening(const struct weighing *weighing, const char *policy,
                        const struct opening *opening, char *demand)
{
    CLEANUP(mem_freep) char *opens = wall_short(opening->opens);
    char *because = opening->open        ? mem_copy("it is now")
                    : opening->opens > 0 ? mem_printf("not before %s", opens)
                                         : mem_copy("not within a year");
    add(weighing, policy, opening->open ? POLICY_OK : POLICY_WAITS, demand, because, NULL);
}

static bool weigh_clock(const struct weighing *weighing, struct error *err)
{
    const struct requirements *require = weighing->require;
    const char *zone = require->n_windows > 0 ? require->windows[0].zone : NULL;
    struct opening window, freeze;
    int64_t now = wall_now_usec();
    if (!windows_check(require->windows, require->n_windows, now, &window, err) ||
        !freezes_check(require->freezes, require->n_freezes, zone, now, &freeze, err)) {
        return false;
    }
    if (require->n_windows > 0) {
        add_opening(weighing, "windows", &window,
                    mem_printf("window %s", window.text != NULL ? window.text : ""));
    }
    if (require->n_freezes > 0) {
        add_opening(weighing, "freeze", &freeze,
                    freeze.open ? mem_copy("no freeze") : mem_printf("freeze %s", freeze.text));
    }
    return true;
}

static bool weigh(const struct weighing *weighing, struct error *err)
{
    const struct environment *environment = weighing->step->step->environment;
    for (size_t i = 0; i < environment->n_after; i++) {
        if (!weigh_predecessor(weighing, environment->after[i], err)) {
            return false;
        }
    }
    for (size_t i = 0; i < weighing->require->n_evidence; i++) {
        if (!weigh_evidence(weighing, weighing->require->evidence[i], err)) {
            return false;
        }
    }
    if (!weigh_signature(weighing, err)) {
        return false;
    }
    if (!weigh_backup(weighing, err)) {
        return false;
    }
    weigh_approvals(weighing);
    return weigh_clock(weighing, err);
}

bool plan_check_policies(struct plan *plan, struct state *state, const struct record *so_far,
                         msec deadline, struct error *err)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->step->kind != &step_kind_deploy || !plan_step_counts(step) ||
            step->verdict == PLAN_SETTLED) {
            continue;
        }
        const struct weighing weighing = {.plan = plan,
                                          .step = step,
                                          .require = &step->step->environment->require,
                                          .state = state,
                                          .so_far = so_far,
                                          .deadline = deadline};
        if (!weigh(&weighing, err)) {
            return error_prefix(err, "policy of \"%s\"", step->step->environment->name);
        }
    }
    return true;
}
