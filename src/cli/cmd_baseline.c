/* headgate baseline: adopts a database that is there already. */
#include "headgate/clock.h"
#include "headgate/report.h"
#include "private.h"

static bool check_reason(const struct options *options, struct error *err)
{
    bool has_reason = options->reason != NULL && options->reason[0] != '\0';
    if (options->missing_ok == has_reason) {
        return true;
    }
    (void)error_set(err, ERROR_USAGE,
                    options->missing_ok ? "--missing-ok needs --reason TEXT"
                                        : "--reason goes with --missing-ok");
    return error_hint(err, "headgate baseline ENV --missing-ok --reason \"dropped in 2019\"");
}

static bool execute(const struct options *options, struct desk *desk,
                    const struct baseline *baseline, struct error *err)
{
    CLEANUP(mem_freep)
    char *question =
        mem_printf("Record %zu migration%s as applied in %s (%s)?", baseline->n,
                   baseline->n == 1 ? "" : "s", desk->environment->name, desk->plan->target);
    return confirm(options, desk->environment, question, err) &&
           baseline_execute(baseline, &desk->conduct, err);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(desk_clear) struct desk desk = {0};
    CLEANUP(baseline_clear) struct baseline baseline = {0};
    (void)status;
    if (!check_reason(options, err) || !desk_open(options, &desk, err) ||
        !desk_look(options, &desk, err) ||
        !baseline_make(desk.plan, options->until, options->reason, deadline_in(CONNECT_TIMEOUT),
                       &baseline, err)) {
        return false;
    }
    report_baseline_head(&baseline);
    if (!options->dry_run && !execute(options, &desk, &baseline, err)) {
        return false;
    }
    report_baseline_end(&baseline, !options->dry_run);
    return true;
}

static const struct option own[] = {
    VALUE("until", "MIGRATION", until, "the last one that the database already has"),
    FLAG("dry-run", 0, dry_run, "show what would be recorded; change nothing"),
    FLAG("missing-ok", 0, missing_ok, "record it although something that they make is missing"),
    VALUE("reason", "TEXT", reason, "why; recorded with the rows"),
    VALUE("wait", "DURATION", wait, "how long to wait for a deploy; 10s without it"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_baseline = {
    .name = "baseline",
    .arguments = "ENV",
    .summary = "record what a database has already, without running it",
    .description =
        "For a database that was made before it had a history: every migration of the release, up "
        "to and including --until, is recorded as applied. None of them is run. The next deploy "
        "applies what comes after.\n\n"
        "It refuses where there is a history already, where there are no tables, and where a "
        "table, column, index, view, sequence, type, function or schema is missing that the "
        "migrations make and none of them drops. Types of columns, constraints and data are not "
        "compared.",
    .options = own,
    .least = 1,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
