/*
 * A text that grows.
 *
 * `text` is never NULL and always ends in NUL, also before the first append and after strbuf_clear.
 * Start with STRBUF_INIT, end with strbuf_clear (or CLEANUP(strbuf_clear)); strbuf_take hands the
 * text over.
 */
#pragma once

#include <stddef.h>

#include "headgate/mem.h"

struct strbuf {
    char *text;
    size_t size;     /* without the NUL */
    size_t capacity; /* 0 while text is the shared empty one */
};

extern char strbuf_empty[];
#define STRBUF_INIT                                                                                \
    {                                                                                              \
        .text = strbuf_empty, .size = 0, .capacity = 0                                             \
    }

void strbuf_add(struct strbuf *buf, const char *text);
void strbuf_add_n(struct strbuf *buf, const char *bytes, size_t n);
void strbuf_add_char(struct strbuf *buf, char c);
void strbuf_add_repeated(struct strbuf *buf, char c, size_t n);
void strbuf_printf(struct strbuf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void strbuf_vprintf(struct strbuf *buf, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
/* Room for n more bytes at text + size; the caller fills them and adds to size through
 * strbuf_grown. */
char *strbuf_room(struct strbuf *buf, size_t n);
void strbuf_grown(struct strbuf *buf, size_t n);
/* Cuts to this size. */
void strbuf_cut(struct strbuf *buf, size_t size);
/* Removes line breaks and blanks at the end. */
void strbuf_trim_end(struct strbuf *buf);
/* The text is the caller's; the buffer is empty again. */
char *strbuf_take(struct strbuf *buf);
void strbuf_clear(struct strbuf *buf);
