/* Any bytes as the text of a migration: its directives are read, or each mistake has its place. */
#include <assert.h>
#include <stdint.h>

#include "private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(mem_freep) char *text = mem_copy_n((const char *)data, size); /* ends in NUL */
    CLEANUP(problems_clear) struct problems problems = {0};
    const struct source source = {"fuzz.sql", text, size};
    struct directives directives = {.lock_timeout = -1, .statement_timeout = -1};
    if (!text_check(&source, &problems)) {
        assert(problems.n == 1);
        return 0;
    }
    directives_read(&source, &directives, &problems);
    assert(directives.lock_timeout >= -1 && directives.statement_timeout >= -1);
    for (size_t i = 0; i < problems.n; i++) {
        CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
        assert(problems.items[i].line > 0 && problems.items[i].column > 0);
        problem_render(&problems.items[i], false, &out);
    }
    return 0;
}
