/* Errors that travel from a step's process to the engine, and into the journal. */
#include "private.h"

void refusal_copy(struct error *to, const struct error *from)
{
    (void)error_set(to, from->code, "%s", from->message);
    if (from->detail != NULL) {
        (void)error_detail(to, "%s", from->detail);
    }
    if (from->hint != NULL) {
        (void)error_hint(to, "%s", from->hint);
    }
}

void error_write(struct json_writer *writer, const struct error *error)
{
    json_write_object(writer);
    json_write_member_text(writer, "kind", error_code_name(error->code));
    json_write_member_integer(writer, "exit_status", error_exit_status(error->code));
    json_write_member_text(writer, "message", error->message);
    if (error->detail != NULL) {
        json_write_member_text(writer, "detail", error->detail);
    }
    if (error->hint != NULL) {
        json_write_member_text(writer, "hint", error->hint);
    }
    if (error->sqlstate[0] != '\0') {
        json_write_member_text(writer, "sqlstate", error->sqlstate);
    }
    if (error->retryable) {
        json_write_member_bool(writer, "retryable", true);
    }
    json_write_key(writer, "problems");
    json_write_array(writer);
    for (size_t i = 0; i < error->problems.n; i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        problem_render(&error->problems.items[i], false, &text);
        json_write_text(writer, text.text);
    }
    json_write_array_end(writer);
    json_write_object_end(writer);
}

/* Places of mistakes were rendered where they were found: they become a part of the detail. */
static void read_detail(const struct json_data *data, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf detail = STRBUF_INIT;
    const char *own = json_data_text(data, "detail");
    const struct json_data *problems = json_data_member(data, "problems");
    strbuf_add(&detail, own != NULL ? own : "");
    for (size_t i = 0; i < json_data_count(problems); i++) {
        const char *problem = json_data_string(json_data_item(problems, i));
        strbuf_printf(&detail, "%s%s", detail.size > 0 ? "\n" : "", problem != NULL ? problem : "");
    }
    strbuf_trim_end(&detail);
    if (detail.size > 0) {
        (void)error_detail(err, "%s", detail.text);
    }
}

bool error_read(const struct json_data *data, struct error *err)
{
    const char *message = json_data_text(data, "message");
    const char *hint = json_data_text(data, "hint");
    const char *sqlstate = json_data_text(data, "sqlstate");
    (void)error_set(err, error_code_named(json_data_text(data, "kind")), "%s",
                    message != NULL ? message : "it failed without a word");
    read_detail(data, err);
    if (hint != NULL) {
        (void)error_hint(err, "%s", hint);
    }
    if (sqlstate != NULL && strlen(sqlstate) == sizeof err->sqlstate - 1) {
        memcpy(err->sqlstate, sqlstate, sizeof err->sqlstate);
    }
    err->retryable = json_data_truth(data, "retryable", false);
    return false;
}
