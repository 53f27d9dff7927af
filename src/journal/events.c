#include "events.h"

#include <inttypes.h>

void events_clear(struct events *events)
{
    for (size_t i = 0; i < events->n; i++) {
        stored_event_freep(&events->items[i]);
    }
    mem_free(events->items);
    *events = (struct events){.n = 0};
}

const char *events_head(const struct events *events)
{
    return events->n > 0 ? events->items[events->n - 1]->event.hash : chain_start;
}

void events_add(struct events *events, struct stored_event *event, size_t line_size)
{
    if ((events->n & (events->n + 1)) == 0) { /* doubled at powers of two */
        events->items = mem_resize(events->items, events->n * 2 + 1, sizeof(struct stored_event *));
    }
    events->items[events->n++] = event;
    events->end += line_size;
    if (event->event.token > events->newest_token) {
        events->newest_token = event->event.token;
    }
}

static char *complain(const struct events *events, const struct stored_event *event)
{
    uint64_t expected = events->n + 1;
    if (event == NULL) {
        return mem_printf("event %" PRIu64 " was changed", expected);
    }
    if (event->event.number != expected) {
        return mem_printf("event %" PRIu64 " stands where event %" PRIu64 " belongs",
                          event->event.number, expected);
    }
    return mem_printf("event %" PRIu64 " was not written behind the event that stands before it",
                      expected);
}

bool events_take_in(struct events *events, const struct strbuf *text, char **ret_sentence)
{
    struct chain_cursor cursor = {.text = text->text, .size = text->size};
    struct chain_piece piece;
    while (chain_next(&cursor, &piece)) {
        CLEANUP(stored_event_freep)
        struct stored_event *event = piece.is_whole ? event_read(piece.line, piece.size) : NULL;
        if (event == NULL && piece.is_last) {
            return true;
        }
        if (event == NULL || event->event.number != events->n + 1 ||
            !text_equal(event->line.before, events_head(events))) {
            *ret_sentence = complain(events, event);
            return false;
        }
        events_add(events, TAKE(event), piece.size + 1);
    }
    return true;
}
