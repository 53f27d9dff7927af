/* Where each statement of a text begins and ends, in one pass and without memory. */
#pragma once

#include "lexer.h"

struct splitter {
    struct lexer lexer;
    struct token held; /* a command of psql that ended the statement before it */
};

/* The extent of a statement in the text; `meta`: it is a command of psql. */
struct extent {
    size_t offset, size;
    bool meta;
};

struct splitter splitter_of(const char *text, size_t size);
/* False at the end of the text. */
bool splitter_next(struct splitter *splitter, struct extent *ret_extent);
