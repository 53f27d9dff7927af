/* Any bytes as a pipeline file: refused with a place for each mistake, or a workflow whose steps
 * can be brought into an order. */
#include <assert.h>
#include <stdint.h>

#include "reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum fact nobody_knows(void *context, const char *name, const char **ret_value)
{
    (void)context;
    (void)ret_value;
    assert(name[0] != '\0');
    return FACT_OPEN;
}

static void look_at_step(const struct workflow *workflow, const struct workflow_step *step)
{
    const struct condition_facts facts = {.fact = nobody_knows};
    assert(step->id != NULL && step->kind != NULL && step->kind->coming == NULL);
    assert(workflow_find(workflow, step->id) == step);
    assert(!workflow_comes_before(workflow, step, step));
    assert((step->when == NULL) == (step->when_text == NULL));
    for (size_t i = 0; i < step->n_needs; i++) {
        assert(step->needs[i] < workflow->n);
        assert(workflow_comes_before(workflow, &workflow->steps[step->needs[i]], step));
        assert(!workflow_comes_before(workflow, step, &workflow->steps[step->needs[i]]));
    }
    if (step->when != NULL) {
        (void)condition_answer(step->when, &facts);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct environment items[] = {{.name = "development"}, {.name = "staging"}, {.name = "a"}};
    struct environments set = {.path = "e.json", .items = items, .n = ARRAY_LEN(items)};
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (!json_parse("fuzz.json", (const char *)data, size, NULL, &document, &err)) {
        return 0;
    }
    struct workflow workflow = {
        .document = document, .path = "fuzz.json", .folder = ".", .environments = &set};
    workflow_read_document(&workflow);
    if (!json_finish(document, &err)) {
        assert(err.problems.n > 0);
        for (size_t i = 0; i < err.problems.n; i++) {
            assert(err.problems.items[i].line > 0 && err.problems.items[i].column > 0);
        }
        return 0;
    }
    for (size_t i = 0; i < workflow.n_all; i++) {
        look_at_step(&workflow, &workflow.steps[i]);
    }
    return 0;
}
