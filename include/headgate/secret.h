/*
 * Secrets: values that must never leave the process in what a person or a log can read.
 *
 * A `struct secret` has no function that prints it. Making one also makes its value known to the
 * redactor, for as long as the process lives, in each of the forms in which it could travel: as it
 * is, percent-encoded, percent-decoded, escaped as in JSON, and each long line of a value with
 * several lines. The redactor works by value, not by pattern: it does not matter how the value got
 * into a text. As a second net it also masks what stands as the password in anything shaped like
 * scheme://user:password@host or password=..., which catches secrets written literally into a file
 * that could not be read.
 *
 * Everything that leaves goes through output.h, which redacts; nothing else in src/ writes to a
 * standard stream. The list of known values is file-scope state (in secret.c only): a secret that
 * only some callers know of would not be one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/strbuf.h"

struct secret;

struct secret *secret_new(const char *value);
/* For handing it to the one who needs it (libpq, a child's stdin). Never for a message. */
const char *secret_reveal(const struct secret *secret);
/* Wipes the value; the redactor still knows it. */
void secret_free(struct secret *secret);
void secret_freep(struct secret **secret);

/* Makes a value known to the redactor only. NULL and "" are ignored. Values of one to three
 * characters are redacted only where they stand alone as a word: replacing every "a" would say more
 * than it hides. */
void secret_register(const char *value);

/* Appends the text with every known secret replaced by "***". */
void redact(const char *text, size_t size, struct strbuf *out);
/* The same as a text of its own. */
char *redact_copy(const char *text);
/* True where the text is, or holds, a known secret. */
bool redact_needed(const char *text, size_t size);

/*
 * Redacts a stream that comes in pieces, whatever the cuts: whole lines are passed on; of an
 * unfinished line only what cannot be the beginning of a secret. A line longer than 64 kB is passed
 * on in parts in the same way.
 */
struct redact_stream {
    struct strbuf held;
    char before;             /* the byte in front of what is held */
    bool masking;            /* that byte was hidden */
    size_t hidden;           /* so much of what is held is covered by a value that began earlier */
    size_t net_from, net_to; /* and this by the second net */
};
#define REDACT_STREAM_INIT                                                                         \
    {                                                                                              \
        .held = STRBUF_INIT                                                                        \
    }
void redact_stream_add(struct redact_stream *stream, const char *bytes, size_t size,
                       struct strbuf *out);
void redact_stream_end(struct redact_stream *stream, struct strbuf *out);
void redact_stream_clear(struct redact_stream *stream);
