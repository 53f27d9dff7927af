/*
 * How a program ended, in words, and programs that have to end well.
 */
#include <signal.h>

#include "headgate/interrupt.h"
#include "headgate/process.h"
#include "spawn.h"

#define SHOWN_LINES 10

void process_result_clear(struct process_result *result)
{
    strbuf_clear(&result->out);
    strbuf_clear(&result->err);
    strlist_clear(&result->left_behind);
}

static char *elapsed_text(msec elapsed)
{
    msec second = 1000;
    return duration_format(elapsed < second ? elapsed : elapsed - elapsed % second);
}

char *process_result_describe(const struct process_result *result)
{
    if (result->timed_out) {
        CLEANUP(mem_freep) char *elapsed = elapsed_text(result->elapsed);
        return mem_printf("still running after %s", elapsed);
    }
    if (result->interrupted) {
        return mem_copy("interrupted");
    }
    if (result->signal != 0) {
        const char *name = sigdescr_np(result->signal);
        return mem_printf("signal %d (%s)", result->signal, name != NULL ? name : "real-time");
    }
    return mem_printf("exit status %d", result->exit_status);
}

/* Whole lines only: half a secret would not be recognized as one. */
static const char *last_lines(struct process_result *result)
{
    strbuf_trim_end(&result->err);
    const char *text = result->err.text;
    const char *start = text + result->err.size;
    size_t breaks = 0;
    while (start > text && (start[-1] != '\n' || ++breaks < SHOWN_LINES)) {
        start--;
    }
    const char *first_break = strchr(text, '\n');
    if (start == text && result->err_cut) {
        return first_break != NULL ? first_break + 1 : "";
    }
    return start;
}

bool unwanted_end(const struct process_spec *spec, struct process_result *result, struct error *err)
{
    CLEANUP(mem_freep) char *end = process_result_describe(result);
    if (result->timed_out) {
        (void)error_set(err, ERROR_TIMEOUT, "%s was %s", spec->argv[0], end);
    } else {
        (void)error_set(err, ERROR_IO, "%s ended with %s", spec->argv[0], end);
    }
    const char *said = last_lines(result);
    if (said[0] != '\0') {
        (void)error_detail(err, "%s", said);
    }
    return false;
}

bool process_must_run(const struct process_spec *spec, char **ret_out, struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    if (!process_run(spec, &result, err)) {
        return false;
    }
    if (result.interrupted) {
        return interrupt_error(err);
    }
    if (result.timed_out || result.exit_status != 0) {
        return unwanted_end(spec, &result, err);
    }
    if (ret_out != NULL && result.out_cut) {
        return error_set(err, ERROR_IO, "%s printed more than was expected", spec->argv[0]);
    }
    if (ret_out != NULL) {
        *ret_out = strbuf_take(&result.out);
    }
    return true;
}
