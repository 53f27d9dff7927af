/* headgate status: what is where. */
#include "headgate/report.h"
#include "private.h"

static void look_at(struct environment *environment, const struct release *release,
                    struct environment_status *status)
{
    status->environment = environment;
    const struct deploy_request request = {.on_progress = say_progress};
    if (!deploy_plan_make(environment, release, &request, deadline_in(CONNECT_TIMEOUT),
                          &status->plan, &status->error)) {
        status->plan = NULL;
    }
}

/* The worst of all decides: somebody out of reach, somebody who needs a person, and, where asked
 * for, work to do. */
static int status_of(const struct environment_status *statuses, size_t n, bool detailed)
{
    int status = 0;
    for (size_t i = 0; i < n; i++) {
        const struct deploy_plan *plan = statuses[i].plan;
        if (plan == NULL) {
            return error_exit_status(statuses[i].error.code);
        }
        if (error_is_set(&plan->refusal)) {
            status = 1;
        } else if (detailed && deploy_plan_size(plan) > 0 && status == 0) {
            status = 2;
        }
    }
    return status;
}

static bool choose(const struct options *options, struct environments *set,
                   struct environment **chosen, size_t *ret_n, struct error *err)
{
    size_t n = 0;
    if (options->n_arguments > 0 && options->env != NULL) {
        (void)error_set(err, ERROR_USAGE,
                        "environments are named twice: as arguments and by --env");
        return error_hint(err, "Name all of them as arguments.");
    }
    if (options->n_arguments == 0 && options->env == NULL) {
        for (; n < set->n; n++) {
            chosen[n] = &set->items[n];
        }
    } else if (options->n_arguments == 0) {
        if (!environments_find(set, options->env, &chosen[n++], err)) {
            return false;
        }
    }
    for (size_t i = 0; i < options->n_arguments; i++) {
        if (!environments_find(set, options->arguments[i], &chosen[n++], err)) {
            return false;
        }
    }
    *ret_n = n;
    return true;
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(release_freep) struct release *release = NULL;
    size_t n = 0;
    if (!project_environments(options, &set, err) ||
        !project_release(options, set, &release, err)) {
        return false;
    }
    CLEANUP(mem_freep)
    struct environment **chosen = mem_new(set->n + options->n_arguments + 1, sizeof *chosen);
    if (!choose(options, set, chosen, &n, err)) {
        return false;
    }
    struct environment_status *statuses = mem_new(n + 1, sizeof *statuses);
    for (size_t i = 0; i < n; i++) {
        look_at(chosen[i], release, &statuses[i]);
    }
    report_status(statuses, n, release);
    *status = status_of(statuses, n, options->detailed_exitcode);
    for (size_t i = 0; i < n; i++) {
        deploy_plan_freep(&statuses[i].plan);
        error_clear(&statuses[i].error);
    }
    mem_free(statuses);
    return true;
}

static const struct option own[] = {
    VALUE("env", "ENV", env, "only this environment"),
    FLAG("detailed-exitcode", 0, detailed_exitcode, "exit 2 where there are migrations to apply"),
    {0},
};

const struct command cmd_status = {
    .name = "status",
    .arguments = "[ENV...]",
    .summary = "what is where: applied, pending, failed, edited, missing",
    .description =
        "Compares the history of each environment (all of them, unless some are named) with the "
        "release. It only reads, in sessions that cannot write.\n\n"
        "An embedded environment is made and started on its first use.\n\n"
        "The exit status is 69 where an environment cannot be reached, 1 where a person must act, "
        "because a deploy would be refused (a failed or edited migration, one that is not in the "
        "release or out of order, one that cannot be run, missing rights, ...), else 0.",
    .options = own,
    .most = 1000,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
