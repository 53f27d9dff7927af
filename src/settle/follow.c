/*
 * Follows the statements of a migration: what each of them makes, renames and drops.
 *
 * Only what the text says outright is promised. Of what CASCADE takes along, or a DO block does,
 * the text says nothing: then everything that it may concern is promised no longer.
 */
#include <string.h>
#include <strings.h>

#include "clause.h"
#include "private.h"

struct follower {
    struct promises *promises;
    bool vague; /* this text sets its search path */
};

static const struct {
    const char *phrase;
    enum promise_kind kind;
} objects[] = {
    {"MATERIALIZED VIEW", PROMISE_VIEW},
    {"RECURSIVE VIEW", PROMISE_VIEW},
    {"VIEW", PROMISE_VIEW},
    {"FOREIGN TABLE", PROMISE_TABLE},
    {"UNLOGGED TABLE", PROMISE_TABLE},
    {"TABLE", PROMISE_TABLE},
    {"UNIQUE INDEX", PROMISE_INDEX},
    {"INDEX", PROMISE_INDEX},
    {"SEQUENCE", PROMISE_SEQUENCE},
    {"UNLOGGED SEQUENCE", PROMISE_SEQUENCE},
    {"TYPE", PROMISE_TYPE},
    {"DOMAIN", PROMISE_TYPE},
    {"FUNCTION", PROMISE_FUNCTION},
    {"PROCEDURE", PROMISE_FUNCTION},
    {"AGGREGATE", PROMISE_FUNCTION},
    {"ROUTINE", PROMISE_FUNCTION},
    {"SCHEMA", PROMISE_SCHEMA},
};

/* PROMISE_KIND_MAX: it is about something that is not looked at. */
static enum promise_kind take_object(struct clause *clause)
{
    for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
        if (clause_take(clause, objects[i].phrase)) {
            (void)clause_take(clause, "CONCURRENTLY");
            return objects[i].kind;
        }
    }
    return PROMISE_KIND_MAX;
}

/* The object that is named next, as a promise; its name is NULL where none is. */
static struct promise take_named(const struct follower *follower, struct clause *clause,
                                 enum promise_kind kind)
{
    CLEANUP(mem_freep) char *schema = NULL;
    CLEANUP(mem_freep) char *name = NULL;
    if (!clause_take_qualified(clause, &schema, &name)) {
        return (struct promise){.kind = PROMISE_KIND_MAX};
    }
    if (kind == PROMISE_SCHEMA) {
        return (struct promise){.kind = kind, .schema = mem_copy(name), .name = mem_copy(name)};
    }
    return promise_of(follower->promises, kind, schema, name, follower->vague);
}

/* --- what is gone --- */

static bool same_object(const struct promise *a, const struct promise *b)
{
    bool same_kind = a->kind == b->kind || (promise_is_relation(a) && promise_is_relation(b));
    return same_kind && text_equal(a->name, b->name) && promise_same_schema(a->schema, b->schema);
}

/* The object itself, and what is a part of it. */
static bool is_part(const struct promise *promise, const void *what)
{
    const struct promise *whole = what;
    if (whole->kind == PROMISE_SCHEMA) {
        return text_equal(promise->schema, whole->name);
    }
    bool of_table = promise_same_schema(promise->schema, whole->schema) &&
                    ((promise->kind == PROMISE_COLUMN && text_equal(promise->name, whole->name)) ||
                     text_equal(promise->table, whole->name));
    return same_object(promise, whole) || (promise_is_relation(whole) && of_table);
}

/* A column, and the indexes that may be over it. */
static bool is_column(const struct promise *promise, const void *what)
{
    const struct promise *column = what;
    bool same = promise_same_schema(promise->schema, column->schema);
    return same && ((promise->kind == PROMISE_COLUMN && text_equal(promise->name, column->name) &&
                     text_equal(promise->column, column->column)) ||
                    text_equal(promise->table, column->name));
}

static bool may_hang_on_another(const struct promise *promise, const void *what)
{
    (void)what;
    return promise->kind != PROMISE_TABLE && promise->kind != PROMISE_SCHEMA;
}

static bool any(const struct promise *promise, const void *what)
{
    (void)promise;
    (void)what;
    return true;
}

static bool is_mentioned(const struct promise *promise, const void *what)
{
    const struct clause *text = what;
    const char *name = promise->column != NULL ? promise->column : promise->name;
    return memmem(text->text, text->size, name, strlen(name)) != NULL ||
           memmem(text->text, text->size, promise->name, strlen(promise->name)) != NULL;
}

/* --- CREATE --- */

static bool is_constraint(struct clause *clause)
{
    static const char *const beginnings[] = {"CONSTRAINT",  "PRIMARY KEY", "UNIQUE",       "CHECK",
                                             "FOREIGN KEY", "LIKE",        "EXCLUDE USING"};
    struct clause inside;
    for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
        if (clause_take(clause, beginnings[i])) {
            return true;
        }
    }
    struct clause ahead = *clause;
    return clause_take(&ahead, "EXCLUDE") && clause_take_parentheses(&ahead, &inside);
}

