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

#define GATHERED_SIZE (64U * 1024)

struct stream {
    int fd;
    bool terminal;
    bool closed; /* nobody reads it any more, or it failed: the rest is dropped */
    int failure; /* errno of the write that failed, until it is reported */
    struct strbuf gathered;
    struct redact_stream redacted;
};

static struct output_settings settings = {.level = OUTPUT_NORMAL};
static bool color_allowed;
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
}

bool output_json(void)
{
    return settings.json;
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

/* The length of a colour's escape sequence (ESC [ 1;31 m) at the beginning of the text, else 0. */
static size_t color_sequence(const char *text, size_t size)
{
    size_t n = 2;
    if (size < 3 || text[0] != '\033' || text[1] != '[') {
        return 0;
    }
    while (n < size && (text[n] == ';' || (text[n] >= '0' && text[n] <= '9'))) {
        n++;
    }
    return n < size && text[n] == 'm' ? n + 1 : 0;
}

/* The two bytes of a C1 control character (U+0080 to U+009F): some terminals obey them too. */
static bool is_c1(const char *text, size_t size)
{
    return size >= 2 && (unsigned char)text[0] == 0xc2 && (unsigned char)text[1] >= 0x80 &&
           (unsigned char)text[1] <= 0x9f;
}

/* Names and messages come from files and servers: what could steer a terminal becomes "?". */
static void tame(struct strbuf *out, bool colored)
{
    for (size_t i = 0; i < out->size; i++) {
        unsigned char c = (unsigned char)out->text[i];
        size_t color = colored ? color_sequence(out->text + i, out->size - i) : 0;
        if (color > 0) {
            i += color - 1;
        } else if (is_c1(out->text + i, out->size - i)) {
            out->text[i] = out->text[i + 1] = '?';
        } else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
            out->text[i] = '?';
        }
    }
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

static void write_gathered(struct stream *stream, size_t size)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct strbuf *gathered = &stream->gathered;
    redact_stream_add(&stream->redacted, gathered->text, size, &out);
    tame(&out, color_allowed && stream->terminal);
    write_all(stream, out.text, out.size);
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
    tame(&out, color_allowed && stream->terminal);
    write_all(stream, out.text, out.size);
    strbuf_clear(&stream->gathered);
}

void output_question(const char *text)
{
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
    int stdout_failure = finish_stream(to_stdout);
    int stderr_failure = finish_stream(to_stderr);
    if (stdout_failure == 0 && stderr_failure == 0) {
        return true;
    }
    errno = stdout_failure != 0 ? stdout_failure : stderr_failure;
    return error_set_errno(err, "could not write the output");
}
