/*
 * Asks back before something dangerous. Development and test are usually not asked for; staging
 * takes y; production wants its name, because a finger that is used to y does not type a name by
 * accident. Scripts say --confirm NAME.
 */
#include <stdio.h>
#include <unistd.h>

#include "headgate/interrupt.h"
#include "headgate/output.h"
#include "private.h"

static bool read_line(struct strbuf *line, struct error *err)
{
    char c;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (interrupt_poll(&input, 1, DEADLINE_NONE) > 0 && read(STDIN_FILENO, &c, 1) == 1) {
        if (c == '\n') {
            return true;
        }
        strbuf_add_char(line, c);
    }
    output_stderr("\n", 1); /* what follows is no answer to the question */
    return interrupt_pending() != 0 ? interrupt_error(err) : true;
}

static bool ask(const struct environment *environment, enum confirm_how how, const char *question,
                struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    CLEANUP(mem_freep) char *text = NULL;
    bool by_name = how == CONFIRM_NAME;
    text = by_name ? mem_printf("%s Type \"%s\" to go on: ", question, environment->name)
                   : mem_printf("%s [y/N] ", question);
    output_question(text);
    if (!read_line(&line, err)) {
        return false;
    }
    strbuf_trim_end(&line);
    bool yes = by_name ? text_equal(line.text, environment->name)
                       : text_equal(line.text, "y") || text_equal(line.text, "yes");
    return yes || error_set(err, ERROR_REFUSED, "not confirmed, nothing was changed");
}

bool confirm(const struct options *options, const struct environment *environment,
             const char *question, struct error *err)
{
    static const enum confirm_how usual[] = {[KIND_DEVELOPMENT] = CONFIRM_NOTHING,
                                             [KIND_TEST] = CONFIRM_NOTHING,
                                             [KIND_STAGING] = CONFIRM_YES,
                                             [KIND_PRODUCTION] = CONFIRM_NAME};
    return confirm_by(options, environment, usual[environment->kind], question, err);
}

bool confirm_by(const struct options *options, const struct environment *environment,
                enum confirm_how how, const char *question, struct error *err)
{
    if (options->confirm != NULL && !text_equal(options->confirm, environment->name)) {
        return error_set(err, ERROR_USAGE, "--confirm says \"%s\", but this is \"%s\"",
                         options->confirm, environment->name);
    }
    if (options->confirm != NULL || how == CONFIRM_NOTHING) {
        return true;
    }
    if (options->no_input || isatty(STDIN_FILENO) == 0) {
        (void)error_set(err, ERROR_REFUSED,
                        "\"%s\" is a %s environment and nobody is here to confirm",
                        environment->name, environment_kind_name(environment->kind));
        return error_hint(err, "Say --confirm %s.", environment->name);
    }
    return ask(environment, how, question, err);
}
