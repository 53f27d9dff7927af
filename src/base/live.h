/*
 * The live block: lines at the end of a terminal that are drawn anew.
 *
 * Each of its lines ends with a line break, so the cursor always stands on a fresh line below it:
 * whatever ends the process, what the shell prints next begins there. No line is wider than the
 * screen and the block is never taller, so how far up it begins is known.
 */
#pragma once

#include <stdbool.h>

#include "headgate/strbuf.h"

struct screen_size {
    size_t rows, columns;
};
/* Of the terminal behind the descriptor; 24 by 80 where it does not say. */
struct screen_size screen_size_of(int fd);

struct live {
    struct strbuf wanted; /* the block as it was given: redacted and tame; empty: there is none */
    size_t *widths;       /* of the lines that stand on the screen */
    size_t n;
};
#define LIVE_INIT                                                                                  \
    {                                                                                              \
        .wanted = STRBUF_INIT                                                                      \
    }

/* Appends what draws the block below the cursor. Of a block that is too tall the last lines. */
void live_draw(struct live *live, struct screen_size size, struct strbuf *out);
/* Appends what takes it off the screen again, also where the screen is narrower by now and has
 * broken its lines. */
void live_erase(struct live *live, struct screen_size size, struct strbuf *out);
/* There is no block any more; what stands on the screen stays there. */
void live_clear(struct live *live);
