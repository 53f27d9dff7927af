/* headgate resume: goes on with a run that stopped, waits, failed or died. */
#include "headgate/report.h"
#include "private.h"

static bool look_up(const struct options *options, struct record **ret_record, struct error *err)
{
    CLEANUP(state_freep) struct state *state = NULL;
    CLEANUP(mem_freep) char *run = NULL;
    return project_state(options, &state, err) && project_run(options, state, true, &run, err) &&
           record_read(state, run, ret_record, err);
}

static bool go_on(const struct options *options, struct pipeline_desk *desk, const char *run,
                  int *status, struct error *err)
{
    CLEANUP(run_hold_freep) struct run_hold *hold = NULL;
    CLEANUP(record_freep) struct record *so_far = NULL;
    CLEANUP(plan_freep) struct plan *plan = NULL;
    if (!pipeline_hold(options, desk, run, &hold, err) ||
        !record_read(desk->state, run, &so_far, err)) {
        return false;
    }
    pipeline_desk_override(desk, so_far->overrides, so_far->n_overrides);
    const char *until = json_data_text(so_far->plan_document, "until");
    return pipeline_desk_plan(desk, until, so_far, &plan, err) &&
           pipeline_execute(options, desk, hold, plan, true, status, err);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(record_freep) struct record *record = NULL;
    CLEANUP(pipeline_desk_clear) struct pipeline_desk desk = {0};
    if (!look_up(options, &record, err)) {
        return false;
    }
    if (record->state == RUN_DONE) { /* scripts try until it is; it may have died behind its end */
        report_nothing_to_resume(record);
        return true;
    }
    const struct workflow_source source = {.path = record->pipeline_path,
                                           .environments = record->environments_path,
                                           .release = record->release_path,
                                           .state_folder = record->state_folder};
    return pipeline_desk_open_source(options, &source, &desk, err) &&
           go_on(options, &desk, record->run, status, err);
}

static const struct option own[] = {
    VALUE("wait", "DURATION", wait,
          "how long to wait at gates, and for others who hold an environment; without it not at "
          "all at gates, 10s for others"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this production environment is meant"),
    {0},
};

const struct command cmd_resume = {
    .name = "resume",
    .arguments = "[RUN]",
    .summary = "go on with a run that waits, was stopped, failed or died",
    .description =
        "RUN may be the beginning of its name; without it the only run that is open is meant.\n\n"
        "Examples:\n"
        "  headgate resume\n"
        "  headgate resume 20261120-190501 --wait 2h\n\n"
        "What is done stays done. A step that failed is tried again; so is one that had begun when "
        "everything died: a deploy asks the target which migrations it has, hooks and seeds must "
        "stand being begun twice. It is done with the same release and the same pipeline, or "
        "refused: a corrected release is a new run.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_RUN,
    .run = run,
};
