/*
 * A mistake with its place: in a JSON file, a migration, a directive. Readers collect all mistakes
 * of a file and report them together, each rendered like this:
 *
 *   error: unknown key "timout" in step "e2e"
 *     --> pipelines/promote.json:9:68
 *      |
 *    9 |     { "id": "e2e", "timout": "15m" },
 *      |                    ^^^^^^^^
 *      = did you mean "timeout"?
 *
 * A problem keeps its own copy of the source line, so that it may outlive the text it was found in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/strbuf.h"
#include "headgate/strlist.h"

struct problem {
    char *message;        /* one line, like an error's */
    char *rule;           /* "drop-column", or NULL: error[drop-column] */
    char *file;           /* as the user would name it; NULL where there is no place */
    size_t line, column;  /* from 1, column in characters; 0 where unknown */
    size_t width;         /* how many characters the caret underlines, at least 1 */
    char *source_line;    /* without its line break; NULL where unknown */
    char *caret_note;     /* said behind the caret, or NULL */
    struct strlist notes; /* one "= ..." line each */
};

struct problems {
    struct problem *items;
    size_t n;
};

/* A text that problems are found in. */
struct source {
    const char *file;
    const char *text;
    size_t size;
};

/* Adds a problem at [offset, offset + width) bytes of the source; the pointer is good until the
 * next add. */
struct problem *problem_add(struct problems *problems, const struct source *source, size_t offset,
                            size_t width, const char *format, ...) PRINTF_LIKE(5, 6);
/* Adds a problem without a place in a text. */
struct problem *problem_add_plain(struct problems *problems, const char *file, const char *format,
                                  ...) PRINTF_LIKE(3, 4);
void problem_note(struct problem *problem, const char *format, ...) PRINTF_LIKE(2, 3);
/* In the order of file, line, column; found twice at one place with one message, told once. */
void problems_sort(struct problems *problems);
/* Moves all of *from behind those of *to. */
void problems_move(struct problems *to, struct problems *from);
void problem_render(const struct problem *problem, bool color, struct strbuf *out);
void problems_clear(struct problems *problems);

/* Line and column (from 1, in characters) of a byte offset. UTF-8; a broken byte counts as one
 * character. */
void source_locate(const struct source *source, size_t offset, size_t *ret_line,
                   size_t *ret_column);
