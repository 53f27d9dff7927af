/* After PostgreSQL's scan.l: where each quote, comment and word ends. */
#include "lexer.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* The character so far behind the place, NUL behind the end. */
static char ahead(const struct lexer *lexer, size_t n)
{
    return lexer->size - lexer->at > n ? lexer->text[lexer->at + n] : '\0';
}

static bool is_at(const struct lexer *lexer, const char two[2])
{
    return ahead(lexer, 0) == two[0] && ahead(lexer, 1) == two[1];
}

static void skip_line(struct lexer *lexer)
{
    while (lexer->at < lexer->size && !is_line_end(lexer->text[lexer->at])) {
        lexer->at++;
    }
}

/* Comments nest. False where it has no end: then the lexer has not moved. */
static bool skip_comment(struct lexer *lexer)
{
    struct lexer inside = *lexer;
    size_t depth = 0;
    do {
        if (is_at(&inside, "/*")) {
            depth++;
            inside.at += 2;
        } else if (is_at(&inside, "*/")) {
            depth--;
            inside.at += 2;
        } else if (inside.at < inside.size) {
            inside.at++;
        } else {
            return false;
        }
    } while (depth > 0);
    lexer->at = inside.at;
    return true;
}

/* Blanks and comments; false before a comment that has no end. */
static bool skip_blank(struct lexer *lexer)
{
    while (lexer->at < lexer->size) {
        if (is_blank(lexer->text[lexer->at])) {
            lexer->at++;
        } else if (is_at(lexer, "--")) {
            skip_line(lexer);
        } else if (!is_at(lexer, "/*")) {
            return true;
        } else if (!skip_comment(lexer)) {
            return false;
        }
    }
    return true;
}

/* From the opening quote to behind the closing one, or to the end of the text. A doubled quote is
 * taken for the end and the begin of the next literal: it comes to the same. */
static void skip_quoted(struct lexer *lexer)
{
    char quote = lexer->text[lexer->at++];
    const char *end = memchr(lexer->text + lexer->at, quote, lexer->size - lexer->at);
    lexer->at = end != NULL ? (size_t)(end - lexer->text) + 1 : lexer->size;
}

/* Behind the closing quote: a literal goes on behind a line break, with its escapes. */
static bool is_continued(struct lexer *lexer)
{
    struct lexer gap = *lexer;
    bool broken = false;
    while (is_blank(ahead(&gap, 0)) || is_at(&gap, "--")) {
        if (is_at(&gap, "--")) {
            skip_line(&gap);
        } else {
            broken = broken || is_line_end(gap.text[gap.at]);
            gap.at++;
        }
    }
    if (!broken || ahead(&gap, 0) != '\'') {
        return false;
    }
    lexer->at = gap.at;
    return true;
}

/* E'...': a backslash takes the next character along; a doubled quote stays inside. */
static void skip_escaped(struct lexer *lexer)
{
    do {
        lexer->at++;
        while (lexer->at < lexer->size && lexer->text[lexer->at] != '\'') {
            lexer->at += lexer->text[lexer->at] == '\\' && lexer->size - lexer->at > 1 ? 2 : 1;
        }
        if (lexer->at < lexer->size) {
            lexer->at++;
        }
    } while (ahead(lexer, 0) == '\'' || is_continued(lexer));
}

/* How long the delimiter of a dollar quote is here; 0: it is none. */
static size_t dollar_size(const struct lexer *lexer)
{
    size_t n = 1;
    while (starts_word(ahead(lexer, n)) || (n > 1 && is_digit(ahead(lexer, n)))) {
        n++;
    }
    return ahead(lexer, n) == '$' ? n + 1 : 0;
}

static void skip_dollar_quoted(struct lexer *lexer, size_t n)
{
    const char *begin = lexer->text + lexer->at;
    const char *end = memmem(begin + n, lexer->size - lexer->at - n, begin, n);
    lexer->at = end != NULL ? (size_t)(end - lexer->text) + n : lexer->size;
}

