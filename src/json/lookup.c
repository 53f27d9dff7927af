/* Fetches what ${...} asks for, and says what is wrong where it cannot be had. */
#include "interpolation.h"

#include <string.h>

#include "document.h"
#include "lexer.h"

struct problem *interpolation_complain(const struct interpolation *in, size_t start, size_t end,
                                       const char *format, ...)
{
    const struct value *value = in->node->value;
    struct json_document *document = in->node->document;
    size_t first = value->place.start + 1, n = value->place.end - first - 1;
    const char *raw = document->text.text + first;
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *message = mem_vprintf(format, arguments);
    va_end(arguments);
    return document_complain(document, first + string_raw_offset(raw, n, start),
                             first + string_raw_offset(raw, n, end), "%s", message);
}

/* The source's own words, at the piece that asked it. */
static void not_to_be_had(struct interpolation *in, size_t start, struct error *failure)
{
    struct problem *problem = interpolation_complain(in, start, in->at, "%s", failure->message);
    if (failure->detail != NULL) {
        problem_note(problem, "%s", failure->detail);
    }
    if (failure->hint != NULL) {
        problem_note(problem, "%s", failure->hint);
    }
    error_clear(failure);
    in->failed = true;
}

void lookup_refuse(struct interpolation *in, size_t start, const char *form)
{
    (void)interpolation_complain(in, start, in->at, "%s cannot be used in this file", form);
    in->failed = true;
}

static void use(struct interpolation *in, const char *value, const char *source)
{
    struct arena *arena = in->node->document->arena;
    in->parts = mem_resize(in->parts, in->n_parts + 1, sizeof in->parts[0]);
    in->parts[in->n_parts++] = (struct json_origin_part){.value = arena_copy(arena, value),
                                                         .source = arena_copy(arena, source)};
    strbuf_add(&in->out, value);
}

/* A file or the output of a program ends in a line break that is none of the value. */
static void use_output(struct interpolation *in, char *text, const char *source)
{
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
        n--;
    }
    text[n] = '\0';
    use(in, text, source);
    mem_wipe(text, n);
}

void interpolation_name(struct interpolation *in, const char *name)
{
    if (!strlist_has(&in->variables, name)) {
        strlist_add(&in->variables, name);
    }
}

bool lookup_variable(struct interpolation *in, const char *name, bool *ret_is_set)
{
    const struct json_sources *sources = &in->node->document->sources;
    const char *value = sources->variable(sources->context, name);
    *ret_is_set = value != NULL;
    if (value == NULL || value[0] == '\0') {
        return false;
    }
    CLEANUP(mem_freep) char *source = mem_printf("environment variable %s", name);
    use(in, value, source);
    interpolation_name(in, name);
    return true;
}

void lookup_file(struct interpolation *in, size_t start, const char *path)
{
    const struct json_sources *sources = &in->node->document->sources;
    CLEANUP(mem_freep) char *text = NULL;
    struct error failure = ERROR_INIT;
    if (sources->file == NULL) {
        lookup_refuse(in, start, "${file:PATH}");
    } else if (!sources->file(sources->context, in->node->document->folder, path, &text,
                              &failure)) {
        not_to_be_had(in, start, &failure);
    } else {
        CLEANUP(mem_freep) char *source = mem_printf("file %s", path);
        use_output(in, text, source);
    }
}

void lookup_command(struct interpolation *in, size_t start, const struct strlist *words)
{
    const struct json_sources *sources = &in->node->document->sources;
    CLEANUP(mem_freep) char *text = NULL;
    struct error failure = ERROR_INIT;
    if (sources->command == NULL) {
        lookup_refuse(in, start, "${cmd:PROGRAM ARG}");
    } else if (!sources->command(sources->context, in->node->document->folder,
                                 (const char *const *)words->items, &text, &failure)) {
        not_to_be_had(in, start, &failure);
    } else {
        CLEANUP(mem_freep) char *source = mem_printf("command %s", words->items[0]);
        use_output(in, text, source);
    }
}
