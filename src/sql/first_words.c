/* What the first words of a statement say, and a few further on: enough to run it rightly where the
 * parser is older than its syntax. */
#include "draft.h"
#include "verbs.h"

/* Skips to behind the next of this word outside of parentheses. */
static bool skip_to(struct words *words, const char *word)
{
    while (words->token.kind != TOKEN_END) {
        if (words_take(words, word)) {
            return true;
        }
        if (token_is_character(&words->lexer, &words->token, '(')) {
            words_skip_parentheses(words);
        } else {
            words_skip(words);
        }
    }
    return false;
}

/* Takes the name of a relation that exists, and that will be locked. */
static bool read_lock(struct draft *draft, struct words *words, struct sql_name *ret_name)
{
    (void)words_take(words, "ONLY");
    if (!words_take_name(words, draft->arena, ret_name)) {
        return false;
    }
    draft_lock(draft, *ret_name);
    return true;
}

static void read_copy(struct draft *draft, const struct words *words)
{
    struct words from = *words;
    struct words to = *words;
    bool has_to = skip_to(&to, "TO");
    bool in = skip_to(&from, "FROM") && (!has_to || from.lexer.at < to.lexer.at);
    struct words *file = in ? &from : &to;
    /* The grammar takes either for either. */
    if (words_take(file, "STDIN") || words_take(file, "STDOUT")) {
        draft->statement->kind = in ? SQL_COPY_STDIN : SQL_COPY_STDOUT;
    }
}

static bool is_false(struct words *words)
{
    static const char *const texts[] = {"'false'", "'off'", "'no'", "'0'", "0"};
    const char *bytes = words->lexer.text + words->token.offset;
    if (words_take(words, "OFF") || words_take(words, "FALSE") || words_take(words, "NO")) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (words->token.size == strlen(texts[i]) &&
            strncasecmp(bytes, texts[i], words->token.size) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes (VERBOSE, CONCURRENTLY off), where the last one counts, or CONCURRENTLY. */
static bool read_option(struct words *words, const char *option)
{
    bool given = false;
    struct words inside = *words;
    words_skip_parentheses(words);
    while (inside.lexer.at < words->lexer.at && inside.token.kind != TOKEN_END) {
        if (words_take(&inside, option)) {
            given = !is_false(&inside);
        } else {
            words_skip(&inside);
        }
    }
    return words_take(words, option) || given;
}

static void read_reindex(struct draft *draft, struct words *words)
{
    struct sql_statement *statement = draft->statement;
    bool before = read_option(words, "CONCURRENTLY");
    bool table = words_take(words, "TABLE");
    bool one = table || words_take(words, "INDEX");
    if (!one) {
        words_skip(words); /* SCHEMA, DATABASE, SYSTEM: one transaction for each index */
        statement->kind = SQL_OUTSIDE;
    }
    bool concurrently = words_take(words, "CONCURRENTLY") || before;
    if (one && concurrently) {
        statement->kind = SQL_REINDEX_CONCURRENTLY;
    }
    struct sql_name *name = table ? &statement->table : &statement->name;
    if (words_take_name(words, draft->arena, name) && one) {
        draft_lock(draft, *name);
    }
    statement->rewrites = one;
}

/* VACUUM, TRUNCATE, LOCK TABLE, ... [options] [relation] */
static void read_relation(struct draft *draft, struct words *words)
{
    static const char *const options[] = {"FREEZE", "VERBOSE", "ANALYZE", "CONCURRENTLY"};
    bool full = read_option(words, "FULL");
    draft->statement->rewrites = full || draft->statement->rewrites;
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        (void)words_take(words, options[i]);
    }
    (void)read_lock(draft, words, &draft->statement->name);
}

static void read_verb(struct draft *draft, struct words *words, const struct verb *verb)
{
    struct sql_statement *statement = draft->statement;
    statement->verb = verb->shown != NULL ? verb->shown : verb->phrase;
    statement->kind = verb->kind;
    statement->rewrites = verb->rewrites;
    if (verb->relation) {
        read_relation(draft, words);
    }
    if (text_equal(verb->phrase, "CLUSTER") && statement->name.name == NULL) {
        statement->kind = SQL_OUTSIDE;
    } else if (text_equal(verb->phrase, "REINDEX")) {
        read_reindex(draft, words);
    } else if (text_equal(verb->phrase, "COPY")) {
        read_copy(draft, words);
    } else if (verb->kind == SQL_PREPARE_TRANSACTION && words->token.kind != TOKEN_TEXT) {
        statement->verb = "PREPARE"; /* of a statement that is called so */
        statement->kind = SQL_ORDINARY;
    }
}

/* Foreign keys and partitions: they lock the other table, too. */
static void read_other_tables(struct draft *draft, struct words words)
{
    struct sql_name name;
    while (words.token.kind != TOKEN_END) {
        if (words_take(&words, "REFERENCES") || words_take(&words, "PARTITION OF") ||
            words_take(&words, "ATTACH PARTITION") || words_take(&words, "DETACH PARTITION")) {
            if (words_take_name(&words, draft->arena, &name)) {
                draft_lock_other(draft, name);
            }
        } else {
            words_skip(&words);
        }
    }
}

/* [ADD COLUMN ...] STORED, ALTER [COLUMN] name TYPE, SET LOGGED, ... */
static bool is_rewrite(struct words words, struct arena *arena)
{
    static const char *const phrases[] = {"STORED",       "AS IDENTITY",    "SET DATA TYPE",
                                          "SET LOGGED",   "SET TABLESPACE", "SET ACCESS METHOD",
                                          "SET UNLOGGED", "SET EXPRESSION"};
    struct sql_name name;
    while (words.token.kind != TOKEN_END) {
        for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
            if (words_take(&words, phrases[i])) {
                return true;
            }
        }
        bool column = words_take(&words, "ALTER COLUMN") || words_take(&words, "ALTER");
        if (!column) {
            words_skip(&words);
        } else if (words_take_name(&words, arena, &name) && words_take(&words, "TYPE")) {
            return true;
        }
    }
    return false;
}

