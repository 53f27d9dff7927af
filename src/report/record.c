/* What a run has done: the release report. */
#include "headgate/output.h"
#include "private.h"

/* --- the head --- */

static void set_line(struct table *table, const char *label, char *text)
{
    if (text == NULL || text[0] == '\0') {
        mem_free(text);
        return;
    }
    table_row(table);
    table_set(table, 0, STYLE_DIM, mem_copy(label));
    table_set(table, 1, STYLE_PLAIN, text);
}

static char *end_words(const struct record *record)
{
    CLEANUP(mem_freep) char *ended = record_when(record->ended);
    CLEANUP(mem_freep) char *took = record_took(record->begun, record->ended);
    return record->ended == 0 ? mem_printf("not yet, since %s", took)
                              : mem_printf("%s, after %s", ended, took);
}

static void add_head(struct strbuf *out, const struct record *record)
{
    CLEANUP(strbuf_clear) struct strbuf title = STRBUF_INIT;
    CLEANUP(table_clear) struct table table = {0};
    CLEANUP(mem_freep) char *begun = record_when(record->begun);
    strbuf_printf(&title, "Run %s  %s  ", record->run, record->pipeline);
    style_add(&title, output_color_stdout(), record_style(record->state),
              run_state_name(record->state));
    strbuf_printf(out, "%s\n\n", title.text);
    set_line(&table, "release", record_digest(record->release));
    set_line(&table, "plan", record_digest(record->plan));
    set_line(&table, "begun", mem_printf("%s by %s", begun, record->author));
    bool rests = run_state_is_open(record->state) && record->ended > 0;
    set_line(&table, rests ? "stopped" : "ended", end_words(record));
    if (record->n_resumed > 0) {
        set_line(&table, "resumed",
                 mem_printf("%zu time%s", record->n_resumed, record->n_resumed == 1 ? "" : "s"));
    }
    set_line(&table, "worked on", mem_copy(record->holder.who));
    set_line(&table, "says", mem_copy(record->sentence));
    set_line(&table, "next", record_next(record));
    table_render(&table, "  ", out);
}

/* What the plan says of the databases, as it looked at them. */
static void add_targets(struct strbuf *out, const struct record *record)
{
    CLEANUP(table_clear) struct table table = {0};
    const struct json_data *targets = json_data_member(record->plan_document, "targets");
    for (size_t i = 0; i < json_data_count(targets); i++) {
        const struct json_data *target = json_data_item(targets, i);
        const char *version = json_data_text(target, "server_version");
        const char *identifier = json_data_text(target, "system_identifier");
        table_row(&table);
        table_set(&table, 0, STYLE_BOLD, mem_copy(json_data_text(target, "environment")));
        table_set(&table, 1, STYLE_PLAIN, mem_copy(json_data_text(target, "target")));
        table_set(&table, 2, STYLE_PLAIN,
                  mem_printf("PostgreSQL %s", version != NULL ? version : "?"));
        table_set(&table, 3, STYLE_DIM,
                  mem_printf("system identifier %s", identifier != NULL ? identifier : "?"));
    }
    if (table.n_rows > 0) {
        strbuf_printf(out, "\nDatabases\n");
        table_render(&table, "  ", out);
    }
}

/* --- steps --- */

static void add_migrations(struct table *table, const struct record *record,
                           const struct record_step *step)
{
    const struct record_step *like = step->applied.n > 0 ? record_step_like(record, step) : NULL;
    if (like != NULL) {
        table_note(table, STYLE_DIM, "the same as ", like->id);
        return;
    }
    for (size_t i = 0; i < step->applied.n; i++) {
        table_note(table, STYLE_DIM, "", step->applied.items[i]);
    }
}

static void add_outputs(struct table *table, const struct json_data *outputs)
{
    for (size_t i = 0; i < json_data_count(outputs); i++) {
        const char *key = json_data_key(outputs, i);
        const char *value = json_data_text(outputs, key);
        CLEANUP(mem_freep) char *line = mem_printf("%s=%s", key, value != NULL ? value : "");
        table_note(table, STYLE_DIM, "", line);
    }
}

/* The error of a step that succeeded afterwards is told as well: it was flaky. */
static void add_step(struct table *table, const struct record *record,
                     const struct record_step *step)
{
    table_row(table);
    table_set(table, 0, STYLE_BOLD, mem_copy(step->id));
    table_set(table, 1, STYLE_PLAIN, mem_copy(step->kind));
    table_set(table, 2, record_step_style(step->state), mem_copy(step_state_name(step->state)));
    table_set(table, 3, STYLE_DIM, record_when(step->begun));
    table_set(table, 4, STYLE_PLAIN, record_took(step->begun, step->ended));
    table_set(table, 5, STYLE_PLAIN, record_step_remark(step));
    add_migrations(table, record, step);
    add_outputs(table, step->outputs);
    table_note(table, step->state == STEP_FAILED ? STYLE_BAD : STYLE_WARN,
               step->state == STEP_FAILED ? "error: " : "had failed: ",
               json_data_text(step->error, "message"));
    table_note(table, STYLE_PLAIN, "detail: ", json_data_text(step->error, "detail"));
    if (step->state == STEP_FAILED) {
        table_note(table, STYLE_PLAIN, "hint: ", json_data_text(step->error, "hint"));
    }
}

