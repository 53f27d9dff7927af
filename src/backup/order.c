/*
 * In which order what comes after the rows may be restored by several sessions at once.
 *
 * pg_restore --jobs minds dependencies, but not what the parts of a partitioned index lock: while
 * one session attaches an index to its parent others deadlock with it, or do not yet see the unique
 * constraint that a foreign key wants. So where indexes are attached, all else is built first, then
 * they are attached one after the other, and foreign keys come last; with them what pg_restore,
 * too, keeps for its end: event triggers, which would see what is still done, and views that are
 * computed.
 */
#include "private.h"

static bool is_foreign_key(const struct dump_entry *entry)
{
    return text_equal(entry->kind, "FK CONSTRAINT");
}

/* ALTER TABLE ONLY public.orders\n    ADD CONSTRAINT orders_fkey FOREIGN KEY ...
 * COMMENT ON CONSTRAINT orders_fkey ON public.orders IS ... */
static char *comment_on(const struct dump_entry *key)
{
    static const char alter[] = "ALTER TABLE ", only[] = "ONLY ", add[] = "\n    ADD CONSTRAINT ";
    const char *table = strstr(key->definition, alter);
    const char *end = table != NULL ? strstr(table, add) : NULL;
    const char *until = end != NULL ? strstr(end, " FOREIGN KEY ") : NULL;
    if (until == NULL) {
        return NULL;
    }
    table += sizeof alter - 1;
    table += text_starts(table, only) ? sizeof only - 1 : 0;
    const char *name = end + sizeof add - 1;
    return mem_printf("COMMENT ON CONSTRAINT %.*s ON %.*s IS ", (int)(until - name), name,
                      (int)(end - table), table);
}

bool is_about_foreign_key(const struct dump_toc *toc, const struct dump_entry *entry)
{
    if (is_foreign_key(entry)) {
        return true;
    }
    if (!text_equal(entry->kind, "COMMENT") || !text_starts(entry->tag, "CONSTRAINT ")) {
        return false;
    }
    for (size_t i = 0; i < toc->n; i++) {
        CLEANUP(mem_freep)
        char *comment = is_foreign_key(&toc->entries[i]) ? comment_on(&toc->entries[i]) : NULL;
        if (comment != NULL && text_starts(entry->definition, comment)) {
            return true;
        }
    }
    return false;
}

static bool is_for_the_end(const struct dump_toc *toc, const struct dump_entry *entry)
{
    return text_equal(entry->kind, "EVENT TRIGGER") || text_starts(entry->tag, "EVENT TRIGGER ") ||
           text_equal(entry->kind, "MATERIALIZED VIEW DATA") || is_about_foreign_key(toc, entry);
}

static bool is_attached(const struct dump_entry *entry)
{
    return text_equal(entry->kind, "INDEX ATTACH");
}

bool must_be_ordered(const struct dump_toc *toc)
{
    for (size_t i = 0; i < toc->n; i++) {
        if (is_attached(&toc->entries[i])) {
            return true;
        }
    }
    return false;
}

bool is_in_turn(const struct dump_toc *toc, const struct dump_entry *entry, enum turn turn)
{
    switch (turn) {
    case TURN_BUILD:
        return !is_attached(entry) && !is_for_the_end(toc, entry);
    case TURN_ATTACH:
        return is_attached(entry);
    case TURN_END:
        return is_for_the_end(toc, entry);
    case TURN_ANY:
    case TURN_MAX:
        break;
    }
    return true;
}
