/* headgate runs: all runs, the newest first. */
#include "headgate/report.h"
#include "private.h"

#define SHOWN 20

/* False: its first event could not be written, so it never began. */
static bool read_entry(struct state *state, const char *run, struct run_entry *entry)
{
    entry->run = run;
    if (!record_read(state, run, &entry->record, &entry->error)) {
        entry->record = NULL;
    } else if (entry->record->n_events == 0) {
        record_freep(&entry->record);
        return false;
    }
    return true;
}

static bool run(const struct options *options, int *status, struct error *err)
{
    CLEANUP(state_freep) struct state *state = NULL;
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    (void)status;
    if (!project_state(options, &state, err) || !state_list(state, &runs, err)) {
        return false;
    }
    size_t most = options->all || runs.n < SHOWN ? runs.n : SHOWN, n = 0;
    struct run_entry *entries = mem_new(most + 1, sizeof *entries);
    for (size_t i = 0; i < most; i++) {
        n += read_entry(state, runs.items[runs.n - 1 - i], &entries[n]);
    }
    report_runs(entries, n, runs.n - most);
    for (size_t i = 0; i < n; i++) {
        record_freep(&entries[i].record);
        error_clear(&entries[i].error);
    }
    mem_free(entries);
    return true;
}

static const struct option own[] = {
    FLAG("all", 0, all, "all of them, not only the newest 20"),
    {0},
};

const struct command cmd_runs = {
    .name = "runs",
    .summary = "runs of pipelines, the newest first",
    .description =
        "Each with its pipeline, release, state, author, when it began and how long it took, and "
        "what it waits for. A run that is waiting, stopped, failed or cut off can be resumed.",
    .options = own,
    .run = run,
};
