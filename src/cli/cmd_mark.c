/* headgate mark: says in the database which environment it is. */
#include "headgate/clock.h"
#include "headgate/report.h"
#include "private.h"

static bool ask(const struct options *options, const struct marking *marking, struct error *err)
{
    const struct environment *environment = marking->environment;
    CLEANUP(mem_freep)
    char *question = mem_printf("Mark the database %s as %s?", marking->target, environment->name);
    return marking->before == NULL ? confirm(options, environment, question, err)
                                   : confirm_by(options, environment, CONFIRM_NAME, question, err);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(desk_clear) struct desk desk = {0};
    CLEANUP(marking_clear) struct marking marking = {0};
    (void)status;
    if (!desk_open(options, &desk, err) ||
        !marking_make(desk.environment, say_progress, deadline_in(CONNECT_TIMEOUT), &marking,
                      err)) {
        return false;
    }
    report_marking_head(&marking);
    bool same = text_equal(marking.before, desk.environment->name);
    if (!same && (!ask(options, &marking, err) || !marking_execute(&marking, &desk.conduct, err))) {
        return false;
    }
    report_marking_end(&marking, !same);
    return true;
}

static const struct option own[] = {
    VALUE("wait", "DURATION", wait, "how long to wait for a deploy; 10s without it"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_mark = {
    .name = "mark",
    .arguments = "ENV",
    .summary = "say in a database which environment it is",
    .description =
        "Writes one row into headgate.environment of the database. Every command that means "
        "another environment then refuses that database. A deploy marks one that has no mark yet, "
        "so this is for a database that was copied from another, or that changes its role.\n\n"
        "Staging asks for y, production, and to change a mark, for the name; --confirm answers.",
    .options = own,
    .least = 1,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
