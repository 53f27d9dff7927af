/*
 * Completions for bash and zsh, from the table of commands. Both shells run the same function,
 * which prints what may follow the words before; fish has a language of its own
 * (completion_fish.c). Names of environments, pipelines and runs are asked of the program itself
 * when they are needed (headgate completion environments), so that they are those of the project
 * one stands in.
 */
#include "completion.h"

#include "headgate/strlist.h"

#define ASK "headgate completion %s 2>/dev/null"

/* "    printf '%s\\n' 'these --and --their --options' ;;" */
static void add_print(struct strbuf *out, const char *words, const struct option *own)
{
    const struct option *const both[] = {own, common_options};
    strbuf_printf(out, " printf '%%s\\n' '%s", words);
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        for (const struct option *o = both[i]; o != NULL && o->name != NULL; o++) {
            bool first = words[0] == '\0' && o == (own != NULL ? own : common_options);
            strbuf_printf(out, "%s--%s", first ? "" : " ", o->name);
        }
    }
    strbuf_add(out, "' ;;\n");
}

static void add_valued(struct strlist *names, const struct option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (options->argument != NULL && !strlist_has(names, options->name)) {
            strlist_add(names, options->name);
        }
    }
}

/* A pattern of every option that takes a value. */
static char *valued_options(void)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    add_valued(&names, common_options);
    for (size_t i = 0; commands[i] != NULL; i++) {
        add_valued(&names, commands[i]->options);
    }
    for (size_t i = 0; i < names.n; i++) {
        strbuf_printf(&out, "%s--%s", i > 0 ? " | " : "", names.items[i]);
    }
    return strbuf_take(&out);
}

/* Values of options; where there is nothing to print, the shell offers files. */
static void add_value_cases(struct strbuf *out, const struct command *command)
{
    for (const struct option *o = command->options; o != NULL && o->name != NULL; o++) {
        CLEANUP(mem_freep) char *words = NULL;
        enum completion_value value =
            o->argument != NULL ? completion_value(o, &words) : VALUE_PATH;
        if (value == VALUE_ENVIRONMENT) {
            strbuf_printf(out, "    \"%s --%s\") " ASK " ;;\n", command->name, o->name,
                          completion_asks(ARGUMENT_ENVIRONMENT));
        } else if (value == VALUE_WORDS) {
            strbuf_printf(out, "    \"%s --%s\") printf '%%s\\n' '%s' ;;\n", command->name, o->name,
                          words);
        }
    }
}

static void add_command_case(struct strbuf *out, const struct command *command)
{
    CLEANUP(mem_freep) char *first = completion_first_words();
    const char *words = command->argument_kind == ARGUMENT_COMMAND ? first
                        : command->argument_kind == ARGUMENT_SHELL ? COMPLETION_SHELLS
                                                                   : "";
    const char *asks = completion_asks(command->argument_kind);
    strbuf_printf(out, "    \"%s \")", command->name);
    if (asks != NULL) {
        strbuf_printf(out, " " ASK ";", asks);
    }
    add_print(out, words, command->options);
}

static void add_cases(struct strbuf *out)
{
    CLEANUP(mem_freep) char *first = completion_first_words();
    strbuf_add(out, "    \" \")");
    add_print(out, first, NULL);
    for (size_t i = 0; commands[i] != NULL; i++) {
        add_value_cases(out, commands[i]);
        add_command_case(out, commands[i]);
        if (completion_begins_group(commands[i])) {
            CLEANUP(mem_freep) char *second = completion_second_words(commands[i]);
            strbuf_printf(out, "    \"%.*s \") printf '%%s\\n' '%s' ;;\n",
                          (int)strcspn(commands[i]->name, " "), commands[i]->name, second);
        }
    }
}

/* A pattern of the first words of commands of two words. */
static char *groups(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (completion_begins_group(commands[i])) {
            strbuf_printf(&out, "%s%.*s", out.size > 0 ? " | " : "",
                          (int)strcspn(commands[i]->name, " "), commands[i]->name);
        }
    }
    return strbuf_take(&out);
}

/* bash cuts --name=value at the "=", which then is a word. */
static void add_words_function(struct strbuf *out)
{
    CLEANUP(mem_freep) char *valued = valued_options();
    CLEANUP(mem_freep) char *first_words = groups();
    strbuf_printf(out,
                  "_headgate_words() {\n"
                  "    local name=\"\" option=\"\" word\n"
                  "    for word; do\n"
                  "        if [ -n \"$option\" ]; then\n"
                  "            if [ \"$word\" != \"=\" ]; then option=\"\"; fi\n"
                  "            continue\n"
                  "        fi\n"
                  "        case \"$word\" in\n"
                  "        %s) option=\"$word\" ;;\n"
                  "        -*) ;;\n"
                  "        *)\n"
                  "            case \"$name\" in\n"
                  "            \"\") name=\"$word\" ;;\n"
                  "            %s) name=\"$name $word\" ;;\n"
                  "            esac\n"
                  "            ;;\n"
                  "        esac\n"
                  "    done\n"
                  "    case \"$name $option\" in\n",
                  valued, first_words);
    add_cases(out);
    strbuf_add(out, "    esac\n}\n");
}

static char *bash(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    add_words_function(&out);
    strbuf_add(&out, "_headgate() {\n"
                     "    local current=\"${COMP_WORDS[COMP_CWORD]}\"\n"
                     "    if [ \"$current\" = \"=\" ]; then current=\"\"; fi\n"
                     "    mapfile -t COMPREPLY < <(compgen -W \\\n"
                     "        \"$(_headgate_words \"${COMP_WORDS[@]:1:COMP_CWORD-1}\")\" -- "
                     "\"$current\")\n"
                     "}\n"
                     "complete -o default -F _headgate headgate\n");
    return strbuf_take(&out);
}

/* Found through fpath it is the function's body, and must also do its work; sourced it only
 * registers. */
static char *zsh(void)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    strbuf_add(&out, "#compdef headgate\n");
    add_words_function(&out);
    strbuf_add(&out, "_headgate() {\n"
                     "    local -a found\n"
                     "    found=(${=\"$(_headgate_words \"${(@)words[2,CURRENT-1]}\")\"})\n"
                     "    if (( $#found )); then compadd -a found; else _files; fi\n"
                     "}\n"
                     "if [ \"${funcstack[1]}\" = _headgate ]; then\n"
                     "    _headgate \"$@\"\n"
                     "else\n"
                     "    compdef _headgate headgate\n"
                     "fi\n");
    return strbuf_take(&out);
}

char *completion_for(const char *shell)
{
    if (text_equal(shell, "bash")) {
        return bash();
    }
    if (text_equal(shell, "zsh")) {
        return zsh();
    }
    return text_equal(shell, "fish") ? completion_fish() : NULL;
}
