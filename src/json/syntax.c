#include "syntax.h"

#include <string.h>

#include "headgate/mem.h"
#include "headgate/strlist.h"
#include "lexer.h"
#include "utf8.h"

#define SHOWN 40 /* characters of the file that a message repeats */

struct checker {
    const struct source *source;
    struct problems *problems;
    struct lexer lexer;
    struct token token; /* the next to look at */
    size_t previous_end;
};

static bool fail(struct checker *checker, size_t start, size_t end, const char *format, ...)
    PRINTF_LIKE(4, 5);
static bool fail(struct checker *checker, size_t start, size_t end, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    CLEANUP(mem_freep) char *message = mem_vprintf(format, arguments);
    va_end(arguments);
    (void)problem_add(checker->problems, checker->source, start, end - start, "%s", message);
    return false;
}

static struct problem *last_problem(struct checker *checker)
{
    return &checker->problems->items[checker->problems->n - 1];
}

static void next(struct checker *checker)
{
    checker->previous_end = checker->token.place.end;
    checker->token = lexer_next(&checker->lexer);
}

static char *token_text(const struct checker *checker)
{
    const struct place *place = &checker->token.place;
    const char *text = checker->source->text + place->start;
    size_t n = place->end - place->start;
    size_t shown = utf8_cut(text, n, SHOWN);
    return mem_printf("%.*s%s", (int)shown, text, shown < n ? "..." : "");
}

static bool unexpected(struct checker *checker, const struct place *open, const char *wanted)
{
    const struct place *at = &checker->token.place;
    switch (checker->token.kind) {
    case TOKEN_END:
        (void)fail(checker, checker->previous_end, checker->previous_end,
                   "unexpected end of the file, expected %s", wanted);
        if (open != NULL) {
            problem_note(last_problem(checker), "the \"%c\" in line %zu is not closed",
                         checker->source->text[open->start], open->line);
        }
        return false;
    case TOKEN_COMMENT:
        return fail(checker, at->start, at->end, "JSON has no comments");
    case TOKEN_FOREIGN_QUOTE:
        return fail(checker, at->start, at->end, "strings must be in double quotes (\")");
    case TOKEN_OBJECT:
    case TOKEN_OBJECT_END:
    case TOKEN_ARRAY:
    case TOKEN_ARRAY_END:
    case TOKEN_COMMA:
    case TOKEN_COLON:
    case TOKEN_STRING:
    case TOKEN_NUMBER:
    case TOKEN_WORD:
    case TOKEN_OTHER:
        break;
    }
    return fail(checker, at->start, at->end, "expected %s", wanted);
}

static bool bad_escape(struct checker *checker, size_t at, size_t left)
{
    const char *escape = checker->source->text + at;
    size_t hex = escape[1] == 'u' ? strspn(escape + 2, "0123456789abcdefABCDEF") : 0;
    if (hex >= 4) {
        return fail(checker, at, at + 6, "%.6s is half a surrogate pair", escape);
    }
    if (escape[1] == 'u') {
        size_t end = at + 2 + (hex < left - 2 ? hex : left - 2);
        return fail(checker, at, end, "\\u must be followed by four hexadecimal digits");
    }
    size_t width = 1 + ((unsigned char)escape[1] < 0x20 ? 0 : utf8_length(escape + 1, left - 1));
    (void)fail(checker, at, at + width, "%.*s is not an escape that JSON has", (int)width, escape);
    problem_note(last_problem(checker), "a backslash itself is written \\\\");
    return false;
}

static bool check_escape(struct checker *checker, size_t at, size_t end, size_t *ret_length)
{
    uint32_t code = 0;
    *ret_length = escape_length(checker->source->text + at, end - at, &code);
    if (*ret_length == 0) {
        return bad_escape(checker, at, end - at);
    }
    if (code == 0) {
        return fail(checker, at, at + *ret_length, "a string cannot hold the character \\u0000");
    }
    return true;
}

static bool check_string(struct checker *checker)
{
    const struct place *place = &checker->token.place;
    const char *text = checker->source->text;
    size_t end = place->end - (checker->token.closed ? 1 : 0);
    for (size_t at = place->start + 1, length = 1; at < end; at += length) {
        unsigned char byte = (unsigned char)text[at];
        length = 1;
        if (byte == '\t') {
            return fail(checker, at, at + 1, "a tab in a string must be written as \\t");
        }
        if (byte < 0x20) {
            return fail(checker, at, at + 1,
                        "this control character in a string must be written as \\u%04x", byte);
        }
        if (byte == '\\' && checker->token.closed && !check_escape(checker, at, end, &length)) {
            return false;
        }
    }
    if (!checker->token.closed) {
        return fail(checker, place->start, place->end, "this string has no closing quote");
    }
    return true;
}

/* At least one digit. */
static bool take_digits(const char *text, size_t n, size_t *at)
{
    size_t start = *at;
    while (*at < n && text[*at] >= '0' && text[*at] <= '9') {
        ++*at;
    }
    return *at > start;
}

static bool take_one_of(const char *marks, const char *text, size_t n, size_t *at)
{
    bool found = *at < n && strchr(marks, text[*at]) != NULL;
    *at += found ? 1 : 0;
    return found;
}

/* A token of the lexer, which holds no NUL. */
static bool number_is_good(const char *text, size_t n)
{
    size_t at = 0;
    (void)take_one_of("-", text, n, &at);
    if (!take_one_of("0", text, n, &at) && !take_digits(text, n, &at)) {
        return false;
    }
    if (take_one_of(".", text, n, &at) && !take_digits(text, n, &at)) {
        return false;
    }
    if (take_one_of("eE", text, n, &at)) {
        (void)take_one_of("+-", text, n, &at);
        return take_digits(text, n, &at) && at == n;
    }
    return at == n;
}

