/* headgate seed: data to try things on. */
#include "headgate/clock.h"
#include "headgate/report.h"
#include "private.h"

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(desk_clear) struct desk desk = {0};
    CLEANUP(mem_freep) char *path = NULL;
    (void)status;
    if (!desk_open(options, &desk, err) || !seed_find(desk.environment, &path, err) ||
        !desk_look(options, &desk, err)) {
        return false;
    }
    CLEANUP(mem_freep)
    char *question =
        mem_printf("Run %s in %s (%s)?", path, desk.environment->name, desk.plan->target);
    if (!confirm(options, desk.environment, question, err)) {
        return false;
    }
    msec began = clock_now();
    if (!seed_execute(desk.plan, path, &desk.conduct, err)) {
        return false;
    }
    report_seeded(desk.plan, path, clock_now() - began);
    return true;
}

static const struct option own[] = {
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    VALUE("wait", "DURATION", wait,
          "how long to wait for a deploy, a dump or a vacuum; 10s without it"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_seed = {
    .name = "seed",
    .arguments = "[ENV]",
    .summary = "load the data to try things on",
    .description =
        "Runs the file that \"seed\" of the environment names, in one transaction. It should do no "
        "harm when it is run twice.\n\n"
        "Without ENV it is the environment that --env, DATABASE_ENV or NODE_ENV names, else "
        "development. Staging asks for y; production is never seeded.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
