/*
 * Was anything changed?
 *
 * Runs go on while we look. A journal is read before the ledger is, so that each of its events that
 * seals must be there; and where the ledger has more than was read, the journal is read once more.
 */
#include <errno.h>
#include <inttypes.h>

#include "audit_findings.h"
#include "chain_file.h"
#include "event.h"
#include "headgate/file.h"
#include "state.h"

struct audit_reading {
    const struct state *state;
    struct ledger *ledger; /* ours: as far as it was read by now */
    struct strbuf pending; /* ledger.next, as it was before that */
    struct audit *audit;
};

static void reading_clear(struct audit_reading *reading)
{
    ledger_freep(&reading->ledger);
    strbuf_clear(&reading->pending);
}

static bool read_whole(const char *path, bool *ret_there, struct strbuf *ret_text,
                       struct error *err)
{
    CLEANUP(chain_file_close) struct chain_file file = CHAIN_FILE_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (chain_file_open(path, CHAIN_FILE_READ, &file, &failure)) {
        *ret_there = true;
        return chain_file_read(&file, 0, ret_text, err);
    }
    if (failure.sys_errno != ENOENT) {
        error_move(err, &failure);
        return false;
    }
    *ret_there = false;
    return true;
}

/* --- one journal --- */

struct journal_reading {
    struct audit audit; /* what is found in it */
    struct audit_chain chain;
    bool there;
};

static void journal_reading_clear(struct journal_reading *journal)
{
    audit_clear(&journal->audit);
    audit_chain_clear(&journal->chain);
}

/* A line at the end that is torn does not count. */
static void look_at_event(struct journal_reading *journal, const char *run,
                          const struct chain_piece *piece)
{
    CLEANUP(stored_event_freep)
    struct stored_event *event = piece->is_whole ? event_read(piece->line, piece->size) : NULL;
    if (event != NULL) {
        struct audit_line line = {.number = event->event.number, .seals = event->seals};
        memcpy(line.hash, event->event.hash, sizeof line.hash);
        audit_chain_add(&journal->chain, &journal->audit, run, &line, event->line.before);
    } else if (!piece->is_last) {
        audit_chain_add_bad(&journal->chain);
    }
}

static bool look_at_journal(const struct state *state, const char *run,
                            struct journal_reading *journal, struct error *err)
{
    CLEANUP(mem_freep) char *path = state_journal_path(state, run);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    journal_reading_clear(journal);
    audit_chain_start(&journal->chain);
    if (path == NULL || !read_whole(path, &journal->there, &text, err)) {
        return path != NULL || state_refuse_run(run, err);
    }
    struct chain_cursor cursor = {.text = text.text, .size = text.size};
    struct chain_piece piece;
    while (chain_next(&cursor, &piece)) {
        look_at_event(journal, run, &piece);
    }
    audit_chain_end(&journal->chain, &journal->audit, run);
    return true;
}

/* --- journal and ledger --- */

static bool is_sealed(const struct audit_reading *reading, const char *run,
                      const struct audit_line *line)
{
    for (size_t i = 0; i < reading->ledger->n; i++) {
        const struct seal *seal = &reading->ledger->seals[i];
        if (seal->events == line->number && text_equal(seal->head, line->hash) &&
            text_equal(seal->run, run)) {
            return true;
        }
    }
    struct ledger_line said;
    CLEANUP(chain_line_clear) struct chain_line pending = {.json = NULL};
    return pending_fits(reading->state, &reading->pending, reading->ledger->hash) &&
           chain_read(reading->pending.text, reading->pending.size - 1, &pending) &&
           ledger_line_read(&pending, &said) && text_equal(said.head, line->hash);
}

/* What the journal says, the ledger must say. */
static void compare_with_ledger(const struct audit_reading *reading, const char *run,
                                struct journal_reading *journal)
{
    for (size_t i = 0; i < journal->chain.n; i++) {
        const struct audit_line *line = &journal->chain.lines[i];
        if (line->seals && !is_sealed(reading, run, line)) {
            audit_find(&journal->audit, run, line->number,
                       "the run stopped with event %" PRIu64 ", which the ledger has not any more",
                       line->number);
        }
    }
}

/* What the ledger says, the journal must say. An event that is known to be changed or missing is
 * not told again. */
