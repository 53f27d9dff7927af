/* headgate embedded ...: the private PostgreSQL clusters that headgate keeps. */
#include "headgate/cluster.h"
#include "headgate/output.h"
#include "headgate/report.h"
#include "private.h"

#define STOP_TIMEOUT 30000

static bool find_all(const struct options *options, struct environments **ret_set,
                     struct embedded_list *ret_list, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    if (!project_environments(options, &set, err) ||
        !embedded_find(set->state_folder, ret_list, err)) {
        return false;
    }
    *ret_set = TAKE(set);
    return true;
}

static bool run_list(const struct options *options, int *status, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(embedded_list_clear) struct embedded_list list = {0};
    (void)status;
    if (!find_all(options, &set, &list, err)) {
        return false;
    }
    report_embedded(&list);
    return true;
}

static bool is_there(const struct embedded_list *list, const char *name, struct error *err)
{
    for (size_t i = 0; i < list->n; i++) {
        if (text_equal(list->items[i].name, name)) {
            return true;
        }
    }
    (void)error_set(err, ERROR_USAGE, "there is no embedded database \"%s\"", name);
    return error_hint(err, "See: headgate embedded list");
}

/* Does one thing to those that are named, or to all. */
static bool for_each(const struct options *options, const char *done,
                     bool (*act)(const char *state, const char *name, msec deadline,
                                 struct error *err),
                     struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(embedded_list_clear) struct embedded_list list = {0};
    if (options->n_arguments == 0 && !options->all) {
        (void)error_set(err, ERROR_USAGE, "no embedded database is named");
        return error_hint(err, "Name one or more (headgate embedded list), or say --all.");
    }
    if (!find_all(options, &set, &list, err)) {
        return false;
    }
    for (size_t i = 0; i < options->n_arguments; i++) {
        if (!is_there(&list, options->arguments[i], err)) {
            return false;
        }
    }
    size_t n = options->all ? list.n : options->n_arguments;
    for (size_t i = 0; i < n; i++) {
        const char *name = options->all ? list.items[i].name : options->arguments[i];
        if (!act(set->state_folder, name, deadline_in(STOP_TIMEOUT), err)) {
            return false;
        }
        output_progress("%s %s", name, done);
    }
    return true;
}

static bool start_one(const char *state, const char *name, msec deadline, struct error *err)
{
    CLEANUP(mem_freep) char *conninfo = NULL;
    return embedded_open(state, name, deadline, NULL, &conninfo, err);
}

static bool run_start(const struct options *options, int *status, struct error *err)
{
    (void)status;
    return for_each(options, "runs", start_one, err);
}

static bool run_stop(const struct options *options, int *status, struct error *err)
{
    (void)status;
    return for_each(options, "stopped", embedded_stop, err);
}

static bool run_remove(const struct options *options, int *status, struct error *err)
{
    (void)status;
    if (options->confirm == NULL || !text_equal(options->confirm, "remove")) {
        (void)error_set(err, ERROR_REFUSED,
                        "removing an embedded database deletes its data for good");
        return error_hint(err, "Say --confirm remove.");
    }
    return for_each(options, "removed", embedded_remove, err);
}

static const struct option with_all[] = {
    FLAG("all", 0, all, "all of this project"),
    {0},
};

static const struct option for_remove[] = {
    FLAG("all", 0, all, "all of this project"),
    VALUE("confirm", "remove", confirm, "yes, delete the data"),
    {0},
};

const struct command cmd_embedded_list = {
    .name = "embedded list",
    .summary = "the private PostgreSQL databases of this project",
    .description = "Shows each one with its state, its size and the connection string that psql "
                   "and others take.",
    .run = run_list,
};

const struct command cmd_embedded_start = {
    .name = "embedded start",
    .arguments = "NAME...",
    .summary = "start embedded databases again",
    .description =
        "Commands that need one start it by themselves; this is for psql and other programs.",
    .options = with_all,
    .most = 1000,
    .run = run_start,
};

const struct command cmd_embedded_stop = {
    .name = "embedded stop",
    .arguments = "NAME...",
    .summary = "stop embedded databases; their data stay",
    .description = "The next command that needs one starts it again.",
    .options = with_all,
    .most = 1000,
    .run = run_stop,
};

const struct command cmd_embedded_remove = {
    .name = "embedded remove",
    .arguments = "NAME...",
    .summary = "stop embedded databases and delete their data",
    .description = "For good: there is no way back. It must be confirmed with --confirm remove.",
    .options = for_remove,
    .most = 1000,
    .run = run_remove,
};
