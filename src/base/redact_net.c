/*
 * The second net: passwords by where they stand. See redact_net.h.
 *
 * Each search ends at the end of the line, and after NET_REACH bytes whatever comes, so that a
 * stream never holds back more than that. It also ends where the next URL begins: that one is
 * looked at on its own, and a text full of beginnings takes linear time.
 */
#include "redact_net.h"

#include <string.h>

#define NET_REACH 8192U

/* A text from a place where something begins, and how far we have read. */
struct reader {
    const char *text;
    size_t size; /* at most NET_REACH */
    bool open;   /* more may come */
    size_t at;
};

static bool at_end(const struct reader *in)
{
    return in->at >= in->size;
}

static bool looking_at(const struct reader *in, const char *word)
{
    size_t n = strlen(word);
    return in->size - in->at >= n && memcmp(in->text + in->at, word, n) == 0;
}

static enum net_answer nothing_more(const struct reader *in)
{
    return in->open ? NET_UNDECIDED : NET_NOTHING;
}

static bool is_blank_or_control(char c)
{
    return (unsigned char)c <= ' ';
}

static void skip_blanks(struct reader *in)
{
    while (!at_end(in) && (in->text[in->at] == ' ' || in->text[in->at] == '\t')) {
        in->at++;
    }
}

/* The end of an interpolation that begins here; 0 where none does. */
static size_t interpolation_end(const struct reader *in)
{
    if (!looking_at(in, "${")) {
        return 0;
    }
    size_t at = in->at + 2;
    while (at < in->size && in->text[at] != '\n' && in->text[at] != '{') {
        if (in->text[at++] == '}') {
            return at;
        }
    }
    return at == in->size && in->open ? at : 0;
}

/* Past one character, or past an interpolation. */
static void advance(struct reader *in)
{
    size_t end = interpolation_end(in);
    in->at = end > 0 ? end : in->at + 1;
}

/* The same where a backslash takes away the meaning of what follows it. */
static void advance_escaped(struct reader *in)
{
    if (in->text[in->at] == '\\' && in->at + 1 < in->size && in->text[in->at + 1] != '\n') {
        in->at++;
    }
    advance(in);
}

/* ${NAME:-text} is a literal with a detour. */
static bool has_default(const char *name, size_t size)
{
    const char *mark = memmem(name, size, ":-", 2);
    return mark != NULL && mark + 2 < name + size;
}

static bool is_placeholder(const char *value, size_t size)
{
    if (size == 3 && memcmp(value, "***", 3) == 0) {
        return true;
    }
    struct reader in = {.text = value, .size = size};
    while (!at_end(&in)) {
        size_t end = interpolation_end(&in);
        if (end == 0 || has_default(value + in.at, end - 1 - in.at)) {
            return false;
        }
        in.at = end;
    }
    return true;
}

static enum net_answer found(const struct reader *in, size_t from, size_t to, size_t *ret_from,
                             size_t *ret_to)
{
    if (is_placeholder(in->text + from, to - from)) {
        return NET_NOTHING;
    }
    *ret_from = from;
    *ret_to = to;
    return NET_FOUND;
}

/* Reads the user up to the colon; false where there is none. */
static bool read_user(struct reader *in)
{
    while (!at_end(in) && in->text[in->at] != ':') {
        char c = in->text[in->at];
        if (is_blank_or_control(c) || strchr("/@?#[\"", c) != NULL) {
            return false;
        }
        advance(in);
    }
    return true;
}

/*
 * Reads up to where the host must have ended and returns the place of the last @, or 0. A password
 * may hold a slash that should have been encoded, but host:5432/ is not a user with a password.
 */
static size_t read_password(struct reader *in)
{
    size_t at_sign = 0;
    bool port = true;
    while (!at_end(in)) {
        char c = in->text[in->at];
        bool quote = c == '"' && in->text[in->at - 1] != '\\';
        if (is_blank_or_control(c) || quote || looking_at(in, "://")) {
            break;
        }
        bool separator = c == '/' || c == '?' || c == '#';
        if (separator && (at_sign > 0 || port)) {
            break;
        }
        if (c == '@') {
            at_sign = in->at;
        }
        port = port && c >= '0' && c <= '9';
        advance(in);
    }
    return at_sign;
}

static enum net_answer find_in_url(struct reader *in, size_t *ret_from, size_t *ret_to)
{
    in->at = strlen("://");
    if (!read_user(in)) {
        return NET_NOTHING;
    }
    if (at_end(in)) {
        return nothing_more(in);
    }
    size_t from = ++in->at;
    size_t at_sign = read_password(in);
    if (at_end(in) && in->open) {
        return NET_UNDECIDED;
    }
    return at_sign > 0 ? found(in, from, at_sign, ret_from, ret_to) : NET_NOTHING;
}

/* The quote that opens the value, or NUL. In JSON it stands behind a backslash, and so does its
 * end. */
static char read_quote(struct reader *in, bool *ret_escaped)
{
    size_t at = in->at;
    bool escaped = at + 1 < in->size && in->text[at] == '\\';
    at += escaped ? 1 : 0;
    if (at < in->size && (in->text[at] == '\'' || in->text[at] == '"')) {
        in->at = at + 1;
        *ret_escaped = escaped;
        return in->text[at];
    }
    return '\0';
}

/* Reads to the end of the value and returns it: the quote, or a blank, or the end of the line. */
static size_t read_value(struct reader *in, char quote, bool escaped)
{
    while (!at_end(in) && in->text[in->at] != '\n') {
        char c = in->text[in->at];
        if (quote == '\0' && (is_blank_or_control(c) || c == '"')) {
            break;
        }
        if (quote != '\0' && c == quote) {
            return escaped && in->text[in->at - 1] == '\\' ? in->at - 1 : in->at;
        }
        if (escaped) {
            in->at++;
        } else {
            advance_escaped(in);
        }
    }
    return in->at < in->size ? in->at : in->size;
}

static enum net_answer find_assigned(struct reader *in, size_t *ret_from, size_t *ret_to)
{
    in->at = strlen("password");
    skip_blanks(in);
    if (at_end(in) || in->text[in->at] != '=') {
        return at_end(in) ? nothing_more(in) : NET_NOTHING;
    }
    in->at++;
    skip_blanks(in);
    if (at_end(in)) {
        return nothing_more(in);
    }
    if (in->text[in->at] == '=' || in->text[in->at] == '>') {
        return NET_NOTHING;
    }
    bool escaped = false;
    char quote = read_quote(in, &escaped);
    size_t from = in->at;
    size_t to = read_value(in, quote, escaped);
    if (at_end(in) && in->open) {
        return NET_UNDECIDED;
    }
    return found(in, from, to, ret_from, ret_to);
}

enum net_answer redact_net(const char *text, size_t size, bool final, size_t *ret_from,
                           size_t *ret_to)
{
    struct reader in = {.text = text,
                        .size = size < NET_REACH ? size : NET_REACH,
                        .open = !final && size < NET_REACH};
    const char *word = text[0] == ':' ? "://" : "password";
    size_t n = strlen(word);
    if (strncasecmp(text, word, in.size < n ? in.size : n) != 0) {
        return NET_NOTHING;
    }
    if (in.size < n) {
        return nothing_more(&in);
    }
    return text[0] == ':' ? find_in_url(&in, ret_from, ret_to)
                          : find_assigned(&in, ret_from, ret_to);
}
