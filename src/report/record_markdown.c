/* A run's record as Markdown: the release report for a ticket. */
#include "private.h"

static void add_fact(struct strbuf *out, const char *label, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        strbuf_printf(out, "| %s |", label);
        markdown_add_cell(out, text);
        strbuf_add_char(out, '\n');
    }
}

static void add_head(struct strbuf *out, const struct record *record)
{
    static const char *const titles[] = {"", "", NULL};
    CLEANUP(mem_freep) char *begun = record_when(record->begun);
    CLEANUP(mem_freep) char *ended = record_when(record->ended);
    CLEANUP(mem_freep) char *took = record_took(record->begun, record->ended);
    CLEANUP(mem_freep)
    char *resumed = record->n_resumed > 0 ? mem_printf("%zu", record->n_resumed) : NULL;
    CLEANUP(mem_freep) char *next = record_next(record);
    strbuf_add(out, "## Run ");
    markdown_add_code(out, record->run);
    strbuf_add(out, " of ");
    markdown_add_code(out, record->pipeline);
    strbuf_printf(out, ": %s\n", run_state_name(record->state));
    markdown_add_head(out, titles);
    add_fact(out, "Release", record->release);
    add_fact(out, "Plan", record->plan);
    add_fact(out, "Author", record->author);
    add_fact(out, "Begun", begun);
    add_fact(out, run_state_is_open(record->state) ? "Stopped" : "Ended", ended);
    add_fact(out, "Took", took);
    add_fact(out, "Times resumed", resumed);
    add_fact(out, "Worked on", record->holder.who);
    add_fact(out, "Says", record->sentence);
    add_fact(out, "Next", next);
}

static void add_targets(struct strbuf *out, const struct record *record)
{
    static const char *const titles[] = {"environment", "database", "PostgreSQL",
                                         "system identifier", NULL};
    const struct json_data *targets = json_data_member(record->plan_document, "targets");
    if (json_data_count(targets) > 0) {
        strbuf_add(out, "\n### Databases\n");
        markdown_add_head(out, titles);
    }
    for (size_t i = 0; i < json_data_count(targets); i++) {
        const struct json_data *target = json_data_item(targets, i);
        strbuf_add_char(out, '|');
        markdown_add_code_cell(out, json_data_text(target, "environment"));
        markdown_add_code_cell(out, json_data_text(target, "target"));
        markdown_add_cell(out, json_data_text(target, "server_version"));
        markdown_add_code_cell(out, json_data_text(target, "system_identifier"));
        strbuf_add_char(out, '\n');
    }
}

/* --- steps --- */

static void add_step(struct strbuf *out, const struct record_step *step)
{
    CLEANUP(mem_freep) char *begun = record_when(step->begun);
    CLEANUP(mem_freep) char *took = record_took(step->begun, step->ended);
    CLEANUP(mem_freep) char *remark = record_step_remark(step);
    strbuf_add_char(out, '|');
    markdown_add_code_cell(out, step->id);
    markdown_add_cell(out, step->kind);
    markdown_add_cell(out, step_state_name(step->state));
    markdown_add_cell(out, begun);
    markdown_add_cell(out, took);
    markdown_add_cell(out, remark);
    strbuf_add_char(out, '\n');
}

static void add_migrations(struct strbuf *out, const struct record *record,
                           const struct record_step *step)
{
    const struct record_step *like = record_step_like(record, step);
    strbuf_add(out, "\nApplied by ");
    markdown_add_code(out, step->id);
    if (like != NULL) {
        strbuf_add(out, ": the same as by ");
        markdown_add_code(out, like->id);
        strbuf_add(out, "\n");
        return;
    }
    strbuf_add(out, ":\n\n");
    for (size_t i = 0; i < step->applied.n; i++) {
        strbuf_add(out, "- ");
        markdown_add_code(out, step->applied.items[i]);
        strbuf_add_char(out, '\n');
    }
}

static void add_outputs(struct strbuf *out, const struct record_step *step)
{
    strbuf_add(out, "\nOutputs of ");
    markdown_add_code(out, step->id);
    strbuf_add(out, ":\n\n");
    for (size_t i = 0; i < json_data_count(step->outputs); i++) {
        const char *key = json_data_key(step->outputs, i);
        const char *value = json_data_text(step->outputs, key);
        CLEANUP(mem_freep) char *line = mem_printf("%s=%s", key, value != NULL ? value : "");
        strbuf_add(out, "- ");
        markdown_add_code(out, line);
        strbuf_add_char(out, '\n');
    }
}

