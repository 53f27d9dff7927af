/* headgate deploy: brings one environment to the release. */
#include "headgate/clock.h"
#include "headgate/output.h"
#include "headgate/report.h"
#include "private.h"

#define LOCK_PATIENCE 10000 /* how long another deploy may take before we give up */

static void on_waiting(void *context, const struct history_holder *holder)
{
    (void)context;
    report_deploy_waiting(holder);
}

static void on_applied(void *context, const struct plan_item *item, msec took)
{
    report_deploy_applied(context, item, took);
}

static void on_notice(void *context, const char *line)
{
    (void)context;
    output_detail("%s", line);
}

static bool execute(struct deploy_plan *plan, struct error *err)
{
    const struct deploy_observer observer = {
        .waiting = on_waiting, .applied = on_applied, .notice = on_notice, .context = plan};
    size_t n_applied = 0;
    msec began = clock_now();
    bool done = deploy_plan_execute(plan, deadline_in(LOCK_PATIENCE), &observer, &n_applied, err);
    report_deploy_end(plan, n_applied, clock_now() - began, !done);
    return done;
}

static bool deploy(const struct options *options, struct deploy_plan *plan, struct error *err)
{
    if (error_is_set(&plan->refusal)) {
        error_move(err, &plan->refusal);
        return error_prefix(err, "environment \"%s\"", plan->environment->name);
    }
    report_deploy_head(plan);
    if (deploy_plan_size(plan) == 0) {
        return execute(plan, err);
    }
    CLEANUP(mem_freep)
    char *count = mem_printf("%zu migration%s", deploy_plan_size(plan),
                             deploy_plan_size(plan) == 1 ? "" : "s");
    CLEANUP(mem_freep)
    char *question =
        mem_printf("Apply %s to %s (%s)?", count, plan->environment->name, plan->target);
    return confirm(options, plan->environment, question, err) && execute(plan, err);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(release_freep) struct release *release = NULL;
    CLEANUP(deploy_plan_freep) struct deploy_plan *plan = NULL;
    struct environment *environment = NULL;
    msec deadline = deadline_in(CONNECT_TIMEOUT);
    if (!project_environments(options, &set, err) ||
        !project_environment(options, set, &environment, err) ||
        !project_release(options, set, &release, err) ||
        !deploy_plan_make(environment, release, say_progress, deadline, &plan, err) ||
        !deploy_plan_check_policy(plan, deadline, err)) {
        return false;
    }
    if (!options->dry_run) {
        return deploy(options, plan, err);
    }
    report_plan(plan);
    if (error_is_set(&plan->refusal)) {
        error_move(err, &plan->refusal);
        return error_prefix(err, "environment \"%s\"", environment->name);
    }
    *status = options->detailed_exitcode && deploy_plan_size(plan) > 0 ? 2 : 0;
    return true;
}

static const struct option own[] = {
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    FLAG("dry-run", 0, dry_run, "show what would be done; change nothing"),
    FLAG("detailed-exitcode", 0, detailed_exitcode,
         "with --dry-run: exit 2 where there is something to do"),
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
        "any crash it is there as a whole or not at all. Prisma's own lock is held meanwhile.\n\n"
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
