/*
 * pg_dump's COPY statements, for the other way.
 *
 * Usually the rows of a table go back into it. Those of a partition whose place may be another
 * after a restore (hash partitions of an enum) pg_dump sends through the topmost table.
 */
#include "headgate/sql.h"
#include "private.h"

/* The identifier that stands here, appended without its quotes; returns what follows it. */
static const char *take_name(const char *at, struct strbuf *name)
{
    if (*at != '"') {
        size_t n = strcspn(at, ". (");
        strbuf_add_n(name, at, n);
        return at + n;
    }
    for (at++; *at != '\0' && (at[0] != '"' || at[1] == '"'); at++) {
        at += at[0] == '"' ? 1 : 0;
        strbuf_add_char(name, *at);
    }
    return *at == '"' ? at + 1 : at;
}

bool copy_read(const char *text, struct copy *ret_copy)
{
    static const char before[] = "COPY ", end[] = " FROM stdin;\n";
    CLEANUP(strbuf_clear) struct strbuf schema = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf name = STRBUF_INIT;
    if (text == NULL || !text_starts(text, before) || !text_ends(text, end)) {
        return false;
    }
    const char *at = take_name(text + sizeof before - 1, &schema);
    if (*at != '.') {
        return false;
    }
    at = take_name(at + 1, &name);
    const char *until = text + strlen(text) - (sizeof end - 1);
    *ret_copy = (struct copy){.schema = strbuf_take(&schema),
                              .name = strbuf_take(&name),
                              .columns = mem_copy_n(at, until > at ? (size_t)(until - at) : 0)};
    return true;
}

void copy_clear(struct copy *copy)
{
    mem_free(copy->schema);
    mem_free(copy->name);
    mem_free(copy->columns);
    *copy = (struct copy){0};
}

char *copy_statement(const struct copy *copy, const char *schema, const char *name, const char *end)
{
    const struct sql_name table = {.schema = schema, .name = name};
    CLEANUP(mem_freep) char *quoted = sql_name_quoted(&table);
    return mem_printf("COPY %s%s %s", quoted, copy->columns, end);
}

/* As pg_dump says it. */
char *copy_some_statement(const struct copy *copy, const char *schema, const char *name,
                          const char *condition)
{
    const struct sql_name table = {.schema = schema, .name = name};
    CLEANUP(mem_freep) char *quoted = sql_name_quoted(&table);
    const char *from = copy->columns + strspn(copy->columns, " (");
    size_t n = strlen(from);
    n -= n > 0 && from[n - 1] == ')' ? 1 : 0;
    return mem_printf("COPY (SELECT %.*s FROM %s %s) TO stdout", (int)n, from, quoted, condition);
}
