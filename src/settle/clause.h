/*
 * The words of one statement, as far as the names that it makes and drops stand in it. That it is
 * one statement, and which, says the module sql.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct clause {
    const char *text;
    size_t size, at; /* at: behind blanks and comments */
};

struct clause clause_of(const char *text, size_t size);
bool clause_at_end(const struct clause *clause);
/* An unquoted word in whatever case, or several of them: "IF NOT EXISTS". All or none is taken. */
bool clause_take(struct clause *clause, const char *phrase);
bool clause_take_character(struct clause *clause, char character);
/* A name as the catalog has it; NULL where there is none, and nothing is taken. The caller's. */
char *clause_take_name(struct clause *clause);
/* A name, or two with a dot between them; false where there is none. ret_schema is NULL without
 * one. Both are the caller's. */
bool clause_take_qualified(struct clause *clause, char **ret_schema, char **ret_name);
/* One token; what stands in parentheses is one. */
void clause_skip(struct clause *clause);
/* What stands in the parentheses that begin here; false where none do. */
bool clause_take_parentheses(struct clause *clause, struct clause *ret_inside);
/* To behind the next comma outside of parentheses; false where there is none any more. */
bool clause_skip_to_comma(struct clause *clause);
