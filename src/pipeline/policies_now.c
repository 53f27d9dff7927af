/*
 * The policies once more, at the moment of the deploy and in its own process: what a database or a
 * signature says may have changed since the plan was made. Approvals and the clock were waited for
 * by the engine.
 */
#include "private.h"

static bool after_holds(const struct plan *plan, const struct plan_step *step, msec deadline,
                        struct error *err)
{
    const struct environment *environment = step->step->environment;
    if (policy_override_of(plan, "after", environment->name) != NULL) {
        return true;
    }
    for (size_t i = 0; i < environment->n_after; i++) {
        CLEANUP(error_clear) struct error refusal = ERROR_INIT;
        if (!deploy_check_predecessor(step->deploy, environment->after[i], deadline, &refusal,
                                      err)) {
            return false;
        }
        if (error_is_set(&refusal)) {
            error_move(err, &refusal);
            return false;
        }
    }
    return true;
}

static bool evidence_holds(const struct plan *plan, const struct plan_step *step,
                           struct state *state, struct error *err)
{
    const struct environment *environment = step->step->environment;
    const char *release = plan->workflow->release->digest;
    if (policy_override_of(plan, "evidence", environment->name) != NULL) {
        return true;
    }
    for (size_t i = 0; i < environment->require.n_evidence; i++) {
        CLEANUP(evidence_clear) struct evidence found = {0};
        const char *name = environment->require.evidence[i];
        if (!evidence_find(state, release, name, &found, err)) {
            return false;
        }
        if (found.run == NULL) {
            return error_set(err, ERROR_REFUSED,
                             "\"%s\" requires evidence \"%s\", and no run has recorded it about "
                             "release %.*s",
                             environment->name, name, DIGEST_SHOWN, release);
        }
    }
    return true;
}

static bool signature_holds(const struct plan *plan, const struct plan_step *step,
                            struct error *err)
{
    CLEANUP(error_clear) struct error refusal = ERROR_INIT;
    const struct environment *environment = step->step->environment;
    if (policy_override_of(plan, "signature", environment->name) != NULL) {
        return true;
    }
    if (!deploy_check_signature(step->deploy, &refusal, err)) {
        return false;
    }
    if (error_is_set(&refusal)) {
        error_move(err, &refusal);
        return false;
    }
    return true;
}

static bool backup_holds(const struct plan *plan, const struct plan_step *step, msec deadline,
                         struct error *err)
{
    const struct environment *environment = step->step->environment;
    CLEANUP(mem_freep) char *because = NULL;
    bool holds = false;
    if (!environment->require.backup ||
        policy_override_of(plan, "backup", environment->name) != NULL) {
        return true;
    }
    if (!backup_policy_look(environment, step->deploy, deadline, &holds, &because, err)) {
        return false;
    }
    if (holds) {
        return true;
    }
    CLEANUP(mem_freep) char *hint = backup_policy_hint(environment);
    (void)error_set(err, ERROR_REFUSED, "\"%s\" requires a backup%s, and there is none: %s",
                    environment->name,
                    environment->require.backup_restored ? " that was restored" : "", because);
    return error_hint(err, "%s", hint);
}

bool policies_hold_now(const struct plan *plan, const struct plan_step *step, struct state *state,
                       msec deadline, struct error *err)
{
    return after_holds(plan, step, deadline, err) && evidence_holds(plan, step, state, err) &&
           signature_holds(plan, step, err) && backup_holds(plan, step, deadline, err);
}
