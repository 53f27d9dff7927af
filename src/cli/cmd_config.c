/* headgate config show: what the environments file says. */
#include "headgate/report.h"
#include "private.h"

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    (void)status;
    if (!project_environments(options, &set, err)) {
        return false;
    }
    report_settings(set, options->origin);
    return true;
}

static const struct option own[] = {
    FLAG("origin", 0, origin,
         "and where each value comes from: file, line and column, variable, default"),
    {0},
};

const struct command cmd_config_show = {
    .name = "config show",
    .summary = "check the environments file and show every value of it",
    .description = "Reads the whole environments file, reports every mistake in it with its place, "
                   "and shows every "
                   "value with its defaults. Values from outside (${NAME}, ${file:PATH}, "
                   "${cmd:PROGRAM}) are named, not fetched.",
    .options = own,
    .run = run,
};
