#include "tree.h"

#include <assert.h>
#include <jansson.h>
#include <string.h>

#include "lexer.h"
#include "syntax.h"

struct builder {
    struct lexer lexer;
    struct arena *arena;
};

static void convert(struct builder *builder, json_t *json, struct value *value);

static struct place skip(struct builder *builder, enum token_kind kind)
{
    struct token token = lexer_next(&builder->lexer);
    assert(token.kind == kind);
    return token.place;
}

/* jansson keeps members in the order of the file, so that they and the tokens are walked side by
 * side. */
static void convert_object(struct builder *builder, json_t *json, struct value *object)
{
    object->n = json_object_size(json);
    struct value *members = arena_alloc(builder->arena, (object->n + 1) * sizeof *members);
    struct value *member = members;
    for (void *at = json_object_iter(json); at != NULL; at = json_object_iter_next(json, at)) {
        if (member > members) {
            (void)skip(builder, TOKEN_COMMA);
        }
        member->key = arena_copy(builder->arena, json_object_iter_key(at));
        member->key_place = skip(builder, TOKEN_STRING);
        (void)skip(builder, TOKEN_COLON);
        convert(builder, json_object_iter_value(at), member);
        member++;
    }
    object->children = members;
    object->place.end = skip(builder, TOKEN_OBJECT_END).end;
}

static void convert_array(struct builder *builder, json_t *json, struct value *array)
{
    array->n = json_array_size(json);
    struct value *items = arena_alloc(builder->arena, (array->n + 1) * sizeof *items);
    for (size_t i = 0; i < array->n; i++) {
        if (i > 0) {
            (void)skip(builder, TOKEN_COMMA);
        }
        convert(builder, json_array_get(json, i), &items[i]);
    }
    array->children = items;
    array->place.end = skip(builder, TOKEN_ARRAY_END).end;
}

static void convert(struct builder *builder, json_t *json, struct value *value)
{
    value->place = lexer_next(&builder->lexer).place;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        value->kind = VALUE_OBJECT;
        convert_object(builder, json, value);
        break;
    case JSON_ARRAY:
        value->kind = VALUE_ARRAY;
        convert_array(builder, json, value);
        break;
    case JSON_STRING:
        value->kind = VALUE_TEXT;
        value->text = arena_copy(builder->arena, json_string_value(json));
        value->interpolated = arena_alloc(builder->arena, sizeof(const struct interpolated *));
        break;
    case JSON_INTEGER:
        value->kind = VALUE_INTEGER;
        value->integer = json_integer_value(json);
        break;
    case JSON_REAL:
        value->kind = VALUE_REAL;
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        value->kind = VALUE_BOOL;
        value->truth = json_is_true(json);
        break;
    case JSON_NULL:
        value->kind = VALUE_NULL;
        break;
    }
}

/* True where two string tokens have one value, however each is escaped. */
static bool is_same_key(const char *text, const struct place *a, const struct place *b)
{
    json_t *first = json_loadb(text + a->start, a->end - a->start, JSON_DECODE_ANY, NULL);
    json_t *second = json_loadb(text + b->start, b->end - b->start, JSON_DECODE_ANY, NULL);
    bool same = json_equal(first, second) != 0;
    json_decref(first);
    json_decref(second);
    return same;
}

/* The place of the same key, earlier in the object that begins where this lexer stands. */
static struct place first_of_key(struct lexer lexer, const struct place *key)
{
    struct place candidate = *key;
    int level = 0;
    for (;;) {
        struct token token = lexer_next(&lexer);
        if (token.kind == TOKEN_OBJECT || token.kind == TOKEN_ARRAY) {
            level++;
        } else if (token.kind == TOKEN_OBJECT_END || token.kind == TOKEN_ARRAY_END) {
            level--;
        } else if (token.kind == TOKEN_STRING) {
            candidate = token.place;
        } else if (token.kind == TOKEN_COLON && level == 0 &&
                   is_same_key(lexer.text, &candidate, key)) {
            return candidate;
        }
    }
}

/* jansson tells where it stopped: just behind the second key. */
static void report_duplicate(const struct source *source, size_t stop, struct problems *problems)
{
    struct lexer objects[SYNTAX_LEVELS]; /* just behind each bracket that is open */
    size_t level = 0;
    struct lexer lexer = lexer_start(source->text, source->size);
    struct token token = lexer_next(&lexer);
    while (token.place.end < stop) {
        if (token.kind == TOKEN_OBJECT || token.kind == TOKEN_ARRAY) {
            assert(level < SYNTAX_LEVELS);
            objects[level++] = lexer;
        } else if (token.kind == TOKEN_OBJECT_END || token.kind == TOKEN_ARRAY_END) {
            level--;
        }
        token = lexer_next(&lexer);
    }
    assert(level > 0 && token.kind == TOKEN_STRING);
    const struct place *key = &token.place;
    struct place first = first_of_key(objects[level - 1], key);
    int width = (int)(key->end - key->start);
    struct problem *problem = problem_add(problems, source, key->start, key->end - key->start,
                                          "duplicate key %.*s", width, source->text + key->start);
    problem_note(problem, "the first one is at %zu:%zu", first.line, first.column);
}

static void report(const struct source *source, const json_error_t *error,
                   struct problems *problems)
{
    size_t stop = (size_t)error->position;
    if (json_error_code(error) == json_error_duplicate_key) {
        report_duplicate(source, stop, problems);
        return;
    }
    struct lexer lexer = lexer_start(source->text, source->size);
    struct token token = lexer_next(&lexer);
    while (token.place.end < stop) {
        token = lexer_next(&lexer);
    }
    bool is_range = json_error_code(error) == json_error_numeric_overflow;
    (void)problem_add(problems, source, token.place.start, token.place.end - token.place.start,
                      "%s", is_range ? "this number is out of range" : error->text);
}

static void *allocate(size_t size)
{
    return mem_new(1, size);
}

const struct value *tree_read(const struct source *source, struct arena *arena,
                              struct problems *problems)
{
    json_error_t error;
    json_set_alloc_funcs(allocate, mem_free);
    json_t *json =
        json_loadb(source->text, source->size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL) {
        report(source, &error, problems);
        return NULL;
    }
    struct builder builder = {.lexer = lexer_start(source->text, source->size), .arena = arena};
    struct value *root = arena_alloc(arena, sizeof *root);
    convert(&builder, json, root);
    json_decref(json);
    return root;
}
