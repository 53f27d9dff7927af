#include <assert.h>

#include "document.h"
#include "headgate/strlist.h"

#define FIRST_ASKED 8

static void grow_asked(struct json_object *object, size_t n)
{
    const char **asked = arena_alloc(object->node.document->arena, n * sizeof *asked);
    if (object->n_asked > 0) {
        memcpy(asked, object->asked, object->n_asked * sizeof *asked);
    }
    object->asked = asked;
}

bool json_object_open(const struct json_node *node, struct json_object *ret_object,
                      const char *what, ...)
{
    va_list arguments;
    va_start(arguments, what);
    CLEANUP(mem_freep) char *words = mem_vprintf(what, arguments);
    va_end(arguments);
    *ret_object = (struct json_object){
        .node = *node,
        .what = arena_copy(node->document->arena, words),
        .check_only = node->check_only,
    };
    grow_asked(ret_object, FIRST_ASKED);
    if (json_is_object(node)) {
        return true;
    }
    if (node->value != NULL) {
        (void)node_complain(node, "an object");
        ret_object->node.value = NULL;
    }
    return false;
}

void json_object_check_only(struct json_object *object, bool check_only)
{
    object->check_only = check_only;
    object->node.check_only = check_only;
}

/* Room doubles at each power of two, so that it need not be stored. */
static void ask(struct json_object *object, const char *key)
{
    size_t needed = object->n_asked + 2;
    if (needed > FIRST_ASKED && ((needed - 1) & (needed - 2)) == 0) {
        grow_asked(object, (needed - 1) * 2);
    }
    object->asked[object->n_asked++] = key;
}

static const struct value *find(const struct value *object, const char *key)
{
    for (size_t i = 0; object != NULL && i < object->n; i++) {
        if (text_equal(object->children[i].key, key)) {
            return &object->children[i];
        }
    }
    return NULL;
}

static struct json_node member(struct json_object *object, const char *key,
                               const struct value *value)
{
    struct json_node node = node_member(&object->node, key, value);
    node.of = object->what;
    ask(object, value != NULL ? value->key : node.key);
    return node;
}

struct json_node json_member(struct json_object *object, const char *key, enum json_need need)
{
    struct json_node node = member(object, key, find(object->node.value, key));
    if (node.value == NULL && object->node.value != NULL && need == JSON_REQUIRED) {
        (void)json_complain(&object->node, "missing key \"%s\" in %s", key, object->what);
    }
    return node;
}

bool json_member_at(struct json_object *object, size_t i, struct json_node *ret_member)
{
    const struct value *value = object->node.value;
    if (value == NULL || i >= value->n) {
        return false;
    }
    *ret_member = member(object, value->children[i].key, &value->children[i]);
    return true;
}

size_t json_member_count(const struct json_object *object)
{
    const struct value *value = object->node.value;
    return value != NULL ? value->n : 0;
}

/* `i` is where the key is found at once when members were gone through in their order. */
static bool was_asked(const struct json_object *object, size_t i, const char *key)
{
    if (i < object->n_asked && object->asked[i] == key) {
        return true;
    }
    for (size_t k = 0; k < object->n_asked; k++) {
        if (text_equal(object->asked[k], key)) {
            return true;
        }
    }
    return false;
}

static void report_unknown(const struct json_object *object, const struct value *value)
{
    struct json_document *document = object->node.document;
    CLEANUP(mem_freep) char *shown = document_excerpt(document, &value->key_place);
    struct problem *problem =
        document_complain(document, value->key_place.start, value->key_place.end,
                          "unknown key %s in %s", shown, object->what);
    const char *near = suggest_near(value->key, object->asked);
    if (near != NULL) {
        problem_note(problem, "did you mean \"%s\"?", near);
    }
}

void json_object_close(struct json_object *object)
{
    const struct value *value = object->node.value;
    for (size_t i = 0; value != NULL && i < value->n; i++) {
        if (!was_asked(object, i, value->children[i].key)) {
            report_unknown(object, &value->children[i]);
        }
    }
}
