/* Completions for fish: a list of rules, each with its condition. */
#include "completion.h"

#define RULE "complete -c headgate"
#define ASK "(headgate completion %s 2>/dev/null)"

static void add_quoted(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\') {
            strbuf_add_char(out, '\\');
        }
        strbuf_add_char(out, *text);
    }
    strbuf_add_char(out, '\'');
}

/* " -n 'this command was typed'" */
static void add_condition(struct strbuf *out, const struct command *command)
{
    const char *space = strchr(command->name, ' ');
    size_t n = strcspn(command->name, " ");
    strbuf_printf(out, " -n '__fish_seen_subcommand_from %.*s", (int)n, command->name);
    if (space != NULL) {
        strbuf_printf(out, "; and __fish_seen_subcommand_from %s", space + 1);
    }
    strbuf_add_char(out, '\'');
}

static void add_value(struct strbuf *out, const struct option *option)
{
    CLEANUP(mem_freep) char *words = NULL;
    switch (completion_value(option, &words)) {
    case VALUE_PATH:
        strbuf_add(out, " -r -F");
        break;
    case VALUE_ENVIRONMENT:
        strbuf_printf(out, " -x -a '" ASK "'", completion_asks(ARGUMENT_ENVIRONMENT));
        break;
    case VALUE_WORDS:
        strbuf_printf(out, " -x -a '%s'", words);
        break;
    }
}

/* NULL for the command: options of every command. */
static void add_options(struct strbuf *out, const struct command *command,
                        const struct option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        strbuf_add(out, RULE);
        if (command != NULL) {
            add_condition(out, command);
        }
        strbuf_printf(out, " -l %s", options->name);
        if (options->letter != 0) {
            strbuf_printf(out, " -s %c", options->letter);
        }
        if (options->argument != NULL) {
            add_value(out, options);
        }
        strbuf_add(out, " -d ");
        add_quoted(out, options->help);
        strbuf_add_char(out, '\n');
    }
}

static void add_arguments(struct strbuf *out, const struct command *command)
{
    CLEANUP(mem_freep) char *first = completion_first_words();
    CLEANUP(mem_freep) char *asked = NULL;
    const char *words = NULL;
    switch (command->argument_kind) {
    case ARGUMENT_ENVIRONMENT:
    case ARGUMENT_PIPELINE:
    case ARGUMENT_RUN:
    case ARGUMENT_BACKUP:
        asked = mem_printf(ASK, completion_asks(command->argument_kind));
        words = asked;
        break;
    case ARGUMENT_COMMAND:
        words = first;
        break;
    case ARGUMENT_SHELL:
        words = COMPLETION_SHELLS;
        break;
    case ARGUMENT_OTHER:
        return;
    }
    strbuf_add(out, RULE);
    add_condition(out, command);
    strbuf_printf(out, " -a '%s'\n", words);
}

/* The words of the command's own name. */
static void add_name(struct strbuf *out, const struct command *command)
{
    const char *space = strchr(command->name, ' ');
    int n = (int)strcspn(command->name, " ");
    if (space == NULL) {
        strbuf_printf(out, RULE " -n __fish_use_subcommand -a %s -d ", command->name);
    } else {
        CLEANUP(mem_freep) char *second = completion_second_words(command);
        if (completion_begins_group(command)) {
            strbuf_printf(out, RULE " -n __fish_use_subcommand -a %.*s\n", n, command->name);
        }
        strbuf_printf(out,
                      RULE " -n '__fish_seen_subcommand_from %.*s; and not "
                           "__fish_seen_subcommand_from %s' -a %s -d ",
                      n, command->name, second, space + 1);
    }
    add_quoted(out, command->summary);
    strbuf_add_char(out, '\n');
}

char *completion_fish(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    strbuf_add(&out, RULE " -f\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        add_name(&out, commands[i]);
        add_arguments(&out, commands[i]);
        add_options(&out, commands[i], commands[i]->options);
    }
    add_options(&out, NULL, common_options);
    return strbuf_take(&out);
}
