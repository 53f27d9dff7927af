#include "clause.h"

#include <string.h>
#include <strings.h>

#include "headgate/mem.h"
#include "headgate/strbuf.h"

#define NAME_BYTES 63 /* NAMEDATALEN - 1 */

static bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static char character_at(const struct clause *clause, size_t at)
{
    return at < clause->size ? clause->text[at] : '\0';
}

static size_t skip_comment(const struct clause *clause, size_t at)
{
    size_t depth = 0;
    do {
        bool opens = character_at(clause, at) == '/' && character_at(clause, at + 1) == '*';
        bool closes = character_at(clause, at) == '*' && character_at(clause, at + 1) == '/';
        depth = opens ? depth + 1 : closes ? depth - 1 : depth;
        at += opens || closes ? 2 : 1;
    } while (depth > 0 && at < clause->size);
    return at;
}

static void skip_blank(struct clause *clause)
{
    size_t before;
    do {
        before = clause->at;
        while (clause->at < clause->size &&
               strchr(" \t\r\n\f\v", clause->text[clause->at]) != NULL) {
            clause->at++;
        }
        if (character_at(clause, clause->at) == '-' &&
            character_at(clause, clause->at + 1) == '-') {
            while (clause->at < clause->size && clause->text[clause->at] != '\n') {
                clause->at++;
            }
        } else if (character_at(clause, clause->at) == '/' &&
                   character_at(clause, clause->at + 1) == '*') {
            clause->at = skip_comment(clause, clause->at);
        }
    } while (clause->at > before && clause->at < clause->size);
    clause->at = clause->at < clause->size ? clause->at : clause->size;
}

struct clause clause_of(const char *text, size_t size)
{
    struct clause clause = {.text = text, .size = size};
    skip_blank(&clause);
    return clause;
}

bool clause_at_end(const struct clause *clause)
{
    return clause->at >= clause->size;
}

static size_t word_length(const struct clause *clause)
{
    size_t n = 0;
    while (clause->at + n < clause->size && is_word_character(clause->text[clause->at + n])) {
        n++;
    }
    return n;
}

bool clause_take(struct clause *clause, const char *phrase)
{
    struct clause ahead = *clause;
    while (*phrase != '\0') {
        size_t n = strcspn(phrase, " ");
        if (word_length(&ahead) != n || strncasecmp(ahead.text + ahead.at, phrase, n) != 0) {
            return false;
        }
        ahead.at += n;
        skip_blank(&ahead);
        phrase += n + (phrase[n] == ' ' ? 1 : 0);
    }
    *clause = ahead;
    return true;
}

bool clause_take_character(struct clause *clause, char character)
{
    if (character_at(clause, clause->at) != character) {
        return false;
    }
    clause->at++;
    skip_blank(clause);
    return true;
}

/* From the opening quote to behind the closing one; a doubled quote is a part. */
static size_t quoted_end(const struct clause *clause, size_t at, bool escapes)
{
    char quote = clause->text[at++];
    while (at < clause->size) {
        bool pair = (escapes && clause->text[at] == '\\') ||
                    (clause->text[at] == quote && character_at(clause, at + 1) == quote);
        if (!pair && clause->text[at] == quote) {
            return at + 1;
        }
        at += pair ? 2 : 1;
    }
    return clause->size;
}

static void cut_name(struct strbuf *name)
{
    size_t n = name->size;
    while (n > NAME_BYTES || (n < name->size && ((unsigned char)name->text[n] & 0xC0) == 0x80)) {
        n--;
    }
    strbuf_cut(name, n);
}

static void take_quoted(struct clause *clause, struct strbuf *name)
{
    size_t end = quoted_end(clause, clause->at, false);
    for (size_t i = clause->at + 1; i + 1 < end; i++) {
        strbuf_add_char(name, clause->text[i]);
        i += clause->text[i] == '"' ? 1 : 0;
    }
    clause->at = end;
}

static void take_folded(struct clause *clause, struct strbuf *name)
{
    for (size_t n = word_length(clause); n > 0; n--) {
        char c = clause->text[clause->at++];
        strbuf_add_char(name, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

char *clause_take_name(struct clause *clause)
{
    CLEANUP(strbuf_clear) struct strbuf name = STRBUF_INIT;
    char first = character_at(clause, clause->at);
    if (first == '"') {
        take_quoted(clause, &name);
    } else if (word_length(clause) > 0 && !(first >= '0' && first <= '9') && first != '$') {
        take_folded(clause, &name);
    } else {
        return NULL;
    }
    skip_blank(clause);
    cut_name(&name);
    return strbuf_take(&name);
}

bool clause_take_qualified(struct clause *clause, char **ret_schema, char **ret_name)
{
    CLEANUP(mem_freep) char *schema = NULL;
    CLEANUP(mem_freep) char *name = clause_take_name(clause);
    while (name != NULL && clause_take_character(clause, '.')) {
        mem_free(schema);
        schema = TAKE(name);
        name = clause_take_name(clause);
    }
    if (name == NULL) {
        return false;
    }
    *ret_schema = TAKE(schema);
    *ret_name = TAKE(name);
    return true;
}

/* $tag$ ... $tag$; 0 where none begins here. */
static size_t dollar_end(const struct clause *clause)
{
    size_t n = 1;
    while (is_word_character(character_at(clause, clause->at + n)) &&
           character_at(clause, clause->at + n) != '$') {
        n++;
    }
    if (character_at(clause, clause->at + n) != '$') {
        return 0;
    }
    n++;
    const char *tag = clause->text + clause->at;
    const char *end = memmem(tag + n, clause->size - clause->at - n, tag, n);
    return end != NULL ? (size_t)(end - clause->text) + n : clause->size;
}

static void skip_word(struct clause *clause)
{
    size_t n = word_length(clause);
    bool escapes = n == 1 && (clause->text[clause->at] == 'e' || clause->text[clause->at] == 'E');
    clause->at += n;
    if (escapes && character_at(clause, clause->at) == '\'') {
        clause->at = quoted_end(clause, clause->at, true);
    }
}

static void skip_one(struct clause *clause)
{
    char c = character_at(clause, clause->at);
    size_t dollar = c == '$' ? dollar_end(clause) : 0;
    if (dollar > 0) {
        clause->at = dollar;
    } else if (c == '\'' || c == '"') {
        clause->at = quoted_end(clause, clause->at, false);
    } else if (word_length(clause) > 0) {
        skip_word(clause);
    } else {
        clause->at++;
    }
    clause->at = clause->at < clause->size ? clause->at : clause->size;
    skip_blank(clause);
}

/* ret_close is where the last closing parenthesis stands. */
static void skip_group(struct clause *clause, size_t *ret_close)
{
    size_t depth = 0;
    do {
        char c = character_at(clause, clause->at);
        depth += c == '(' ? 1 : 0;
        depth -= c == ')' && depth > 0 ? 1 : 0;
        *ret_close = clause->at;
        skip_one(clause);
    } while (depth > 0 && !clause_at_end(clause));
}

void clause_skip(struct clause *clause)
{
    size_t close;
    skip_group(clause, &close);
}

bool clause_take_parentheses(struct clause *clause, struct clause *ret_inside)
{
    if (character_at(clause, clause->at) != '(') {
        return false;
    }
    size_t from = clause->at + 1, close;
    skip_group(clause, &close);
    *ret_inside = clause_of(clause->text + from, close > from ? close - from : 0);
    return true;
}

bool clause_skip_to_comma(struct clause *clause)
{
    while (!clause_at_end(clause)) {
        if (clause_take_character(clause, ',')) {
            return true;
        }
        clause_skip(clause);
    }
    return false;
}
