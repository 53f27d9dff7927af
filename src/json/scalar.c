/* Typed members. Each is asked for, checked, converted and recorded. */
#include <inttypes.h>

#include "document.h"
#include "headgate/secret.h"
#include "headgate/strlist.h"
#include "interpolate.h"

/* --- recording --- */

static void record(const struct json_node *node, const char *variables)
{
    const struct value *value = node->value;
    struct json_document *document = node->document;
    size_t quote = value->kind == VALUE_TEXT ? 1 : 0;
    size_t start = value->place.start + quote;
    struct json_setting setting = {
        .path = node->path,
        .value = arena_copy_n(document->arena, document->text.text + start,
                              value->place.end - quote - start),
        .origin = arena_printf(document->arena, "%s:%zu:%zu%s", document->shown, value->place.line,
                               value->place.column, variables),
    };
    settings_record(&document->settings, &setting);
}

/* For a member that is missing. */
static void record_default(const struct json_node *node, const char *format, ...) PRINTF_LIKE(2, 3);
static void record_default(const struct json_node *node, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *text = mem_vprintf(format, arguments);
    va_end(arguments);
    if (node->value == NULL) {
        struct json_setting setting = {
            .path = node->path,
            .value = arena_copy(node->document->arena, text),
            .origin = "default",
        };
        settings_record(&node->document->settings, &setting);
    }
}

/* --- texts --- */

static const struct interpolated *read_text(const struct json_node *node, const char *wanted)
{
    if (node->value == NULL) {
        return NULL;
    }
    if (!json_is_text(node)) {
        (void)node_complain(node, wanted);
        return NULL;
    }
    const struct interpolated *text = interpolate(node);
    if (text != NULL) {
        record(node, text->variables);
    }
    return text;
}

static void register_parts(const struct json_origin_part *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        secret_register(parts[i].value);
    }
}

struct json_outside_text json_outside_text(struct json_object *object, const char *key,
                                           enum json_need need, const char *fallback)
{
    struct json_node node = json_member(object, key, need);
    const struct interpolated *text = read_text(&node, "a string");
    if (text == NULL) {
        const char *kept = fallback != NULL ? arena_copy(node.document->arena, fallback) : NULL;
        if (kept != NULL) {
            record_default(&node, "%s", kept);
        }
        return (struct json_outside_text){.text = kept, .raw = kept};
    }
    const struct value *value = node.value;
    return (struct json_outside_text){
        .text = text->text, .raw = value->text, .parts = text->parts, .n_parts = text->n_parts};
}

const char *json_text(struct json_object *object, const char *key, enum json_need need,
                      const char *fallback)
{
    struct json_outside_text text = json_outside_text(object, key, need, fallback);
    register_parts(text.parts, text.n_parts);
    return text.text;
}

const char *json_item_public_text(const struct json_node *array, size_t i)
{
    struct json_node item = json_item(array, i);
    const struct interpolated *text = read_text(&item, "a string");
    return text != NULL ? text->text : NULL;
}

const char *json_item_text(const struct json_node *array, size_t i)
{
    struct json_node item = json_item(array, i);
    const struct interpolated *text = read_text(&item, "a string");
    if (text == NULL) {
        return NULL;
    }
    register_parts(text->parts, text->n_parts);
    return text->text;
}

const char *const *json_texts(struct json_object *object, const char *key, size_t *ret_n)
{
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    size_t n = 0, n_good = 0;
    if (json_is_text(&node)) {
        CLEANUP(mem_freep)
        char *shown = document_excerpt(node.document, &((const struct value *)node.value)->place);
        problem_note(node_complain(&node, "an array of strings"), "write [%s]", shown);
    } else {
        (void)json_array(&node, &n);
    }
    const char **texts = arena_alloc(node.document->arena, (n + 1) * sizeof *texts);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_item_text(&node, i);
        if (text != NULL) {
            texts[n_good++] = text;
        }
    }
    *ret_n = n_good;
    return texts;
}

/* --- what is written as a text and means something else --- */

/* NULL also where the text is only checked and will be known later. */
static const char *text_to_convert(const struct json_node *node, const char *wanted)
{
    const struct interpolated *text = read_text(node, wanted);
    return text != NULL && !text->is_open ? text->text : NULL;
}

/* The message shows the file's text, never a value from outside. */
static struct problem *complain_about_text(const struct json_node *node, const char *wanted)
{
    struct problem *problem = node_complain(node, wanted);
    const struct interpolated *text = interpolate(node);
    for (size_t i = 0; i < text->n_parts; i++) {
        problem_note(problem, "its value comes from %s", text->parts[i].source);
    }
    return problem;
}

