/* A text that grows. */
#include "headgate/strbuf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

char strbuf_empty[1];

char *strbuf_room(struct strbuf *buf, size_t n)
{
    size_t needed = buf->size + n + 1;
    if (needed > buf->capacity) {
        size_t doubled = buf->capacity * 2;
        size_t capacity = needed > doubled ? needed : doubled;
        char *old = buf->capacity > 0 ? buf->text : NULL;
        buf->text = mem_resize(old, capacity < 64 ? 64 : capacity, 1);
        buf->capacity = capacity < 64 ? 64 : capacity;
        buf->text[buf->size] = '\0';
    }
    return buf->text + buf->size;
}

void strbuf_grown(struct strbuf *buf, size_t n)
{
    assert(buf->size + n < buf->capacity || n == 0);
    buf->size += n;
    if (buf->capacity > 0) {
        buf->text[buf->size] = '\0';
    }
}

void strbuf_add_n(struct strbuf *buf, const char *bytes, size_t n)
{
    if (n > 0) {
        memcpy(strbuf_room(buf, n), bytes, n);
        strbuf_grown(buf, n);
    }
}

void strbuf_add(struct strbuf *buf, const char *text)
{
    strbuf_add_n(buf, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buf, char c)
{
    strbuf_add_n(buf, &c, 1);
}

void strbuf_add_repeated(struct strbuf *buf, char c, size_t n)
{
    if (n > 0) {
        memset(strbuf_room(buf, n), c, n);
        strbuf_grown(buf, n);
    }
}

void strbuf_vprintf(struct strbuf *buf, const char *format, va_list arguments)
{
    CLEANUP(mem_freep) char *text = mem_vprintf(format, arguments);
    strbuf_add(buf, text);
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    strbuf_vprintf(buf, format, arguments);
    va_end(arguments);
}

void strbuf_cut(struct strbuf *buf, size_t size)
{
    if (size < buf->size) {
        buf->size = size;
        buf->text[size] = '\0';
    }
}

void strbuf_trim_end(struct strbuf *buf)
{
    size_t size = buf->size;
    while (size > 0 && memchr(" \t\r\n", buf->text[size - 1], 4) != NULL) {
        size--;
    }
    strbuf_cut(buf, size);
}

char *strbuf_take(struct strbuf *buf)
{
    char *text = buf->capacity > 0 ? buf->text : mem_copy("");
    *buf = (struct strbuf)STRBUF_INIT;
    return text;
}

void strbuf_clear(struct strbuf *buf)
{
    if (buf->capacity > 0) {
        mem_free(buf->text);
    }
    *buf = (struct strbuf)STRBUF_INIT;
}
