/* The list of what was found. */
#include "private.h"

struct finding *finding_add(struct findings *findings, enum finding_level level,
                            const char *subject, const char *check, const char *format, ...)
{
    va_list arguments;
    findings->items = mem_resize(findings->items, findings->n + 1, sizeof *findings->items);
    struct finding *finding = &findings->items[findings->n++];
    va_start(arguments, format);
    *finding = (struct finding){
        .level = level,
        .subject = mem_copy(subject),
        .check = mem_copy(check),
        .sentence = mem_vprintf(format, arguments),
    };
    va_end(arguments);
    return finding;
}

void finding_remedy(struct finding *finding, const char *format, ...)
{
    va_list arguments;
    mem_free(finding->remedy);
    va_start(arguments, format);
    finding->remedy = mem_vprintf(format, arguments);
    va_end(arguments);
}

static void add_problem_places(struct strbuf *out, const struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];
        strbuf_printf(out, "; %s:%zu:%zu: %s", problem->file, problem->line, problem->column,
                      problem->message);
    }
}

void finding_add_error(struct findings *findings, const char *subject, const char *check,
                       struct error *error)
{
    CLEANUP(strbuf_clear) struct strbuf sentence = STRBUF_INIT;
    strbuf_add(&sentence, error->message);
    add_problem_places(&sentence, &error->problems);
    struct finding *finding =
        finding_add(findings, FINDING_PROBLEM, subject, check, "%s", sentence.text);
    if (error->hint != NULL) {
        finding_remedy(finding, "%s", error->hint);
    }
    error_clear(error);
}

enum finding_level findings_worst(const struct findings *findings)
{
    enum finding_level worst = FINDING_OK;
    for (size_t i = 0; i < findings->n; i++) {
        worst = findings->items[i].level > worst ? findings->items[i].level : worst;
    }
    return worst;
}

void findings_clear(struct findings *findings)
{
    for (size_t i = 0; i < findings->n; i++) {
        mem_free(findings->items[i].subject);
        mem_free(findings->items[i].check);
        mem_free(findings->items[i].sentence);
        mem_free(findings->items[i].remedy);
    }
    mem_free(findings->items);
    *findings = (struct findings){0};
}
