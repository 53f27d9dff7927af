/* headgate resolve: says what became of a migration. */
#include "headgate/report.h"
#include "private.h"

/* A step's number, from 1. */
static bool read_step(const char *option, const char *text, size_t *ret_step, struct error *err)
{
    size_t step = 0;
    for (const char *c = text; *c >= '0' && *c <= '9' && step < 1000000; c++) {
        step = step * 10 + (size_t)(*c - '0');
    }
    CLEANUP(mem_freep) char *again = mem_printf("%zu", step);
    if (step == 0 || !text_equal(again, text)) {
        (void)error_set(err, ERROR_USAGE, "--%s \"%s\" is no number of a step", option, text);
        return error_hint(err, "They count from 1; headgate deploy says which one is in doubt.");
    }
    *ret_step = step;
    return true;
}

static bool read_request(const struct options *options, struct resolve_request *ret_request,
                         struct error *err)
{
    struct resolve_request request = {.migration = options->arguments[1]};
    int n = options->applied + options->rolled_back + (options->done != NULL) +
            (options->again != NULL);
    if (n != 1) {
        (void)error_set(err, ERROR_USAGE, "headgate resolve: %s",
                        n == 0 ? "what became of the migration is not said"
                               : "two things are said of the migration");
        return error_hint(err, "Say one of --applied, --rolled-back, --done N and --again N.");
    }
    if ((options->done != NULL && !read_step("done", options->done, &request.step, err)) ||
        (options->again != NULL && !read_step("again", options->again, &request.step, err))) {
        return false;
    }
    request.verdict = options->applied        ? RESOLVE_APPLIED
                      : options->rolled_back  ? RESOLVE_ROLLED_BACK
                      : options->done != NULL ? RESOLVE_DONE
                                              : RESOLVE_AGAIN;
    *ret_request = request;
    return true;
}

static char *question_of(const struct resolution *resolution)
{
    static const char *const as[] = {
        [RESOLVE_APPLIED] = "applied", [RESOLVE_ROLLED_BACK] = "rolled back"};
    const struct resolve_request *request = &resolution->request;
    const struct deploy_plan *plan = resolution->plan;
    const char *name = plan->environment->name;
    if (request->verdict == RESOLVE_APPLIED || request->verdict == RESOLVE_ROLLED_BACK) {
        return mem_printf("Record \"%s\" as %s in %s (%s)?", request->migration,
                          as[request->verdict], name, plan->target);
    }
    return mem_printf("Record step %zu of \"%s\" as %s in %s (%s)?", request->step,
                      request->migration, request->verdict == RESOLVE_DONE ? "done" : "not done",
                      name, plan->target);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(desk_clear) struct desk desk = {0};
    CLEANUP(resolution_clear) struct resolution resolution = {0};
    struct resolve_request request;
    (void)status;
    if (!read_request(options, &request, err) || !desk_open(options, &desk, err) ||
        !desk_look(options, &desk, err) ||
        !resolution_make(desk.plan, &request, &resolution, err)) {
        return false;
    }
    report_resolution_head(&resolution);
    CLEANUP(mem_freep) char *question = question_of(&resolution);
    if (!(resolution.nothing || confirm(options, desk.environment, question, err)) ||
        !resolution_execute(&resolution, &desk.conduct, err)) {
        return false;
    }
    report_resolution_end(&resolution);
    return true;
}

static const struct option own[] = {
    FLAG("applied", 0, applied, "all of it is in the database, whoever has put it there"),
    FLAG("rolled-back", 0, rolled_back, "nothing of it is there: the next deploy runs it again"),
    VALUE("done", "N", done, "step N, of which nobody knew, is done"),
    VALUE("again", "N", again, "step N, of which nobody knew, is to be run again"),
    VALUE("wait", "DURATION", wait, "how long to wait for a deploy; 10s without it"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_resolve = {
    .name = "resolve",
    .arguments = "ENV MIGRATION",
    .summary = "say what became of a migration that has failed",
    .description =
        "Only what a person knows and the database does not: no SQL of the migration is run or "
        "undone. It writes the rows that Prisma's resolve writes, under the same lock.\n\n"
        "--applied is also for a migration that was never begun here: its changes were made by "
        "hand. --done and --again are for one that runs step by step and has died in a step that "
        "is no transaction and that the catalog says nothing about; the next deploy goes on from "
        "there.\n\n"
        "Staging asks for y, production for its name; --confirm answers.",
    .options = own,
    .least = 2,
    .most = 2,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
