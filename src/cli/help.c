/* Help, from the table of commands. */
#include <stdlib.h>

#include "headgate/strbuf.h"
#include "private.h"

#define WIDTH 96

/* Words of a paragraph, broken into lines. */
static void add_paragraphs(struct strbuf *out, const char *text, const char *indent)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t n = strcspn(text, " \n");
        if (text_starts(text, "\n\n")) {
            strbuf_add(out, "\n\n");
            column = 0;
            text += 2;
            continue;
        }
        if (column > 0 && column + 1 + n > WIDTH) {
            strbuf_add_char(out, '\n');
            column = 0;
        }
        strbuf_add(out, column == 0 ? indent : " ");
        column += (column == 0 ? strlen(indent) : 1) + n;
        strbuf_add_n(out, text, n);
        text += n + (text[n] == ' ' ? 1 : 0);
    }
    strbuf_add_char(out, '\n');
}

static void add_option(struct strbuf *out, const struct option *option)
{
    CLEANUP(mem_freep)
    char *left = option->argument != NULL ? mem_printf("--%s %s", option->name, option->argument)
                 : option->letter != 0    ? mem_printf("-%c, --%s", option->letter, option->name)
                                          : mem_printf("--%s", option->name);
    strbuf_printf(out, "  %-22s %s\n", left, option->help);
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
        strbuf_printf(&out, "  %-18s %s\n", commands[i]->name, commands[i]->summary);
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
    add_paragraphs(&out, command->description, "");
    add_options(&out, "Options", command->options);
    add_options(&out, "Options of every command", common_options);
    return strbuf_take(&out);
}
