/*
 * JSON that programs wrote, through jansson.
 *
 * jansson's values are hash tables of some hundred bytes each, and a journal has many small
 * objects: so a value and all that is in it is copied into one piece of memory, in which the nodes
 * stand first, then the lists of members by name, then the texts.
 */
#include "headgate/json_data.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS 64
#define TWO_TO_63 9223372036854775808.0

enum data_kind {
    DATA_NULL,
    DATA_TRUTH,
    DATA_INTEGER,
    DATA_REAL,
    DATA_TEXT,
    DATA_ARRAY,
    DATA_OBJECT
};

struct json_data {
    enum data_kind kind;
    const char *key; /* NULL where it is no member of an object */
    union {
        bool truth;
        int64_t integer;
        double real;
        const char *text;
        struct {
            const struct json_data *children;
            const struct json_data **by_name; /* of an object: its members, sorted */
            size_t n;                         /* items or members */
        };
    };
};

/* --- how much room it takes --- */

struct room {
    size_t nodes, members, bytes;
};

static bool measure(json_t *json, int level, struct room *room);

static bool measure_object(json_t *object, int level, struct room *room)
{
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        room->bytes += strlen(json_object_iter_key(at)) + 1;
        room->members++;
        if (!measure(json_object_iter_value(at), level + 1, room)) {
            return false;
        }
    }
    return true;
}

static bool measure_array(const json_t *array, int level, struct room *room)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (!measure(json_array_get(array, i), level + 1, room)) {
            return false;
        }
    }
    return true;
}

/* False: it is too deep. */
static bool measure(json_t *json, int level, struct room *room)
{
    room->nodes++;
    if (json_is_string(json)) {
        room->bytes += json_string_length(json) + 1;
        return true;
    }
    if (!json_is_object(json) && !json_is_array(json)) {
        return true;
    }
    if (level == LEVELS) {
        return false;
    }
    return json_is_object(json) ? measure_object(json, level, room)
                                : measure_array(json, level, room);
}

/* --- the copy --- */

struct builder {
    struct json_data *nodes;
    const struct json_data **members;
    char *bytes;
};

static void copy_value(struct builder *builder, json_t *json, struct json_data *data);

static const char *copy_text(struct builder *builder, const char *text, size_t size)
{
    char *copy = builder->bytes;
    memcpy(copy, text, size + 1);
    builder->bytes += size + 1;
    return copy;
}

static struct json_data *take_nodes(struct builder *builder, size_t n)
{
    struct json_data *nodes = builder->nodes;
    builder->nodes += n;
    return nodes;
}

static int by_key(const void *a, const void *b)
{
    const struct json_data *const *left = a, *const *right = b;
    return strcmp((*left)->key, (*right)->key);
}

/* jansson keeps members in the order of the text. */
static void copy_object(struct builder *builder, json_t *json, struct json_data *object)
{
    object->n = json_object_size(json);
    object->by_name = builder->members;
    builder->members += object->n;
    struct json_data *member = take_nodes(builder, object->n);
    object->children = member;
    const struct json_data **place = object->by_name;
    for (void *at = json_object_iter(json); at != NULL; at = json_object_iter_next(json, at)) {
        const char *key = json_object_iter_key(at);
        member->key = copy_text(builder, key, strlen(key));
        copy_value(builder, json_object_iter_value(at), member);
        *place++ = member++;
    }
    if (object->n > 0) {
        qsort(object->by_name, object->n, sizeof *object->by_name, by_key);
    }
}

static void copy_array(struct builder *builder, const json_t *json, struct json_data *array)
{
    array->n = json_array_size(json);
    struct json_data *items = take_nodes(builder, array->n);
    array->children = items;
    for (size_t i = 0; i < array->n; i++) {
        copy_value(builder, json_array_get(json, i), &items[i]);
    }
}

/* 5.0 and 5 are the same fact: one that is whole becomes an integer, however it was written. */
static void copy_real(double real, struct json_data *data)
{
    bool is_whole = fabs(real) < TWO_TO_63 && (double)(int64_t)real == real;
    data->kind = is_whole ? DATA_INTEGER : DATA_REAL;
    if (is_whole) {
        data->integer = (int64_t)real;
    } else {
        data->real = real;
    }
}

static void copy_value(struct builder *builder, json_t *json, struct json_data *data)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        data->kind = DATA_OBJECT;
        copy_object(builder, json, data);
        break;
    case JSON_ARRAY:
        data->kind = DATA_ARRAY;
        copy_array(builder, json, data);
        break;
    case JSON_STRING:
        data->kind = DATA_TEXT;
        data->text = copy_text(builder, json_string_value(json), json_string_length(json));
        break;
    case JSON_INTEGER:
        data->kind = DATA_INTEGER;
        data->integer = json_integer_value(json);
        break;
    case JSON_REAL:
        copy_real(json_real_value(json), data);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        data->kind = DATA_TRUTH;
        data->truth = json_is_true(json);
        break;
    case JSON_NULL:
        data->kind = DATA_NULL;
        break;
    }
}

static struct json_data *copy_whole(json_t *json, const struct room *room)
{
    size_t nodes = room->nodes * sizeof(struct json_data);
    size_t members = room->members * sizeof(const struct json_data *);
    char *memory = mem_new(1, nodes + members + room->bytes);
    void *at = memory;
    struct json_data *root = at;
    at = memory + nodes;
    struct builder builder = {.nodes = root + 1, .members = at, .bytes = memory + nodes + members};
    copy_value(&builder, json, root);
    return root;
}

