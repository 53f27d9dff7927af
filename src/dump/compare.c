/*
 * Two tables of contents, compared as sets: each entry of the one must have an equal in the other,
 * by kind, schema and name, and then by owner, definition and columns.
 *
 * Both lists are sorted by name and walked together; what stands under one name is compared as a
 * set again, since overloaded functions and default privileges may share one.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* An entry as it is compared, and what it came from. */
struct side {
    const char *kind, *schema, *tag;
    const char *owner, *definition, *copy;
    const struct dump_entry *entry;
    bool is_used; /* it has its equal */
};

struct sides {
    struct side *items;
    size_t n, room;
};

/* Those of one name. */
struct group {
    struct side *items;
    size_t n;
};

static void sides_add(struct sides *sides, const struct side *side)
{
    if (sides->n == sides->room) {
        sides->room = sides->room * 2 + 64;
        sides->items = mem_resize(sides->items, sides->room, sizeof *sides->items);
    }
    sides->items[sides->n++] = *side;
}

static void sides_clear(struct sides *sides)
{
    mem_free(sides->items);
}

static int order_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a != NULL) - (b != NULL);
    }
    return strcmp(a, b);
}

static int order_name(const struct side *a, const struct side *b)
{
    int order = order_text(a->kind, b->kind);
    order = order != 0 ? order : order_text(a->schema, b->schema);
    return order != 0 ? order : order_text(a->tag, b->tag);
}

static int order_rest(const struct side *a, const struct side *b)
{
    int order = order_text(a->owner, b->owner);
    order = order != 0 ? order : order_text(a->definition, b->definition);
    return order != 0 ? order : order_text(a->copy, b->copy);
}

static int order_side(const void *a, const void *b)
{
    int order = order_name(a, b);
    return order != 0 ? order : order_rest(a, b);
}

/* About the database as a whole, about planner statistics, or how large objects were divided. */
static bool is_left_out(const struct dump_entry *entry)
{
    bool is_about_database =
        (text_equal(entry->kind, "ACL") || text_equal(entry->kind, "COMMENT") ||
         text_equal(entry->kind, "SECURITY LABEL")) &&
        text_starts(entry->tag, "DATABASE ");
    return is_about_database || text_equal(entry->kind, "DATABASE") ||
           text_equal(entry->kind, "DATABASE PROPERTIES") || text_equal(entry->kind, "BLOBS") ||
           text_ends(entry->kind, "STATISTICS DATA");
}

/* Since 1.16 one entry holds many large objects, an oid on each line of its definition. */
static void add_objects(struct sides *sides, const struct dump_entry *entry, struct arena *arena)
{
    const char *line = entry->definition;
    while (*line != '\0') {
        size_t n = strcspn(line, "\n");
        if (n > 0) {
            struct side side = {.kind = "BLOB",
                                .tag = arena_copy_n(arena, line, n),
                                .owner = entry->owner,
                                .definition = "",
                                .entry = entry};
            sides_add(sides, &side);
        }
        line += n + (line[n] == '\n' ? 1 : 0);
    }
}

/* Rows and a sequence's value belong to whom their table or sequence belongs to, which has an entry
 * of its own; one of an extension has none, and belongs to whoever creates the extension. */
static const char *owner_of(const struct dump_entry *entry)
{
    bool is_contents =
        text_equal(entry->kind, "TABLE DATA") || text_equal(entry->kind, "SEQUENCE SET");
    return is_contents ? NULL : entry->owner;
}

static void add_entry(struct sides *sides, const struct dump_entry *entry, struct arena *arena)
{
    if (text_equal(entry->kind, "BLOB METADATA")) {
        add_objects(sides, entry, arena);
        return;
    }
    struct side side = {.kind = entry->kind,
                        .schema = entry->schema,
                        .tag = entry->tag,
                        .owner = owner_of(entry),
                        .definition = text_equal(entry->kind, "BLOB") ? "" : entry->definition,
                        .copy = entry->copy,
                        .entry = entry};
    if (entry->copy != NULL) {
        CLEANUP(mem_freep) char *columns = copy_columns(entry->copy);
        side.copy = columns != NULL ? arena_copy(arena, columns) : entry->copy;
    }
    sides_add(sides, &side);
}

static void read_sides(const struct dump_toc *toc, struct arena *arena, struct sides *ret_sides)
{
    for (size_t i = 0; toc != NULL && i < toc->n; i++) {
        if (!is_left_out(&toc->entries[i])) {
            add_entry(ret_sides, &toc->entries[i], arena);
        }
    }
    if (ret_sides->n > 0) {
        qsort(ret_sides->items, ret_sides->n, sizeof *ret_sides->items, order_side);
    }
}

