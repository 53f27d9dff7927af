/* The words of one statement, one after the other: what is asked for is taken, or nothing is. */
#pragma once

#include "headgate/arena.h"
#include "headgate/sql.h"
#include "lexer.h"

struct words {
    struct lexer lexer;
    struct token token; /* the next one */
};

struct words words_of(const char *text, size_t size);
void words_skip(struct words *words);
/* Takes a phrase ("IF NOT EXISTS") as a whole. */
bool words_take(struct words *words, const char *phrase);
bool words_take_character(struct words *words, char character);
/* Takes what stands in parentheses, if something does. */
void words_skip_parentheses(struct words *words);
/* Takes a name with the names before it and their dots: folded, unquoted, cut to what the catalog
 * can hold. False where there is none, or one with Unicode escapes. */
bool words_take_name(struct words *words, struct arena *arena, struct sql_name *ret_name);
