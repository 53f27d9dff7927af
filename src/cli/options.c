/*
 * Reads the command line. Options may stand anywhere, as --name value, --name=value or -x; after
 * "--" everything is an argument. A command is one word or two ("config show").
 */
#include <string.h>

#include "headgate/strlist.h"
#include "private.h"

/* How many of the words are this command's name: 0 where they are another's. */
static size_t words_matched(const struct command *command, char *const *words, size_t n)
{
    const char *rest = command->name;
    for (size_t i = 0; i < n; i++) {
        size_t size = strlen(words[i]);
        if (size == 0 || strncmp(rest, words[i], size) != 0 ||
            (rest[size] != ' ' && rest[size] != '\0')) {
            return 0;
        }
        if (rest[size] == '\0') {
            return i + 1;
        }
        rest += size + 1;
    }
    return 0;
}

const struct command *command_find(char *const *words, size_t n, size_t *ret_n_words)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        size_t matched = words_matched(commands[i], words, n);
        if (matched > 0) {
            *ret_n_words = matched;
            return commands[i];
        }
    }
    return NULL;
}

static const struct option *find_in(const struct option *options, const char *name, size_t size,
                                    char letter)
{
    for (; options != NULL && options->name != NULL; options++) {
        bool named = name != NULL && strlen(options->name) == size &&
                     strncmp(options->name, name, size) == 0;
        if (named || (letter != 0 && options->letter == letter)) {
            return options;
        }
    }
    return NULL;
}

/* NULL for the command: only what is common to all. */
static const struct option *find_option(const struct command *command, const char *word)
{
    bool is_long = text_starts(word, "--");
    const char *name = is_long ? word + 2 : NULL;
    size_t size = is_long ? strcspn(name, "=") : 0;
    char letter = 0;
    if (!is_long && word[1] != '\0' && word[2] == '\0') {
        letter = word[1];
    }
    const struct option *found = find_in(common_options, name, size, letter);
    if (found == NULL && command != NULL) {
        found = find_in(command->options, name, size, letter);
    }
    return found;
}

/* An option may stand before the command that it belongs to. */
static const struct option *find_option_of_any(const char *word)
{
    const struct option *found = find_option(NULL, word);
    for (size_t i = 0; commands[i] != NULL && found == NULL; i++) {
        found = find_option(commands[i], word);
    }
    return found;
}

static size_t add_names(const char **names, size_t n, const struct option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        names[n++] = options->name;
    }
    return n;
}

static bool unknown_option(const struct command *command, const char *word, struct error *err)
{
    const char *names[64] = {NULL}; /* no command has that many options */
    size_t n = add_names(names, 0, common_options);
    (void)add_names(names, n, command != NULL ? command->options : NULL);
    CLEANUP(mem_freep)
    char *name = mem_copy_n(word, strcspn(word, "="));
    const char *near = text_starts(name, "--") ? suggest_near(name + 2, names) : NULL;
    (void)error_set(err, ERROR_USAGE, "%s%s%sthere is no option \"%s\"",
                    command != NULL ? "headgate " : "", command != NULL ? command->name : "",
                    command != NULL ? ": " : "", name);
    if (near != NULL) {
        return error_hint(err, "Did you mean \"--%s\"?", near);
    }
    return error_hint(err, "See: headgate help%s%s", command != NULL ? " " : "",
                      command != NULL ? command->name : "");
}

/* The first command of two words that begins with this one. */
static const char *first_of_group(const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strncmp(commands[i]->name, word, size) == 0 && commands[i]->name[size] == ' ') {
            return commands[i]->name;
        }
    }
    return NULL;
}

static bool unknown_command(char *const *words, size_t n, struct error *err)
{
    const char *names[64] = {NULL}; /* the table is shorter */
    for (size_t i = 0; commands[i] != NULL; i++) {
        names[i] = commands[i]->name;
    }
    CLEANUP(mem_freep)
    char *two = n > 1 ? mem_printf("%s %s", words[0], words[1]) : mem_copy(words[0]);
    const char *first = first_of_group(words[0]);
    const char *near = first != NULL ? NULL : suggest_near(words[0], names);
    near = near != NULL ? near : suggest_near(two, names);
    near = near != NULL ? near : first;
    (void)error_set(err, ERROR_USAGE, "there is no command \"%s\"", first != NULL ? two : words[0]);
    return near != NULL ? error_hint(err, "Did you mean \"headgate %s\"?", near)
                        : error_hint(err, "See: headgate help");
}

