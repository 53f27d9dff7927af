/* headgate adopt: comes from another migration tool. */
#include "headgate/adopt.h"
#include "headgate/clock.h"
#include "headgate/report.h"
#include "private.h"

#define LOCK_PATIENCE 10000

static bool execute(const struct options *options, const struct adoption *adoption,
                    struct error *err)
{
    CLEANUP(mem_freep)
    char *question = mem_printf("Record %zu migration%s of %s as applied in %s (%s)?",
                                adoption->n_applied, adoption->n_applied == 1 ? "" : "s",
                                adoption->tool, adoption->environment->name, adoption->target);
    return confirm(options, adoption->environment, question, err) &&
           adopt_execute(adoption, deadline_in(LOCK_PATIENCE), err);
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(adoption_freep) struct adoption *adoption = NULL;
    CLEANUP(mem_freep) char *folder = NULL;
    struct environment *environment = NULL;
    (void)status;
    if (options->from == NULL) {
        (void)error_set(err, ERROR_USAGE, "headgate adopt: --from is missing");
        return error_hint(err, "Say which tool: --from flyway, golang-migrate, dbmate, goose, "
                               "liquibase or sqitch.");
    }
    if (!project_environments(options, &set, err) ||
        !project_environment(options, set, &environment, err)) {
        return false;
    }
    folder = project_release_folder(options, set);
    const struct adopt_request request = {.tool = options->from,
                                          .source = options->source,
                                          .folder = folder,
                                          .on_progress = say_progress};
    if (!adopt_look(environment, &request, deadline_in(CONNECT_TIMEOUT), &adoption, err)) {
        return false;
    }
    report_adoption_head(adoption);
    if (!options->dry_run && !execute(options, adoption, err)) {
        return false;
    }
    report_adoption_end(adoption, !options->dry_run);
    return true;
}

static const struct option own[] = {
    VALUE("from", "TOOL", from, "flyway, golang-migrate, dbmate, goose, liquibase or sqitch"),
    VALUE("source", "PATH", source,
          "its folder (liquibase: or its master changelog); else the one that it usually has"),
    VALUE("env", "ENV", env, "the environment, where it is not the argument"),
    FLAG("dry-run", 0, dry_run, "show what would be made; change nothing"),
    VALUE("confirm", "ENV", confirm, "for scripts: yes, this environment is meant"),
    {0},
};

const struct command cmd_adopt = {
    .name = "adopt",
    .arguments = "[ENV]",
    .summary = "come from another migration tool",
    .description =
        "Reads the tool's folder and its history table once, and makes ours from them: a folder of "
        "migrations, and rows in _prisma_migrations for what is applied. Nothing of theirs is "
        "changed.\n\n"
        "A name begins with their number or time, filled up to 14 digits (7 becomes "
        "00000000000007), or with its place in their order where it has none that could be kept. "
        "That is the same in every environment, so a second one finds the folder as it should be "
        "and only gets its rows.\n\n"
        "It refuses, before anything is written, where the two do not fit: a file of an applied "
        "migration is missing or was edited, one has failed there, one is pending before another "
        "that is applied; and where our folder has other migrations or the database has a history "
        "of ours already.",
    .options = own,
    .most = 1,
    .argument_kind = ARGUMENT_ENVIRONMENT,
    .run = run,
};
