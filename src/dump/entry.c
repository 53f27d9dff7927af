/* An entry of a table of contents: found, and named for people. */
#include <string.h>

#include "private.h"

const struct dump_entry *dump_toc_find(const struct dump_toc *toc, const char *kind,
                                       const char *schema, const char *tag)
{
    for (size_t i = 0; i < toc->n; i++) {
        const struct dump_entry *entry = &toc->entries[i];
        if (text_equal(entry->kind, kind) && text_equal(entry->schema, schema) &&
            text_equal(entry->tag, tag)) {
            return entry;
        }
    }
    return NULL;
}

/* "TABLE orders", "MATERIALIZED VIEW sales": where the name begins, behind the words in capitals.
 * A name in capitals would stand in quotes. */
static size_t name_begins(const char *tag)
{
    size_t begin = 0;
    for (;;) {
        size_t word = strspn(tag + begin, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (word == 0 || tag[begin + word] != ' ') {
            return begin;
        }
        begin += word + 1;
    }
}

/* Is it said about something else, which its tag names with that thing's kind? */
static bool is_about_other(const char *kind)
{
    return text_equal(kind, "ACL") || text_equal(kind, "COMMENT") ||
           text_equal(kind, "SECURITY LABEL");
}

char *dump_entry_display(const struct dump_entry *entry)
{
    size_t begin = is_about_other(entry->kind) ? name_begins(entry->tag) : 0;
    if (text_equal(entry->kind, entry->tag) && entry->schema == NULL) {
        return mem_copy(entry->kind);
    }
    return mem_printf("%s %.*s%s%s%s", entry->kind, (int)begin, entry->tag,
                      entry->schema != NULL ? entry->schema : "", entry->schema != NULL ? "." : "",
                      entry->tag + begin);
}
