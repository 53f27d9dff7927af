/* headgate reset: an environment from nothing. */
#include "headgate/clock.h"
#include "headgate/report.h"
#include "private.h"

static char *question_of(const struct reset *reset)
{
    CLEANUP(mem_freep) char *schemas = strlist_sentence(&reset->schemas);
    const struct deploy_plan *plan = reset->plan;
    if (reset->schemas.n == 0) {
        return mem_printf("Deploy %s (%s) from nothing?", plan->environment->name, plan->target);
    }
    return mem_printf("Drop schema%s %s with %zu table%s in %s (%s)?",
                      reset->schemas.n == 1 ? "" : "s", schemas, reset->n_tables,
                      reset->n_tables == 1 ? "" : "s", plan->environment->name, plan->target);
}

static bool ask(const struct options *options, const struct reset *reset, struct error *err)
{
    const struct environment *environment = reset->plan->environment;
    CLEANUP(mem_freep) char *question = question_of(reset);
    return confirm_by(options, environment,
                      environment->kind == KIND_STAGING ? CONFIRM_NAME : CONFIRM_YES, question,
                      err);
}

static bool look_again(struct desk *desk, struct deploy_plan **ret_plan, struct error *err)
{
    const struct deploy_request request = {.on_progress = say_progress};
    if (!deploy_plan_make(desk->environment, desk->release, &request, deadline_in(CONNECT_TIMEOUT),
                          ret_plan, err)) {
        return false;
    }
    if (error_is_set(&(*ret_plan)->refusal)) {
        error_move(err, &(*ret_plan)->refusal);
        return environment_name_error(desk->environment, err);
    }
    return true;
}

static bool deploy(struct desk *desk, struct deploy_result *result, struct error *err)
{
    deploy_plan_freep(&desk->plan);
    msec began = clock_now();
    if (!look_again(desk, &desk->plan, err)) {
        return false;
    }
    bool done = deploy_plan_execute(desk->plan, &desk->conduct, result, err);
    report_reset_deployed(desk->plan, result, clock_now() - began, !done);
    return done;
}

static bool seed(struct desk *desk, char **ret_path, struct error *err)
{
    if (desk->environment->seed == NULL) {
        return true;
    }
    return seed_find(desk->environment, ret_path, err) &&
           seed_execute(desk->plan, *ret_path, &desk->conduct, err);
}

static bool drop(const struct options *options, struct desk *desk, struct reset *reset,
                 struct error *err)
{
    if (!reset_make(desk->plan, deadline_in(CONNECT_TIMEOUT), reset, err)) {
        return false;
    }
    report_reset_head(reset);
    if (!ask(options, reset, err) || !reset_execute(reset, &desk->conduct, err)) {
        return false;
    }
    report_reset_dropped(reset);
    reset->plan = NULL; /* the next one is of the empty database */
    return true;
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(desk_clear) struct desk desk = {0};
    CLEANUP(reset_clear) struct reset reset = {0};
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    CLEANUP(mem_freep) char *path = NULL;
    CLEANUP(mem_freep) char *seed_path = NULL;
    (void)status;
    if (!desk_open(options, &desk, err) || !reset_check_policy(desk.environment, err) ||
        (desk.environment->seed != NULL && !seed_find(desk.environment, &seed_path, err)) ||
        !desk_look(options, &desk, err) || !drop(options, &desk, &reset, err) ||
        !deploy(&desk, &result, err) || !seed(&desk, &path, err)) {
        return false;
    }
    report_reset_end(&reset, desk.plan, &result, path);
    return true;
}

static const struct option own[] = {
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    VALUE("wait", "DURATION", wait, "how long to wait for a deploy; 10s without it"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_reset = {
    .name = "reset",
    .arguments = "[ENV]",
    .summary = "drop everything, deploy the release, seed",
    .description =
        "Drops the schema of the connection (public, or ?schema=), the schemas that the migrations "
        "make, and headgate, in one transaction. The first one is made anew with its owner, "
        "rights, comment and extensions. Then the release is deployed, and \"seed\" is run where "
        "the environment has one.\n\n"
        "Without ENV it is the environment that --env, DATABASE_ENV or NODE_ENV names, else "
        "development. Development and test ask for y, staging for its name; --confirm answers. "
        "Production is never reset. So is a database that says that it is another environment, or "
        "that \"expect\" does not fit.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
