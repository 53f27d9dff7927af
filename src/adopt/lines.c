/* Texts by lines, and comments that mean something. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "private.h"

bool source_line(const struct source *source, size_t *at, struct line *ret_line)
{
    if (*at >= source->size) {
        return false;
    }
    const char *text = source->text + *at;
    const char *end = memchr(text, '\n', source->size - *at);
    size_t whole = end != NULL ? (size_t)(end - text) : source->size - *at;
    size_t size = whole > 0 && text[whole - 1] == '\r' ? whole - 1 : whole;
    *ret_line = (struct line){text, size, *at};
    *at += whole + (end != NULL ? 1 : 0);
    return true;
}

static size_t skip_blanks(const struct line *line, size_t at)
{
    while (at < line->size && (line->text[at] == ' ' || line->text[at] == '\t')) {
        at++;
    }
    return at;
}

bool line_is_blank(const struct line *line)
{
    return skip_blanks(line, 0) == line->size;
}

bool line_equal(const struct line *line, const char *text)
{
    return line->size == strlen(text) && strncasecmp(line->text, text, line->size) == 0;
}

bool line_is_mark(const struct line *line, const char *word, struct line *ret_rest)
{
    size_t n = strlen(word);
    if (line->size < 2 || memcmp(line->text, "--", 2) != 0) {
        return false;
    }
    size_t at = skip_blanks(line, 2);
    if (line->size - at < n || strncasecmp(line->text + at, word, n) != 0) {
        return false;
    }
    at += n;
    if (at < line->size && (isalnum((unsigned char)line->text[at]) || line->text[at] == '_')) {
        return false;
    }
    at = skip_blanks(line, at);
    size_t size = line->size - at;
    while (size > 0 && (line->text[at + size - 1] == ' ' || line->text[at + size - 1] == '\t')) {
        size--;
    }
    *ret_rest = (struct line){line->text + at, size, line->offset + at};
    return true;
}
