/* The statements of SQL by the words they begin with. */
#pragma once

#include "words.h"

/* What the parser should be asked about. */
enum { PARSE_CREATE = 1, PARSE_ALTER = 2, PARSE_DROP = 4, PARSE_ALL = 7 };

struct verb {
    const char *phrase;
    enum sql_kind kind;
    bool parse;
    bool relation; /* the name of a relation follows, behind options */
    bool rewrites;
    const char *shown; /* where that is not the phrase */
};

/* What CREATE, ALTER and DROP are about. */
struct object {
    const char *phrase;
    unsigned parse;
    bool relation; /* ALTER and DROP lock it */
    bool of_table; /* ... ON the table that is locked */
    bool unnamed;
    enum sql_kind create, alter, drop;
};

/* Takes the phrase; NULL where there is none of ours. */
const struct verb *verb_take(struct words *words);
const struct object *object_take(struct words *words);