/* --- reading --- */

static void *allocate(size_t size)
{
    return mem_new(1, size);
}

static void let_go(json_t **json)
{
    json_decref(*json);
}

bool json_data_parse(const char *text, size_t size, struct json_data **ret_data, struct error *err)
{
    json_error_t error;
    struct room room = {.nodes = 0};
    json_set_alloc_funcs(allocate, mem_free);
    CLEANUP(let_go)
    json_t *json = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (json == NULL) {
        (void)error_set(err, ERROR_CONFIG, "this is no valid JSON: line %d, column %d", error.line,
                        error.column);
        return error_detail(err, "The parser says: %s.", error.text);
    }
    if (!measure(json, 0, &room)) {
        return error_set(err, ERROR_CONFIG, "this JSON is nested deeper than %d levels", LEVELS);
    }
    *ret_data = copy_whole(json, &room);
    return true;
}

void json_data_freep(struct json_data **data)
{
    mem_free(TAKE(*data));
}

static bool is_kind(const struct json_data *data, enum data_kind kind)
{
    return data != NULL && data->kind == kind;
}

const struct json_data *json_data_member(const struct json_data *object, const char *key)
{
    if (!is_kind(object, DATA_OBJECT) || key == NULL) {
        return NULL;
    }
    size_t low = 0, high = object->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(key, object->by_name[middle]->key);
        if (order == 0) {
            return object->by_name[middle];
        }
        low = order > 0 ? middle + 1 : low;
        high = order > 0 ? high : middle;
    }
    return NULL;
}

const struct json_data *json_data_item(const struct json_data *array, size_t i)
{
    return is_kind(array, DATA_ARRAY) && i < array->n ? &array->children[i] : NULL;
}

size_t json_data_count(const struct json_data *data)
{
    return is_kind(data, DATA_ARRAY) || is_kind(data, DATA_OBJECT) ? data->n : 0;
}

const char *json_data_key(const struct json_data *object, size_t i)
{
    return is_kind(object, DATA_OBJECT) && i < object->n ? object->children[i].key : NULL;
}

const char *json_data_string(const struct json_data *data)
{
    return is_kind(data, DATA_TEXT) ? data->text : NULL;
}

bool json_data_is_object(const struct json_data *data)
{
    return is_kind(data, DATA_OBJECT);
}

bool json_data_is_null(const struct json_data *data)
{
    return data != NULL && data->kind == DATA_NULL;
}

bool json_data_is_array(const struct json_data *data)
{
    return is_kind(data, DATA_ARRAY);
}

const char *json_data_text(const struct json_data *object, const char *key)
{
    return json_data_string(json_data_member(object, key));
}

int64_t json_data_integer(const struct json_data *object, const char *key, int64_t fallback)
{
    const struct json_data *member = json_data_member(object, key);
    return is_kind(member, DATA_INTEGER) ? member->integer : fallback;
}

bool json_data_truth(const struct json_data *object, const char *key, bool fallback)
{
    const struct json_data *member = json_data_member(object, key);
    return is_kind(member, DATA_TRUTH) ? member->truth : fallback;
}

/* --- the whole --- */

static bool equal_children(const struct json_data *a, const struct json_data *b)
{
    bool is_object = a->kind == DATA_OBJECT;
    for (size_t i = 0; i < a->n; i++) {
        const struct json_data *left = is_object ? a->by_name[i] : &a->children[i];
        const struct json_data *right = is_object ? b->by_name[i] : &b->children[i];
        if ((is_object && !text_equal(left->key, right->key)) || !json_data_equal(left, right)) {
            return false;
        }
    }
    return true;
}

bool json_data_equal(const struct json_data *a, const struct json_data *b)
{
    if (a == NULL || b == NULL || a->kind != b->kind) {
        return a == b;
    }
    switch (a->kind) {
    case DATA_NULL:
        return true;
    case DATA_TRUTH:
        return a->truth == b->truth;
    case DATA_INTEGER:
        return a->integer == b->integer;
    case DATA_REAL:
        return a->real == b->real;
    case DATA_TEXT:
        return text_equal(a->text, b->text);
    case DATA_ARRAY:
    case DATA_OBJECT:
        return a->n == b->n && equal_children(a, b);
    }
    return false;
}

static void write_object(struct json_writer *writer, const struct json_data *object)
{
    json_write_object(writer);
    for (size_t i = 0; i < object->n; i++) {
        json_write_key(writer, object->by_name[i]->key);
        json_write_data(writer, object->by_name[i]);
    }
    json_write_object_end(writer);
}

static void write_array(struct json_writer *writer, const struct json_data *array)
{
    json_write_array(writer);
    for (size_t i = 0; i < array->n; i++) {
        json_write_data(writer, &array->children[i]);
    }
    json_write_array_end(writer);
}

void json_write_data(struct json_writer *writer, const struct json_data *data)
{
    switch (data != NULL ? data->kind : DATA_NULL) {
    case DATA_NULL:
        json_write_text(writer, NULL);
        break;
    case DATA_TRUTH:
        json_write_bool(writer, data->truth);
        break;
    case DATA_INTEGER:
        json_write_integer(writer, data->integer);
        break;
    case DATA_REAL:
        json_write_number(writer, data->real);
        break;
    case DATA_TEXT:
        json_write_text(writer, data->text);
        break;
    case DATA_ARRAY:
        write_array(writer, data);
        break;
    case DATA_OBJECT:
        write_object(writer, data);
        break;
    }
}