static bool set_option(const struct option *option, char **argv, int argc, int *at,
                       struct options *options, struct error *err)
{
    char *member = (char *)options + option->offset;
    const char *value = strchr(argv[*at], '=');
    if (option->argument == NULL) {
        if (value != NULL) {
            return error_set(err, ERROR_USAGE, "--%s takes no value", option->name);
        }
        *(bool *)(void *)member = true;
        return true;
    }
    if (value == NULL && *at + 1 >= argc) {
        return error_set(err, ERROR_USAGE, "--%s needs a value: --%s %s", option->name,
                         option->name, option->argument);
    }
    *(const char **)(void *)member = value != NULL ? value + 1 : argv[++*at];
    return true;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* The words that are no options and no values of options, to find the command by. */
static size_t collect_words(int argc, char **argv, char **words)
{
    size_t n = 0;
    for (int i = 1; i < argc && !text_equal(argv[i], "--"); i++) {
        const struct option *option = is_option(argv[i]) ? find_option_of_any(argv[i]) : NULL;
        if (option != NULL && option->argument != NULL && strchr(argv[i], '=') == NULL) {
            i++;
        } else if (!is_option(argv[i])) {
            words[n++] = argv[i];
        }
    }
    return n;
}

static bool check_arguments(const struct command *command, const struct options *options,
                            struct error *err)
{
    if (command == NULL && options->n_arguments > 0) {
        (void)error_set(err, ERROR_USAGE, "there is no command before \"--\"");
        return error_hint(err, "See: headgate help");
    }
    if (command == NULL || options->help ||
        (options->n_arguments >= command->least && options->n_arguments <= command->most)) {
        return true;
    }
    bool missing = options->n_arguments < command->least;
    (void)error_set(err, ERROR_USAGE, "headgate %s: %s", command->name,
                    missing ? "an argument is missing" : "there are too many arguments");
    return error_hint(err, "Usage: headgate %s%s%s", command->name,
                      command->arguments != NULL ? " " : "",
                      command->arguments != NULL ? command->arguments : "");
}

static bool read_words(int argc, char **argv, const struct command *command, size_t skip,
                       struct options *options, struct error *err)
{
    bool only_arguments = false;
    for (int i = 1; i < argc; i++) {
        if (!only_arguments && text_equal(argv[i], "--")) {
            only_arguments = true;
        } else if (!only_arguments && is_option(argv[i])) {
            const struct option *option = find_option(command, argv[i]);
            if (option == NULL) {
                return unknown_option(command, argv[i], err);
            }
            if (!set_option(option, argv, argc, &i, options, err)) {
                return false;
            }
        } else if (skip > 0) {
            skip--;
        } else {
            options->arguments[options->n_arguments++] = argv[i];
        }
    }
    return true;
}

/* How a mistake on the command line is told depends on --json, wherever it stands. */
static bool wants_json(int argc, char **argv)
{
    bool wanted = false;
    for (int i = 1; i < argc && !text_equal(argv[i], "--"); i++) {
        wanted = wanted || text_equal(argv[i], "--json");
    }
    return wanted;
}

bool options_parse(int argc, char **argv, const struct command **ret_command,
                   struct options *ret_options, struct error *err)
{
    size_t size = (size_t)argc + 1, n_words_of_name = 0;
    struct options options = {.arguments = mem_new(size, sizeof *options.arguments)};
    CLEANUP(mem_freep) char **words = mem_new(size, sizeof *words);
    size_t n = collect_words(argc, argv, words);
    const struct command *command = command_find(words, n, &n_words_of_name);
    bool good = true;
    if (command == NULL && n > 0) {
        good = unknown_command(words, n, err);
    }
    good = good && read_words(argc, argv, command, n_words_of_name, &options, err) &&
           check_arguments(command, &options, err);
    options.json = options.json || (!good && wants_json(argc, argv));
    *ret_options = options; /* also after a failure, for how to tell it */
    *ret_command = command;
    return good;
}

void options_clear(struct options *options)
{
    mem_free(options->arguments);
    options->arguments = NULL;
}
