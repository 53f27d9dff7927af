/*
 * What the environment demands before a deploy. Policy belongs to the environment, so nobody can
 * leave it out by choosing another command. The truth about "has been deployed there" is the
 * history of that other database.
 */
#include "private.h"

size_t deploy_plan_missing(const struct deploy_plan *plan)
{
    return plan->count[MIGRATION_PENDING] + plan->count[MIGRATION_OUT_OF_ORDER] +
           plan->count[MIGRATION_EDITED] + plan->count[MIGRATION_FAILED] +
           plan->count[MIGRATION_UNFINISHED];
}

bool deploy_check_predecessor(const struct deploy_plan *plan, const char *before, msec deadline,
                              struct error *ret_refusal, struct error *err)
{
    CLEANUP(deploy_plan_freep) struct deploy_plan *there = NULL;
    struct environment *environment = NULL;
    if (!environments_find(plan->environment->set, before, &environment, err) ||
        !deploy_plan_make(environment, plan->release, NULL, deadline, &there, err)) {
        return error_prefix(err, "\"%s\" comes before \"%s\", and could not be looked at", before,
                            plan->environment->name);
    }
    size_t n = deploy_plan_missing(there);
    if (n == 0) {
        return true;
    }
    (void)error_set(ret_refusal, ERROR_REFUSED, "\"%s\" must have this release before \"%s\"",
                    before, plan->environment->name);
    (void)error_detail(ret_refusal,
                       "%zu of the %zu migrations of release %.*s %s not applied there as they "
                       "are here.",
                       n, plan->release->n, DIGEST_SHOWN, plan->release->digest,
                       n == 1 ? "is" : "are");
    bool is_behind = n == there->count[MIGRATION_PENDING] + there->count[MIGRATION_UNFINISHED];
    (void)error_hint(ret_refusal, "%s: headgate %s %s",
                     is_behind ? "Deploy there first" : "See what is the matter there",
                     is_behind ? "deploy" : "status", before);
    return true;
}

/* Evidence, backups, approvals and windows are what a pipeline's run brings and checks. A single
 * deploy has none of them, so an environment that demands them refuses it. */
static void check_requirements(struct deploy_plan *plan)
{
    const struct requirements *require = &plan->environment->require;
    const char *what = require->n_evidence > 0  ? "evidence"
                       : require->backup        ? "a backup"
                       : require->approvals > 0 ? "approvals"
                       : require->n_windows > 0 ? "a window of time"
                       : require->n_freezes > 0 ? "that no freeze is on"
                                                : NULL;
    if (what != NULL) {
        (void)error_set(&plan->refusal, ERROR_REFUSED,
                        "its policy requires %s, which a single deploy cannot show", what);
        (void)error_hint(
            &plan->refusal,
            "A run of a pipeline can: headgate run. What is required stands in \"require\" of "
            "environment \"%s\" in %s.",
            plan->environment->name, plan->environment->set->path);
    }
}

/* Nobody but those who are named may have said that this is the release. That somebody else did is
 * an answer; that it could not be looked at is a failure. */
bool deploy_check_signature(const struct deploy_plan *plan, struct error *ret_refusal,
                            struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(mem_freep) char *signer = NULL;
    const char *signers = plan->environment->require.signed_by;
    if (signers == NULL || release_verify_signature(plan->release, signers, &signer, &failure)) {
        return true;
    }
    if (failure.code != ERROR_CONFIG && failure.code != ERROR_REFUSED) {
        error_move(err, &failure);
        return false;
    }
    error_move(ret_refusal, &failure);
    ret_refusal->code = ERROR_REFUSED;
    return error_prefix(ret_refusal, "it takes signed releases only") || true;
}

bool deploy_plan_check_policy(struct deploy_plan *plan, msec deadline, struct error *err)
{
    const struct environment *environment = plan->environment;
    if (deploy_plan_size(plan) == 0) {
        return true;
    }
    for (size_t i = 0; i < environment->n_after && !error_is_set(&plan->refusal); i++) {
        if (!deploy_check_predecessor(plan, environment->after[i], deadline, &plan->refusal, err)) {
            return false;
        }
    }
    if (!error_is_set(&plan->refusal) && !deploy_check_signature(plan, &plan->refusal, err)) {
        return false;
    }
    if (!error_is_set(&plan->refusal)) {
        check_requirements(plan);
    }
    return true;
}
