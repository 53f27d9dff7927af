/* One event as a line of a journal:
 * {"number":7,"time":"2026-11-20T21:55:10.123456Z","kind":"step-ended","actor":"anna@buildhost",
 *  "step":"e2e","token":3,"seals":true,"data":{...},"before":"...","hash":"..."}
 * step, token and seals stand there where they say something. */
#pragma once

#include "chain.h"
#include "headgate/journal.h"

struct stored_event {
    struct event event; /* its texts are in the line */
    bool seals;
    struct chain_line line;
};

/* Writes the line with its break. */
void event_write(struct strbuf *line, const struct event *event, const struct entry *entry,
                 const char *before);
/* NULL: it is no event, or not the one that was written. */
struct stored_event *event_read(const char *line, size_t size);
void stored_event_freep(struct stored_event **event);
