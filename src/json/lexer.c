#include "lexer.h"

#include <string.h>

#include "utf8.h"

struct lexer lexer_start(const char *text, size_t size)
{
    return (struct lexer){.text = text, .size = size, .line = 1, .column = 1};
}

static void advance(struct lexer *lexer, size_t n)
{
    for (; n > 0; n--) {
        unsigned char byte = (unsigned char)lexer->text[lexer->offset++];
        if (byte == '\n') {
            lexer->line++;
            lexer->column = 1;
        } else if ((byte & 0xc0) != 0x80) {
            lexer->column++;
        }
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_in_number(char c)
{
    return is_digit(c) || is_letter(c) || c == '+' || c == '-' || c == '.';
}

static size_t line_length(const char *text, size_t n)
{
    size_t i = 0;
    while (i < n && !is_line_end(text[i])) {
        i++;
    }
    return i;
}

static size_t string_length(const char *text, size_t n, bool *ret_closed)
{
    for (size_t i = 1; i < n && !is_line_end(text[i]); i++) {
        if (text[i] == '"') {
            *ret_closed = true;
            return i + 1;
        }
        if (text[i] == '\\' && i + 1 < n && !is_line_end(text[i + 1])) {
            i++;
        }
    }
    return line_length(text, n);
}

static size_t comment_length(const char *text, size_t n)
{
    const char *end = text[1] == '*' ? memmem(text + 2, n - 2, "*/", 2) : NULL;
    return end != NULL ? (size_t)(end - text) + 2 : line_length(text, n);
}

/* The quotes of other languages and of word processors; 0 where the text begins with none of them.
 */
static size_t foreign_quote_length(const char *text, size_t n)
{
    static const char *const quotes[] = {"'", "`", "\u2018", "\u2019", "\u201c", "\u201d"};
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        size_t length = strlen(quotes[i]);
        if (length <= n && memcmp(text, quotes[i], length) == 0) {
            return length;
        }
    }
    return 0;
}

static size_t foreign_string_length(const char *text, size_t n)
{
    size_t end = line_length(text, n);
    for (size_t i = foreign_quote_length(text, n); i < end; i++) {
        size_t quote = foreign_quote_length(text + i, end - i);
        if (quote > 0) {
            return i + quote;
        }
    }
    return end;
}

static size_t run_length(const char *text, size_t n)
{
    size_t i = 1;
    while (i < n && is_in_number(text[i])) {
        i++;
    }
    return i;
}

static size_t character_length(const char *text, size_t n)
{
    size_t length = utf8_length(text, n);
    return length > 0 ? length : 1;
}

static enum token_kind kind_of_mark(char c)
{
    switch (c) {
    case '{':
        return TOKEN_OBJECT;
    case '}':
        return TOKEN_OBJECT_END;
    case '[':
        return TOKEN_ARRAY;
    case ']':
        return TOKEN_ARRAY_END;
    case ',':
        return TOKEN_COMMA;
    case ':':
        return TOKEN_COLON;
    default:
        return TOKEN_OTHER;
    }
}

static size_t classify(const char *text, size_t n, struct token *token)
{
    if (text[0] == '"') {
        token->kind = TOKEN_STRING;
        return string_length(text, n, &token->closed);
    }
    if (text[0] == '#' || (text[0] == '/' && n > 1 && (text[1] == '/' || text[1] == '*'))) {
        token->kind = TOKEN_COMMENT;
        return text[0] == '#' ? line_length(text, n) : comment_length(text, n);
    }
    if (is_letter(text[0])) {
        token->kind = TOKEN_WORD;
        return run_length(text, n);
    }
    if (is_in_number(text[0])) {
        token->kind = TOKEN_NUMBER;
        return run_length(text, n);
    }
    if (foreign_quote_length(text, n) > 0) {
        token->kind = TOKEN_FOREIGN_QUOTE;
        return foreign_string_length(text, n);
    }
    token->kind = kind_of_mark(text[0]);
    return character_length(text, n);
}

struct token lexer_next(struct lexer *lexer)
{
    while (lexer->offset < lexer->size && is_blank(lexer->text[lexer->offset])) {
        advance(lexer, 1);
    }
    size_t start = lexer->offset;
    struct token token = {
        .kind = TOKEN_END,
        .place = {.start = start, .end = start, .line = lexer->line, .column = lexer->column}};
    if (start < lexer->size) {
        advance(lexer, classify(lexer->text + start, lexer->size - start, &token));
        token.place.end = lexer->offset;
    }
    return token;
}

/* Four hexadecimal digits after "\u". */
static bool read_unit(const char *bytes, size_t n, uint32_t *ret_unit)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    uint32_t unit = 0;
    if (n < 6 || bytes[0] != '\\' || bytes[1] != 'u') {
        return false;
    }
    for (size_t i = 2; i < 6; i++) {
        const char *digit = bytes[i] != '\0' ? strchr(digits, bytes[i]) : NULL;
        if (digit == NULL) {
            return false;
        }
        size_t place = (size_t)(digit - digits);
        unit = unit * 16 + (uint32_t)(place < 16 ? place : place - 6);
    }
    *ret_unit = unit;
    return true;
}

size_t escape_length(const char *bytes, size_t n, uint32_t *ret_code)
{
    uint32_t high = 0, low = 0;
    if (n >= 2 && bytes[1] != '\0' && strchr("\"\\/bfnrt", bytes[1]) != NULL) {
        *ret_code = (uint32_t)(unsigned char)bytes[1];
        return 2;
    }
    if (!read_unit(bytes, n, &high)) {
        return 0;
    }
    if (high < 0xd800 || high > 0xdfff) {
        *ret_code = high;
        return 6;
    }
    if (high > 0xdbff || !read_unit(bytes + 6, n - 6, &low) || low < 0xdc00 || low > 0xdfff) {
        return 0;
    }
    *ret_code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

static size_t encoded_size(uint32_t code)
{
    if (code < 0x80) {
        return 1;
    }
    if (code < 0x800) {
        return 2;
    }
    return code < 0x10000 ? 3 : 4;
}

size_t string_raw_offset(const char *raw, size_t n, size_t offset)
{
    size_t at = 0;
    while (offset > 0 && at < n) {
        uint32_t code = 0;
        size_t length = raw[at] == '\\' ? escape_length(raw + at, n - at, &code) : 1;
        size_t decoded = encoded_size(code);
        at += length > 0 ? length : 1;
        offset -= decoded < offset ? decoded : offset;
    }
    return at;
}
