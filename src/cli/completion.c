/*
 * Completions for shells, from the table of commands. Names of environments are asked of the program itself when they are
 * needed (headgate completion environments), so that they are those of the project one stands in.
 */
#include "headgate/strbuf.h"
#include "private.h"

static void add_option_words(struct strbuf *out, const struct option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        strbuf_printf(out, "%s--%s", out->size > 0 ? " " : "", options->name);
    }
}

static char *option_words(const struct command *command)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    add_option_words(&out, command->options);
    add_option_words(&out, common_options);
    return strbuf_take(&out);
}

static char *command_words(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *name = commands[i]->name;
        size_t n = strcspn(name, " ");
        bool seen = i > 0 && strncmp(commands[i - 1]->name, name, n) == 0 &&
                    commands[i - 1]->name[n] == ' ';
        if (!seen) {
            strbuf_printf(&out, "%s%.*s", out.size > 0 ? " " : "", (int)n, name);
        }
    }
    return strbuf_take(&out);
}

/* The words that may follow a command's name; $(...) is run by the shell at that moment. */
static const char *argument_words(const struct command *command, char *const *all_commands)
{
    switch (command->argument_kind) {
    case ARGUMENT_ENVIRONMENT:
        return "$(headgate completion environments 2>/dev/null)";
    case ARGUMENT_COMMAND:
        return *all_commands;
    case ARGUMENT_SHELL:
        return "bash zsh fish";
    case ARGUMENT_OTHER:
        break;
    }
    return "";
}

/* Second words, for commands of two words that begin with this one. */
static void add_second_words(struct strbuf *out, const char *first, size_t n)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strncmp(commands[i]->name, first, n) == 0 && commands[i]->name[n] == ' ') {
            strbuf_printf(out, " %s", commands[i]->name + n + 1);
        }
    }
}

static void add_bash_cases(struct strbuf *out, char *const *words)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        CLEANUP(mem_freep) char *options = option_words(commands[i]);
        strbuf_printf(out, "        \"%s\") words=\"%s %s\" ;;\n", commands[i]->name,
                      argument_words(commands[i], words), options);
    }
    for (size_t i = 0; commands[i] != NULL; i++) {
        size_t n = strcspn(commands[i]->name, " ");
        bool first = i == 0 || strncmp(commands[i - 1]->name, commands[i]->name, n + 1) != 0;
        if (commands[i]->name[n] == ' ' && first) {
            CLEANUP(strbuf_clear) struct strbuf second = STRBUF_INIT;
            add_second_words(&second, commands[i]->name, n);
            strbuf_printf(out, "        \"%.*s\") words=\"%s\" ;;\n", (int)n, commands[i]->name,
                          second.text + 1);
        }
    }
}

/* zsh runs the same function through its bash emulation. */
static char *bash(const char *before)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(mem_freep) char *words = command_words();
    strbuf_printf(&out,
                  "%s_headgate() {\n"
                  "    local current=\"${COMP_WORDS[COMP_CWORD]}\" name=\"\" words=\"\" i word\n"
                  "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                  "        word=\"${COMP_WORDS[i]}\"\n"
                  "        case \"$word\" in -*) continue ;; esac\n"
                  "        case \"$name\" in\n"
                  "        \"\") name=\"$word\" ;;\n"
                  "        config | embedded) name=\"$name $word\" ;;\n"
                  "        esac\n"
                  "    done\n"
                  "    case \"$name\" in\n"
                  "        \"\") words=\"%s\" ;;\n",
                  before, words);
    add_bash_cases(&out, &words);
    strbuf_add(&out, "    esac\n"
                     "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                     "}\n"
                     "complete -o default -F _headgate headgate\n");
    return strbuf_take(&out);
}

static char *fish(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(mem_freep) char *words = command_words();
    strbuf_printf(&out, "complete -c headgate -f\ncomplete -c headgate -n __fish_use_subcommand -a '%s'\n",
                  words);
    for (size_t i = 0; commands[i] != NULL; i++) {
        const char *name = commands[i]->name;
        size_t n = strcspn(name, " ");
        if (name[n] == ' ') {
            strbuf_printf(&out, "complete -c headgate -n '__fish_seen_subcommand_from %.*s' -a %s -d '%s'\n",
                          (int)n, name, name + n + 1, commands[i]->summary);
        } else if (commands[i]->argument_kind == ARGUMENT_ENVIRONMENT) {
            strbuf_printf(&out, "complete -c headgate -n '__fish_seen_subcommand_from %s' -a '(headgate "
                                "completion environments 2>/dev/null)'\n",
                          name);
        }
        for (const struct option *o = commands[i]->options; o != NULL && o->name != NULL; o++) {
            strbuf_printf(&out, "complete -c headgate -n '__fish_seen_subcommand_from %.*s' -l %s%s -d '%s'\n",
                          (int)n, name, o->name, o->argument != NULL ? " -x" : "", o->help);
        }
    }
    for (const struct option *o = common_options; o->name != NULL; o++) {
        strbuf_printf(&out, "complete -c headgate -l %s%s -d '%s'\n", o->name,
                      o->argument != NULL ? " -r" : "", o->help);
    }
    return strbuf_take(&out);
}

char *completion_for(const char *shell)
{
    if (text_equal(shell, "bash")) {
        return bash("");
    }
    if (text_equal(shell, "zsh")) {
        return bash("#compdef headgate\nautoload -U +X bashcompinit && bashcompinit\n");
    }
    return text_equal(shell, "fish") ? fish() : NULL;
}
