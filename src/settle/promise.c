/* What is promised to be there: the list, and what the database has of it. */
#include "private.h"

#include "settle_sql.h"

static const char *const names[] = {
    [PROMISE_TABLE] = "table",       [PROMISE_COLUMN] = "column",
    [PROMISE_INDEX] = "index",       [PROMISE_VIEW] = "view",
    [PROMISE_SEQUENCE] = "sequence", [PROMISE_TYPE] = "type",
    [PROMISE_FUNCTION] = "function", [PROMISE_SCHEMA] = "schema",
    [PROMISE_KIND_MAX] = "nothing",
};

const char *promise_kind_name(enum promise_kind kind)
{
    return names[kind];
}

void promise_clear(struct promise *promise)
{
    mem_free(promise->schema);
    mem_free(promise->name);
    mem_free(promise->column);
    mem_free(promise->table);
    *promise = (struct promise){0};
}

void promises_clear(struct promises *promises)
{
    for (size_t i = 0; i < promises->n; i++) {
        promise_clear(&promises->items[i]);
    }
    mem_free(promises->items);
    promises->items = NULL;
    promises->n = 0;
}

struct promise promise_of(const struct promises *promises, enum promise_kind kind,
                          const char *schema, const char *name, bool vague)
{
    const char *usual = vague ? NULL : promises->home;
    return (struct promise){
        .kind = kind, .schema = mem_copy(schema != NULL ? schema : usual), .name = mem_copy(name)};
}

bool promise_is_relation(const struct promise *promise)
{
    return promise->kind == PROMISE_TABLE || promise->kind == PROMISE_INDEX ||
           promise->kind == PROMISE_VIEW || promise->kind == PROMISE_SEQUENCE;
}

bool promise_same_schema(const char *a, const char *b)
{
    return a == NULL || b == NULL || text_equal(a, b);
}

bool promises_have(const struct promises *promises, const struct promise *promise)
{
    for (size_t i = 0; i < promises->n; i++) {
        const struct promise *item = &promises->items[i];
        if (item->kind == promise->kind && text_equal(item->name, promise->name) &&
            text_equal(item->column, promise->column) &&
            promise_same_schema(item->schema, promise->schema)) {
            return true;
        }
    }
    return false;
}

void promises_add(struct promises *promises, struct promise promise)
{
    if (promises_have(promises, &promise)) {
        promise_clear(&promise);
        return;
    }
    promises->items = mem_resize(promises->items, promises->n + 1, sizeof *promises->items);
    promises->items[promises->n++] = promise;
}

void promises_forget(struct promises *promises,
                     bool (*gone)(const struct promise *promise, const void *what),
                     const void *what)
{
    size_t n = 0;
    for (size_t i = 0; i < promises->n; i++) {
        if (gone(&promises->items[i], what)) {
            promise_clear(&promises->items[i]);
        } else {
            promises->items[n++] = promises->items[i];
        }
    }
    promises->n = n;
}

static char *shown(const struct promises *promises, const struct promise *promise)
{
    bool home = promise->schema == NULL || promise->kind == PROMISE_SCHEMA ||
                text_equal(promise->schema, promises->home);
    return mem_printf("%s %s%s%s%s%s", promise_kind_name(promise->kind),
                      home ? "" : promise->schema, home ? "" : ".", promise->name,
                      promise->column != NULL ? "." : "",
                      promise->column != NULL ? promise->column : "");
}

/* One column of the list as an array of SQL; an empty text stands for none. */
static char *array_of(const struct promises *promises,
                      const char *(*member)(const struct promise *promise))
{
    CLEANUP(strlist_clear) struct strlist list = STRLIST_INIT;
    for (size_t i = 0; i < promises->n; i++) {
        const char *text = member(&promises->items[i]);
        strlist_add(&list, text != NULL ? text : "");
    }
    return db_array(&list);
}

static const char *kind_of(const struct promise *promise)
{
    return promise_kind_name(promise->kind);
}
static const char *schema_of(const struct promise *promise)
{
    return promise->schema;
}
static const char *name_of(const struct promise *promise)
{
    return promise->name;
}
static const char *column_of(const struct promise *promise)
{
    return promise->column;
}
static const char *table_of(const struct promise *promise)
{
    return promise->table;
}

bool promises_find_missing(const struct promises *promises, struct db *db, msec deadline,
                           struct strlist *ret_missing, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(mem_freep) char *kinds = array_of(promises, kind_of);
    CLEANUP(mem_freep) char *schemas = array_of(promises, schema_of);
    CLEANUP(mem_freep) char *relations = array_of(promises, name_of);
    CLEANUP(mem_freep) char *columns = array_of(promises, column_of);
    CLEANUP(mem_freep) char *tables = array_of(promises, table_of);
    if (!db_query(db, &SQL_SETTLE_MISSING, DB_PARAMS(kinds, schemas, relations, columns, tables),
                  deadline, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        const struct promise *promise = &promises->items[db_integer(rows, i, 0) - 1];
        char *text = shown(promises, promise);
        strlist_printf(ret_missing, "%s%s", text, db_bool(rows, i, 1) ? " (invalid)" : "");
        mem_free(text);
    }
    return true;
}