static void add_steps(struct strbuf *out, const struct record *record)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < record->n; i++) {
        add_step(&table, record, &record->steps[i]);
    }
    strbuf_printf(out, "\nSteps\n");
    table_render(&table, "  ", out);
}

/* --- on what evidence --- */

static void set_policy_words(struct table *table, const struct json_data *policy)
{
    const char *because = json_data_text(policy, "because");
    const char *reason = json_data_text(policy, "reason");
    if (reason != NULL) {
        table_set(table, 3, STYLE_WARN, mem_printf("%s; overridden: %s", because, reason));
    } else if (because != NULL) {
        table_set(table, 3, STYLE_PLAIN, mem_copy(because));
    }
}

static void add_policies(struct strbuf *out, const struct record *record)
{
    CLEANUP(table_clear) struct table table = {0};
    const struct json_data *policies = record->policies;
    for (size_t i = 0; i < json_data_count(policies); i++) {
        const struct json_data *policy = json_data_item(policies, i);
        const char *demand = json_data_text(policy, "demand");
        const char *name = json_data_text(policy, "policy");
        table_row(&table);
        table_set(&table, 0, STYLE_BOLD, mem_copy(json_data_text(policy, "environment")));
        table_set(&table, 1, STYLE_PLAIN, mem_copy(demand != NULL ? demand : name));
        table_set(&table, 2, STYLE_DIM, mem_copy(json_data_text(policy, "state")));
        set_policy_words(&table, policy);
    }
    if (table.n_rows > 0) {
        strbuf_printf(out, "\nPolicy, as it was planned\n");
        table_render(&table, "  ", out);
    }
}

static void add_approvals(struct strbuf *out, const struct record *record)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < record->n_approvals; i++) {
        const struct approval *approval = &record->approvals[i];
        table_row(&table);
        table_set(&table, 0, STYLE_BOLD, mem_copy(approval->step));
        table_set(&table, 1, approval->rejects ? STYLE_BAD : STYLE_GOOD,
                  record_approval_word(approval));
        table_set(&table, 2, STYLE_PLAIN, mem_copy(approval->who));
        table_set(&table, 3, STYLE_DIM, record_when(approval->time));
        table_set(&table, 4, STYLE_PLAIN, mem_copy(approval->reason));
    }
    if (table.n_rows > 0) {
        strbuf_printf(out, "\nApprovals\n");
        table_render(&table, "  ", out);
    }
}

static void add_overrides(struct strbuf *out, const struct record *record)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < record->n_overrides; i++) {
        table_row(&table);
        table_set(&table, 0, STYLE_WARN, mem_copy(record->overrides[i].policy));
        table_set(&table, 1, STYLE_PLAIN, mem_copy(record->overrides[i].reason));
    }
    if (table.n_rows > 0) {
        strbuf_printf(out, "\nOverridden by %s\n", record->author);
        table_render(&table, "  ", out);
    }
}

static void add_course(struct strbuf *out, const struct record *record)
{
    CLEANUP(table_clear) struct table table = {0};
    for (size_t i = 0; i < record->n_events; i++) {
        const struct event *event = journal_event(record->journal, i);
        char *words = record_course(event);
        if (words != NULL) {
            table_row(&table);
            table_set(&table, 0, STYLE_DIM, record_when(event->time));
            table_set(&table, 1, STYLE_PLAIN, mem_copy(event->actor));
            table_set(&table, 2, STYLE_PLAIN, words);
        }
    }
    strbuf_printf(out, "\nCourse\n");
    table_render(&table, "  ", out);
}

void text_add_record(struct strbuf *out, const struct record *record)
{
    add_head(out, record);
    add_targets(out, record);
    add_steps(out, record);
    add_policies(out, record);
    add_approvals(out, record);
    add_overrides(out, record);
    add_course(out, record);
    strbuf_printf(out, "\nJournal: %zu events, head %s\n", record->n_events,
                  record->head != NULL ? record->head : "none");
}

void report_record(const struct record *record, const struct report_manner *manner)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (output_json()) {
        struct json_writer writer = document_start(&out);
        write_record(&writer, record);
        document_end(&writer);
    } else if (manner->markdown) {
        markdown_add_record(&out, record);
        output_write(out.text, out.size);
    } else {
        text_add_record(&out, record);
        output_write(out.text, out.size);
    }
}

void report_nothing_to_resume(const struct record *record)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (output_json()) {
        struct json_writer writer = document_start(&out);
        write_record(&writer, record);
        document_end(&writer);
    } else {
        output_print("Nothing to resume: run %s is done.\n", record->run);
    }
}
