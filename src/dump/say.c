/* What is different, as a sentence. */
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* The first such character that stands in no quoted name; NULL where there is none. */
static const char *find_outside_quotes(const char *text, char wanted)
{
    bool in_quotes = false;
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            in_quotes = !in_quotes;
        } else if (!in_quotes && *text == wanted) {
            return text;
        }
    }
    return NULL;
}

static void add_column(struct strlist *columns, const char *begin, const char *end)
{
    while (begin < end && *begin == ' ') {
        begin++;
    }
    if (begin < end) {
        strlist_add_n(columns, begin, (size_t)(end - begin));
    }
}

char *copy_columns(const char *copy)
{
    CLEANUP(strlist_clear) struct strlist columns = STRLIST_INIT;
    const char *open = find_outside_quotes(copy, '(');
    const char *close = open != NULL ? find_outside_quotes(open, ')') : NULL;
    if (close == NULL) {
        return NULL;
    }
    const char *begin = open + 1;
    for (;;) {
        const char *comma = find_outside_quotes(begin, ',');
        if (comma == NULL || comma > close) {
            break;
        }
        add_column(&columns, begin, comma);
        begin = comma + 1;
    }
    add_column(&columns, begin, close);
    strlist_sort(&columns);
    return strlist_join(&columns, ", ");
}

/* Of "SELECT pg_catalog.setval('public.orders_id_seq', 42, true);" what stands behind the name, or
 * NULL: "42", and "1, false" for a sequence that was not used. */
static char *set_value(const char *definition)
{
    const char *begin = strstr(definition, "', ");
    for (const char *next = begin; next != NULL; next = strstr(next + 1, "', ")) {
        begin = next;
    }
    if (begin == NULL || !text_starts(definition, "SELECT pg_catalog.setval(")) {
        return NULL;
    }
    begin += strlen("', ");
    size_t n = strcspn(begin, ")\n");
    CLEANUP(mem_freep) char *value = mem_copy_n(begin, n);
    if (text_ends(value, ", true")) {
        value[n - strlen(", true")] = '\0';
    }
    return TAKE(value);
}

static bool say_sequence(const struct dump_entry *expected, const struct dump_entry *found,
                         const char *display, struct strlist *sentences)
{
    CLEANUP(mem_freep) char *before = set_value(expected->definition);
    CLEANUP(mem_freep) char *after = set_value(found->definition);
    if (before == NULL || after == NULL || text_equal(before, after)) {
        return false;
    }
    strlist_printf(sentences, "%s: setval(..., %s) in the backup, setval(..., %s) here", display,
                   before, after);
    return true;
}

static bool say_columns(const struct dump_entry *expected, const struct dump_entry *found,
                        const char *display, struct strlist *sentences)
{
    CLEANUP(mem_freep) char *before = expected->copy != NULL ? copy_columns(expected->copy) : NULL;
    CLEANUP(mem_freep) char *after = found->copy != NULL ? copy_columns(found->copy) : NULL;
    if (before == NULL || after == NULL || text_equal(before, after)) {
        return false;
    }
    strlist_printf(sentences, "%s: columns %s in the backup, %s here", display, before, after);
    return true;
}

void say_difference(const struct dump_entry *expected, const struct dump_entry *found,
                    struct strlist *sentences)
{
    CLEANUP(mem_freep) char *display = dump_entry_display(expected);
    bool said = text_equal(expected->kind, "SEQUENCE SET") &&
                say_sequence(expected, found, display, sentences);
    said = said || say_columns(expected, found, display, sentences);
    if (!text_equal(expected->owner, found->owner)) {
        strlist_printf(sentences, "%s belongs to %s in the backup, to %s here", display,
                       expected->owner != NULL ? expected->owner : "nobody",
                       found->owner != NULL ? found->owner : "nobody");
        said = said || text_equal(expected->definition, found->definition) ||
               text_equal(expected->kind, "BLOB");
    }
    if (!said) {
        strlist_printf(sentences, "%s is different", display);
    }
}
