/* A list of texts. */
#include "headgate/strlist.h"

#include <stdlib.h>

#include "headgate/strbuf.h"

void strlist_take(struct strlist *list, char *text)
{
    /* room for this one and the NULL behind it; doubled at powers of two */
    if ((list->n & (list->n + 1)) == 0) {
        list->items = mem_resize(list->items, list->n * 2 + 2, sizeof *list->items);
    }
    list->items[list->n++] = text;
    list->items[list->n] = NULL;
}

void strlist_add(struct strlist *list, const char *text)
{
    strlist_take(list, mem_copy(text));
}

void strlist_add_n(struct strlist *list, const char *bytes, size_t n)
{
    strlist_take(list, mem_copy_n(bytes, n));
}

void strlist_printf(struct strlist *list, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    strlist_take(list, mem_vprintf(format, arguments));
    va_end(arguments);
}

bool strlist_has(const struct strlist *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++) {
        if (text_equal(list->items[i], text)) {
            return true;
        }
    }
    return false;
}

static int by_bytes(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

void strlist_sort(struct strlist *list)
{
    if (list->n > 1) {
        qsort(list->items, list->n, sizeof *list->items, by_bytes);
    }
}

char *strlist_sentence(const struct strlist *list)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < list->n; i++) {
        const char *before = i == 0 ? "" : i + 1 == list->n ? " and " : ", ";
        strbuf_printf(&out, "%s\"%s\"", before, list->items[i]);
    }
    return strbuf_take(&out);
}

char *strlist_join(const struct strlist *list, const char *between)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; i < list->n; i++) {
        strbuf_printf(&out, "%s%s", i > 0 ? between : "", list->items[i]);
    }
    return strbuf_take(&out);
}

void strlist_clear(struct strlist *list)
{
    for (size_t i = 0; i < list->n; i++) {
        mem_free(list->items[i]);
    }
    mem_free(list->items);
    *list = (struct strlist)STRLIST_INIT;
}
