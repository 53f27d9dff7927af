/*
 * The only door out.
 *
 * Each stream is gathered as it was given and redacted when it is written: what became known as a
 * secret meanwhile is hidden too, and a secret that spans several calls is found.
 */
#include "headgate/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "headgate/secret.h"
#include "live.h"
#include "tame.h"

#define GATHERED_SIZE (64U * 1024)

struct stream {
    int fd;
    bool terminal;
    bool in_line; /* a terminal's cursor stands behind a line without end */
    bool closed;  /* nobody reads it any more, or it failed: the rest is dropped */
    int failure;  /* errno of the write that failed, until it is reported */
    struct strbuf gathered;
    struct redact_stream redacted;
};

static struct output_settings settings = {.level = OUTPUT_NORMAL};
static bool color_allowed, live_possible;
static struct live live = LIVE_INIT;
static struct stream streams[2] = {
    {.fd = STDOUT_FILENO, .gathered = STRBUF_INIT, .redacted = REDACT_STREAM_INIT},
    {.fd = STDERR_FILENO, .gathered = STRBUF_INIT, .redacted = REDACT_STREAM_INIT},
};
static struct stream *const to_stdout = &streams[0];
static struct stream *const to_stderr = &streams[1];

void output_set_up(const struct output_settings *new_settings)
{
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    settings = *new_settings;
    color_allowed = settings.color && (no_color == NULL || no_color[0] == '\0') &&
                    !text_equal(terminal, "dumb");
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        streams[i].terminal = isatty(streams[i].fd) == 1;
    }
    live_possible = to_stdout->terminal && settings.level != OUTPUT_QUIET && !settings.json &&
                    terminal != NULL && terminal[0] != '\0' && !text_equal(terminal, "dumb");
}

bool output_json(void)
{
    return settings.json;
}

enum output_level output_level(void)
{
    return settings.level;
}

bool output_color_stdout(void)
{
    return color_allowed && to_stdout->terminal;
}

bool output_color_stderr(void)
{
    return color_allowed && to_stderr->terminal;
}

/* Waits where somebody made the descriptor non-blocking. */
static bool may_write_again(int fd)
{
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    return errno == EINTR || (errno == EAGAIN && (poll(&writable, 1, -1) > 0 || errno == EINTR));
}

static void write_all(struct stream *stream, const char *bytes, size_t size)
{
    while (size > 0 && !stream->closed) {
        ssize_t written = write(stream->fd, bytes, size);
        if (written >= 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (!may_write_again(stream->fd)) {
            stream->closed = true;
            stream->failure = errno == EPIPE ? 0 : errno;
        }
    }
}

/* --- the live block at the end of a terminal --- */

static bool live_can_be_drawn(void)
{
    return live.wanted.size > 0 && !to_stdout->in_line && !to_stderr->in_line;
}

/* Text for a terminal goes above the block. */
static void write_above(struct stream *stream, const struct strbuf *text)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct screen_size size = screen_size_of(to_stdout->fd);
    live_erase(&live, size, &out);
    if (stream != to_stdout) {
        write_all(to_stdout, out.text, out.size);
        strbuf_cut(&out, 0);
    }
    strbuf_add_n(&out, text->text, text->size);
    stream->in_line = text->text[text->size - 1] != '\n';
    if (stream != to_stdout) {
        write_all(stream, out.text, out.size);
        strbuf_cut(&out, 0);
    }
    if (live_can_be_drawn()) {
        live_draw(&live, size, &out);
    }
    write_all(to_stdout, out.text, out.size);
}

static void write_out(struct stream *stream, struct strbuf *text)
{
    tame(text, color_allowed && stream->terminal);
    if (text->size > 0 && stream->terminal && live_possible) {
        write_above(stream, text);
    } else {
        write_all(stream, text->text, text->size);
    }
}

/* --- streams --- */

static void write_gathered(struct stream *stream, size_t size)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct strbuf *gathered = &stream->gathered;
    redact_stream_add(&stream->redacted, gathered->text, size, &out);
    write_out(stream, &out);
    memmove(gathered->text, gathered->text + size, gathered->size - size);
    strbuf_cut(gathered, gathered->size - size);
}