msec json_duration(struct json_object *object, const char *key, msec fallback)
{
    static const char wanted[] = "a duration such as \"2s\"";
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    const char *text = text_to_convert(&node, wanted);
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    msec duration = fallback;
    if (text != NULL && !duration_parse(text, &duration, &failure)) {
        (void)complain_about_text(&node, wanted);
    }
    if (fallback >= 0 && fallback != DEADLINE_NONE) {
        CLEANUP(mem_freep) char *shown = duration_format(fallback);
        record_default(&node, "%s", shown);
    }
    return duration;
}

/* The form that size_parse reads back as the same number. */
static void record_default_size(const struct json_node *node, uint64_t bytes)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {{"GB", 1000000000}, {"GiB", 1u << 30}, {"MB", 1000000}, {"MiB", 1u << 20},
                 {"kB", 1000},       {"KiB", 1u << 10}, {"B", 1}};
    size_t i = bytes > 0 ? 0 : ARRAY_LEN(units) - 1;
    while (bytes % units[i].bytes != 0) {
        i++;
    }
    record_default(node, "%" PRIu64 "%s", bytes / units[i].bytes, units[i].name);
}

uint64_t json_size(struct json_object *object, const char *key, uint64_t fallback)
{
    static const char wanted[] = "a size such as \"500MB\"";
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    const char *text = text_to_convert(&node, wanted);
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    uint64_t bytes = fallback;
    if (text != NULL && !size_parse(text, &bytes, &failure)) {
        (void)complain_about_text(&node, wanted);
    }
    if (fallback != UINT64_MAX) {
        record_default_size(&node, fallback);
    }
    return bytes;
}

/* "a", "b" or "c". */
static char *alternatives(const char *const *words)
{
    struct strbuf list = STRBUF_INIT;
    for (size_t i = 0; words[i] != NULL; i++) {
        const char *comma = words[i + 1] != NULL ? ", " : " or ";
        strbuf_printf(&list, "%s\"%s\"", i > 0 ? comma : "", words[i]);
    }
    return strbuf_take(&list);
}

static int find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (text_equal(words[i], word)) {
            return i;
        }
    }
    return -1;
}

int json_choice(struct json_object *object, const char *key, enum json_need need,
                const char *const *words, int fallback)
{
    struct json_node node = json_member(object, key, need);
    CLEANUP(mem_freep) char *wanted = alternatives(words);
    const char *text = text_to_convert(&node, wanted);
    int found = text != NULL ? find_word(words, text) : fallback;
    if (text != NULL && found < 0) {
        struct problem *problem = complain_about_text(&node, wanted);
        const char *near = suggest_near(text, words);
        if (near != NULL) {
            problem_note(problem, "did you mean \"%s\"?", near);
        }
        return fallback;
    }
    if (fallback >= 0) {
        record_default(&node, "%s", words[fallback]);
    }
    return found;
}

/* --- numbers and truth --- */

bool json_bool(struct json_object *object, const char *key, bool fallback)
{
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    const struct value *value = node.value;
    record_default(&node, "%s", fallback ? "true" : "false");
    if (json_is_bool(&node)) {
        record(&node, "");
        return value->truth;
    }
    if (value != NULL) {
        (void)node_complain(&node, "true or false");
    }
    return fallback;
}

static char *range_in_words(int64_t least, int64_t most)
{
    if (least == INT64_MIN && most == INT64_MAX) {
        return mem_copy("a whole number");
    }
    if (most == INT64_MAX) {
        return mem_printf("a whole number of at least %" PRId64, least);
    }
    if (least == INT64_MIN) {
        return mem_printf("a whole number of at most %" PRId64, most);
    }
    return mem_printf("a whole number from %" PRId64 " to %" PRId64, least, most);
}

int64_t json_integer(struct json_object *object, const char *key, int64_t least, int64_t most,
                     int64_t fallback)
{
    struct json_node node = json_member(object, key, JSON_OPTIONAL);
    const struct value *value = node.value;
    record_default(&node, "%" PRId64, fallback);
    if (value != NULL && value->kind == VALUE_INTEGER && value->integer >= least &&
        value->integer <= most) {
        record(&node, "");
        return value->integer;
    }
    if (value != NULL) {
        CLEANUP(mem_freep) char *wanted = range_in_words(least, most);
        (void)node_complain(&node, wanted);
    }
    return fallback;
}
