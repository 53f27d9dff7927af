/*
 * What a hook prints: redacted while it comes, whatever the pieces, cut into lines, each line into
 * the run's log and, as many as a person can follow, to the screen.
 *
 * The log has a limit for each attempt. What comes after that is only counted; nothing is done with
 * it that costs time, so that a flood does not even slow down the hook. Its end is logged all the
 * same: there stands why it failed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook.h"

#define SHOWN_A_SECOND 20
#define SHOWN_BYTES ((size_t)1000)
#define LAST_LINES 10
#define LAST_BYTES ((size_t)4000)
#define TIME_BYTES 28 /* of a line in the log, with the blank behind it */

struct hook_output hook_output_start(struct step_work *work)
{
    return (struct hook_output){
        .work = work,
        .out = {.name = "out", .redact = REDACT_STREAM_INIT, .line = STRBUF_INIT},
        .err = {.name = "err", .redact = REDACT_STREAM_INIT, .line = STRBUF_INIT},
        .redacted = STRBUF_INIT,
        .credit = (int64_t)SHOWN_A_SECOND * 1000,
        .credited = clock_now()};
}

void hook_output_clear(struct hook_output *output)
{
    struct hook_stream *const streams[] = {&output->out, &output->err};
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        redact_stream_clear(&streams[i]->redact);
        strbuf_clear(&streams[i]->line);
    }
    strbuf_clear(&output->redacted);
}

void hook_note(struct step_work *work, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *text = mem_vprintf(format, arguments);
    va_end(arguments);
    work_log(work, "headgate", text, strlen(text));
}

/* --- to the screen --- */

/* A second's worth may come at once; after that it is as many as come back with time. */
static bool may_show(struct hook_output *output)
{
    const int64_t most = (int64_t)SHOWN_A_SECOND * 1000;
    msec now = clock_now();
    output->credit += (now - output->credited) * SHOWN_A_SECOND;
    output->credit = output->credit < most ? output->credit : most;
    output->credited = now;
    if (output->credit < 1000) {
        return false;
    }
    output->credit -= 1000;
    return true;
}

static void show(struct hook_output *output, const char *text, size_t size)
{
    if (size > 0 && may_show(output)) {
        CLEANUP(mem_freep) char *shown = mem_copy_n(text, size < SHOWN_BYTES ? size : SHOWN_BYTES);
        work_show(output->work, shown, true);
    }
}

/* --- to the log --- */

static void log_line(struct hook_output *output, const char *name, const char *text, size_t size)
{
    work_log(output->work, name, text, size);
    output->logged +=
        TIME_BYTES + strlen(output->work->step->step->id) + strlen(name) + strlen("  | ") + size;
}

static void end_line(struct hook_output *output, struct hook_stream *stream)
{
    struct strbuf *line = &stream->line;
    if (line->size > 0 && line->text[line->size - 1] == '\r') {
        strbuf_cut(line, line->size - 1);
    }
    show(output, line->text, line->size);
    if (stream->cut > 0) {
        strbuf_printf(line, " [... and %zu bytes more]", stream->cut);
    }
    log_line(output, stream->name, line->text, line->size);
    strbuf_cut(line, 0);
    stream->cut = 0;
}

static void add_to_line(struct hook_stream *stream, const char *bytes, size_t size)
{
    size_t room = HOOK_LINE_LIMIT - stream->line.size;
    size_t taken = size < room ? size : room;
    strbuf_add_n(&stream->line, bytes, taken);
    stream->cut += size - taken;
}

static void take_redacted(struct hook_output *output, struct hook_stream *stream, const char *bytes,
                          size_t size)
{
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);
        size_t n = end != NULL ? (size_t)(end - bytes) : size;
        add_to_line(stream, bytes, n);
        if (end == NULL) {
            return;
        }
        end_line(output, stream);
        bytes += n + 1;
        size -= n + 1;
    }
}

/* Whole lines only: half a secret would not be recognized as one. */
static void skip(struct hook_output *output, struct hook_stream *stream, const char *bytes,
                 size_t size)
{
    const char *end = memrchr(bytes, '\n', size);
    const char *before = end != NULL ? memrchr(bytes, '\n', (size_t)(end - bytes)) : NULL;
    stream->dropped += size;
    if (before == NULL || end - before < 2 || end - before > (ptrdiff_t)HOOK_LINE_LIMIT ||
        !may_show(output)) {
        return;
    }
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    redact(before + 1, (size_t)(end - before - 1), &line);
    strbuf_cut(&line, line.size < SHOWN_BYTES ? line.size : SHOWN_BYTES);
    work_show(output->work, line.text, true);
}