static void read_detach(struct draft *draft, struct words *words)
{
    struct sql_statement *statement = draft->statement;
    struct sql_name partition;
    if (words_take(words, "DETACH PARTITION") && words_take_name(words, draft->arena, &partition) &&
        words_take(words, "CONCURRENTLY")) {
        statement->kind = SQL_DETACH_CONCURRENTLY;
        statement->table = statement->name;
        statement->name = partition;
    }
}

static void read_create(struct draft *draft, struct words *words, const struct object *object)
{
    struct sql_statement *statement = draft->statement;
    if (text_equal(object->phrase, "INDEX") && words_take(words, "ON")) {
        (void)read_lock(draft, words, &statement->table);
    } else if (text_equal(object->phrase, "TABLE")) {
        read_other_tables(draft, *words);
    }
}

/* Words between SUBSCRIPTION's name and its options: some of these talk to the publisher. */
static bool is_refresh(struct words *words)
{
    struct words set = *words;
    if (words_take(&set, "SET") && token_is_character(&set.lexer, &set.token, '(')) {
        words_skip(&set);
        return words_take(&set, "FAILOVER") || words_take(&set, "TWO_PHASE");
    }
    return words_take(words, "REFRESH") || words_take(words, "SET PUBLICATION") ||
           words_take(words, "ADD PUBLICATION") || words_take(words, "DROP PUBLICATION");
}

static void read_alter(struct draft *draft, struct words *words, const struct object *object)
{
    if (text_equal(object->phrase, "TABLE")) {
        draft->statement->rewrites = is_rewrite(*words, draft->arena);
        read_other_tables(draft, *words);
        read_detach(draft, words);
    } else if ((text_equal(object->phrase, "SUBSCRIPTION") && is_refresh(words)) ||
               (text_equal(object->phrase, "DATABASE") && skip_to(words, "TABLESPACE"))) {
        draft->statement->kind = SQL_OUTSIDE;
    }
}

/* Behind the object's word: [CONCURRENTLY] [IF [NOT] EXISTS] [ONLY] [name]; true: CONCURRENTLY. */
static bool read_name(struct draft *draft, struct words *words, const struct object *object)
{
    struct sql_statement *statement = draft->statement;
    bool concurrently = object->relation && words_take(words, "CONCURRENTLY");
    statement->if_exists = words_take(words, "IF EXISTS") || words_take(words, "IF NOT EXISTS");
    (void)(object->relation && words_take(words, "ONLY"));
    if (!object->unnamed) {
        (void)words_take_name(words, draft->arena, &statement->name);
    }
    return concurrently;
}

