/*
 * What a journal says about its run: its events folded, one after the other, into a record.
 *
 * What a run was doing when its journal ends without a word is told by its lease: somebody holds it
 * and works, or nobody does and it was cut off.
 */
#include "record.h"
#include "headgate/arena.h"
#include "headgate/file.h"

const char *step_state_name(enum step_state state)
{
    static const char *const names[] = {
        [STEP_OPEN] = "open",       [STEP_RUNNING] = "running", [STEP_RETRYING] = "retrying",
        [STEP_WAITING] = "waiting", [STEP_DONE] = "done",       [STEP_SKIPPED] = "skipped",
        [STEP_FAILED] = "failed",   [STEP_CUT] = "cut off",
    };
    return names[state];
}

const char *run_state_name(enum run_state state)
{
    static const char *const names[] = {
        [RUN_RUNNING] = "running",   [RUN_WAITING] = "waiting", [RUN_STOPPED] = "stopped",
        [RUN_FAILED] = "failed",     [RUN_CUT] = "cut off",     [RUN_DONE] = "done",
        [RUN_CANCELED] = "canceled",
    };
    return names[state];
}

bool run_state_is_open(enum run_state state)
{
    return state != RUN_DONE && state != RUN_CANCELED;
}

const struct record_step *record_find(const struct record *record, const char *id)
{
    for (size_t i = 0; i < record->n; i++) {
        if (text_equal(record->steps[i].id, id)) {
            return &record->steps[i];
        }
    }
    return NULL;
}

void record_follow(struct record *record)
{
    for (; record->n_events < journal_count(record->journal); record->n_events++) {
        record_take(record, journal_event(record->journal, record->n_events));
    }
}

struct record *record_of(const struct journal *journal)
{
    struct record *record = mem_new(1, sizeof *record);
    record->arena = arena_new();
    record->journal = journal;
    record->run = journal_run(journal);
    record->exit_status = -1;
    record_follow(record);
    return record;
}

static const char *find_path(struct record *record, const char *path)
{
    CLEANUP(mem_freep) char *joined = path_join(record->state_folder, path != NULL ? path : "");
    CLEANUP(mem_freep) char *real = realpath(joined, NULL);
    return path != NULL ? arena_copy(record->arena, real != NULL ? real : joined) : NULL;
}

/* They are written as seen from the state's folder. */
static void find_paths(struct record *record, const struct state *state)
{
    CLEANUP(mem_freep) char *own = state_run_folder(state, record->run);
    CLEANUP(mem_freep) char *all = path_parent(own);
    CLEANUP(mem_freep) char *folder = path_parent(all);
    record->state_folder = arena_copy(record->arena, folder);
    record->pipeline_path = find_path(record, record->pipeline_path);
    record->environments_path = find_path(record, record->environments_path);
    record->release_path = find_path(record, record->release_path);
}

bool record_read(struct state *state, const char *run, struct record **ret_record,
                 struct error *err)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    CLEANUP(record_freep) struct record *record = NULL;
    CLEANUP(mem_freep) char *key = mem_printf("run/%s", run);
    bool held = false;
    if (!journal_open(state, run, &journal, err)) {
        return false;
    }
    record = record_of(journal);
    record->owned = TAKE(journal);
    find_paths(record, state);
    if (!state_lease_holder(state, key, &held, &record->holder, err)) {
        return false;
    }
    if (held && record->state == RUN_CUT) {
        record->state = RUN_RUNNING;
    } else if (record->state == RUN_CUT) {
        record_cut_steps(record);
    }
    if (record->cancel_asked && record->state != RUN_DONE && record->state != RUN_RUNNING) {
        record->state = RUN_CANCELED; /* it ended otherwise before it could see the wish */
    }
    *ret_record = TAKE(record);
    return true;
}

void record_freep(struct record **record)
{
    if (*record == NULL) {
        return;
    }
    for (size_t i = 0; i < (*record)->n; i++) {
        strlist_clear(&(*record)->steps[i].applied);
    }
    lease_holder_clear(&(*record)->holder);
    journal_freep(&(*record)->owned);
    arena_free((*record)->arena);
    mem_free(*record);
    *record = NULL;
}
