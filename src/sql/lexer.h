/*
 * The tokens of SQL as far as statements are told apart by them: what is quoted, what is comment,
 * what is a word. In the place of PostgreSQL's own scanner, which wants the whole text as one array
 * of tokens (50 times its size); tests/unit/sql/test_lexer.c holds the two against each other.
 *
 * standard_conforming_strings is on. Offsets are bytes; what is not ASCII is part of a word.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,      /* a keyword or an unquoted name */
    TOKEN_NAME,      /* "quoted" */
    TOKEN_TEXT,      /* a literal in quotes or dollar quotes, or a comment, that has no end */
    TOKEN_META,      /* a command of psql: from the backslash to the end of its line */
    TOKEN_CHARACTER, /* any other: one character, or a number */
};

struct token {
    enum token_kind kind;
    size_t offset, size;
};

struct lexer {
    const char *text;
    size_t size, at;
    size_t begin; /* 0, or behind a BOM */
};

/* The next token behind blanks and comments; TOKEN_END (of no size) for ever at the end. */
void sql_lexer_next(struct lexer *lexer, struct token *ret_token);
/* An unquoted word, in whatever case; `word` is upper case. */
bool token_is_word(const struct lexer *lexer, const struct token *token, const char *word);
bool token_is_character(const struct lexer *lexer, const struct token *token, char character);