static struct hook_stream *stream_of(struct hook_output *output, int stream)
{
    return stream == STDOUT_FILENO ? &output->out : &output->err;
}

void hook_output_take(void *context, int number, const char *bytes, size_t size)
{
    struct hook_output *output = context;
    struct hook_stream *stream = stream_of(output, number);
    if (output->logged >= HOOK_LOG_LIMIT) {
        skip(output, stream, bytes, size);
        return;
    }
    strbuf_cut(&output->redacted, 0);
    redact_stream_add(&stream->redact, bytes, size, &output->redacted);
    take_redacted(output, stream, output->redacted.text, output->redacted.size);
}

/* --- the end --- */

static void add_without_nul(struct strbuf *out, const char *bytes, size_t size)
{
    size_t from = out->size;
    redact(bytes, size, out);
    for (size_t i = from; i < out->size; i++) {
        out->text[i] = out->text[i] == '\0' ? '?' : out->text[i];
    }
}

/* The first line, whole, that has something of what is kept from this place on. */
static const char *whole_line(const struct strbuf *kept, size_t at, bool cut)
{
    const char *before = memrchr(kept->text, '\n', at);
    if (before != NULL) {
        return before + 1;
    }
    const char *next = cut ? memchr(kept->text, '\n', kept->size) : NULL;
    return !cut ? kept->text : next != NULL ? next + 1 : kept->text + kept->size;
}

/* The whole lines at the end of a stream, redacted; of the last so many bytes as they came. */
static void last_lines_of(const struct strbuf *kept, bool cut, uint64_t most, struct strbuf *out)
{
    size_t at = kept->size > most ? kept->size - (size_t)most : 0;
    const char *from = whole_line(kept, at, cut);
    add_without_nul(out, from, (size_t)(kept->text + kept->size - from));
}

/* What it held back belongs to a line that was dropped. */
static void forget_line(struct hook_stream *stream)
{
    redact_stream_clear(&stream->redact);
    strbuf_cut(&stream->line, 0);
    stream->cut = 0;
}

static void log_tail(struct hook_output *output, struct hook_stream *stream,
                     const struct strbuf *kept, bool cut)
{
    CLEANUP(strbuf_clear) struct strbuf tail = STRBUF_INIT;
    if (stream->dropped > 0) {
        last_lines_of(kept, cut, stream->dropped, &tail);
    } else {
        redact_stream_end(&stream->redact, &tail);
    }
    take_redacted(output, stream, tail.text, tail.size);
    if (stream->line.size > 0) {
        end_line(output, stream);
    }
}

void hook_output_end(struct hook_output *output, const struct process_result *result)
{
    struct hook_stream *const streams[] = {&output->out, &output->err};
    uint64_t dropped = 0;
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        dropped += streams[i]->dropped;
        if (streams[i]->dropped > 0) {
            forget_line(streams[i]);
        }
    }
    if (dropped > 0) {
        CLEANUP(mem_freep) char *size = size_human(dropped);
        hook_note(output->work,
                  "from here on %s (%llu bytes) of output were dropped, but for the last lines: "
                  "the log keeps 16 MB of an attempt",
                  size, (unsigned long long)dropped);
    }
    log_tail(output, &output->out, &result->out, result->out_cut);
    log_tail(output, &output->err, &result->err, result->err_cut);
}

/* The beginning of the last so many lines, and bytes. */
static const char *beginning_of_last(const struct strbuf *text)
{
    const char *end = text->text + text->size, *start = end;
    size_t breaks = 0;
    while (start > text->text && (size_t)(end - start) < LAST_BYTES &&
           (start[-1] != '\n' || ++breaks < LAST_LINES)) {
        start--;
    }
    return start;
}

char *hook_last_words(const struct process_result *result)
{
    CLEANUP(strbuf_clear) struct strbuf words = STRBUF_INIT;
    last_lines_of(&result->err, result->err_cut, UINT64_MAX, &words);
    strbuf_trim_end(&words);
    if (words.size == 0) {
        last_lines_of(&result->out, result->out_cut, UINT64_MAX, &words);
        strbuf_trim_end(&words);
    }
    return mem_copy(beginning_of_last(&words));
}
