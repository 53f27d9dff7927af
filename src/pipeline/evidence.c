/* What the runs of this state have recorded about a release. Only runs of that release are read. */
#include "private.h"

static bool is_about(const struct json_data *first, const char *release)
{
    return text_equal(json_data_text(json_data_member(first, "data"), "release"), release);
}

static void look_through(const struct journal *journal, const char *release, const char *name,
                         struct evidence *found)
{
    for (size_t i = 0; i < journal_count(journal); i++) {
        const struct event *event = journal_event(journal, i);
        if (text_equal(event->kind, "step-ended") && event->time >= found->time &&
            text_equal(json_data_text(event->data, "evidence"), name) &&
            text_equal(json_data_text(event->data, "release"), release)) {
            evidence_clear(found);
            *found = (struct evidence){mem_copy(journal_run(journal)), mem_copy(event->step),
                                       event->time};
        }
    }
}

/* A journal that is not what was written proves nothing; the audit will tell. */
static void look_in(struct state *state, const char *run, const char *release, const char *name,
                    struct evidence *found)
{
    CLEANUP(json_data_freep) struct json_data *first = NULL;
    CLEANUP(journal_freep) struct journal *journal = NULL;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (journal_peek(state, run, &first, &ignored) && is_about(first, release) &&
        journal_open(state, run, &journal, &ignored)) {
        look_through(journal, release, name, found);
    }
}

bool evidence_find(struct state *state, const char *release, const char *name,
                   struct evidence *ret_found, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    CLEANUP(evidence_clear) struct evidence found = {0};
    if (!state_list(state, &runs, err)) {
        return false;
    }
    for (size_t i = runs.n; i > 0 && found.run == NULL; i--) { /* the newest run first */
        look_in(state, runs.items[i - 1], release, name, &found);
    }
    *ret_found = found;
    found = (struct evidence){0};
    return true;
}

void evidence_clear(struct evidence *evidence)
{
    mem_free(evidence->run);
    mem_free(evidence->step);
    *evidence = (struct evidence){0};
}
