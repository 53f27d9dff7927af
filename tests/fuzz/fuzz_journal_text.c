/*
 * Any bytes as a journal: at once, and piece by piece as it would be caught up with; both must see
 * the same events. A line that does not end in its hash is given it, so that the fuzzer gets behind
 * the hash as well.
 */
#include <assert.h>
#include <stdint.h>

#include "audit_findings.h"
#include "events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "{..." without an end becomes a line that chains onto the one before it. */
static void chain_lines(const char *bytes, size_t size, struct strbuf *ret_text)
{
    struct chain_cursor cursor = {.text = bytes, .size = size};
    struct chain_piece piece;
    char before[HASH_HEX_SIZE];
    memcpy(before, chain_start, sizeof before);
    while (chain_next(&cursor, &piece)) {
        if (piece.size > 0 && piece.is_whole && piece.line[piece.size - 1] == '|') {
            CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
            strbuf_add_n(&line, piece.line, piece.size - 1);
            chain_close(&line, before, before);
            strbuf_add_n(ret_text, line.text, line.size);
        } else {
            strbuf_add_n(ret_text, piece.line, piece.size + (piece.is_whole ? 1 : 0));
        }
    }
}

static void audit_lines(const struct strbuf *text)
{
    CLEANUP(audit_clear) struct audit audit = {.findings = NULL};
    CLEANUP(audit_chain_clear) struct audit_chain chain = {.n = 0};
    struct chain_cursor cursor = {.text = text->text, .size = text->size};
    struct chain_piece piece;
    audit_chain_start(&chain);
    while (chain_next(&cursor, &piece)) {
        CLEANUP(stored_event_freep) struct stored_event *event = event_read(piece.line, piece.size);
        if (event == NULL) {
            audit_chain_add_bad(&chain);
        } else {
            struct audit_line line = {.number = event->event.number};
            memcpy(line.hash, event->event.hash, sizeof line.hash);
            audit_chain_add(&chain, &audit, "run", &line, event->line.before);
        }
    }
    audit_chain_end(&chain, &audit, "run");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(events_clear) struct events whole = {.n = 0};
    CLEANUP(events_clear) struct events pieces = {.n = 0};
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *first = NULL;
    CLEANUP(mem_freep) char *second = NULL;
    chain_lines((const char *)data, size, &text);
    audit_lines(&text);
    bool is_good = events_take_in(&whole, &text, &first);
    assert(is_good == (first == NULL) && whole.end <= text.size);
    CLEANUP(strbuf_clear) struct strbuf half = STRBUF_INIT;
    strbuf_add_n(&half, text.text, text.size / 2);
    bool is_good_again = events_take_in(&pieces, &half, &second);
    strbuf_cut(&half, 0);
    strbuf_add_n(&half, text.text + pieces.end, text.size - pieces.end);
    is_good_again = is_good_again && events_take_in(&pieces, &half, &second);
    assert(is_good_again == is_good && pieces.n == whole.n && pieces.end == whole.end);
    for (size_t i = 0; i < whole.n; i++) {
        assert(whole.items[i]->event.number == i + 1 && whole.items[i]->event.kind != NULL);
    }
    return 0;
}
