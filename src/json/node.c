/* Nodes, arrays, and the words in which a complaint names what stands there. */
#include <assert.h>

#include "document.h"
#include "utf8.h"

#define SHOWN 40 /* bytes of a value that a message repeats */
#define TOLD 100 /* mistakes; the rest of a file that has more is only counted */

struct json_node json_root(struct json_document *document)
{
    return (struct json_node){
        .document = document, .value = document->root, .place = document->root, .path = ""};
}

static bool is_kind(const struct json_node *node, enum value_kind kind)
{
    const struct value *value = node->value;
    return value != NULL && value->kind == kind;
}

bool json_is_null(const struct json_node *node)
{
    return is_kind(node, VALUE_NULL);
}

bool json_is_text(const struct json_node *node)
{
    return is_kind(node, VALUE_TEXT);
}

bool json_is_number(const struct json_node *node)
{
    return is_kind(node, VALUE_INTEGER) || is_kind(node, VALUE_REAL);
}

bool json_is_bool(const struct json_node *node)
{
    return is_kind(node, VALUE_BOOL);
}

bool json_is_array(const struct json_node *node)
{
    return is_kind(node, VALUE_ARRAY);
}

bool json_is_object(const struct json_node *node)
{
    return is_kind(node, VALUE_OBJECT);
}

struct json_node node_member(const struct json_node *object, const char *key,
                             const struct value *value)
{
    const char *path = arena_printf(object->document->arena, "%s%s%s", object->path,
                                    object->path[0] != '\0' ? "." : "", key);
    return (struct json_node){
        .document = object->document,
        .value = value,
        .place = value != NULL ? value : object->place,
        .path = path,
        .key = path + strlen(path) - strlen(key),
        .check_only = object->check_only,
    };
}

bool json_array(const struct json_node *node, size_t *ret_n)
{
    const struct value *value = node->value;
    if (!json_is_array(node)) {
        if (value != NULL) {
            (void)node_complain(node, "an array");
        }
        return false;
    }
    *ret_n = value->n;
    return true;
}

struct json_node json_item(const struct json_node *array, size_t i)
{
    const struct value *value = array->value;
    assert(json_is_array(array) && i < value->n);
    struct json_node item = *array;
    item.value = item.place = &value->children[i];
    item.path = arena_printf(array->document->arena, "%s[%zu]", array->path, i);
    item.index = i;
    item.is_item = true;
    return item;
}

/* --- complaints --- */

/* A message is one line, whatever somebody wrote into a name. */
static void make_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20) {
            *text = ' ';
        }
    }
}

static struct problem *vcomplain(struct json_document *document, size_t start, size_t end,
                                 const char *format, va_list arguments) PRINTF_LIKE(4, 0);
static struct problem *vcomplain(struct json_document *document, size_t start, size_t end,
                                 const char *format, va_list arguments)
{
    struct source source = document_source(document);
    CLEANUP(mem_freep) char *message = mem_vprintf(format, arguments);
    make_one_line(message);
    if (document->problems.n == TOLD) {
        document->n_untold++;
        problems_clear(&document->untold);
        return problem_add_plain(&document->untold, document->shown, "%s", message);
    }
    struct problem *problem =
        problem_add(&document->problems, &source, start, end - start, "%s", message);
    document_drop_long_line(problem);
    return problem;
}

struct problem *document_complain(struct json_document *document, size_t start, size_t end,
                                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct problem *problem = vcomplain(document, start, end, format, arguments);
    va_end(arguments);
    return problem;
}

/* Of an object or array only the bracket is underlined, and so it is where something is missing in
 * one. */
static struct place place_to_show(const struct json_node *node)
{
    const struct value *value = node->place;
    struct place place = value->place;
    if (value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT) {
        place.end = place.start + 1;
    }
    return place;
}

struct problem *json_complain(const struct json_node *node, const char *format, ...)
{
    struct place place = place_to_show(node);
    va_list arguments;
    va_start(arguments, format);
    struct problem *problem = vcomplain(node->document, place.start, place.end, format, arguments);
    va_end(arguments);
    return problem;
}

struct problem *json_complain_key(const struct json_node *node, const char *format, ...)
{
    const struct value *value = node->value;
    bool has_key = value != NULL && value->key != NULL;
    struct place place = has_key ? value->key_place : place_to_show(node);
    va_list arguments;
    va_start(arguments, format);
    struct problem *problem = vcomplain(node->document, place.start, place.end, format, arguments);
    va_end(arguments);
    return problem;
}

char *document_excerpt(const struct json_document *document, const struct place *place)
{
    const char *text = document->text.text + place->start;
    size_t n = place->end - place->start;
    size_t shown = utf8_cut(text, n, SHOWN);
    return mem_printf("%.*s%s", (int)shown, text, shown < n ? "..." : "");
}

static char *value_in_words(const struct json_node *node)
{
    const struct value *value = node->value;
    CLEANUP(mem_freep) char *excerpt = document_excerpt(node->document, &value->place);
    switch (value->kind) {
    case VALUE_NULL:
    case VALUE_BOOL:
        break;
    case VALUE_INTEGER:
    case VALUE_REAL:
        return mem_printf("the number %s", excerpt);
    case VALUE_TEXT:
        return mem_printf("the string %s", excerpt);
    case VALUE_ARRAY:
        return mem_copy("an array");
    case VALUE_OBJECT:
        return mem_copy("an object");
    }
    return TAKE(excerpt);
}

static char *node_in_words(const struct json_node *node)
{
    if (node->key == NULL) {
        return node->is_item ? mem_printf("item %zu", node->index + 1) : mem_copy("the file");
    }
    return node->is_item
               ? mem_printf("item %zu of \"%s\" of %s", node->index + 1, node->key, node->of)
               : mem_printf("\"%s\" of %s", node->key, node->of);
}

struct problem *node_complain(const struct json_node *node, const char *wanted)
{
    CLEANUP(mem_freep) char *subject = node_in_words(node);
    CLEANUP(mem_freep) char *found = value_in_words(node);
    return json_complain(node, "%s must be %s, not %s", subject, wanted, found);
}
