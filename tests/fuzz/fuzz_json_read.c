/* Any bytes as a document; what parses is asked for everything, by every name and as every type. */
#include <assert.h>
#include <stdlib.h>

#include "headgate/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *variable(void *context, const char *name)
{
    (void)context;
    return name[0] == 'A' ? "a value" : NULL;
}

static const struct json_sources sources = {.variable = variable};

static void walk(const struct json_node *node);

static void ask_scalars(struct json_object *object, const char *key)
{
    static const char *const words[] = {"one", "two", NULL};
    size_t n;
    (void)json_text(object, key, JSON_OPTIONAL, "fallback");
    (void)json_bool(object, key, true);
    (void)json_integer(object, key, -5, 1000, 7);
    (void)json_duration(object, key, 1000);
    (void)json_size(object, key, 1000);
    (void)json_choice(object, key, JSON_OPTIONAL, words, 0);
    const char *const *texts = json_texts(object, key, &n);
    assert(texts[n] == NULL);
}

static void walk_object(const struct json_node *node)
{
    struct json_object object;
    struct json_node member;
    assert(json_object_open(node, &object, "object \"%s\"", node->path));
    json_object_check_only(&object, json_member_count(&object) % 2 == 1);
    for (size_t i = 0; json_member_at(&object, i, &member); i++) {
        walk(&member);
        ask_scalars(&object, member.key);
    }
    ask_scalars(&object, "missing");
    (void)json_member(&object, "required", JSON_REQUIRED);
    json_object_close(&object);
    (void)json_object_open(node, &object, "the same again");
    (void)json_member(&object, "timeout", JSON_OPTIONAL);
    json_object_close(&object);
}

static void walk(const struct json_node *node)
{
    size_t n;
    (void)json_complain(node, "a complaint");
    (void)json_complain_key(node, "a complaint about the key");
    if (json_is_object(node)) {
        walk_object(node);
    } else if (json_is_array(node) && json_array(node, &n)) {
        for (size_t i = 0; i < n; i++) {
            struct json_node item = json_item(node, i);
            (void)json_item_text(node, i);
            walk(&item);
        }
    }
}

static void look_at(struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    assert(err->code == ERROR_CONFIG && err->problems.n > 0);
    for (size_t i = 0; i < err->problems.n; i++) {
        assert(err->problems.items[i].line > 0 && err->problems.items[i].column > 0);
        problem_render(&err->problems.items[i], false, &out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error mistakes = ERROR_INIT;
    if (!json_parse("fuzz.json", (const char *)data, size, &sources, &document, &err)) {
        look_at(&err);
        return 0;
    }
    struct json_node root = json_root(document);
    walk(&root);
    size_t n;
    const struct json_setting *settings = json_settings(document, &n);
    for (size_t i = 0; i < n; i++) {
        assert(settings[i].path != NULL && settings[i].value != NULL && settings[i].origin != NULL);
    }
    assert(!json_finish(document, &mistakes));
    look_at(&mistakes);
    return 0;
}
