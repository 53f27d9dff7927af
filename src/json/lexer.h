/*
 * Cuts a text into JSON's tokens, and into what people write instead of them, with the place of
 * each.
 *
 * It never fails: whether a token is a good one is for syntax.c to say. The text must be UTF-8.
 */
#pragma once

#include <stdint.h>

#include "value.h"

enum token_kind {
    TOKEN_END,
    TOKEN_OBJECT,
    TOKEN_OBJECT_END,
    TOKEN_ARRAY,
    TOKEN_ARRAY_END,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_WORD,
    TOKEN_COMMENT,
    TOKEN_FOREIGN_QUOTE, /* a string in other quotes than JSON's */
    TOKEN_OTHER
};

struct token {
    enum token_kind kind;
    struct place place;
    bool closed; /* a string: its closing quote is there */
};

struct lexer {
    const char *text;
    size_t size;
    size_t offset;
    size_t line, column;
};

struct lexer lexer_start(const char *text, size_t size);
struct token lexer_next(struct lexer *lexer);

/* How many bytes the escape at the beginning of these n bytes takes, a surrogate pair as one; 0
 * where it is none. */
size_t escape_length(const char *bytes, size_t n, uint32_t *ret_code);
/* Where the byte at this offset of a string's value stands in the string's `n` bytes in the file,
 * without quotes. */
size_t string_raw_offset(const char *raw, size_t n, size_t offset);
