/* One event more. */
#include <assert.h>
#include <inttypes.h>

#include "headgate/clock.h"
#include "lease.h"
#include "private.h"
#include "watch.h"

static bool check_lease(const struct journal *journal, const struct lease *lease, struct error *err)
{
    assert(lease == NULL || (text_starts(lease->key, "run/") &&
                             text_equal(lease->key + strlen("run/"), journal->run)));
    if (lease == NULL || lease->token >= journal->events.newest_token) {
        return true;
    }
    (void)error_set(err, ERROR_LOCKED, "another process has gone on with run \"%s\"", journal->run);
    (void)error_detail(err, "Its lease has token %" PRIu64 ", ours has %" PRIu64 ".",
                       journal->events.newest_token, lease->token);
    return error_hint(err, "See how it stands: headgate show %s", journal->run);
}

/* The line and the event that is read from it: nothing is written that could not be read. */
static bool compose(const struct journal *journal, const struct lease *lease,
                    const struct entry *entry, struct strbuf *line, struct stored_event **ret_event,
                    struct error *err)
{
    struct event event = {.number = journal->events.n + 1,
                          .time = wall_now_usec(),
                          .token = lease != NULL ? lease->token : 0};
    event_write(line, &event, entry, events_head(&journal->events));
    bool is_one_line = strchr(line->text, '\n') == line->text + line->size - 1;
    struct stored_event *read = is_one_line ? event_read(line->text, line->size - 1) : NULL;
    if (read == NULL) {
        return error_set(err, ERROR_INTERNAL,
                         "the data of event \"%s\" are no JSON object on one line", entry->kind);
    }
    *ret_event = read;
    return true;
}

/* A journal that was begun to be written and not finished is not written to again. */
static bool write_line(struct journal *journal, struct chain_file *file, const struct strbuf *line,
                       bool durable, struct error *err)
{
    bool touched = false;
    if (!chain_file_append(file, journal->events.end, line, durable, &touched, err)) {
        journal->broken = touched;
        return error_prefix(err, "journal of run \"%s\"", journal->run);
    }
    return true;
}

static bool write_sealed(struct journal *journal, struct chain_file *file,
                         const struct strbuf *line, const char *hash, struct error *err)
{
    CLEANUP(sealing_clear) struct sealing sealing = SEALING_INIT;
    struct seal seal = {.run = journal->run, .events = journal->events.n + 1};
    memcpy(seal.head, hash, sizeof seal.head);
    if (!sealing_begin(journal->state, &seal, &sealing, err) ||
        !write_line(journal, file, line, true, err)) {
        return false;
    }
    if (!sealing_finish(&sealing, err)) {
        chain_file_take_back(file, journal->events.end);
        journal->broken = true;
        return false;
    }
    return true;
}

bool journal_append(struct journal *journal, const struct lease *lease, const struct entry *entry,
                    struct error *err)
{
    CLEANUP(chain_file_close) struct chain_file file = CHAIN_FILE_INIT;
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    CLEANUP(stored_event_freep) struct stored_event *event = NULL;
    if (journal->broken) {
        return error_set(err, ERROR_IO,
                         "an event of run \"%s\" could not be written before this one",
                         journal->run);
    }
    if (!chain_file_open(journal->path, CHAIN_FILE_APPEND, &file, err) ||
        !journal_read_rest(journal, &file, err) || !check_lease(journal, lease, err) ||
        !compose(journal, lease, entry, &line, &event, err)) {
        return state_advise(err);
    }
    assert(event != NULL);
    bool written = entry->seals ? write_sealed(journal, &file, &line, event->event.hash, err)
                                : write_line(journal, &file, &line, entry->durable, err);
    if (!written) {
        return state_advise(err);
    }
    events_add(&journal->events, TAKE(event), line.size);
    watch_quiet(journal->watch); /* nobody else has appended: the file is locked still */
    return true;
}
