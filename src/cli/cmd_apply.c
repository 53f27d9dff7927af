/* headgate apply: executes a saved plan, exactly. */
#include "headgate/output.h"
#include "private.h"

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(saved_plan_freep) struct saved_plan *saved = NULL;
    CLEANUP(pipeline_desk_clear) struct pipeline_desk desk = {0};
    CLEANUP(run_hold_freep) struct run_hold *hold = NULL;
    CLEANUP(plan_freep) struct plan *plan = NULL;
    if (!plan_load(options->arguments[0], &saved, err)) {
        return false;
    }
    const struct workflow_source source = {.path = saved->pipeline,
                                           .environments = saved->environments,
                                           .release = saved->release,
                                           .state_folder = saved->state};
    if (!pipeline_desk_open_source(options, &source, &desk, err)) {
        return false;
    }
    pipeline_desk_override(&desk, saved->overrides, saved->n_overrides);
    return pipeline_hold(options, &desk, NULL, &hold, err) &&
           pipeline_desk_plan(&desk, saved->until, NULL, &plan, err) &&
           plan_check_saved(plan, saved, err) &&
           pipeline_execute(options, &desk, hold, plan, false, status, err);
}

static const struct option own[] = {
    VALUE("wait", "DURATION", wait,
          "how long to wait at gates, and for others who hold an environment; without it not at "
          "all at gates, 10s for others"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this production environment is meant"),
    {0},
};

const struct command cmd_apply = {
    .name = "apply",
    .arguments = "FILE",
    .summary = "execute a saved plan exactly, or refuse because the world has changed",
    .description =
        "FILE was written by \"headgate plan PIPELINE -o FILE\". The plan is made anew and held "
        "against it: where the release, the pipeline, a program that it runs, a target, its "
        "history, its schema or a server version is another one than then, or the time until "
        "which it is valid has passed, nothing is done, each change is named and the exit status "
        "is 9. What was overridden when it was made is overridden now, with the same reason.\n\n"
        "Examples:\n"
        "  headgate plan promote -o friday.plan\n"
        "  headgate apply friday.plan\n\n"
        "From there on it is a run like any other: see \"headgate help run\".",
    .options = own,
    .least = 1,
    .most = 1,
    .run = run,
};
