/* An error, for the person who must act on it. */
#include "headgate/output.h"
#include "private.h"

static void add_sentence(struct strbuf *out, bool color, enum style style, const char *label,
                         const char *sentence)
{
    if (sentence != NULL) {
        style_add(out, color, style, label);
        strbuf_printf(out, "%s\n", sentence);
    }
}

void problems_render(struct strbuf *out, bool color, const struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        problem_render(&problems->items[i], color, out);
        strbuf_add_char(out, '\n');
    }
}

void error_render(struct strbuf *out, bool color, const char *about, const struct error *error)
{
    style_add(out, color, STYLE_BAD, "error");
    strbuf_printf(out, ": %s%s", about, error->message);
    if (error->sqlstate[0] != '\0') {
        strbuf_printf(out, " (SQLSTATE %s)", error->sqlstate);
    }
    strbuf_add_char(out, '\n');
    add_sentence(out, color, STYLE_BOLD, "detail: ", error->detail);
    add_sentence(out, color, STYLE_BOLD, "hint: ", error->hint);
}

void report_error(const struct error *error)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (output_json()) {
        struct json_writer writer = json_writer_start(&out, false);
        json_write_object(&writer);
        json_write_member_integer(&writer, "format", 1);
        json_write_key(&writer, "error");
        write_error(&writer, error);
        json_write_object_end(&writer);
        strbuf_add_char(&out, '\n');
    } else {
        problems_render(&out, output_color_stderr(), &error->problems);
        error_render(&out, output_color_stderr(), "", error);
    }
    output_stderr(out.text, out.size);
}