/* Also what hangs on a number (1e5, 0xFF): no name begins there. */
static void skip_word(struct lexer *lexer)
{
    while (starts_word(ahead(lexer, 0)) || is_digit(ahead(lexer, 0)) || ahead(lexer, 0) == '$') {
        lexer->at++;
    }
}

static void skip_number(struct lexer *lexer)
{
    while (starts_word(ahead(lexer, 0)) || is_digit(ahead(lexer, 0))) {
        lexer->at++;
    }
}

/* Only blanks stand before it on its line. */
static bool begins_line(const struct lexer *lexer)
{
    size_t at = lexer->at;
    while (at > lexer->begin && (lexer->text[at - 1] == ' ' || lexer->text[at - 1] == '\t')) {
        at--;
    }
    return at == lexer->begin || is_line_end(lexer->text[at - 1]);
}

static enum token_kind skip_from_letter(struct lexer *lexer)
{
    char first = lexer->text[lexer->at];
    bool unicode = (first == 'U' || first == 'u') && ahead(lexer, 1) == '&';
    if ((first == 'E' || first == 'e') && ahead(lexer, 1) == '\'') {
        lexer->at++;
        skip_escaped(lexer);
        return TOKEN_TEXT;
    }
    if (unicode && (ahead(lexer, 2) == '\'' || ahead(lexer, 2) == '"')) {
        lexer->at += 2;
        enum token_kind kind = lexer->text[lexer->at] == '"' ? TOKEN_NAME : TOKEN_TEXT;
        skip_quoted(lexer);
        return kind;
    }
    skip_word(lexer);
    return TOKEN_WORD;
}

static enum token_kind skip_quoted_name(struct lexer *lexer)
{
    do {
        skip_quoted(lexer);
    } while (ahead(lexer, 0) == '"');
    return TOKEN_NAME;
}

static enum token_kind skip_from_character(struct lexer *lexer)
{
    char first = lexer->text[lexer->at];
    size_t dollar = first == '$' ? dollar_size(lexer) : 0;
    if (dollar > 0) {
        skip_dollar_quoted(lexer, dollar);
        return TOKEN_TEXT;
    }
    if (first == '\\' && begins_line(lexer)) {
        skip_line(lexer);
        return TOKEN_META;
    }
    if (is_digit(first)) {
        skip_number(lexer);
    } else {
        lexer->at++;
    }
    return TOKEN_CHARACTER;
}

static enum token_kind skip_token(struct lexer *lexer)
{
    char first = lexer->text[lexer->at];
    if (starts_word(first)) {
        return skip_from_letter(lexer);
    }
    if (first == '"') {
        return skip_quoted_name(lexer);
    }
    if (first == '\'') {
        skip_quoted(lexer);
        return TOKEN_TEXT;
    }
    return skip_from_character(lexer);
}

void sql_lexer_next(struct lexer *lexer, struct token *ret_token)
{
    enum token_kind kind = TOKEN_END;
    bool open_comment = !skip_blank(lexer);
    size_t offset = lexer->at;
    if (open_comment) {
        kind = TOKEN_TEXT;
        lexer->at = lexer->size;
    } else if (lexer->at < lexer->size) {
        kind = skip_token(lexer);
    }
    *ret_token = (struct token){.kind = kind, .offset = offset, .size = lexer->at - offset};
}

bool token_is_word(const struct lexer *lexer, const struct token *token, const char *word)
{
    const char *bytes = lexer->text + token->offset;
    if (token->kind != TOKEN_WORD) {
        return false;
    }
    for (size_t i = 0; i < token->size; i++) {
        char c = bytes[i];
        if (word[i] == '\0' || (c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) != word[i]) {
            return false;
        }
    }
    return word[token->size] == '\0';
}

bool token_is_character(const struct lexer *lexer, const struct token *token, char character)
{
    return token->kind == TOKEN_CHARACTER && lexer->text[token->offset] == character;
}
