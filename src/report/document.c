/* The parts of JSON documents that several commands share. */
#include "headgate/output.h"
#include "private.h"

struct json_writer document_start(struct strbuf *out)
{
    struct json_writer writer = json_writer_start(out, true);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", 1);
    return writer;
}

void document_end(struct json_writer *writer)
{
    json_write_object_end(writer);
    strbuf_add_char(writer->out, '\n');
    output_write(writer->out->text, writer->out->size);
}

static void write_problem(struct json_writer *writer, const struct problem *problem)
{
    json_write_object(writer);
    json_write_member_text(writer, "message", problem->message);
    if (problem->rule != NULL) {
        json_write_member_text(writer, "rule", problem->rule);
    }
    json_write_member_text(writer, "file", problem->file);
    if (problem->line > 0) {
        json_write_member_integer(writer, "line", (int64_t)problem->line);
        json_write_member_integer(writer, "column", (int64_t)problem->column);
    }
    json_write_key(writer, "notes");
    json_write_array(writer);
    for (size_t i = 0; i < problem->notes.n; i++) {
        json_write_text(writer, problem->notes.items[i]);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

static void write_problems(struct json_writer *writer, const struct problems *problems)
{
    json_write_key(writer, "problems");
    json_write_array(writer);
    for (size_t i = 0; i < problems->n; i++) {
        write_problem(writer, &problems->items[i]);
    }
    json_write_array_end(writer);
}

void write_error(struct json_writer *writer, const struct error *error)
{
    write_error_with(writer, error, &error->problems);
}

void write_error_with(struct json_writer *writer, const struct error *error,
                      const struct problems *problems)
{
    json_write_object(writer);
    json_write_member_text(writer, "kind", error_code_name(error->code));
    json_write_member_integer(writer, "exit_status", error_exit_status(error->code));
    json_write_member_text(writer, "message", error->message);
    json_write_member_text(writer, "detail", error->detail);
    json_write_member_text(writer, "hint", error->hint);
    if (error->sqlstate[0] != '\0') {
        json_write_member_text(writer, "sqlstate", error->sqlstate);
    }
    if (error->table != NULL) {
        json_write_member_text(writer, "table", error->table);
    }
    if (error->constraint != NULL) {
        json_write_member_text(writer, "constraint", error->constraint);
    }
    write_problems(writer, problems);
    json_write_object_end(writer);
}

void write_release(struct json_writer *writer, const struct release *release)
{
    json_write_key(writer, "release");
    json_write_object(writer);
    json_write_member_text(writer, "folder", release->folder);
    json_write_member_text(writer, "digest", release->digest);
    json_write_member_integer(writer, "migrations", (int64_t)release->n);
    json_write_object_end(writer);
}

static void write_names(struct json_writer *writer, const struct deploy_plan *plan, const char *key,
                        enum migration_state state)
{
    json_write_key(writer, key);
    json_write_array(writer);
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->items[i].state == state) {
            json_write_text(writer, plan->items[i].name);
        }
    }
    json_write_array_end(writer);
}

/* How each of those that are to be run would be run. */
static void write_steps(struct json_writer *writer, const struct deploy_plan *plan)
{
    json_write_key(writer, "to_do");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_item *item = &plan->items[i];
        if (!plan_item_is_to_do(plan, item)) {
            continue;
        }
        json_write_object(writer);
        json_write_member_text(writer, "name", item->name);
        json_write_member_text(writer, "state", migration_state_name(item->state));
        json_write_member_text(writer, "mode", item->mode);
        json_write_member_integer(writer, "statements", (int64_t)item->n_statements);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

void write_plan(struct json_writer *writer, const struct deploy_plan *plan)
{
    json_write_member_text(writer, "target", plan->target);
    json_write_member_text(writer, "server_version", plan->version_text);
    json_write_member_text(writer, "system_identifier", plan->system_identifier);
    json_write_member_text(writer, "schema", plan->schema);
    json_write_member_text(writer, "state", plan_word(plan));
    json_write_member_integer(writer, "applied", (int64_t)plan->count[MIGRATION_APPLIED]);
    write_names(writer, plan, "pending", MIGRATION_PENDING);
    write_names(writer, plan, "unfinished", MIGRATION_UNFINISHED);
    write_names(writer, plan, "failed", MIGRATION_FAILED);
    write_names(writer, plan, "edited", MIGRATION_EDITED);
    write_names(writer, plan, "missing", MIGRATION_MISSING);
    write_names(writer, plan, "out_of_order", MIGRATION_OUT_OF_ORDER);
    write_steps(writer, plan);
    json_write_key(writer, "refusal");
    if (error_is_set(&plan->refusal)) {
        write_error(writer, &plan->refusal);
    } else {
        json_write_text(writer, NULL);
    }
}
