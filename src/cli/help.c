/* Help, from the table of commands. */
#include "headgate/strbuf.h"
#include "private.h"

#define WIDTH 96
#define OPTION_WIDTH 22 /* the longest one, --detailed-exitcode, and some */
#define COMMAND_WIDTH 18

/* Words, broken into lines; the first one goes on behind what stands there already. An empty line
 * parts paragraphs; a line that begins with two blanks stays a line. */
static void add_words(struct strbuf *out, const char *text, size_t column, size_t indent)
{
    while (*text != '\0') {
        size_t n = strcspn(text, " \n");
        if (column > indent && column + 1 + n > WIDTH) {
            strbuf_add_char(out, '\n');
            strbuf_add_repeated(out, ' ', indent);
            column = indent;
        }
        strbuf_add(out, column > indent ? " " : "");
        column += (column > indent ? 1 : 0) + n;
        strbuf_add_n(out, text, n);
        text += n;
        if (text_starts(text, "\n\n")) {
            strbuf_add(out, "\n\n");
            strbuf_add_repeated(out, ' ', indent);
            column = indent;
        } else if (text_starts(text, "\n  ")) {
            strbuf_add_char(out, '\n');
            strbuf_add_repeated(out, ' ', indent + 1);
            column = indent + 1;
        }
        text += strspn(text, " \n");
    }
    strbuf_add_char(out, '\n');
}

/* A line of a table: what it is about, and a text that stays in its own column. */
static void add_row(struct strbuf *out, const char *left, size_t width, const char *text)
{
    strbuf_printf(out, "  %-*s ", (int)width, left);
    size_t indent = width + strlen("   ");
    add_words(out, text, indent, indent);
}

static void add_option(struct strbuf *out, const struct option *option)
{
    CLEANUP(strbuf_clear) struct strbuf left = STRBUF_INIT;
    if (option->letter != 0) {
        strbuf_printf(&left, "-%c, ", option->letter);
    }
    strbuf_printf(&left, "--%s%s%s", option->name, option->argument != NULL ? " " : "",
                  option->argument != NULL ? option->argument : "");
    add_row(out, left.text, OPTION_WIDTH, option->help);
}

static void add_options(struct strbuf *out, const char *title, const struct option *options)
{
    if (options == NULL) {
        return;
    }
    strbuf_printf(out, "\n%s\n", title);
    for (; options->name != NULL; options++) {
        add_option(out, options);
    }
}

char *help_overview(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    strbuf_add(&out, "headgate promotes PostgreSQL releases from development to production.\n\n"
                     "Usage: headgate COMMAND [ARGUMENTS] [OPTIONS]\n\nCommands\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        add_row(&out, commands[i]->name, COMMAND_WIDTH, commands[i]->summary);
    }
    add_options(&out, "Options of every command", common_options);
    strbuf_add(&out, "\nMore: headgate help COMMAND, man headgate\n");
    return strbuf_take(&out);
}

char *help_for(const struct command *command)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    strbuf_printf(&out, "headgate %s: %s\n\nUsage: headgate %s%s%s [OPTIONS]\n\n", command->name,
                  command->summary, command->name, command->arguments != NULL ? " " : "",
                  command->arguments != NULL ? command->arguments : "");
    add_words(&out, command->description, 0, 0);
    add_options(&out, "Options", command->options);
    add_options(&out, "Options of every command", common_options);
    return strbuf_take(&out);
}
