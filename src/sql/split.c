/*
 * A statement ends at a semicolon outside of parentheses (CREATE RULE has some inside) and outside
 * of a function's BEGIN ATOMIC ... END, at a command of psql, at the end of the text.
 */
#include "split.h"

#include <string.h>

#define BOM "\xEF\xBB\xBF"

/* How far the words of the statement have come towards a body with semicolons of its own. */
enum body {
    BODY_NEVER,
    BODY_CREATE, /* CREATE [OR REPLACE] was read */
    BODY_HEAD,   /* ... FUNCTION or PROCEDURE */
    BODY_BEGIN,  /* ... BEGIN, just now */
    BODY_INSIDE,
};

struct nesting {
    size_t parentheses, blocks; /* blocks: the body, and each CASE in it */
    enum body body;
    bool plain; /* the last token, AS or a dot, makes a plain name of the next */
};

struct splitter splitter_of(const char *text, size_t size)
{
    size_t begin = size >= 3 && memcmp(text, BOM, 3) == 0 ? 3 : 0;
    return (struct splitter){.lexer = {.text = text, .size = size, .at = begin, .begin = begin}};
}

static enum body body_before(const struct lexer *lexer, const struct token *word, enum body body)
{
    if (token_is_word(lexer, word, "FUNCTION") || token_is_word(lexer, word, "PROCEDURE")) {
        return BODY_HEAD;
    }
    bool noise = token_is_word(lexer, word, "CREATE") || token_is_word(lexer, word, "OR") ||
                 token_is_word(lexer, word, "REPLACE");
    return noise ? body : BODY_NEVER;
}

static void follow_block(const struct lexer *lexer, const struct token *word, struct nesting *in)
{
    if (token_is_word(lexer, word, "CASE")) {
        in->blocks++;
    } else if (token_is_word(lexer, word, "END")) {
        in->blocks--;
        in->body = in->blocks > 0 ? BODY_INSIDE : BODY_NEVER;
    }
}

static void follow_word(const struct lexer *lexer, const struct token *word, struct nesting *in)
{
    bool plain = in->plain;
    in->plain = token_is_word(lexer, word, "AS");
    if (plain || in->parentheses > 0) {
        return;
    }
    switch (in->body) {
    case BODY_NEVER:
        return;
    case BODY_CREATE:
        in->body = body_before(lexer, word, in->body);
        return;
    case BODY_HEAD:
        in->body = token_is_word(lexer, word, "BEGIN") ? BODY_BEGIN : BODY_HEAD;
        return;
    case BODY_BEGIN:
        in->blocks = token_is_word(lexer, word, "ATOMIC") ? 1 : 0;
        in->body = in->blocks > 0 ? BODY_INSIDE : BODY_HEAD;
        return;
    case BODY_INSIDE:
        follow_block(lexer, word, in);
        return;
    }
}

static void follow(const struct lexer *lexer, const struct token *token, struct nesting *in)
{
    if (token->kind == TOKEN_WORD) {
        follow_word(lexer, token, in);
        return;
    }
    in->plain = token_is_character(lexer, token, '.');
    if (token_is_character(lexer, token, '(')) {
        in->parentheses++;
    } else if (token_is_character(lexer, token, ')') && in->parentheses > 0) {
        in->parentheses--;
    }
}

/* The first token of the next statement: empty ones are left out. */
static void find_begin(struct splitter *splitter, struct token *ret_token)
{
    *ret_token = splitter->held;
    splitter->held = (struct token){.kind = TOKEN_END};
    while (ret_token->kind == TOKEN_END || token_is_character(&splitter->lexer, ret_token, ';')) {
        sql_lexer_next(&splitter->lexer, ret_token);
        if (ret_token->kind == TOKEN_END) {
            return;
        }
    }
}

/* Where the last token of the statement ends that begins with this one. */
static size_t find_end(struct splitter *splitter, struct token token)
{
    const struct lexer *lexer = &splitter->lexer;
    bool create = token_is_word(lexer, &token, "CREATE");
    struct nesting in = {.body = create ? BODY_CREATE : BODY_NEVER};
    size_t end;
    do {
        end = token.offset + token.size;
        follow(lexer, &token, &in);
        sql_lexer_next(&splitter->lexer, &token);
        if (token.kind == TOKEN_META) {
            splitter->held = token;
            return end;
        }
    } while (token.kind != TOKEN_END && (!token_is_character(lexer, &token, ';') ||
                                         in.parentheses > 0 || in.body == BODY_INSIDE));
    return end;
}

static size_t trim_end(const char *text, size_t begin, size_t end)
{
    while (end > begin && (text[end - 1] == ' ' || text[end - 1] == '\t')) {
        end--;
    }
    return end;
}

bool splitter_next(struct splitter *splitter, struct extent *ret_extent)
{
    struct token first;
    find_begin(splitter, &first);
    if (first.kind == TOKEN_END) {
        return false;
    }
    bool meta = first.kind == TOKEN_META;
    size_t end = meta ? trim_end(splitter->lexer.text, first.offset, first.offset + first.size)
                      : find_end(splitter, first);
    *ret_extent = (struct extent){.offset = first.offset, .size = end - first.offset, .meta = meta};
    return true;
}