static void compare_with_journal(const struct audit_reading *reading, const char *run,
                                 struct journal_reading *journal)
{
    const struct audit_chain *chain = &journal->chain;
    uint64_t last = 0;
    for (size_t i = 0; i < reading->ledger->n; i++) {
        const struct seal *seal = &reading->ledger->seals[i];
        if (!text_equal(seal->run, run)) {
            continue;
        }
        const struct audit_line *line = audit_chain_find(chain, seal->events);
        if (line != NULL && !text_equal(line->hash, seal->head)) {
            audit_find(&journal->audit, run, seal->events,
                       "event %" PRIu64 " is not the one that the ledger has", seal->events);
        }
        last = seal->events > last ? seal->events : last;
    }
    if (!journal->there && last > 0) {
        audit_find(&journal->audit, run, 0, "its journal was removed, it had %" PRIu64 " events",
                   last);
    } else {
        audit_find_range(&journal->audit, run, chain->next, last, "missing");
    }
}

static bool is_behind_ledger(const struct audit_reading *reading, const char *run,
                             const struct journal_reading *journal)
{
    const struct seal *seal = ledger_find(reading->ledger, run);
    return seal != NULL && seal->events >= journal->chain.next;
}

static void add_findings(struct audit *audit, struct audit *more)
{
    for (size_t i = 0; i < more->n_findings; i++) {
        const struct audit_finding *finding = &more->findings[i];
        audit_find(audit, finding->run, finding->number, "%s", finding->sentence);
    }
}

static bool audit_run(struct audit_reading *reading, const char *run, struct error *err)
{
    CLEANUP(journal_reading_clear) struct journal_reading journal = {.there = false};
    if (!look_at_journal(reading->state, run, &journal, err) ||
        !pending_read(reading->state, &reading->pending, err) ||
        !ledger_catch_up(reading->state, reading->ledger, err)) {
        return false;
    }
    if (is_behind_ledger(reading, run, &journal) &&
        !look_at_journal(reading->state, run, &journal, err)) {
        return false;
    }
    if (!journal.there && ledger_find(reading->ledger, run) == NULL) {
        return state_refuse_run(run, err);
    }
    compare_with_ledger(reading, run, &journal);
    compare_with_journal(reading, run, &journal);
    add_findings(reading->audit, &journal.audit);
    reading->audit->n_runs++;
    reading->audit->n_events += journal.chain.n;
    memcpy(reading->audit->head, journal.chain.head, sizeof reading->audit->head);
    return true;
}

/* --- the ledger --- */

static void look_at_line(struct audit_reading *reading, struct audit_chain *chain,
                         const struct chain_piece *piece)
{
    CLEANUP(chain_line_clear) struct chain_line read = {.json = NULL};
    struct ledger_line said;
    if (piece->is_whole && chain_read(piece->line, piece->size, &read) &&
        ledger_line_read(&read, &said)) {
        struct audit_line line = {.number = said.number};
        memcpy(line.hash, said.hash, sizeof line.hash);
        audit_chain_add(chain, reading->audit, NULL, &line, said.before);
    } else if (!piece->is_last) {
        audit_chain_add_bad(chain);
    }
}

static bool audit_ledger(struct audit_reading *reading, struct error *err)
{
    CLEANUP(mem_freep) char *path = state_path(reading->state, "ledger");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(audit_chain_clear) struct audit_chain chain = {.n = 0};
    bool there = false;
    audit_chain_start(&chain);
    if (!read_whole(path, &there, &text, err)) {
        return false;
    }
    struct chain_cursor cursor = {.text = text.text, .size = text.size};
    struct chain_piece piece;
    while (chain_next(&cursor, &piece)) {
        look_at_line(reading, &chain, &piece);
    }
    audit_chain_end(&chain, reading->audit, NULL);
    memcpy(reading->audit->head, chain.head, sizeof reading->audit->head);
    return true;
}

/* --- all of it --- */

/* Also those of which only the ledger knows. */
static bool audit_runs(struct audit_reading *reading, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    if (!state_list(reading->state, &runs, err) ||
        !ledger_catch_up(reading->state, reading->ledger, err)) {
        return false;
    }
    for (size_t i = 0; i < reading->ledger->n; i++) {
        if (!strlist_has(&runs, reading->ledger->seals[i].run)) {
            strlist_add(&runs, reading->ledger->seals[i].run);
        }
    }
    for (size_t i = 0; i < runs.n; i++) {
        if (!audit_run(reading, runs.items[i], err)) {
            return false;
        }
    }
    return audit_ledger(reading, err);
}

bool state_audit(const struct state *state, const char *run, struct audit *ret_audit,
                 struct error *err)
{
    CLEANUP(audit_clear) struct audit audit = {.findings = NULL};
    CLEANUP(reading_clear)
    struct audit_reading reading = {
        .state = state, .ledger = ledger_new(), .pending = STRBUF_INIT, .audit = &audit};
    bool looked = run != NULL ? audit_run(&reading, run, err) : audit_runs(&reading, err);
    if (!looked) {
        return false;
    }
    *ret_audit = audit;
    audit = (struct audit){.findings = NULL};
    return true;
}
