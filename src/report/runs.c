/* Runs as a list, and whether their journals are what was written. */
#include "headgate/output.h"
#include "private.h"

/* What it waits for, or why it stands. */
static char *remark_of(const struct record *record)
{
    for (size_t i = 0; i < record->n; i++) {
        const struct record_step *step = &record->steps[i];
        if (step->state == STEP_WAITING && run_state_is_open(record->state)) {
            return mem_printf("%s: %s", step->id, step->sentence != NULL ? step->sentence : "");
        }
    }
    bool done = record->state == RUN_DONE;
    return mem_copy(record->sentence != NULL && !done ? record->sentence : "");
}

static void add_row(struct table *table, const struct run_entry *entry)
{
    const struct record *record = entry->record;
    table_row(table);
    table_set(table, 0, STYLE_BOLD, mem_copy(entry->run));
    if (record == NULL) {
        table_set_long(table, 1, STYLE_BAD, mem_copy("cannot be read"));
        return;
    }
    table_set(table, 1, STYLE_PLAIN, mem_copy(record->pipeline));
    table_set(table, 2, STYLE_PLAIN, record_digest(record->release));
    table_set(table, 3, record_style(record->state), mem_copy(run_state_name(record->state)));
    table_set(table, 4, STYLE_PLAIN, mem_copy(record->author));
    table_set(table, 5, STYLE_DIM, record_when(record->begun));
    table_set(table, 6, STYLE_DIM, record_took(record->begun, record->ended));
    table_set(table, 7, STYLE_PLAIN, remark_of(record));
}

static void print_runs_text(const struct run_entry *entries, size_t n, size_t n_older)
{
    CLEANUP(table_clear) struct table table = {0};
    if (n == 0) {
        output_print("There are no runs.\n");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        add_row(&table, &entries[i]);
    }
    table_print(&table, "");
    for (size_t i = 0; i < n; i++) {
        if (entries[i].record == NULL) {
            output_print("\n%s: %s\n", entries[i].run, entries[i].error.message);
            if (entries[i].error.hint != NULL) {
                output_print("  %s\n", entries[i].error.hint);
            }
        }
    }
    if (n_older > 0) {
        output_print("\nand %zu older: headgate runs --all\n", n_older);
    }
}

void report_runs(const struct run_entry *entries, size_t n, size_t n_older)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!output_json()) {
        print_runs_text(entries, n, n_older);
        return;
    }
    struct json_writer writer = document_start(&out);
    json_write_key(&writer, "runs");
    json_write_array(&writer);
    for (size_t i = 0; i < n; i++) {
        json_write_object(&writer);
        if (entries[i].record != NULL) {
            write_run(&writer, entries[i].record);
        } else {
            json_write_member_text(&writer, "run", entries[i].run);
            json_write_key(&writer, "error");
            write_error(&writer, &entries[i].error);
        }
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    json_write_member_integer(&writer, "older", (int64_t)n_older);
    document_end(&writer);
}

/* --- the audit --- */

/* What the state says of itself, and the head where another one was expected. */
static void list_findings(const struct audit *audit, const char *run, const char *expected,
                          struct table *table)
{
    for (size_t i = 0; i < audit->n_findings; i++) {
        const struct audit_finding *finding = &audit->findings[i];
        table_row(table);
        table_set(table, 0, STYLE_BOLD, mem_copy(finding->run != NULL ? finding->run : "ledger"));
        table_set(table, 1, STYLE_BAD, mem_copy(finding->sentence));
    }
    if (expected != NULL && !text_equal(expected, audit->head)) {
        table_row(table);
        table_set(table, 0, STYLE_BOLD, mem_copy(run != NULL ? run : "ledger"));
        table_set(table, 1, STYLE_BAD,
                  mem_printf("the head is %s, expected was %s", audit->head, expected));
    }
}

static void print_audit_text(const struct audit *audit, const struct table *table)
{
    CLEANUP(mem_freep) char *runs = count_of(audit->n_runs, "run");
    CLEANUP(mem_freep) char *events = count_of(audit->n_events, "event");
    if (table->n_rows == 0) {
        output_print("%s, %s: all of it is as it was written.\nHead %s\n", runs, events,
                     audit->head);
        return;
    }
    table_print(table, "  ");
    output_print("\n%s, %s: not all of it is as it was written.\n", runs, events);
}

static void print_audit_json(const struct audit *audit, const struct table *table)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = document_start(&out);
    json_write_member_bool(&writer, "good", table->n_rows == 0);
    json_write_member_integer(&writer, "runs", (int64_t)audit->n_runs);
    json_write_member_integer(&writer, "events", (int64_t)audit->n_events);
    json_write_member_text(&writer, "head", audit->head);
    json_write_key(&writer, "findings");
    json_write_array(&writer);
    for (size_t i = 0; i < table->n_rows; i++) {
        json_write_object(&writer);
        json_write_member_text(&writer, "run", table->cells[i * TABLE_COLUMNS].text);
        json_write_key(&writer, "event");
        if (i < audit->n_findings && audit->findings[i].number > 0) {
            json_write_integer(&writer, (int64_t)audit->findings[i].number);
        } else {
            json_write_text(&writer, NULL);
        }
        json_write_member_text(&writer, "sentence", table->cells[i * TABLE_COLUMNS + 1].text);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    document_end(&writer);
}

bool report_audit(const struct audit *audit, const char *run, const char *expected)
{
    CLEANUP(table_clear) struct table table = {0};
    list_findings(audit, run, expected, &table);
    if (output_json()) {
        print_audit_json(audit, &table);
    } else {
        print_audit_text(audit, &table);
    }
    return table.n_rows == 0;
}
