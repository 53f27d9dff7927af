/* Runs by their names, and giving one up. */
#include "private.h"

#define NAMED_MOST 4 /* runs that a hint lists */

static bool no_run(const char *named, struct error *err)
{
    (void)(named != NULL ? error_set(err, ERROR_USAGE, "there is no run \"%s\"", named)
                         : error_set(err, ERROR_USAGE, "there is no run yet"));
    return named != NULL ? error_hint(err, "See which there are: headgate runs")
                         : error_hint(err, "Begin one: headgate run PIPELINE");
}

static bool several(const struct strlist *found, struct error *err)
{
    CLEANUP(mem_freep) char *sentence = strlist_sentence(found);
    (void)error_set(err, ERROR_USAGE, "it is not clear which run is meant");
    if (found->n > NAMED_MOST) {
        return error_hint(err,
                          "It may be one of %zu, the newest of them \"%s\". See them all: "
                          "headgate runs",
                          found->n, found->items[found->n - 1]);
    }
    return error_hint(err, "Name one of %s.", sentence);
}

static bool only_one(const struct strlist *found, const char *named, char **ret_run,
                     struct error *err)
{
    if (found->n != 1) {
        return found->n == 0 ? no_run(named, err) : several(found, err);
    }
    *ret_run = mem_copy(found->items[0]);
    return true;
}

static bool find_named(const struct strlist *runs, const char *named, char **ret_run,
                       struct error *err)
{
    CLEANUP(strlist_clear) struct strlist found = STRLIST_INIT;
    for (size_t i = 0; i < runs->n; i++) {
        if (text_equal(runs->items[i], named)) {
            *ret_run = mem_copy(named);
            return true;
        }
        if (text_starts(runs->items[i], named) || text_ends(runs->items[i], named)) {
            strlist_add(&found, runs->items[i]);
        }
    }
    return only_one(&found, named, ret_run, err);
}

/* Where none is open the newest, if it is done: nothing is left to do then. */
static bool find_open(struct state *state, const struct strlist *runs, char **ret_run,
                      struct error *err)
{
    CLEANUP(strlist_clear) struct strlist found = STRLIST_INIT;
    const char *done = NULL;
    for (size_t i = 0; i < runs->n; i++) {
        CLEANUP(record_freep) struct record *record = NULL;
        if (!record_read(state, runs->items[i], &record, err)) {
            return false;
        }
        if (record->n_events > 0 && run_state_is_open(record->state)) {
            strlist_add(&found, runs->items[i]);
        } else if (record->n_events > 0) {
            done = record->state == RUN_DONE ? runs->items[i] : NULL;
        }
    }
    if (found.n == 0 && done == NULL) {
        (void)error_set(err, ERROR_USAGE, "no run is open");
        return error_hint(err, "See what there was: headgate runs");
    }
    if (found.n == 0) {
        strlist_add(&found, done);
    }
    return only_one(&found, NULL, ret_run, err);
}

/* One whose first event could not be written never began. */
static bool find_newest(struct state *state, const struct strlist *runs, char **ret_run,
                        struct error *err)
{
    for (size_t i = runs->n; i > 0; i--) {
        CLEANUP(json_data_freep) struct json_data *first = NULL;
        CLEANUP(error_clear) struct error ignored = ERROR_INIT;
        if (!journal_peek(state, runs->items[i - 1], &first, &ignored) || first != NULL) {
            *ret_run = mem_copy(runs->items[i - 1]);
            return true;
        }
    }
    return no_run(NULL, err);
}

bool run_find(struct state *state, const char *named, bool open, char **ret_run, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    if (!state_list(state, &runs, err)) {
        return false;
    }
    if (named != NULL && named[0] != '\0') {
        return find_named(&runs, named, ret_run, err);
    }
    if (runs.n == 0) {
        return no_run(NULL, err);
    }
    return open ? find_open(state, &runs, ret_run, err) : find_newest(state, &runs, ret_run, err);
}

/* --- cancel --- */

static char *reason_data(const char *reason)
{
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&data, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "reason", reason);
    json_write_object_end(&writer);
    return redact_copy(data.text);
}

bool run_cancel(struct state *state, const char *run, const char *actor, const char *reason,
                bool *ret_at_once, struct error *err)
{
    CLEANUP(record_freep) struct record *record = NULL;
    CLEANUP(lease_freep) struct lease *lease = NULL;
    CLEANUP(lease_holder_clear) struct lease_holder holder = {0};
    CLEANUP(mem_freep) char *key = mem_printf("run/%s", run);
    CLEANUP(mem_freep) char *data = reason_data(reason);
    CLEANUP(mem_freep) char *who = mem_printf("headgate cancel of %s", actor);
    if (!record_read(state, run, &record, err)) {
        return false;
    }
    if (!run_state_is_open(record->state)) {
        return error_set(err, ERROR_USAGE, "run %s is over: %s", run,
                         run_state_name(record->state));
    }
    if (!state_lease(state, key, who, &lease, &holder, err)) {
        return false;
    }
    const struct entry entry = {.kind = lease != NULL ? "run-canceled" : "cancel-asked",
                                .actor = actor,
                                .data = data,
                                .durable = true,
                                .seals = lease != NULL};
    if (!journal_append(record->owned, lease, &entry, err)) {
        return false;
    }
    *ret_at_once = lease != NULL;
    return true;
}
