/* What the environments file says, and where each value comes from. Values that stand outside of
 * the file are named, never fetched: a secret that was not read cannot be shown. */
#include "headgate/output.h"
#include "private.h"

void report_settings(const struct environments *set, bool with_origin)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(table_clear) struct table table = {0};
    size_t n = 0;
    const struct json_setting *settings = json_settings(set->document, &n);
    struct json_writer writer = {0};
    if (output_json()) {
        writer = document_start(&out);
        json_write_member_text(&writer, "file", set->path);
        json_write_key(&writer, "settings");
        json_write_array(&writer);
    }
    for (size_t i = 0; i < n; i++) {
        const struct json_setting *setting = &settings[i];
        if (!output_json()) {
            table_row(&table);
            table_set(&table, 0, STYLE_PLAIN, mem_copy(setting->path));
            table_set(&table, 1, STYLE_BOLD, mem_copy(setting->value));
            table_set(&table, 2, STYLE_DIM, mem_copy(with_origin ? setting->origin : NULL));
            continue;
        }
        json_write_object(&writer);
        json_write_member_text(&writer, "path", setting->path);
        json_write_member_text(&writer, "value", setting->value);
        json_write_member_text(&writer, "origin", setting->origin);
        json_write_object_end(&writer);
    }
    if (output_json()) {
        json_write_array_end(&writer);
        document_end(&writer);
    } else {
        table_print(&table, "");
    }
}
