/* check: looks whether an environment has exactly this release, and changes nothing. */
#include "private.h"

#define LOOK_TIMEOUT 60000

static void read_check(const struct workflow *workflow, struct json_object *object,
                       struct workflow_step *step)
{
    step->environment = workflow_environment(workflow, object, "check", JSON_REQUIRED);
}

static bool work_check(struct step_work *work, struct error *err)
{
    CLEANUP(deploy_plan_freep) struct deploy_plan *now = NULL;
    struct environment *environment = work->step->step->environment;
    const struct release *release = work->plan->workflow->release;
    if (!deploy_plan_make(environment, release, NULL, deadline_in(LOOK_TIMEOUT), &now, err)) {
        return false;
    }
    if (error_is_set(&now->refusal)) {
        error_move(err, &now->refusal);
        return environment_name_error(environment, err);
    }
    size_t missing = deploy_plan_missing(now);
    if (missing > 0) {
        (void)error_set(err, ERROR_REFUSED,
                        "environment \"%s\" does not have release %.*s: %zu of its %zu migrations "
                        "%s missing",
                        environment->name, DIGEST_SHOWN, release->digest, missing, release->n,
                        missing == 1 ? "is" : "are");
        return error_hint(err, "See which: headgate status %s", environment->name);
    }
    work->sentence = mem_printf("has release %.*s", DIGEST_SHOWN, release->digest);
    return true;
}

const struct step_kind step_kind_check = {.name = "check", .read = read_check, .work = work_check};
