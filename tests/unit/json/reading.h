/* A document from a text, opened at its root, and its mistakes in a form that a test compares:
 * "1:8+3 message | note". */
#pragma once

#include <stdio.h>
#include <string.h>

#include "headgate/json.h"
#include "scratch.h"

struct reading {
    struct json_document *document;
    struct json_node root;
    struct json_object object; /* "the file" */
    struct error err;
    char *told;
};

static inline void reading_clear(struct reading *reading)
{
    json_freep(&reading->document);
    error_clear(&reading->err);
    mem_free(reading->told);
}

static inline struct reading reading_of(const char *text, const struct json_sources *sources)
{
    struct reading reading = {.err = ERROR_INIT};
    if (json_parse("a.json", text, strlen(text), sources, &reading.document, &reading.err)) {
        reading.root = json_root(reading.document);
        (void)json_object_open(&reading.root, &reading.object, "the file");
    }
    return reading;
}

/* Every mistake in a line of its own; "" where there is none. */
static inline const char *mistakes_of(struct reading *reading)
{
    struct strbuf told = STRBUF_INIT;
    if (reading->document != NULL) {
        (void)!json_finish(reading->document, &reading->err);
    }
    for (size_t i = 0; i < reading->err.problems.n; i++) {
        const struct problem *problem = &reading->err.problems.items[i];
        strbuf_printf(&told, "%s%zu:%zu+%zu %s", i > 0 ? "\n" : "", problem->line, problem->column,
                      problem->width, problem->message);
        for (size_t k = 0; k < problem->notes.n; k++) {
            strbuf_printf(&told, " | %s", problem->notes.items[k]);
        }
    }
    mem_free(reading->told);
    reading->told = strbuf_take(&told);
    return reading->told;
}

static inline void assert_mistakes(struct reading *reading, const char *wanted)
{
    assert_string_equal(mistakes_of(reading), wanted);
    assert_int_equal(reading->err.code, wanted[0] != '\0' ? ERROR_CONFIG : ERROR_NONE);
}
