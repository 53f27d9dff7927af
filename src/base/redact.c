/*
 * Takes the secrets out of a text.
 *
 * A byte is hidden if any known value, or the second net, covers it; each run of hidden bytes
 * becomes one "***". So it does not matter how values overlap, or in which pieces the text came:
 * every place is asked once what begins there, and where the answer depends on what has not come
 * yet, the stream stops and holds the rest.
 */
#include "headgate/secret.h"

#include "known_values.h"
#include "redact_net.h"

#define WORD_SIZE 3 /* up to this size a value is redacted only as a word of its own */

/* A stream's state while it goes through a text; places count from the text's beginning. */
struct scan {
    const struct known_values *known;
    const char *text;
    size_t size;
    bool final; /* nothing comes after the text */
    char before;
    size_t hidden_to;        /* what known values cover from here on */
    size_t net_from, net_to; /* what the second net covers */
};

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* The first place from here on where something may begin. The last byte always may: its pair is not
 * complete. */
static size_t next_beginning(const struct scan *scan, size_t at)
{
    const char *text = scan->text;
    while (at + 1 < scan->size && !redact_net_pair(text[at], text[at + 1]) &&
           !known_values_pair(scan->known, (unsigned char)text[at], (unsigned char)text[at + 1])) {
        at++;
    }
    return at;
}

enum match { MATCH_NONE, MATCH_WHOLE, MATCH_UNDECIDED };

static enum match match_value(const struct scan *scan, size_t at, const struct known_value *value)
{
    size_t left = scan->size - at;
    bool word = value->size <= WORD_SIZE;
    if (memcmp(scan->text + at, value->bytes, value->size < left ? value->size : left) != 0) {
        return MATCH_NONE;
    }
    if (word && is_alphanumeric(at > 0 ? scan->text[at - 1] : scan->before)) {
        return MATCH_NONE;
    }
    if (value->size > left) {
        return scan->final ? MATCH_NONE : MATCH_UNDECIDED;
    }
    if (word && value->size == left) {
        return scan->final ? MATCH_WHOLE : MATCH_UNDECIDED;
    }
    return word && is_alphanumeric(scan->text[at + value->size]) ? MATCH_NONE : MATCH_WHOLE;
}

/* Notes the longest value that begins here. False where that cannot be said yet. */
static bool look_for_values(struct scan *scan, size_t at)
{
    unsigned char first = (unsigned char)scan->text[at];
    for (size_t i = 0; i < scan->known->by_first[first].n; i++) {
        const struct known_value *value = &scan->known->by_first[first].items[i];
        enum match match = match_value(scan, at, value);
        if (match == MATCH_UNDECIDED) {
            return false;
        }
        if (match == MATCH_WHOLE) {
            scan->hidden_to =
                at + value->size > scan->hidden_to ? at + value->size : scan->hidden_to;
            return true;
        }
    }
    return true;
}

static bool look_for_net(struct scan *scan, size_t at)
{
    size_t from = 0, to = 0;
    if (at < scan->net_to) {
        return true;
    }
    enum net_answer answer = redact_net(scan->text + at, scan->size - at, scan->final, &from, &to);
    if (answer == NET_FOUND) {
        scan->net_from = at + from;
        scan->net_to = at + to;
    }
    return answer != NET_UNDECIDED;
}

/* Whether this byte is hidden, and up to where the answer is the same. */
static bool is_hidden(const struct scan *scan, size_t at, size_t *ret_to)
{
    bool in_net = at >= scan->net_from && at < scan->net_to;
    if (at < scan->hidden_to || in_net) {
        *ret_to = at < scan->hidden_to ? scan->hidden_to : scan->net_to;
        return true;
    }
    *ret_to = at < scan->net_from ? scan->net_from : scan->size;
    return false;
}

/* Passes on what stands in [from, to). */
static void pass(const struct scan *scan, size_t from, size_t to, bool *masking, struct strbuf *out)
{
    while (from < to) {
        size_t end = 0;
        bool hidden = is_hidden(scan, from, &end);
        end = end < to ? end : to;
        if (!hidden) {
            strbuf_add_n(out, scan->text + from, end - from);
        } else if (!*masking) {
            strbuf_add(out, "***");
        }
        *masking = hidden;
        from = end;
    }
}

static size_t left_of(size_t place, size_t at)
{
    return place > at ? place - at : 0;
}

/* Redacts as much of the text as can be decided; returns how much that is. */
static size_t redact_decided(struct redact_stream *stream, const char *text, size_t size,
                             bool final, struct strbuf *out)
{
    struct scan scan = {.known = known_values(),
                        .text = text,
                        .size = size,
                        .final = final,
                        .before = stream->before,
                        .hidden_to = stream->hidden,
                        .net_from = stream->net_from,
                        .net_to = stream->net_to};
    size_t at = 0;
    while (at < size) {
        size_t beginning = next_beginning(&scan, at);
        pass(&scan, at, beginning, &stream->masking, out);
        at = beginning;
        if (!look_for_values(&scan, at) || !look_for_net(&scan, at)) {
            break;
        }
        pass(&scan, at, at + 1, &stream->masking, out);
        at++;
    }
    stream->before = at > 0 ? text[at - 1] : stream->before;
    stream->hidden = left_of(scan.hidden_to, at);
    stream->net_from = left_of(scan.net_from, at);
    stream->net_to = left_of(scan.net_to, at);
    return at;
}

void redact(const char *text, size_t size, struct strbuf *out)
{
    struct redact_stream stream = REDACT_STREAM_INIT;
    (void)redact_decided(&stream, text, size, true, out);
}

char *redact_copy(const char *text)
{
    struct strbuf out = STRBUF_INIT;
    redact(text, strlen(text), &out);
    return strbuf_take(&out);
}

bool redact_needed(const char *text, size_t size)
{
    struct scan scan = {.known = known_values(), .text = text, .size = size, .final = true};
    for (size_t at = 0; at < size && scan.hidden_to == 0; at++) {
        at = next_beginning(&scan, at);
        (void)look_for_values(&scan, at);
    }
    return scan.hidden_to > 0;
}

void redact_stream_add(struct redact_stream *stream, const char *bytes, size_t size,
                       struct strbuf *out)
{
    struct strbuf *held = &stream->held;
    if (held->size == 0) {
        size_t done = redact_decided(stream, bytes, size, false, out);
        strbuf_add_n(held, bytes + done, size - done);
        return;
    }
    strbuf_add_n(held, bytes, size);
    size_t done = redact_decided(stream, held->text, held->size, false, out);
    memmove(held->text, held->text + done, held->size - done);
    strbuf_cut(held, held->size - done);
}

void redact_stream_end(struct redact_stream *stream, struct strbuf *out)
{
    (void)redact_decided(stream, stream->held.text, stream->held.size, true, out);
    redact_stream_clear(stream);
}

void redact_stream_clear(struct redact_stream *stream)
{
    mem_wipe(stream->held.text, stream->held.size);
    strbuf_clear(&stream->held);
    *stream = (struct redact_stream)REDACT_STREAM_INIT;
}
