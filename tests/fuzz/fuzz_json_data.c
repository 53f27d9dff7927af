/* Any bytes; what parses is written, read again, and must say the same in the same bytes. */
#include <assert.h>

#include "headgate/json_data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct json_data *data)
{
    for (size_t i = 0; i < json_data_count(data); i++) {
        const char *key = json_data_key(data, i);
        const struct json_data *child =
            key != NULL ? json_data_member(data, key) : json_data_item(data, i);
        assert(child != NULL);
        assert(json_data_text(data, key) == (key != NULL ? json_data_string(child) : NULL));
        walk(child);
    }
}

static void write_data(const struct json_data *data, struct strbuf *out)
{
    struct json_writer writer = json_writer_start(out, false);
    json_write_data(&writer, data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(json_data_freep) struct json_data *first = NULL;
    CLEANUP(json_data_freep) struct json_data *second = NULL;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf again = STRBUF_INIT;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (!json_data_parse((const char *)data, size, &first, &err)) {
        assert(err.code == ERROR_CONFIG);
        return 0;
    }
    walk(first);
    write_data(first, &out);
    bool parsed = json_data_parse(out.text, out.size, &second, &err);
    assert(parsed && json_data_equal(first, second));
    write_data(second, &again);
    assert(text_equal(out.text, again.text));
    return 0;
}
