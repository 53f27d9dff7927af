/* A statement in the making: what its first words say is overruled by what the parser says. */
#pragma once

#include "headgate/arena.h"
#include "headgate/sql.h"

struct draft {
    struct arena *arena;
    struct sql_statement *statement;
    const char *text; /* the statement's own */
    struct sql_name *locks;
    size_t n_locks, capacity;
};

void draft_lock(struct draft *draft, struct sql_name name);
/* Unless it is the statement's own table, which may not be there yet. */
void draft_lock_other(struct draft *draft, struct sql_name name);
void draft_forget_locks(struct draft *draft);
/* Hands what was collected to the statement. */
void draft_finish(struct draft *draft);
void draft_clear(struct draft *draft);

/* Fills kind, verb, names and locks from the words that the statement begins with. *ret_parse: the
 * parser may know more. */
void draft_read_words(struct draft *draft, bool *ret_parse);
/* The same as PostgreSQL's parser has it; false, and nothing done, where it does not understand. */
bool draft_read_tree(struct draft *draft);
/* True where the parser can take the statement without running out of stack or memory. */
bool draft_is_parsable(const struct draft *draft);
