/* What the doctor found, which embedded databases there are, and what the environments file says.
 */
#include "headgate/output.h"
#include "private.h"

static const char *level_word(enum finding_level level)
{
    static const char *const words[] = {
        [FINDING_OK] = "ok", [FINDING_WARNING] = "warning", [FINDING_PROBLEM] = "problem"};
    return words[level];
}

static void print_findings_text(const struct findings *findings)
{
    static const enum style styles[] = {
        [FINDING_OK] = STYLE_GOOD, [FINDING_WARNING] = STYLE_WARN, [FINDING_PROBLEM] = STYLE_BAD};
    size_t count[3] = {0};
    const char *subject = "";
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];
        CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
        if (!text_equal(subject, finding->subject)) {
            output_print("%s%s\n", i > 0 ? "\n" : "", finding->subject);
            subject = finding->subject;
        }
        strbuf_add(&out, "  ");
        style_add(&out, output_color_stdout(), styles[finding->level], level_word(finding->level));
        size_t width = strlen(level_word(finding->level));
        strbuf_add_repeated(&out, ' ', 9 - width);
        strbuf_printf(&out, "%-16s %s\n", finding->check, finding->sentence);
        if (finding->remedy != NULL) {
            strbuf_printf(&out, "%28s-> %s\n", "", finding->remedy);
        }
        output_write(out.text, out.size);
        count[finding->level]++;
    }
    output_print("\n%zu ok, %zu warnings, %zu problems\n", count[FINDING_OK],
                 count[FINDING_WARNING], count[FINDING_PROBLEM]);
}

void report_findings(const struct findings *findings)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_findings_text(findings);
        return;
    }
    struct json_writer writer = document_start(&out);
    json_write_member_text(&writer, "worst", level_word(findings_worst(findings)));
    json_write_key(&writer, "findings");
    json_write_array(&writer);
    for (size_t i = 0; i < findings->n; i++) {
        const struct finding *finding = &findings->items[i];
        json_write_object(&writer);
        json_write_member_text(&writer, "subject", finding->subject);
        json_write_member_text(&writer, "check", finding->check);
        json_write_member_text(&writer, "level", level_word(finding->level));
        json_write_member_text(&writer, "sentence", finding->sentence);
        json_write_member_text(&writer, "remedy", finding->remedy);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    document_end(&writer);
}

static void print_embedded_text(const struct embedded_list *list)
{
    CLEANUP(table_clear) struct table table = {0};
    if (list->n == 0) {
        output_print("There are no embedded databases.\n");
        return;
    }
    for (size_t i = 0; i < list->n; i++) {
        const struct embedded_status *item = &list->items[i];
        table_row(&table);
        table_set(&table, 0, STYLE_BOLD, mem_copy(item->name));
        table_set(&table, 1, item->running ? STYLE_GOOD : STYLE_DIM,
                  mem_copy(item->running ? "running" : "stopped"));
        table_set(&table, 2, STYLE_PLAIN, mem_printf("PostgreSQL %s", item->version_text));
        table_set(&table, 3, STYLE_PLAIN, size_human(item->bytes));
        table_set(&table, 4, STYLE_DIM, mem_copy(item->conninfo));
    }
    table_print(&table, "  ");
}

void report_embedded(const struct embedded_list *list)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_embedded_text(list);
        return;
    }
    struct json_writer writer = document_start(&out);
    json_write_key(&writer, "embedded");
    json_write_array(&writer);
    for (size_t i = 0; i < list->n; i++) {
        const struct embedded_status *item = &list->items[i];
        json_write_object(&writer);
        json_write_member_text(&writer, "name", item->name);
        json_write_member_bool(&writer, "running", item->running);
        json_write_key(&writer, "pid");
        if (item->running) {
            json_write_integer(&writer, item->pid);
        } else {
            json_write_text(&writer, NULL);
        }
        json_write_member_text(&writer, "server_version", item->version_text);
        json_write_member_text(&writer, "folder", item->folder);
        json_write_member_text(&writer, "url", item->conninfo);
        json_write_member_integer(&writer, "bytes", (int64_t)item->bytes);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    document_end(&writer);
}
