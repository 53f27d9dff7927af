/* The man page, from the same table as everything else. */
#include "headgate/strbuf.h"
#include "private.h"

/* A dash is a minus, a backslash is escaped, and a line must not begin with a dot or a quote. */
static void add_text(struct strbuf *out, const char *text)
{
    bool at_start = out->size == 0 || out->text[out->size - 1] == '\n';
    for (; *text != '\0'; text++) {
        if (at_start && (*text == '.' || *text == '\'')) {
            strbuf_add(out, "\\&");
        }
        at_start = text_starts(text, "\n\n");
        if (*text == '-') {
            strbuf_add(out, "\\-");
        } else if (*text == '\\') {
            strbuf_add(out, "\\e");
        } else if (at_start) {
            strbuf_add(out, "\n.PP\n");
            text++;
        } else {
            strbuf_add_char(out, *text);
        }
    }
}

static void add_options(struct strbuf *out, const struct option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        strbuf_add(out, ".TP\n");
        if (options->letter != 0) {
            strbuf_printf(out, "\\fB\\-%c\\fR, ", options->letter);
        }
        strbuf_add(out, "\\fB\\-\\-");
        add_text(out, options->name);
        strbuf_add(out, "\\fR");
        if (options->argument != NULL) {
            strbuf_printf(out, " \\fI%s\\fR", options->argument);
        }
        strbuf_add_char(out, '\n');
        add_text(out, options->help);
        strbuf_add_char(out, '\n');
    }
}

static void add_command(struct strbuf *out, const struct command *command)
{
    strbuf_add(out, ".SS headgate ");
    add_text(out, command->name);
    if (command->arguments != NULL) {
        strbuf_add_char(out, ' ');
        add_text(out, command->arguments);
    }
    strbuf_add(out, "\n");
    CLEANUP(mem_freep) char *summary = mem_copy(command->summary);
    summary[0] =
        (char)(summary[0] >= 'a' && summary[0] <= 'z' ? summary[0] - 'a' + 'A' : summary[0]);
    add_text(out, summary);
    strbuf_add(out, ".\n.PP\n");
    add_text(out, command->description);
    strbuf_add_char(out, '\n');
    add_options(out, command->options);
}

static void add_exit_codes(struct strbuf *out)
{
    strbuf_add(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; exit_codes[i].meaning != NULL; i++) {
        strbuf_printf(out, ".TP\n\\fB%d\\fR\n", exit_codes[i].status);
        add_text(out, exit_codes[i].meaning);
        strbuf_add_char(out, '\n');
    }
}

static void add_variables(struct strbuf *out)
{
    static const char *const variables[][2] = {
        {"DATABASE_ENV, NODE_ENV", "the environment that is meant where none is named"},
        {"HEADGATE_PG_BINDIR",
         "the folder with the server programs for embedded and scratch clusters; else PATH, "
         "pg_config \\-\\-bindir, /usr/lib/postgresql/*/bin"},
        {"HEADGATE_SERVER_USER",
         "as root: the user that embedded and scratch clusters run as; else postgres"},
        {"NO_COLOR", "no colours"},
        {"PGPASSFILE, PGSERVICEFILE, PGSSLMODE, ...", "as for psql"},
    };
    strbuf_add(out, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        strbuf_printf(out, ".TP\n.B %s\n%s\n", variables[i][0], variables[i][1]);
    }
}

char *help_man(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    strbuf_add(&out,
               ".TH HEADGATE 1 2026-11-20 \"Headgate " HEADGATE_VERSION "\" \"User Commands\"\n"
               ".SH NAME\nheadgate \\- promote PostgreSQL releases from development to production\n"
               ".SH SYNOPSIS\n.B headgate\n\\fICOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n"
               ".SH DESCRIPTION\n"
               "A release is a folder of SQL migrations with one digest. Headgate carries that "
               "digest from "
               "environment to environment and refuses, before anything is changed, where it "
               "should not go on.\n"
               ".SH COMMANDS\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        add_command(&out, commands[i]);
    }
    strbuf_add(&out, ".SH OPTIONS OF EVERY COMMAND\n");
    add_options(&out, common_options);
    add_exit_codes(&out);
    add_variables(&out);
    strbuf_add(
        &out,
        ".SH FILES\n.TP\n.I pipelines/environments.json\nthe environments; its JSON Schema stands "
        "beside it\n.TP\n.I migrations/\nthe release\n.TP\n.I .headgate/\nwhat headgate keeps: "
        "embedded databases\n"
        ".SH SEE ALSO\n.BR psql (1),\n.BR pg_dump (1)\n");
    return strbuf_take(&out);
}