/* Those that have the name of *at, from there on; *at is moved behind them. */
static struct group next_group(const struct sides *sides, size_t *at)
{
    struct group group = {.items = sides->items + *at};
    while (*at < sides->n && order_name(group.items, &sides->items[*at]) == 0) {
        ++*at;
        group.n++;
    }
    return group;
}

/* The group of this name, if it is the next one; those before it are passed by. */
static struct group group_of(const struct sides *sides, size_t *at, const struct side *name)
{
    while (*at < sides->n && order_name(&sides->items[*at], name) < 0) {
        ++*at;
    }
    if (*at < sides->n && order_name(&sides->items[*at], name) == 0) {
        return next_group(sides, at);
    }
    return (struct group){0};
}

/* Marks what stands in both, each once. Both are sorted. */
static void match(const struct group *a, const struct group *b)
{
    size_t i = 0, k = 0;
    while (i < a->n && k < b->n) {
        int order = a->items[i].is_used   ? -1
                    : b->items[k].is_used ? 1
                                          : order_rest(&a->items[i], &b->items[k]);
        if (order == 0) {
            a->items[i].is_used = true;
            b->items[k].is_used = true;
        }
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
}

static struct side *next_unused(const struct group *group, size_t *at)
{
    while (*at < group->n && group->items[*at].is_used) {
        ++*at;
    }
    return *at < group->n ? &group->items[(*at)++] : NULL;
}

/* A restore of definitions alone has other values than the backup: it excuses nothing there. */
static bool may_be_rewritten(const struct side *side)
{
    return side->entry->section != DUMP_DATA && !text_equal(side->kind, "SEQUENCE SET") &&
           !text_equal(side->kind, "BLOB");
}

/* What is found as PostgreSQL writes it after it has read the expected once: each excuses one that
 * was not found as it stood. */
static void excuse(const struct group *expected, const struct group *found,
                   const struct group *rewritten)
{
    size_t at_expected = 0, i = 0, k = 0;
    while (i < found->n && k < rewritten->n) {
        int order = order_rest(&found->items[i], &rewritten->items[k]);
        if (order == 0 && !found->items[i].is_used) {
            struct side *excused = next_unused(expected, &at_expected);
            if (excused == NULL) {
                return;
            }
            excused->is_used = true;
            found->items[i].is_used = true;
        }
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
}

/* As an entry under the name that it is compared by. */
static struct dump_entry as_entry(const struct side *side)
{
    struct dump_entry entry = *side->entry;
    entry.kind = side->kind;
    entry.tag = side->tag;
    return entry;
}

static void say_only(const struct side *side, const char *what, struct strlist *ret_differences)
{
    struct dump_entry entry = as_entry(side);
    CLEANUP(mem_freep) char *display = dump_entry_display(&entry);
    strlist_printf(ret_differences, "%s %s", display, what);
}

static void compare_group(const struct group *expected, const struct group *found,
                          const struct group *rewritten, struct strlist *ret_differences)
{
    size_t at_expected = 0, at_found = 0;
    match(expected, found);
    if (found->n > 0 && may_be_rewritten(&found->items[0])) {
        excuse(expected, found, rewritten);
    }
    for (;;) {
        const struct side *left = next_unused(expected, &at_expected);
        const struct side *right = next_unused(found, &at_found);
        if (left == NULL && right == NULL) {
            return;
        }
        if (right == NULL) {
            say_only(left, "is missing", ret_differences);
        } else if (left == NULL) {
            say_only(right, "is not in the backup", ret_differences);
        } else {
            struct dump_entry before = as_entry(left), after = as_entry(right);
            say_difference(&before, &after, ret_differences);
        }
    }
}

void dump_toc_compare(const struct dump_toc *expected, const struct dump_toc *found,
                      const struct dump_toc *rewritten, struct strlist *ret_differences)
{
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    CLEANUP(sides_clear) struct sides left = {0};
    CLEANUP(sides_clear) struct sides right = {0};
    CLEANUP(sides_clear) struct sides again = {0};
    size_t at_left = 0, at_right = 0, at_again = 0;
    read_sides(expected, arena, &left);
    read_sides(found, arena, &right);
    read_sides(rewritten, arena, &again);
    while (at_left < left.n || at_right < right.n) {
        bool is_left =
            at_right == right.n ||
            (at_left < left.n && order_name(&left.items[at_left], &right.items[at_right]) <= 0);
        const struct side *name = is_left ? &left.items[at_left] : &right.items[at_right];
        struct group of_expected = group_of(&left, &at_left, name);
        struct group of_found = group_of(&right, &at_right, name);
        struct group of_rewritten = group_of(&again, &at_again, name);
        compare_group(&of_expected, &of_found, &of_rewritten, ret_differences);
    }
}
