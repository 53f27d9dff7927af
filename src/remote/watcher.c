/*
 * A command for the host, whose program ends when we end.
 *
 * A dropped connection ends nothing over there: a program that neither reads nor writes runs on for
 * hours. So a watcher runs beside it, in its process group, and reads what we send; when that ends,
 * however it came to that, it ends the group.
 *
 * The command itself is always the same and has nothing in it that any login shell (sh, bash, csh,
 * fish) takes for more than text between single quotes: no quote, backslash, "!", no line break.
 * Words and environment come over stdin, as lines that /bin/sh evaluates; so they are in no list of
 * processes, may hold any byte, and may be long. Bytes that a shell or its locale might stumble
 * over go as numbers.
 *
 * The program takes the place of the shell, so that its exit status or signal is its own. With
 * input that cannot be: the watcher has to be able to tell an end of the input from our end, so
 * input comes in frames ("SIZE", then as many bytes; 0 at the end), and the program stands at the
 * other end of a pipe. The shell that waits for it ends as it did: by that signal, where the status
 * says one (a program that leaves with 137 seems to have been killed by signal 9 there).
 */
#include <ctype.h>

#include "headgate/mem.h"
#include "private.h"

/* No program of that name: said in these words, with status 127. */
#define TAKE_WORDS                                                                                 \
    "hg_d=; while IFS= read -r hg_l; do if [ \"$hg_l\" = . ]; then hg_d=1; break; fi; "            \
    "eval \"$hg_l\"; done; "                                                                       \
    "[ -n \"$hg_d\" ] || exit 126; "                                                               \
    "command -v \"$1\" >/dev/null 2>&1 || "                                                        \
    "{ printf %s \"" WATCHER_NO_PROGRAM "$1\" >&2; exit 127; }; "                                  \
    "exec 3<&0 </dev/null; "

/* While the program lives it is asked first. $$ is its number, or that of the shell that waits for
 * it. */
#define END_GROUP                                                                                  \
    "if kill -0 $$; then kill -TERM 0; sleep 1; fi; if kill -0 $$; then sleep 1; fi; kill -KILL "  \
    "0; "
#define HOLD_OUT "trap \"\" TERM HUP INT PIPE; "

#define WITHOUT_INPUT                                                                              \
    TAKE_WORDS "{ " HOLD_OUT "cat; " END_GROUP "} <&3 >/dev/null 2>&1 & exec \"$@\" 3<&-"

/* Where our words end in the middle of the input the pipe stays open, so that the program does not
 * take a part for the whole. */
#define WITH_INPUT                                                                                 \
    TAKE_WORDS                                                                                     \
    "{ { " HOLD_OUT "hg_n=; while read -r hg_n && [ \"$hg_n\" -gt 0 ] && "                         \
    "dd bs=\"$hg_n\" count=1 iflag=fullblock; do :; done; "                                        \
    "if [ -n \"$hg_n\" ]; then exec >/dev/null; cat; fi; " END_GROUP "} <&3 2>/dev/null & } | "    \
    "{ exec \"$@\" 3<&-; }; hg_s=$?; exec 3<&-; "                                                  \
    "if [ $hg_s -gt 128 ]; then ulimit -c 0; kill -$((hg_s - 128)) $$; fi; exit $hg_s"

#define AS_COMMAND(script) "exec /bin/sh -c '" script "' headgate"

static bool is_plain(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            return false;
        }
    }
    return true;
}

static void add_quoted(struct strbuf *text, const char *word)
{
    strbuf_add_char(text, '\'');
    for (const char *c = word; *c != '\0'; c++) {
        if (*c == '\'') {
            strbuf_add(text, "'\\''");
        } else {
            strbuf_add_char(text, *c);
        }
    }
    strbuf_add_char(text, '\'');
}

/* A format for printf, between two dots: the shell would cut line breaks at the end. */
static void add_numbered(struct strbuf *text, const char *word)
{
    strbuf_add(text, "hg_v=$(printf '.");
    for (const char *c = word; *c != '\0'; c++) {
        bool plain = isalnum((unsigned char)*c) || strchr(" /._-,:=+@", *c) != NULL;
        strbuf_printf(text, plain ? "%c" : "\\%03o", (unsigned char)*c);
    }
    strbuf_add(text, ".'); hg_v=${hg_v%.}; hg_v=${hg_v#.}; ");
}

/* BEFORE "WORD" AFTER, as one line. */
static void add_line(struct strbuf *text, const char *before, const char *word, const char *after)
{
    if (is_plain(word)) {
        strbuf_add(text, before);
        add_quoted(text, word);
    } else {
        add_numbered(text, word);
        strbuf_printf(text, "%s\"$hg_v\"", before);
    }
    strbuf_printf(text, "%s\n", after);
}

static bool add_variable(struct strbuf *text, const char *variable, struct error *err)
{
    const char *equals = strchr(variable, '=');
    size_t n = equals != NULL ? (size_t)(equals - variable) : 0;
    bool good = n > 0 && !isdigit((unsigned char)variable[0]);
    for (size_t i = 0; i < n; i++) {
        good = good && (isalnum((unsigned char)variable[i]) || variable[i] == '_');
    }
    if (!good) {
        return error_set(err, ERROR_CONFIG, "\"%.*s\" is not a name for an environment variable",
                         (int)n, variable);
    }
    CLEANUP(mem_freep) char *name = mem_copy_n(variable, n);
    CLEANUP(mem_freep) char *before = mem_printf("%s=", name);
    CLEANUP(mem_freep) char *after = mem_printf("; export %s", name);
    add_line(text, before, equals + 1, after);
    return true;
}

bool watcher_command(const struct process_spec *spec, bool has_input, char **ret_command,
                     struct strbuf *ret_preface, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf preface = STRBUF_INIT;
    if (spec->argv[0][0] == '\0' || spec->argv[0][0] == '-') {
        return error_set(err, ERROR_CONFIG, "\"%s\" is not the name of a program", spec->argv[0]);
    }
    for (size_t i = 0; spec->argv[i] != NULL; i++) {
        add_line(&preface, "set -- \"$@\" ", spec->argv[i], "");
    }
    for (size_t i = 0; spec->env != NULL && spec->env[i] != NULL; i++) {
        if (!add_variable(&preface, spec->env[i], err)) {
            return false;
        }
    }
    strbuf_add(&preface, ".\n");
    *ret_preface = preface;
    preface = (struct strbuf)STRBUF_INIT;
    *ret_command = mem_copy(has_input ? AS_COMMAND(WITH_INPUT) : AS_COMMAND(WITHOUT_INPUT));
    return true;
}
