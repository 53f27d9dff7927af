/* Any text as a condition: refused with a place inside of it, or answered; and where not everything
 * is known, never otherwise than once it is. */
#include <assert.h>
#include <stdint.h>

#include "private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    size_t n;    /* how often somebody asked */
    size_t open; /* every so many, nobody knows; 0: everything is known */
};

static enum fact fact_of(void *context, const char *name, const char **ret_value)
{
    static const char *const values[] = {"", "a", "done", "0"};
    struct world *world = context;
    size_t at = strlen(name) % (ARRAY_LEN(values) + 1);
    world->n++;
    if (world->open > 0 && world->n % world->open == 0) {
        return FACT_OPEN;
    }
    if (at == ARRAY_LEN(values)) {
        return FACT_MISSING;
    }
    *ret_value = values[at];
    return FACT_KNOWN;
}

static void look_at(const struct condition *condition)
{
    struct world world = {0};
    const struct condition_facts facts = {.fact = fact_of, .context = &world};
    enum condition_answer known = condition_answer(condition, &facts);
    assert(known != CONDITION_OPEN);
    for (size_t i = 1; i < 4; i++) {
        world = (struct world){.open = i};
        enum condition_answer answer = condition_answer(condition, &facts);
        assert(answer == CONDITION_OPEN || answer == known);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(strbuf_clear) struct strbuf json = STRBUF_INIT;
    CLEANUP(mem_freep) char *text = mem_copy_n((const char *)data, size); /* ends in NUL */
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct json_writer writer = json_writer_start(&json, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "when", text);
    json_write_object_end(&writer);
    if (!json_parse("fuzz.json", json.text, json.size, NULL, &document, &err)) {
        return 0;
    }
    struct environment staging = {.name = "staging"};
    struct workflow_step steps[] = {
        {.id = "a", .number = 1, .kind = &step_kind_deploy, .environment = &staging},
        {.id = "e2e", .number = 2, .kind = &step_kind_hook},
        {.id = "x", .number = 3, .kind = &step_kind_hook, .always = true}};
    struct environments set = {.path = "e.json", .items = &staging, .n = 1};
    struct workflow workflow = {
        .document = document, .environments = &set, .steps = steps, .n = 2, .n_all = 3};
    struct json_object object;
    struct json_node root = json_root(document);
    assert(json_object_open(&root, &object, "step \"x\""));
    struct json_node node = json_member(&object, "when", JSON_REQUIRED);
    const struct condition *condition = condition_read(&node, text, &workflow, &steps[2]);
    if (json_finish(document, &err)) {
        look_at(condition);
        return 0;
    }
    assert(condition == NULL);
    for (size_t i = 0; i < err.problems.n; i++) {
        assert(err.problems.items[i].line == 1 && err.problems.items[i].column <= json.size);
    }
    return 0;
}
