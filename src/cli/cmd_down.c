/* headgate down: takes back the last migration. */
#include "headgate/clock.h"
#include "headgate/file.h"
#include "headgate/report.h"
#include "private.h"

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(desk_clear) struct desk desk = {0};
    struct descent descent;
    (void)status;
    if (!desk_open(options, &desk, err) || !descent_check_policy(desk.environment, err) ||
        !desk_look(options, &desk, err) || !descent_make(desk.plan, &descent, err)) {
        return false;
    }
    report_descent_head(&descent);
    CLEANUP(mem_freep) char *path = path_display(descent.migration->down_path);
    CLEANUP(mem_freep)
    char *question =
        mem_printf("Run %s in %s (%s)?", path, desk.environment->name, desk.plan->target);
    if (!confirm(options, desk.environment, question, err)) {
        return false;
    }
    msec began = clock_now();
    if (!descent_execute(&descent, &desk.conduct, err)) {
        return false;
    }
    report_descent_end(&descent, clock_now() - began);
    return true;
}

static const struct option own[] = {
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    VALUE("wait", "DURATION", wait,
          "how long to wait for a deploy, a dump or a vacuum; 10s without it"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_down = {
    .name = "down",
    .arguments = "[ENV]",
    .summary = "take back the last migration by its down.sql",
    .description =
        "Runs down.sql of the migration that was applied last, in one transaction together with "
        "taking back its row. Then the migration is pending again.\n\n"
        "Without ENV it is the environment that --env, DATABASE_ENV or NODE_ENV names, else "
        "development. Staging asks for y. Production is refused, unless its environment says "
        "\"deploy\": { \"down\": true }: what down.sql drops is gone with its data.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
