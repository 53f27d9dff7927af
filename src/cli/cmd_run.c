/* headgate run: plans a pipeline, and executes that plan. */
#include "headgate/report.h"
#include "private.h"

/* What headgate plan shows. That it cannot be executed is the answer, not a failure. */
static int show(const struct options *options, const struct plan *plan)
{
    const struct report_manner manner = {0};
    report_pipeline_plan(plan, &manner);
    if (error_is_set(&plan->refusal)) {
        return error_exit_status(plan->refusal.code);
    }
    return options->detailed_exitcode && plan_does_something(plan) ? 2 : 0;
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(pipeline_desk_clear) struct pipeline_desk desk = {0};
    CLEANUP(run_hold_freep) struct run_hold *hold = NULL;
    CLEANUP(plan_freep) struct plan *plan = NULL;
    const char *named = options->n_arguments > 0 ? options->arguments[0] : NULL;
    if (!pipeline_desk_open(options, named, &desk, err) ||
        (!options->dry_run && !pipeline_hold(options, &desk, NULL, &hold, err)) ||
        !pipeline_desk_plan(&desk, options->until, NULL, &plan, err)) {
        return false;
    }
    if (options->dry_run) {
        *status = show(options, plan);
        return true;
    }
    return pipeline_execute(options, &desk, hold, plan, false, status, err);
}

static const struct option own[] = {
    FLAG("dry-run", 0, dry_run, "show what would be done; change nothing"),
    FLAG("detailed-exitcode", 0, detailed_exitcode,
         "with --dry-run: exit 2 where there is something to do"),
    VALUE("until", "STEP", until, "the last step that is run"),
    VALUE("wait", "DURATION", wait,
          "how long to wait at gates, and for others who hold an environment; without it not at "
          "all at gates, 10s for others"),
    VALUE("override", "POLICY", override,
          "go on although this policy forbids it: after, evidence, approvals, windows, freeze, "
          "backup, signature; of one environment alone: windows:production"),
    VALUE("reason", "TEXT", reason, "why; recorded, and shown in every report of the run"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this production environment is meant"),
    {0},
};

const struct command cmd_run = {
    .name = "run",
    .arguments = "[PIPELINE]",
    .summary = "bring a release through its environments, as a pipeline says",
    .description =
        "PIPELINE is a file, or the name of one in the folder of pipelines; without it \"promote\" "
        "is meant.\n\n"
        "It looks at every target, read only, and makes the plan that --dry-run shows; then it "
        "executes that same plan, step by step, side by side where the steps allow it. On a "
        "terminal it shows what each step does at the moment, elsewhere a line for each event, "
        "with --json an object a line; -v adds what hooks print.\n\n"
        "At a gate it stops with exit status 3 and says what it waits for; \"headgate approve "
        "RUN\" and \"headgate resume RUN\" go on, also on another day. With --wait it waits.\n\n"
        "Everything that it does is in its journal before it is done, so that after any failure or "
        "crash \"headgate resume\" goes on where it stopped. The first Ctrl-C stops at the next "
        "safe point, the second at once; both can be gone on with.\n\n"
        "Examples:\n"
        "  headgate run promote --dry-run\n"
        "  headgate run promote --until staging\n"
        "  headgate run promote --wait 2h --json\n"
        "  headgate run hotfix --override windows --reason \"ticket 42: orders are lost\"\n\n"
        "Production is asked for by its name, unless a gate of the pipeline has people approve "
        "it; --confirm answers. It refuses, before anything is done, where the policy of an "
        "environment would not let it through.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_PIPELINE,
    .run = run,
};
