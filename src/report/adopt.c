/* Coming from another tool: what would be made, and what was. */
#include "headgate/file.h"
#include "headgate/output.h"
#include "private.h"

static void print_items(const struct adoption *adoption)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < adoption->n; i++) {
        const struct adopt_item *item = &adoption->items[i];
        table_row(&table);
        table_set(&table, 0, STYLE_PLAIN, mem_copy(item->version));
        table_set(&table, 1, STYLE_PLAIN, mem_copy(item->name));
        table_set(&table, 2, item->applied ? STYLE_GOOD : STYLE_WARN,
                  mem_copy(item->applied ? "applied" : "pending"));
        if (item->applied_at != NULL) {
            table_set(&table, 3, STYLE_DIM, mem_printf("%.19sZ", item->applied_at));
        }
    }
    table_print(&table, "  ");
}

void report_adoption_head(const struct adoption *adoption)
{
    if (output_json()) {
        return;
    }
    output_print("Adopt %s from %s  %s  PostgreSQL %s\n", adoption->environment->name,
                 adoption->tool, adoption->target, adoption->version_text);
    output_print("%s becomes %s\n\n", adoption->source, adoption->folder);
    print_items(adoption);
    for (size_t i = 0; i < adoption->notes.n; i++) {
        output_print("%s%s\n", i == 0 ? "\n" : "", adoption->notes.items[i]);
    }
}

static void write_item(struct json_writer *writer, const struct adopt_item *item)
{
    json_write_object(writer);
    json_write_member_text(writer, "version", item->version);
    json_write_member_text(writer, "file", item->file);
    json_write_member_text(writer, "name", item->name);
    json_write_member_text(writer, "checksum", item->checksum);
    json_write_member_text(writer, "state", item->applied ? "applied" : "pending");
    json_write_member_text(writer, "applied_at", item->applied_at);
    json_write_member_bool(writer, "down", item->down_text != NULL);
    json_write_object_end(writer);
}

static void print_json(const struct adoption *adoption, bool done)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = document_start(&out);
    json_write_member_text(&writer, "environment", adoption->environment->name);
    json_write_member_text(&writer, "target", adoption->target);
    json_write_member_text(&writer, "tool", adoption->tool);
    json_write_member_text(&writer, "source", adoption->source);
    json_write_member_text(&writer, "folder", adoption->folder);
    json_write_member_bool(&writer, "done", done);
    json_write_member_integer(&writer, "applied", (int64_t)adoption->n_applied);
    json_write_member_integer(&writer, "pending", (int64_t)(adoption->n - adoption->n_applied));
    json_write_key(&writer, "migrations");
    json_write_array(&writer);
    for (size_t i = 0; i < adoption->n; i++) {
        write_item(&writer, &adoption->items[i]);
    }
    json_write_array_end(&writer);
    json_write_key(&writer, "notes");
    json_write_array(&writer);
    for (size_t i = 0; i < adoption->notes.n; i++) {
        json_write_text(&writer, adoption->notes.items[i]);
    }
    json_write_array_end(&writer);
    document_end(&writer);
}

void report_adoption_end(const struct adoption *adoption, bool done)
{
    size_t pending = adoption->n - adoption->n_applied, made = adoption->n - adoption->n_there;
    if (output_json()) {
        print_json(adoption, done);
        return;
    }
    CLEANUP(mem_freep) char *folders = count_of(made, "folder");
    CLEANUP(mem_freep) char *rows = count_of(adoption->n_applied, "row");
    output_print("\n%s%s in %s, %s in _prisma_migrations.", done ? "Made " : "Would make ", folders,
                 adoption->folder, rows);
    if (!done) {
        output_print(" Nothing was changed.\n");
    } else if (pending > 0) {
        output_print(" Next: headgate deploy %s\n", adoption->environment->name);
    } else {
        output_print(" %s is up to date.\n", adoption->environment->name);
    }
}