static void add_error(struct strbuf *out, const struct record_step *step)
{
    const char *message = json_data_text(step->error, "message");
    const char *detail = json_data_text(step->error, "detail");
    strbuf_add(out, "\nError of ");
    markdown_add_code(out, step->id);
    strbuf_add(out, step->state == STEP_FAILED ? ": " : ", before it was tried again: ");
    markdown_add(out, message != NULL ? message : "");
    if (detail != NULL) {
        strbuf_add(out, ". ");
        markdown_add(out, detail);
    }
    strbuf_add_char(out, '\n');
}

static void add_steps(struct strbuf *out, const struct record *record)
{
    static const char *const titles[] = {"step", "kind", "outcome", "begun", "took", "", NULL};
    strbuf_add(out, "\n### Steps\n");
    markdown_add_head(out, titles);
    for (size_t i = 0; i < record->n; i++) {
        add_step(out, &record->steps[i]);
    }
    for (size_t i = 0; i < record->n; i++) {
        const struct record_step *step = &record->steps[i];
        if (step->applied.n > 0) {
            add_migrations(out, record, step);
        }
        if (json_data_count(step->outputs) > 0) {
            add_outputs(out, step);
        }
        if (step->error != NULL) {
            add_error(out, step);
        }
    }
}

/* --- on what evidence --- */

static void add_policies(struct strbuf *out, const struct record *record)
{
    static const char *const titles[] = {"environment", "policy", "as it was planned", "because",
                                         NULL};
    const struct json_data *policies = record->policies;
    if (json_data_count(policies) > 0) {
        strbuf_add(out, "\n### Policy\n");
        markdown_add_head(out, titles);
    }
    for (size_t i = 0; i < json_data_count(policies); i++) {
        const struct json_data *policy = json_data_item(policies, i);
        const char *demand = json_data_text(policy, "demand");
        strbuf_add_char(out, '|');
        markdown_add_code_cell(out, json_data_text(policy, "environment"));
        markdown_add_cell(out, demand != NULL ? demand : json_data_text(policy, "policy"));
        markdown_add_cell(out, json_data_text(policy, "state"));
        const char *because = json_data_text(policy, "because");
        markdown_add_cell(out, because != NULL ? because : "");
        strbuf_add_char(out, '\n');
    }
}

static void add_approvals(struct strbuf *out, const struct record *record)
{
    static const char *const titles[] = {"gate", "answer", "who", "when", "reason", NULL};
    if (record->n_approvals > 0) {
        strbuf_add(out, "\n### Approvals\n");
        markdown_add_head(out, titles);
    }
    for (size_t i = 0; i < record->n_approvals; i++) {
        const struct approval *approval = &record->approvals[i];
        CLEANUP(mem_freep) char *word = record_approval_word(approval);
        CLEANUP(mem_freep) char *time = record_when(approval->time);
        strbuf_add_char(out, '|');
        markdown_add_code_cell(out, approval->step);
        markdown_add_cell(out, word);
        markdown_add_code_cell(out, approval->who);
        markdown_add_cell(out, time);
        markdown_add_cell(out, approval->reason);
        strbuf_add_char(out, '\n');
    }
}

static void add_overrides(struct strbuf *out, const struct record *record)
{
    static const char *const titles[] = {"policy", "reason", NULL};
    if (record->n_overrides > 0) {
        strbuf_add(out, "\n### Overridden by ");
        markdown_add_code(out, record->author);
        strbuf_add_char(out, '\n');
        markdown_add_head(out, titles);
    }
    for (size_t i = 0; i < record->n_overrides; i++) {
        strbuf_add_char(out, '|');
        markdown_add_code_cell(out, record->overrides[i].policy);
        markdown_add_cell(out, record->overrides[i].reason);
        strbuf_add_char(out, '\n');
    }
}

static void add_course(struct strbuf *out, const struct record *record)
{
    static const char *const titles[] = {"when", "who", "what", NULL};
    strbuf_add(out, "\n### Course\n");
    markdown_add_head(out, titles);
    for (size_t i = 0; i < record->n_events; i++) {
        const struct event *event = journal_event(record->journal, i);
        CLEANUP(mem_freep) char *words = record_course(event);
        CLEANUP(mem_freep) char *time = record_when(event->time);
        if (words != NULL) {
            strbuf_add_char(out, '|');
            markdown_add_cell(out, time);
            markdown_add_code_cell(out, event->actor);
            markdown_add_cell(out, words);
            strbuf_add_char(out, '\n');
        }
    }
}

void markdown_add_record(struct strbuf *out, const struct record *record)
{
    add_head(out, record);
    add_targets(out, record);
    add_steps(out, record);
    add_policies(out, record);
    add_approvals(out, record);
    add_overrides(out, record);
    add_course(out, record);
    strbuf_printf(out, "\nJournal: %zu events, head `%s`\n", record->n_events,
                  record->head != NULL ? record->head : "none");
}