static void add_column(const struct follower *follower, const struct promise *table, char *column)
{
    promises_add(follower->promises, (struct promise){.kind = PROMISE_COLUMN,
                                                      .schema = mem_copy(table->schema),
                                                      .name = mem_copy(table->name),
                                                      .column = column});
}

static void add_columns(const struct follower *follower, const struct promise *table,
                        struct clause *list)
{
    do {
        char *column = is_constraint(list) ? NULL : clause_take_name(list);
        if (column != NULL) {
            add_column(follower, table, column);
        }
    } while (clause_skip_to_comma(list));
}

static void create_table(const struct follower *follower, struct clause *clause,
                         struct promise promise)
{
    struct clause inside;
    if (promises_have(follower->promises, &promise)) {
        promise_clear(&promise);
        return;
    }
    if (clause_take_parentheses(clause, &inside)) {
        add_columns(follower, &promise, &inside);
    }
    promises_add(follower->promises, promise);
}

/* Its schema is that of its table. */
static void create_index(const struct follower *follower, struct clause *clause)
{
    CLEANUP(mem_freep) char *name = NULL;
    struct clause ahead = *clause;
    if (!clause_take(&ahead, "ON")) {
        name = clause_take_name(clause);
    }
    if (name == NULL || !clause_take(clause, "ON")) {
        return;
    }
    (void)clause_take(clause, "ONLY");
    struct promise index = take_named(follower, clause, PROMISE_INDEX); /* its table so far */
    if (index.name != NULL) {
        index.table = index.name;
        index.name = TAKE(name);
        promises_add(follower->promises, index);
    }
}

static void follow_create(const struct follower *follower, struct clause *clause)
{
    (void)clause_take(clause, "OR REPLACE");
    enum promise_kind kind = take_object(clause); /* TEMPORARY is none of them */
    (void)clause_take(clause, "IF NOT EXISTS");
    if (kind == PROMISE_KIND_MAX || clause_take(clause, "AUTHORIZATION")) {
        return;
    }
    if (kind == PROMISE_INDEX) {
        create_index(follower, clause);
        return;
    }
    struct promise promise = take_named(follower, clause, kind);
    if (promise.name == NULL || text_equal(promise.schema, "pg_temp")) {
        promise_clear(&promise);
    } else if (kind == PROMISE_TABLE) {
        create_table(follower, clause, promise);
    } else {
        promises_add(follower->promises, promise);
    }
}

/* --- DROP --- */

static bool has_word(struct clause clause, const char *word)
{
    while (!clause_at_end(&clause)) {
        if (clause_take(&clause, word)) {
            return true;
        }
        clause_skip(&clause);
    }
    return false;
}

static void follow_drop(const struct follower *follower, struct clause *clause)
{
    bool cascade = has_word(*clause, "CASCADE");
    if (clause_take(clause, "OWNED")) {
        promises_forget(follower->promises, any, NULL);
        return;
    }
    enum promise_kind kind = take_object(clause);
    (void)clause_take(clause, "IF EXISTS");
    bool more = kind != PROMISE_KIND_MAX;
    while (more) {
        struct promise dropped = take_named(follower, clause, kind);
        if (dropped.name != NULL) {
            promises_forget(follower->promises, is_part, &dropped);
        }
        promise_clear(&dropped);
        more = clause_skip_to_comma(clause);
    }
    if (cascade) {
        promises_forget(follower->promises, may_hang_on_another, NULL);
    }
}

/* --- ALTER --- */

static void replace(char **text, const char *by)
{
    mem_free(*text);
    *text = mem_copy(by);
}

static void rename_object(const struct follower *follower, const struct promise *object,
                          const char *name)
{
    for (size_t i = 0; i < follower->promises->n; i++) {
        struct promise *item = &follower->promises->items[i];
        if (!is_part(item, object)) {
            continue;
        }
        if (item->table != NULL && text_equal(item->table, object->name)) {
            replace(&item->table, name);
        } else {
            replace(&item->name, name);
        }
    }
}

static void rename_column(const struct follower *follower, const struct promise *table,
                          const char *from, const char *to)
{
    for (size_t i = 0; i < follower->promises->n; i++) {
        struct promise *item = &follower->promises->items[i];
        if (item->kind == PROMISE_COLUMN && text_equal(item->name, table->name) &&
            promise_same_schema(item->schema, table->schema) && text_equal(item->column, from)) {
            replace(&item->column, to);
        }
    }
}

