/*
 * SQL cut into code, quoted texts and comments: enough to see what stands where it is neither
 * quoted nor commented out.
 */
#include <ctype.h>
#include <string.h>

#include "private.h"

static bool starts_at(const struct source *source, size_t at, const char *text)
{
    size_t n = strlen(text);
    return source->size - at >= n && memcmp(source->text + at, text, n) == 0;
}

static size_t end_of_line(const struct source *source, size_t at)
{
    while (at < source->size && source->text[at] != '\n') {
        at++;
    }
    return at;
}

/* They nest. */
static size_t end_of_block_comment(const struct source *source, size_t at)
{
    int depth = 0;
    while (at < source->size) {
        bool begins = starts_at(source, at, "/*"), ends = starts_at(source, at, "*/");
        depth += begins - ends;
        at += begins || ends ? 2 : 1;
        if (depth == 0) {
            break;
        }
    }
    return at;
}

static size_t end_of_quotes(const struct source *source, size_t at, bool backslashes)
{
    char quote = source->text[at++];
    while (at < source->size && source->text[at] != quote) {
        at += backslashes && source->text[at] == '\\' && at + 1 < source->size ? 2 : 1;
    }
    return at < source->size ? at + 1 : at;
}

/* The size of "$tag$"; 0 where this dollar sign begins none. */
static size_t dollar_tag(const struct source *source, size_t at)
{
    if (at > 0 && (isalnum((unsigned char)source->text[at - 1]) || source->text[at - 1] == '_')) {
        return 0;
    }
    size_t end = at + 1;
    while (end < source->size &&
           (isalnum((unsigned char)source->text[end]) || source->text[end] == '_' ||
            (unsigned char)source->text[end] >= 0x80)) {
        end++;
    }
    bool is_tag = end < source->size && source->text[end] == '$' &&
                  !isdigit((unsigned char)source->text[at + 1]);
    return is_tag ? end + 1 - at : 0;
}

static size_t end_of_dollars(const struct source *source, size_t at, size_t tag)
{
    const char *text = source->text;
    for (size_t i = at + tag; i + tag <= source->size; i++) {
        if (memcmp(text + i, text + at, tag) == 0) {
            return i + tag;
        }
    }
    return source->size;
}

/* Where what begins here and is no code ends; `at` itself where it is code. */
static size_t end_of_special(const struct source *source, size_t at, enum sql_part *ret_kind)
{
    const char *text = source->text;
    *ret_kind = PART_COMMENT;
    if (starts_at(source, at, "--")) {
        return end_of_line(source, at);
    }
    if (starts_at(source, at, "/*")) {
        return end_of_block_comment(source, at);
    }
    *ret_kind = PART_QUOTED;
    if (text[at] == '\'' || text[at] == '"') {
        bool escapes = text[at] == '\'' && at > 0 && (text[at - 1] == 'e' || text[at - 1] == 'E') &&
                       (at == 1 || !isalnum((unsigned char)text[at - 2]));
        return end_of_quotes(source, at, escapes);
    }
    size_t tag = text[at] == '$' ? dollar_tag(source, at) : 0;
    return tag > 0 ? end_of_dollars(source, at, tag) : at;
}

bool part_next(const struct source *source, size_t *at, struct part *ret_part)
{
    enum sql_part kind;
    size_t begin = *at;
    if (begin >= source->size) {
        return false;
    }
    size_t end = end_of_special(source, begin, &kind);
    if (end == begin) {
        kind = PART_CODE;
        enum sql_part next;
        do {
            end++;
        } while (end < source->size && end_of_special(source, end, &next) == end);
    }
    *ret_part = (struct part){kind, begin, end - begin};
    *at = end;
    return true;
}

void refuse_placeholders(struct their_folder *folder, const struct source *source,
                         const char *remedy)
{
    struct part part;
    for (size_t at = 0; part_next(source, &at, &part);) {
        const char *text = source->text + part.offset;
        const char *found = part.kind != PART_COMMENT ? memmem(text, part.size, "${", 2) : NULL;
        if (found != NULL) {
            size_t offset = (size_t)(found - source->text);
            const char *end = memchr(found, '}', source->size - offset);
            problem_note(problem_add(&folder->problems, source, offset,
                                     end != NULL ? (size_t)(end - found) + 1 : 2,
                                     "a value is filled in here, which headgate does not do"),
                         "%s", remedy);
            return;
        }
    }
}

/* :'name', :"name", and :name where only a value can stand. */
static bool is_variable(const struct source *source, size_t at)
{
    char before = at > 0 ? source->text[at - 1] : ' ';
    char after = at + 1 < source->size ? source->text[at + 1] : ' ';
    if (source->text[at] != ':' || before == ':') {
        return false;
    }
    return after == '\'' || after == '"' ||
           (strchr(" \t\r\n(,=", before) != NULL &&
            (isalpha((unsigned char)after) || after == '_'));
}

void refuse_psql(struct their_folder *folder, const struct source *source)
{
    struct part part;
    for (size_t at = 0; part_next(source, &at, &part);) {
        for (size_t i = part.offset; part.kind == PART_CODE && i < part.offset + part.size; i++) {
            bool is_command = source->text[i] == '\\';
            if (is_command || is_variable(source, i)) {
                size_t width = strcspn(source->text + i, " \t\r\n;");
                problem_note(problem_add(&folder->problems, source, i, width > 0 ? width : 1,
                                         is_command ? "only psql understands this command"
                                                    : "only psql fills in this variable"),
                             "write it in SQL; sqitch runs scripts by psql, headgate does not");
                return;
            }
        }
    }
}

static size_t follow_bytes(unsigned char c)
{
    return c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : 3;
}

bool text_is_utf8(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        size_t n = follow_bytes(c);
        unsigned char next = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        bool bad = c == 0 || (c >= 0x80 && c < 0xc2) || c > 0xf4 || n >= size - i ||
                   (c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) ||
                   (c == 0xf0 && next < 0x90) || (c == 0xf4 && next > 0x8f);
        for (; n > 0 && !bad; n--) {
            bad = (unsigned char)text[++i] >> 6 != 2;
        }
        if (bad) {
            return false;
        }
    }
    return true;
}
