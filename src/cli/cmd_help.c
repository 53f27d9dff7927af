/* headgate help, headgate version, headgate completion: what the program says about itself. */
#include "headgate/json_write.h"
#include "headgate/output.h"
#include "private.h"

static bool unknown(const char *what, const char *word, const char *hint, struct error *err)
{
    (void)error_set(err, ERROR_USAGE, "there is no %s \"%s\"", what, word);
    return error_hint(err, "%s", hint);
}

/* NULL (and an error) where there is no such command. */
static char *help_about(const struct options *options, struct error *err)
{
    char *words[2] = {NULL, NULL}; /* no command takes more arguments */
    size_t used = 0;
    for (size_t i = 0; i < options->n_arguments && i < ARRAY_LEN(words); i++) {
        words[i] = mem_copy(options->arguments[i]);
    }
    const struct command *command = command_find(words, options->n_arguments, &used);
    mem_free(words[0]);
    mem_free(words[1]);
    if (command == NULL || used != options->n_arguments) {
        (void)unknown("command", options->arguments[0], "See: headgate help", err);
        return NULL;
    }
    return help_for(command);
}

static char *help_text(const struct options *options, struct error *err)
{
    if (text_equal(options->format, "man")) {
        return help_man();
    }
    if (options->format != NULL && !text_equal(options->format, "text")) {
        (void)unknown("format", options->format, "It is text or man.", err);
        return NULL;
    }
    return options->n_arguments == 0 ? help_overview() : help_about(options, err);
}

static bool run_help(const struct options *options, int *status, struct error *err)
{
    CLEANUP(mem_freep) char *text = help_text(options, err);
    (void)status;
    if (text == NULL) {
        return false;
    }
    output_write(text, strlen(text));
    return true;
}

static bool run_version(const struct options *options, int *status, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    (void)options;
    (void)status;
    (void)err;
    if (!output_json()) {
        output_print("headgate " HEADGATE_VERSION "\n");
        return true;
    }
    struct json_writer writer = json_writer_start(&out, true);
    json_write_object(&writer);
    json_write_member_integer(&writer, "format", 1);
    json_write_member_text(&writer, "version", HEADGATE_VERSION);
    json_write_object_end(&writer);
    output_print("%s\n", out.text);
    return true;
}

/* For the completions themselves: quick, quiet, and no failure of the shell's where there is no
 * project. */
static bool print_environments(const struct options *options, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    if (!project_environments(options, &set, err)) {
        return false;
    }
    for (size_t i = 0; i < set->n; i++) {
        output_print("%s\n", set->items[i].name);
    }
    return true;
}

static bool print_pipelines(const struct options *options, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!project_pipelines(options, &names, err)) {
        return false;
    }
    for (size_t i = 0; i < names.n; i++) {
        output_print("%s\n", names.items[i]);
    }
    return true;
}

/* The newest first. */
static bool print_runs(const struct options *options, struct error *err)
{
    CLEANUP(state_freep) struct state *state = NULL;
    CLEANUP(strlist_clear) struct strlist runs = STRLIST_INIT;
    if (!project_state(options, &state, err) || !state_list(state, &runs, err)) {
        return false;
    }
    for (size_t i = runs.n; i > 0; i--) {
        output_print("%s\n", runs.items[i - 1]);
    }
    return true;
}

/* Also those that cannot be read: one may want to remove or verify them. */
static bool print_backups(const struct options *options, struct error *err)
{
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(vault_freep) struct vault *vault = NULL;
    CLEANUP(vault_list_clear) struct vault_list list = {0};
    if (!project_environments(options, &set, err) || !vault_open(set, &vault, err) ||
        !vault_list(vault, NULL, &list, err)) {
        return false;
    }
    for (size_t i = 0; i < list.n; i++) {
        output_print("%s\n", list.items[i].name);
    }
    return true;
}

static const struct {
    const char *word;
    bool (*print)(const struct options *options, struct error *err);
} names_of[] = {{"environments", print_environments},
                {"pipelines", print_pipelines},
                {"runs", print_runs},
                {"backups", print_backups}};

static bool run_completion(const struct options *options, int *status, struct error *err)
{
    (void)status;
    for (size_t i = 0; i < ARRAY_LEN(names_of); i++) {
        if (text_equal(options->arguments[0], names_of[i].word)) {
            return names_of[i].print(options, err);
        }
    }
    CLEANUP(mem_freep) char *text = completion_for(options->arguments[0]);
    if (text == NULL) {
        return unknown("shell", options->arguments[0], "It is bash, zsh or fish.", err);
    }
    output_write(text, strlen(text));
    return true;
}

static const struct option help_options[] = {
    VALUE("format", "text|man", format, "text for the screen, man for the man page"),
    {0},
};

const struct command cmd_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "what headgate, or one command, does",
    .description = "With --format man it prints the whole manual as a man page.",
    .options = help_options,
    .most = 2,
    .argument_kind = ARGUMENT_COMMAND,
    .run = run_help,
};

const struct command cmd_version = {
    .name = "version",
    .summary = "the version of this program",
    .description = "Prints one line.",
    .run = run_version,
};

const struct command cmd_completion = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "print completions for a shell",
    .description =
        "For bash: source <(headgate completion bash). An installed headgate has them in place. "
        "With \"environments\", \"pipelines\" or \"runs\" it prints their names, one a line.",
    .least = 1,
    .most = 1,
    .argument_kind = ARGUMENT_SHELL,
    .run = run_completion,
};
