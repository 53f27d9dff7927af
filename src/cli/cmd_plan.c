/* headgate plan: what a run of a pipeline would do. */
#include "headgate/output.h"
#include "headgate/report.h"
#include "private.h"

/* A plan that cannot be executed is not kept: apply could only refuse it. */
static bool save(const struct options *options, const struct pipeline_desk *desk,
                 const struct plan *plan, struct report_manner *manner, struct error *err)
{
    if (options->output == NULL || error_is_set(&plan->refusal)) {
        return true;
    }
    manner->saved_as = options->output;
    return plan_save(plan, &desk->source, desk->actor, options->output, err);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(pipeline_desk_clear) struct pipeline_desk desk = {0};
    CLEANUP(plan_freep) struct plan *plan = NULL;
    struct report_manner manner = {.markdown = options->markdown};
    const char *named = options->n_arguments > 0 ? options->arguments[0] : NULL;
    if (!pipeline_desk_open(options, named, &desk, err) ||
        !pipeline_desk_plan(&desk, options->until, NULL, &plan, err) ||
        !save(options, &desk, plan, &manner, err)) {
        return false;
    }
    report_pipeline_plan(plan, &manner);
    if (error_is_set(&plan->refusal)) {
        if (options->output != NULL) {
            output_warning("%s was not written: the plan cannot be executed", options->output);
        }
        *status = error_exit_status(plan->refusal.code);
        return true;
    }
    *status = options->detailed_exitcode && plan_does_something(plan) ? 2 : 0;
    return true;
}

static const struct option own[] = {
    VALUE_LETTER("output", 'o', "FILE", output, "also write the plan to this file, for apply"),
    VALUE("until", "STEP", until, "only this step and those that come before it"),
    VALUE("override", "POLICY", override,
          "go past a policy (windows, evidence:production, ...; several with commas)"),
    VALUE("reason", "TEXT", reason, "why; recorded with what it allows"),
    FLAG("markdown", 0, markdown, "as Markdown, for a ticket or a merge request"),
    FLAG("detailed-exitcode", 0, detailed_exitcode, "exit 2 where there is something to do"),
    {0},
};

const struct command cmd_plan = {
    .name = "plan",
    .arguments = "[PIPELINE]",
    .summary = "what a run of a pipeline would do; changes nothing",
    .description =
        "PIPELINE is a file, or the name of one in the folder of pipelines; without it promote.\n\n"
        "Looks at every database in sessions that cannot write, hashes every file that takes part, "
        "weighs the policy of every environment, and shows the steps in their order with what each "
        "would do. headgate run executes this very plan. What speaks against it stands at the end, "
        "all of it, and makes the exit status.\n\n"
        "With -o FILE the plan is kept: headgate apply FILE executes exactly that, within 12 hours "
        "and on any machine that has the same files, or refuses and says what has changed "
        "since.\n\n"
        "Examples:\n"
        "  headgate plan promote --until staging\n"
        "  headgate plan -o promote.plan\n"
        "  headgate plan --override windows:production --reason \"hotfix of ticket 42\"\n\n"
        "The exit status is that of the first thing that speaks against it, else 0.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_PIPELINE,
    .run = run,
};
