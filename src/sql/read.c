/* The text is split twice, to count and to read, so that nothing has to grow: a text of a million
 * statements costs their array and nothing else. */
#include "headgate/sql.h"

#include "draft.h"
#include "split.h"

static const struct {
    bool outside;
    const char *verb; /* overrules that of the first words */
} kinds[SQL_KIND_MAX] = {
    [SQL_CREATE_INDEX_CONCURRENTLY] = {true, "CREATE INDEX CONCURRENTLY"},
    [SQL_DROP_INDEX_CONCURRENTLY] = {true, "DROP INDEX CONCURRENTLY"},
    [SQL_REINDEX_CONCURRENTLY] = {true, "REINDEX CONCURRENTLY"},
    [SQL_DETACH_CONCURRENTLY] = {true, "DETACH PARTITION CONCURRENTLY"},
    [SQL_CREATE_DATABASE] = {true, NULL},
    [SQL_DROP_DATABASE] = {true, NULL},
    [SQL_OUTSIDE] = {true, NULL},
};

bool sql_kind_is_outside(enum sql_kind kind)
{
    return kinds[kind].outside;
}

static void read_sql(struct draft *draft)
{
    struct sql_statement *statement = draft->statement;
    bool parse;
    draft_read_words(draft, &parse);
    if (parse) {
        statement->understood = draft_is_parsable(draft) && draft_read_tree(draft);
    }
    if (kinds[statement->kind].verb != NULL) {
        statement->verb = kinds[statement->kind].verb;
    }
    draft_finish(draft);
}

static void read_meta(struct draft *draft)
{
    struct sql_statement *statement = draft->statement;
    size_t n = 1;
    while (n < statement->size && draft->text[n] > ' ') {
        n++;
    }
    statement->kind = SQL_META;
    statement->verb = arena_copy_n(draft->arena, draft->text, n);
    statement->understood = true;
}

static size_t count(const char *text, size_t size)
{
    struct splitter splitter = splitter_of(text, size);
    struct extent extent;
    size_t n = 0;
    while (splitter_next(&splitter, &extent)) {
        n++;
    }
    return n;
}

void sql_read(const char *text, size_t size, struct sql_script *ret_script)
{
    struct splitter splitter = splitter_of(text, size);
    struct arena *arena = arena_new();
    size_t n = count(text, size);
    struct sql_statement *statements = arena_alloc(arena, n * sizeof *statements);
    CLEANUP(draft_clear) struct draft draft = {.arena = arena};
    struct extent extent;
    for (size_t i = 0; splitter_next(&splitter, &extent); i++) {
        statements[i].offset = extent.offset;
        statements[i].size = extent.size;
        draft.statement = &statements[i];
        draft.text = text + extent.offset;
        draft_forget_locks(&draft);
        if (extent.meta) {
            read_meta(&draft);
        } else {
            read_sql(&draft);
        }
    }
    *ret_script = (struct sql_script){.statements = statements, .n = n, .arena = arena};
}

void sql_script_clear(struct sql_script *script)
{
    arena_free(script->arena);
    *script = (struct sql_script){0};
}
