/*
 * A line is [@MARKER] HOSTS TYPE KEY [COMMENT]. Lines end where a line break does, of either kind,
 * and may be of any length.
 */
#include "known_hosts_line.h"

#include <string.h>

#include "headgate/hash.h"
#include "headgate/mem.h"
#include "private.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next word, and what is left behind it. */
static struct piece take_word(struct piece *rest)
{
    while (rest->size > 0 && is_blank(*rest->text)) {
        rest->text++;
        rest->size--;
    }
    struct piece word = {rest->text, 0};
    while (word.size < rest->size && !is_blank(word.text[word.size])) {
        word.size++;
    }
    *rest = (struct piece){rest->text + word.size, rest->size - word.size};
    return word;
}

static bool is_word(struct piece piece, const char *word)
{
    return piece.size == strlen(word) && memcmp(piece.text, word, piece.size) == 0;
}

static struct piece take_line(struct known_reader *reader)
{
    struct piece line = reader->rest;
    const char *end = memchr(line.text, '\n', line.size);
    size_t passed = line.size;
    if (end != NULL) {
        line.size = (size_t)(end - line.text);
        passed = line.size + 1;
    }
    reader->rest = (struct piece){reader->rest.text + passed, reader->rest.size - passed};
    reader->number++;
    if (line.size > 0 && line.text[line.size - 1] == '\r') {
        line.size--;
    }
    return line;
}

/* False: it begins with a marker that nobody knows, which makes the line mean nothing. */
static bool take_marker(struct piece *word, struct piece *rest, enum marker *ret_marker)
{
    *ret_marker = MARKER_NONE;
    if (word->size == 0 || word->text[0] != '@') {
        return true;
    }
    if (is_word(*word, "@revoked")) {
        *ret_marker = MARKER_REVOKED;
    } else if (is_word(*word, "@cert-authority")) {
        *ret_marker = MARKER_AUTHORITY;
    } else {
        return false;
    }
    *word = take_word(rest);
    return word->size == 0 || word->text[0] != '@';
}

bool known_reader_next(struct known_reader *reader, struct known_line *ret_line)
{
    while (reader->rest.size > 0) {
        struct piece rest = take_line(reader);
        struct known_line line = {.number = reader->number};
        line.hosts = take_word(&rest);
        bool says_something = line.hosts.size > 0 && line.hosts.text[0] != '#' &&
                              take_marker(&line.hosts, &rest, &line.marker);
        line.type = take_word(&rest);
        line.key = take_word(&rest);
        if (says_something && line.key.size > 0) {
            *ret_line = line;
            return true;
        }
    }
    return false;
}

bool known_line_key(const struct known_line *line, unsigned char **ret_key, size_t *ret_size)
{
    size_t size = 0;
    CLEANUP(mem_freep) unsigned char *key = mem_new(line->key.size / 4 * 3 + 1, 1);
    if (!base64_decode(line->key.text, line->key.size, key, &size)) {
        return false;
    }
    CLEANUP(mem_freep) char *type = host_key_type(key, size);
    if (type == NULL || !is_word(line->type, type)) {
        return false;
    }
    *ret_key = TAKE(key);
    *ret_size = size;
    return true;
}
