/* One seal: the line under another name, the event (which is the journal's), the ledger. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "chain.h"
#include "headgate/clock.h"
#include "headgate/file.h"
#include "state.h"

#define LINE_LIMIT 65536 /* of a ledger's line: what is longer is none */

/* Is this event in the journal of this run? Its hash is looked for, no lock is taken: where the
 * ledger is locked, nobody is writing an event that seals. */
static bool has_event(const struct state *state, const char *run, const char *hash)
{
    CLEANUP(mem_freep) char *path = state_journal_path(state, run);
    CLEANUP(mem_freep) char *wanted = mem_printf(",\"hash\":\"%s\"}\n", hash);
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    return path != NULL && file_read(path, SIZE_MAX, &text, &ignored) &&
           memmem(text.text, text.size, wanted, strlen(wanted)) != NULL;
}

bool pending_read(const struct state *state, struct strbuf *ret_line, struct error *err)
{
    CLEANUP(mem_freep) char *path = state_path(state, "ledger.next");
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    strbuf_clear(ret_line);
    if (!file_read(path, LINE_LIMIT, ret_line, &failure) && failure.sys_errno != ENOENT) {
        error_move(err, &failure);
        return false;
    }
    return true;
}

bool pending_fits(const struct state *state, const struct strbuf *line, const char *hash)
{
    CLEANUP(chain_line_clear) struct chain_line read = {.json = NULL};
    struct ledger_line said;
    return line->size > 0 && chain_read(line->text, line->size - 1, &read) &&
           ledger_line_read(&read, &said) && text_equal(said.before, hash) &&
           has_event(state, said.run, said.head);
}

static bool append(struct sealing *sealing, const struct strbuf *line, struct error *err)
{
    bool touched = false;
    return chain_file_append(&sealing->file, sealing->ledger->end, line, true, &touched, err);
}

/* Whoever was to seal before us may have died half-way. */
static bool bring_in_pending(struct sealing *sealing, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf pending = STRBUF_INIT;
    if (!pending_read(sealing->state, &pending, err)) {
        return false;
    }
    if (!pending_fits(sealing->state, &pending, sealing->ledger->hash)) {
        return true;
    }
    return append(sealing, &pending, err) && ledger_read_rest(sealing->ledger, &sealing->file, err);
}

static void format(struct sealing *sealing, const struct seal *seal)
{
    char hash[HASH_HEX_SIZE];
    CLEANUP(mem_freep) char *time = wall_format(wall_now_usec());
    struct json_writer writer = json_writer_start(&sealing->line, false);
    json_write_object(&writer);
    json_write_member_integer(&writer, "number", (int64_t)sealing->ledger->n_lines + 1);
    json_write_member_text(&writer, "run", seal->run);
    json_write_member_integer(&writer, "events", (int64_t)seal->events);
    json_write_member_text(&writer, "head", seal->head);
    json_write_member_text(&writer, "time", time);
    chain_close(&sealing->line, sealing->ledger->hash, hash);
}

bool sealing_begin(const struct state *state, const struct seal *seal, struct sealing *sealing,
                   struct error *err)
{
    sealing->state = state;
    sealing->ledger = state->ledger;
    sealing->path = state_path(state, "ledger");
    CLEANUP(mem_freep) char *next = state_path(state, "ledger.next");
    if (!chain_file_open(sealing->path, CHAIN_FILE_APPEND | O_CREAT, &sealing->file, err) ||
        !ledger_read_rest(sealing->ledger, &sealing->file, err) ||
        !bring_in_pending(sealing, err)) {
        return false;
    }
    format(sealing, seal);
    return file_write(next, sealing->line.text, sealing->line.size, 0600, err);
}

bool sealing_finish(struct sealing *sealing, struct error *err)
{
    CLEANUP(mem_freep) char *next = state_path(sealing->state, "ledger.next");
    if (!append(sealing, &sealing->line, err)) {
        return false;
    }
    (void)unlink(next); /* one that stays fits behind no other line */
    return true;
}

void sealing_clear(struct sealing *sealing)
{
    chain_file_close(&sealing->file);
    mem_free(TAKE(sealing->path));
    strbuf_clear(&sealing->line);
}
