/* headgate show: what a run has done. */
#include "headgate/report.h"
#include "private.h"

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(state_freep) struct state *state = NULL;
    CLEANUP(mem_freep) char *id = NULL;
    CLEANUP(record_freep) struct record *record = NULL;
    const struct report_manner manner = {.markdown = options->markdown};
    (void)status;
    if (!project_state(options, &state, err) || !project_run(options, state, false, &id, err) ||
        !record_read(state, id, &record, err)) {
        return false;
    }
    report_record(record, &manner);
    return true;
}

static const struct option own[] = {
    FLAG("markdown", 0, markdown, "as Markdown, for a ticket or a merge request"),
    {0},
};

const struct command cmd_show = {
    .name = "show",
    .arguments = "[RUN]",
    .summary = "what a run has done: the release report",
    .description =
        "RUN is the id of a run or the beginning of it; without it the newest.\n\n"
        "Examples:\n"
        "  headgate show\n"
        "  headgate show --markdown | gh issue comment 42 -F -\n\n"
        "It says what was released where, who began it and when, each step with its time, outcome "
        "and "
        "the migrations that it applied, what was tried again and what was cut off and gone on "
        "with, on what evidence, who has approved, what was overridden and why, and the head: the "
        "hash that all of it hangs on (see headgate audit verify).",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_RUN,
    .run = run,
};
