/* Any text as a value with ${...}: written by our writer, read back, interpolated, checked. */
#include <assert.h>
#include <string.h>

#include "headgate/json.h"
#include "headgate/json_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *variable(void *context, const char *name)
{
    (void)context;
    if (strcmp(name, "EMPTY") == 0) {
        return "";
    }
    return strlen(name) < 4 ? "value of ${A} $$" : NULL;
}

static bool file(void *context, const char *folder, const char *path, char **ret_text,
                 struct error *err)
{
    (void)context;
    (void)folder;
    if (path[0] == 'x') {
        return error_set(err, ERROR_IO, "could not open \"%s\"", path);
    }
    *ret_text = mem_copy("from a file\r\n\n");
    return true;
}

static bool command(void *context, const char *folder, const char *const *argv, char **ret_text,
                    struct error *err)
{
    size_t n = 0;
    while (argv[n] != NULL) {
        n++;
    }
    assert(n > 0);
    return file(context, folder, argv[n - 1], ret_text, err);
}

static const struct json_sources sources = {.variable = variable, .file = file, .command = command};

static void look_at(const struct problems *problems, size_t size)
{
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];
        assert(problem->line == 1 && problem->column > strlen("{\"text\":"));
        assert(problem->column <= size && problem->width >= 1);
    }
}

/* A text that could be interpolated is good for a check as well. */
static void read_text(const struct strbuf *json, bool check_only)
{
    CLEANUP(json_freep) struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct json_object object;
    assert(json_parse("fuzz.json", json->text, json->size, &sources, &document, &err));
    struct json_node root = json_root(document);
    assert(json_object_open(&root, &object, "the file"));
    json_object_check_only(&object, check_only);
    struct json_outside_text text = json_outside_text(&object, "text", JSON_REQUIRED, NULL);
    (void)json_duration(&object, "text", 1000);
    json_object_close(&object);
    if (!json_finish(document, &err)) {
        look_at(&err.problems, json->size);
    } else if (check_only) {
        assert(strcmp(text.text, text.raw) == 0 && text.n_parts == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(strbuf_clear) struct strbuf json = STRBUF_INIT;
    CLEANUP(mem_freep) char *text = mem_copy_n((const char *)data, size);
    struct json_writer writer = json_writer_start(&json, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "text", text);
    json_write_object_end(&writer);
    read_text(&json, false);
    read_text(&json, true);
    return 0;
}
