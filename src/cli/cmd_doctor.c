/* headgate doctor: what is wrong with this machine and these environments, and what to do. */
#include "headgate/report.h"
#include "private.h"

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(findings_clear) struct findings findings = {0};
    if (!project_environments(options, &set, err)) {
        return false;
    }
    struct environment *only = NULL;
    if ((options->n_arguments > 0 || options->env != NULL) &&
        !project_environment(options, set, &only, err)) {
        return false;
    }
    doctor_look_at_machine(set->state_folder, &findings);
    for (size_t i = 0; i < set->n; i++) {
        if (only == NULL || only == &set->items[i]) {
            doctor_look_at_environment(&set->items[i], &findings);
        }
    }
    report_findings(&findings);
    *status = findings_worst(&findings) == FINDING_PROBLEM ? 1 : 0;
    return true;
}

static const struct option own[] = {
    VALUE("env", "ENV", env, "only this environment"),
    {0},
};

const struct command cmd_doctor = {
    .name = "doctor",
    .arguments = "[ENV]",
    .summary = "look at the machine and the environments; each finding with its remedy",
    .description =
        "Looks at the server programs and their versions, the disk, whether each environment can "
        "be "
        "reached, its rights, a pg_dump that fits, the clock, and poolers in the path. It changes "
        "nothing. The exit status is 1 where there is a problem; warnings leave it 0.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
