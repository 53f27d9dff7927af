/* How long steps took before: what the newest run of this pipeline says, best one of the same
 * release. */
#include "private.h"

#define LOOKED_AT 20 /* runs, from the newest on */

static void take(struct plan_step *step, const struct record *record, bool same_release)
{
    const struct record_step *before = record_find(record, step->step->id);
    bool measured = before != NULL && before->state == STEP_DONE && before->begun > 0 &&
                    before->ended >= before->begun && !before->nothing;
    if (measured && (step->measured < 0 || (same_release && step->measured_in == NULL))) {
        step->measured = (before->ended - before->begun) / 1000;
        step->measured_in = same_release ? mem_copy(record->run) : NULL;
    }
}

static void take_from(struct plan *plan, struct state *state, const char *run)
{
    CLEANUP(json_data_freep) struct json_data *first = NULL;
    CLEANUP(record_freep) struct record *record = NULL;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!journal_peek(state, run, &first, &ignored) ||
        !text_equal(json_data_text(json_data_member(first, "data"), "pipeline"),
                    plan->workflow->name) ||
        !record_read(state, run, &record, &ignored)) {
        return;
    }
    bool same_release = text_equal(record->release, plan->workflow->release->digest);
    for (size_t i = 0; i < plan->n; i++) {
        take(&plan->steps[i], record, same_release);
    }
}

void plan_take_measures(struct plan *plan, struct state *state)
{
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!state_list(state, &runs, &ignored)) {
        return;
    }
    size_t first = runs.n > LOOKED_AT ? runs.n - LOOKED_AT : 0;
    for (size_t i = runs.n; i > first; i--) {
        take_from(plan, state, runs.items[i - 1]);
    }
}