/* CREATE OR REPLACE TEMPORARY ...: words before the object. */
static bool take_noise(struct words *words)
{
    static const char *const noise[] = {"OR REPLACE", "GLOBAL",     "LOCAL",      "TEMPORARY",
                                        "TEMP",       "UNLOGGED",   "UNIQUE",     "RECURSIVE",
                                        "TRUSTED",    "CONSTRAINT", "PROCEDURAL", "DEFAULT"};
    for (size_t i = 0; i < ARRAY_LEN(noise); i++) {
        if (words_take(words, noise[i])) {
            return true;
        }
    }
    return false;
}

static const struct object *take_object(struct words *words)
{
    const struct object *object = object_take(words);
    while (object == NULL && take_noise(words)) {
        object = object_take(words);
    }
    return object;
}

/* CREATE RULE name AS ON event TO table; all others: ON table. */
static void read_table_of(struct draft *draft, struct words *words, const char *word)
{
    struct sql_name table;
    if (skip_to(words, word)) {
        (void)read_lock(draft, words, &table);
    }
}

static void read_object(struct draft *draft, struct words *words, const char *action,
                        bool *ret_parse)
{
    struct sql_statement *statement = draft->statement;
    const struct object *object = take_object(words);
    bool create = text_equal(action, "CREATE");
    bool alter = text_equal(action, "ALTER");
    statement->verb = action;
    if (object == NULL) {
        statement->understood = false;
        return;
    }
    statement->verb = arena_printf(draft->arena, "%s %s", action, object->phrase);
    statement->kind = create ? object->create : alter ? object->alter : object->drop;
    *ret_parse = (object->parse & (create ? PARSE_CREATE : alter ? PARSE_ALTER : PARSE_DROP)) != 0;
    bool concurrently = read_name(draft, words, object);
    if (concurrently && text_equal(object->phrase, "INDEX")) {
        statement->kind = create ? SQL_CREATE_INDEX_CONCURRENTLY : SQL_DROP_INDEX_CONCURRENTLY;
    }
    if (object->relation && !create && statement->name.name != NULL) {
        draft_lock(draft, statement->name);
    }
    if (object->of_table) {
        bool rule = create && text_equal(object->phrase, "RULE");
        read_table_of(draft, words, rule ? "TO" : "ON");
    } else if (create) {
        read_create(draft, words, object);
    } else if (alter) {
        read_alter(draft, words, object);
    }
}

static void read_unknown(struct draft *draft, const struct words *words)
{
    const char *bytes = words->lexer.text + words->token.offset;
    size_t n = words->token.kind == TOKEN_WORD && words->token.size <= 32 ? words->token.size : 0;
    char *verb = arena_copy_n(draft->arena, bytes, n);
    for (size_t i = 0; i < n; i++) {
        verb[i] = (char)(verb[i] >= 'a' && verb[i] <= 'z' ? verb[i] - 'a' + 'A' : verb[i]);
    }
    draft->statement->verb = n > 0 ? verb : "SQL";
    draft->statement->understood = false;
}

static const char *take_action(struct words *words)
{
    static const char *const actions[] = {"CREATE", "ALTER", "DROP"};
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (words_take(words, actions[i])) {
            return actions[i];
        }
    }
    return NULL;
}

void draft_read_words(struct draft *draft, bool *ret_parse)
{
    struct words words = words_of(draft->text, draft->statement->size);
    draft->statement->understood = true;
    *ret_parse = false;
    bool open;
    do { /* (SELECT ...) UNION ... */
        open = words_take_character(&words, '(');
    } while (open);
    const char *action = take_action(&words);
    if (action != NULL) {
        read_object(draft, &words, action, ret_parse);
        return;
    }
    const struct verb *verb = verb_take(&words);
    if (verb != NULL) {
        *ret_parse = verb->parse;
        read_verb(draft, &words, verb);
    } else {
        read_unknown(draft, &words);
    }
}
