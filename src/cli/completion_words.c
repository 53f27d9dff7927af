/* What may stand where on a command line, for the completions of all shells. */
#include "completion.h"

#include "headgate/strlist.h"

const char *completion_asks(enum argument_kind kind)
{
    static const char *const words[] = {
        [ARGUMENT_ENVIRONMENT] = "environments",
        [ARGUMENT_PIPELINE] = "pipelines",
        [ARGUMENT_RUN] = "runs",
        [ARGUMENT_BACKUP] = "backups",
        [ARGUMENT_SHELL] = NULL,
    };
    return words[kind];
}

bool completion_begins_group(const struct command *command)
{
    for (size_t i = 0; commands[i] != command; i++) {
        if (completion_same_group(commands[i], command)) {
            return false;
        }
    }
    return strchr(command->name, ' ') != NULL;
}

bool completion_same_group(const struct command *a, const struct command *b)
{
    size_t n = strcspn(a->name, " ") + 1;
    return strchr(a->name, ' ') != NULL && strncmp(a->name, b->name, n) == 0;
}

char *completion_first_words(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *name = commands[i]->name;
        if (strchr(name, ' ') == NULL || completion_begins_group(commands[i])) {
            strbuf_printf(&out, "%s%.*s", out.size > 0 ? " " : "", (int)strcspn(name, " "), name);
        }
    }
    return strbuf_take(&out);
}

char *completion_second_words(const struct command *command)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (completion_same_group(commands[i], command)) {
            strbuf_printf(&out, "%s%s", out.size > 0 ? " " : "",
                          strchr(commands[i]->name, ' ') + 1);
        }
    }
    return strbuf_take(&out);
}

/* "ENV" is asked for, "text|man" are the words themselves, "FILE" and the like are paths. */
enum completion_value completion_value(const struct option *option, char **ret_words)
{
    if (option->argument[0] >= 'A' && option->argument[0] <= 'Z') {
        return text_equal(option->argument, "ENV") ? VALUE_ENVIRONMENT : VALUE_PATH;
    }
    char *words = mem_copy(option->argument);
    for (char *c = words; *c != '\0'; c++) {
        *c = *c == '|' ? ' ' : *c;
    }
    *ret_words = words;
    return VALUE_WORDS;
}