static bool check_number(struct checker *checker)
{
    const struct place *place = &checker->token.place;
    if (number_is_good(checker->source->text + place->start, place->end - place->start)) {
        return true;
    }
    CLEANUP(mem_freep) char *shown = token_text(checker);
    return fail(checker, place->start, place->end, "%s is not a number as JSON writes it", shown);
}

static bool check_word(struct checker *checker)
{
    static const char *const words[] = {"true", "false", "null", NULL};
    const struct place *place = &checker->token.place;
    CLEANUP(mem_freep) char *shown = token_text(checker);
    for (size_t i = 0; words[i] != NULL; i++) {
        if (text_equal(shown, words[i])) {
            return true;
        }
    }
    (void)fail(checker, place->start, place->end, "%s is not a JSON value", shown);
    const char *near = suggest_near(shown, words);
    if (near != NULL) {
        problem_note(last_problem(checker), "did you mean %s?", near);
    } else {
        problem_note(last_problem(checker), "a string must be in double quotes");
    }
    return false;
}

static bool check_key(struct checker *checker, const struct place *open)
{
    const struct place *place = &checker->token.place;
    if (checker->token.kind == TOKEN_WORD || checker->token.kind == TOKEN_NUMBER) {
        CLEANUP(mem_freep) char *shown = token_text(checker);
        return fail(checker, place->start, place->end, "a key must be in double quotes: \"%s\"",
                    shown);
    }
    if (checker->token.kind != TOKEN_STRING) {
        return unexpected(checker, open, "a key in double quotes");
    }
    if (!check_string(checker)) {
        return false;
    }
    next(checker);
    if (checker->token.kind != TOKEN_COLON) {
        return unexpected(checker, open, "\":\" after the key");
    }
    next(checker);
    return true;
}

static bool check_value(struct checker *checker, const struct place *open, int level);

/* Behind a member or an item: a comma and something after it, or the end. */
static bool check_separator(struct checker *checker, const struct place *open, enum token_kind end)
{
    bool is_object = end == TOKEN_OBJECT_END;
    if (checker->token.kind == end) {
        return true;
    }
    if (checker->token.kind != TOKEN_COMMA) {
        return unexpected(checker, open, is_object ? "\",\" or \"}\"" : "\",\" or \"]\"");
    }
    const struct place comma = checker->token.place;
    next(checker);
    if (checker->token.kind == end) {
        return fail(checker, comma.start, comma.end, "trailing comma before \"%c\"",
                    is_object ? '}' : ']');
    }
    return true;
}

/* Objects and arrays differ in their brackets and in that a member has a key. */
static bool check_container(struct checker *checker, int level)
{
    const struct place open = checker->token.place;
    bool is_object = checker->token.kind == TOKEN_OBJECT;
    enum token_kind end = is_object ? TOKEN_OBJECT_END : TOKEN_ARRAY_END;
    if (level == SYNTAX_LEVELS) {
        return fail(checker, open.start, open.end, "nested deeper than %d levels", SYNTAX_LEVELS);
    }
    next(checker);
    while (checker->token.kind != end) {
        if ((is_object && !check_key(checker, &open)) || !check_value(checker, &open, level + 1) ||
            !check_separator(checker, &open, end)) {
            return false;
        }
    }
    next(checker);
    return true;
}

static bool check_scalar(struct checker *checker, bool (*check)(struct checker *checker))
{
    if (!check(checker)) {
        return false;
    }
    next(checker);
    return true;
}

static bool check_value(struct checker *checker, const struct place *open, int level)
{
    switch (checker->token.kind) {
    case TOKEN_OBJECT:
    case TOKEN_ARRAY:
        return check_container(checker, level);
    case TOKEN_STRING:
        return check_scalar(checker, check_string);
    case TOKEN_NUMBER:
        return check_scalar(checker, check_number);
    case TOKEN_WORD:
        return check_scalar(checker, check_word);
    case TOKEN_END:
    case TOKEN_OBJECT_END:
    case TOKEN_ARRAY_END:
    case TOKEN_COMMA:
    case TOKEN_COLON:
    case TOKEN_COMMENT:
    case TOKEN_FOREIGN_QUOTE:
    case TOKEN_OTHER:
        break;
    }
    return unexpected(checker, open, "a value");
}

static bool check_bytes(struct checker *checker)
{
    const struct source *source = checker->source;
    if (source->size >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) {
        (void)fail(checker, 0, 3, "the file begins with a byte order mark");
        problem_note(last_problem(checker), "save it as UTF-8 without one");
        return false;
    }
    for (size_t at = 0, length = 0; at < source->size; at += length) {
        length = utf8_length(source->text + at, source->size - at);
        if (length == 0) {
            return fail(checker, at, at + 1, "the byte 0x%02x is not UTF-8 here",
                        (unsigned char)source->text[at]);
        }
        if (source->text[at] == '\0') {
            return fail(checker, at, at + 1, "the file holds a NUL byte");
        }
    }
    return true;
}

bool syntax_check(const struct source *source, struct problems *problems)
{
    struct checker checker = {
        .source = source, .problems = problems, .lexer = lexer_start(source->text, source->size)};
    if (!check_bytes(&checker)) {
        return false;
    }
    next(&checker);
    if (checker.token.kind == TOKEN_END) {
        return fail(&checker, 0, 0, "the file is empty");
    }
    if (!check_value(&checker, NULL, 0)) {
        return false;
    }
    if (checker.token.kind != TOKEN_END) {
        return unexpected(&checker, NULL, "the end of the file");
    }
    return true;
}
