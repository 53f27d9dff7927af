/* headgate deploy: brings one environment to the release. */
#include "headgate/clock.h"
#include "headgate/output.h"
#include "headgate/report.h"
#include "private.h"

static void on_event(void *context, const struct engine_event *event)
{
    report_deploy_event(context, event);
}

static bool execute(struct deploy_plan *plan, msec patience, struct error *err)
{
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    CLEANUP(mem_freep) char *actor = project_actor();
    const struct deploy_conduct conduct = {
        .patience = patience, .actor = actor, .observer = {.event = on_event, .context = plan}};
    msec began = clock_now();
    bool done = deploy_plan_execute(plan, &conduct, &result, err);
    report_deploy_end(plan, &result, clock_now() - began, !done);
    return done;
}

static bool deploy(const struct options *options, struct deploy_plan *plan, msec patience,
                   struct error *err)
{
    if (error_is_set(&plan->refusal)) {
        error_move(err, &plan->refusal);
        return environment_name_error(plan->environment, err);
    }
    report_deploy_head(plan);
    if (deploy_plan_size(plan) == 0) {
        return execute(plan, patience, err);
    }
    CLEANUP(mem_freep)
    char *count = mem_printf("%zu migration%s", deploy_plan_size(plan),
                             deploy_plan_size(plan) == 1 ? "" : "s");
    CLEANUP(mem_freep)
    char *question =
        mem_printf("Apply %s to %s (%s)?", count, plan->environment->name, plan->target);
    return confirm(options, plan->environment, question, err) && execute(plan, patience, err);
}

/* What is allowed against the usual order is allowed with a reason, which is recorded. */
static bool check_reason(const struct options *options, struct error *err)
{
    bool has_reason = options->reason != NULL && options->reason[0] != '\0';
    if (options->allow_out_of_order == has_reason) {
        return true;
    }
    (void)error_set(err, ERROR_USAGE,
                    options->allow_out_of_order ? "--allow-out-of-order needs --reason TEXT"
                                                : "--reason goes with --allow-out-of-order");
    return error_hint(err,
                      "For example: headgate deploy ENV --allow-out-of-order --reason \"hotfix of "
                      "ticket 42\"");
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(release_freep) struct release *release = NULL;
    CLEANUP(deploy_plan_freep) struct deploy_plan *plan = NULL;
    struct environment *environment = NULL;
    msec deadline = deadline_in(CONNECT_TIMEOUT);
    msec patience = 0;
    struct deploy_request request = {.on_progress = say_progress,
                                     .out_of_order_reason =
                                         options->allow_out_of_order ? options->reason : NULL};
    if (!check_reason(options, err) || !project_patience(options, &patience, err)) {
        return false;
    }
    request.patience = options->dry_run ? 0 : patience;
    if (!project_environments(options, &set, err) ||
        !project_environment(options, set, &environment, err) ||
        !project_release(options, set, &release, err) ||
        !deploy_plan_make(environment, release, &request, deadline, &plan, err) ||
        !deploy_plan_check_policy(plan, deadline, err)) {
        return false;
    }
    if (!options->dry_run) {
        return deploy(options, plan, patience, err);
    }
    report_plan(plan);
    if (error_is_set(&plan->refusal)) {
        error_move(err, &plan->refusal);
        return environment_name_error(environment, err);
    }
    *status = options->detailed_exitcode && deploy_plan_size(plan) > 0 ? 2 : 0;
    return true;
}

static const struct option own[] = {
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    FLAG("dry-run", 0, dry_run, "show what would be done; change nothing"),
    FLAG("detailed-exitcode", 0, detailed_exitcode,
         "with --dry-run: exit 2 where there is something to do"),
    VALUE("wait", "DURATION", wait,
          "how long to wait for another deploy, a dump or a vacuum; 10s without it"),
    FLAG("allow-out-of-order", 0, allow_out_of_order,
         "apply also migrations that are older than the last applied one"),
    VALUE("reason", "TEXT", reason, "why; recorded with what it allows"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_deploy = {
    .name = "deploy",
    .arguments = "[ENV]",
    .summary = "apply the pending migrations of the release to one environment",
    .description =
        "Without ENV it is the environment that --env, DATABASE_ENV or NODE_ENV names, else "
        "development.\n\n"
        "Each migration runs in one transaction together with its row in _prisma_migrations: after "
        "any crash it is there as a whole or not at all. One with a statement that cannot run in a "
        "transaction (CREATE INDEX CONCURRENTLY, VACUUM), or with the line \"-- headgate: "
        "no-transaction\", runs step by step; the next deploy goes on where it stopped. Prisma's "
        "own lock is held meanwhile.\n\n"
        "No statement waits longer for a lock than \"lock_timeout\" of the environment says (2s); "
        "then "
        "everything is given up and tried again a little later, so that nobody queues behind it. "
        "It "
        "does not begin while a dump or a vacuum against wraparound holds a table that it "
        "needs.\n\n"
        "It refuses, before anything is changed, where a migration has failed before, was edited "
        "after it "
        "was applied, is not in the release or is out of order; where the environments that "
        "come before do not have this release; and where the environment's policy demands what a "
        "single "
        "deploy cannot show. Staging asks for y, production for its name; --confirm answers.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
