/* The events of a journal as far as they were read. Each stays where it is as long as the journal.
 */
#pragma once

#include "event.h"

struct events {
    struct stored_event **items;
    size_t n;
    size_t end;            /* of the last whole line, in bytes of the file */
    uint64_t newest_token; /* of all leases that have appended */
};

void events_clear(struct events *events);
/* The hash that the next event has before it. */
const char *events_head(const struct events *events);
void events_add(struct events *events, struct stored_event *event, size_t line_size);
/* Takes in more of the file. A line at its end that is torn is left. False: something was changed;
 * the sentence, which is the caller's, says what. */
bool events_take_in(struct events *events, const struct strbuf *text, char **ret_sentence);