/* The whole lines of what is gathered, in bytes. */
static size_t whole_lines(const struct strbuf *gathered)
{
    const char *last = memrchr(gathered->text, '\n', gathered->size);
    return last != NULL ? (size_t)(last - gathered->text) + 1 : 0;
}

void output_write(const char *text, size_t size)
{
    struct strbuf *gathered = &to_stdout->gathered;
    strbuf_add_n(gathered, text, size);
    if (to_stdout->terminal || gathered->size >= GATHERED_SIZE) {
        size_t lines = whole_lines(gathered);
        /* A line without end must not grow without end. */
        write_gathered(to_stdout,
                       lines == 0 && gathered->size >= GATHERED_SIZE ? gathered->size : lines);
    }
}

void output_print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *text = mem_vprintf(format, arguments);
    va_end(arguments);
    output_write(text, strlen(text));
}

void output_flush(void)
{
    write_gathered(to_stdout, whole_lines(&to_stdout->gathered));
}

void output_stderr(const char *text, size_t size)
{
    /* On a terminal the two streams are one text. */
    write_gathered(to_stdout, to_stdout->gathered.size);
    strbuf_add_n(&to_stderr->gathered, text, size);
    write_gathered(to_stderr, whole_lines(&to_stderr->gathered));
}

PRINTF_LIKE(2, 0)
static void stderr_line(const char *prefix, const char *format, va_list arguments)
{
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    strbuf_add(&line, prefix);
    strbuf_vprintf(&line, format, arguments);
    strbuf_add_char(&line, '\n');
    output_stderr(line.text, line.size);
}

void output_progress(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (settings.level != OUTPUT_QUIET && !settings.json) {
        stderr_line("", format, arguments);
    }
    va_end(arguments);
}

void output_detail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (settings.level == OUTPUT_VERBOSE && !settings.json) {
        stderr_line("", format, arguments);
    }
    va_end(arguments);
}

void output_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    stderr_line("warning: ", format, arguments);
    va_end(arguments);
}

/* Also what stands in an unfinished line. */
static void write_everything(struct stream *stream)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    write_gathered(stream, stream->gathered.size);
    redact_stream_end(&stream->redacted, &out);
    write_out(stream, &out);
    strbuf_clear(&stream->gathered);
}

bool output_is_live(void)
{
    return live_possible;
}

/* A secret is redacted before a line is cut: what is left of a cut one would not be known. */
void output_live(const char *text, size_t size)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf wanted = STRBUF_INIT;
    if (!live_possible) {
        return;
    }
    redact(text, size, &wanted);
    tame(&wanted, color_allowed);
    if (live.n > 0 && text_equal(wanted.text, live.wanted.text)) {
        return;
    }
    struct screen_size screen = screen_size_of(to_stdout->fd);
    live_erase(&live, screen, &out);
    strbuf_clear(&live.wanted);
    live.wanted = wanted;
    wanted = (struct strbuf)STRBUF_INIT;
    if (live_can_be_drawn()) {
        live_draw(&live, screen, &out);
    }
    write_all(to_stdout, out.text, out.size);
}

void output_live_end(bool stays)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (!stays) {
        live_erase(&live, screen_size_of(to_stdout->fd), &out);
        write_all(to_stdout, out.text, out.size);
    }
    live_clear(&live);
}

void output_question(const char *text)
{
    output_live_end(false); /* the answer is typed where it would stand */
    output_stderr(text, strlen(text));
    write_everything(to_stderr);
}

static int finish_stream(struct stream *stream)
{
    write_everything(stream);
    int failure = stream->failure;
    stream->failure = 0;
    return failure;
}

bool output_finish(struct error *err)
{
    output_live_end(false);
    int stdout_failure = finish_stream(to_stdout);
    int stderr_failure = finish_stream(to_stderr);
    if (stdout_failure == 0 && stderr_failure == 0) {
        return true;
    }
    errno = stdout_failure != 0 ? stdout_failure : stderr_failure;
    return error_set_errno(err, "could not write the output");
}