/* Behind RENAME. */
static void follow_rename(const struct follower *follower, struct clause *clause,
                          const struct promise *object)
{
    CLEANUP(mem_freep) char *from = NULL;
    CLEANUP(mem_freep) char *to = NULL;
    if (clause_take(clause, "CONSTRAINT") || clause_take(clause, "ATTRIBUTE") ||
        clause_take(clause, "VALUE")) {
        return;
    }
    bool whole = clause_take(clause, "TO");
    (void)clause_take(clause, "COLUMN");
    from = whole ? NULL : clause_take_name(clause);
    (void)clause_take(clause, "TO");
    to = clause_take_name(clause);
    if (to == NULL || object->kind == PROMISE_SCHEMA) {
        promises_forget(follower->promises, is_part, object);
    } else if (from != NULL) {
        rename_column(follower, object, from, to);
    } else {
        rename_object(follower, object, to);
    }
}

static void add_table_column(const struct follower *follower, struct clause *clause,
                             const struct promise *table)
{
    if (is_constraint(clause)) {
        return;
    }
    (void)clause_take(clause, "COLUMN");
    (void)clause_take(clause, "IF NOT EXISTS");
    char *column = clause_take_name(clause);
    if (column != NULL) {
        add_column(follower, table, column);
    }
}

/* A column; or a constraint, of which only CASCADE matters. */
static void drop_from_table(const struct follower *follower, struct clause *clause,
                            const struct promise *table)
{
    bool constraint = clause_take(clause, "CONSTRAINT");
    (void)clause_take(clause, "COLUMN");
    (void)clause_take(clause, "IF EXISTS");
    CLEANUP(mem_freep) char *column = clause_take_name(clause);
    const struct promise dropped = {
        .kind = PROMISE_COLUMN, .schema = table->schema, .name = table->name, .column = column};
    if (column != NULL && !constraint) {
        promises_forget(follower->promises, is_column, &dropped);
    }
    if (clause_take(clause, "CASCADE")) {
        promises_forget(follower->promises, may_hang_on_another, NULL);
    }
}

/* One of the actions of ALTER TABLE, or of ALTER of anything else. */
static void follow_action(const struct follower *follower, struct clause *clause,
                          const struct promise *object)
{
    if (clause_take(clause, "RENAME")) {
        follow_rename(follower, clause, object);
    } else if (clause_take(clause, "SET SCHEMA")) {
        promises_forget(follower->promises, is_part, object);
    } else if (object->kind == PROMISE_TABLE && clause_take(clause, "ADD")) {
        add_table_column(follower, clause, object);
    } else if (object->kind == PROMISE_TABLE && clause_take(clause, "DROP")) {
        drop_from_table(follower, clause, object);
    }
}

/* ADD CONSTRAINT ... USING INDEX takes the index, with the constraint's name. */
static void follow_used_index(const struct follower *follower, struct clause clause,
                              const struct promise *table)
{
    CLEANUP(promise_clear) struct promise index = {0};
    while (!clause_at_end(&clause)) {
        if (clause_take(&clause, "USING INDEX")) {
            index = (struct promise){.kind = PROMISE_INDEX,
                                     .schema = mem_copy(table->schema),
                                     .name = clause_take_name(&clause)};
            promises_forget(follower->promises, is_part, &index);
            return;
        }
        clause_skip(&clause);
    }
}

static void follow_alter(const struct follower *follower, struct clause *clause)
{
    enum promise_kind kind = take_object(clause);
    (void)clause_take(clause, "IF EXISTS");
    (void)clause_take(clause, "ONLY");
    struct promise object =
        kind != PROMISE_KIND_MAX ? take_named(follower, clause, kind) : (struct promise){0};
    if (object.name != NULL) {
        struct clause inside;
        (void)clause_take_character(clause, '*');
        (void)(kind == PROMISE_FUNCTION && clause_take_parentheses(clause, &inside));
        follow_used_index(follower, *clause, &object);
        do {
            follow_action(follower, clause, &object);
        } while (clause_skip_to_comma(clause));
    }
    promise_clear(&object);
}

/* --- all of it --- */

/* Is this word anywhere in it, also in a text inside of it? */
static bool mentions(const char *text, size_t size, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= size; i++) {
        if (strncasecmp(text + i, word, n) == 0) {
            return true;
        }
    }
    return false;
}

static void follow_call(const struct follower *follower, const struct clause *clause)
{
    if (mentions(clause->text, clause->size, "drop") ||
        mentions(clause->text, clause->size, "rename") ||
        mentions(clause->text, clause->size, "set schema")) {
        promises_forget(follower->promises, is_mentioned, clause);
    }
}

void promises_follow(struct promises *promises, const char *text, const struct sql_script *script)
{
    const struct follower follower = {promises, mentions(text, strlen(text), "search_path")};
    for (size_t i = 0; i < script->n; i++) {
        const struct sql_statement *statement = &script->statements[i];
        struct clause clause = clause_of(text + statement->offset, statement->size);
        if (statement->kind == SQL_CALL) {
            follow_call(&follower, &clause);
        } else if (clause_take(&clause, "CREATE")) {
            follow_create(&follower, &clause);
        } else if (clause_take(&clause, "DROP")) {
            follow_drop(&follower, &clause);
        } else if (clause_take(&clause, "ALTER")) {
            follow_alter(&follower, &clause);
        }
    }
}
