/* A condition that has been read: operations in the order in which they are done, on a stack of
 * answers. What is nested becomes a list, so that none is too deep to be answered. */
#pragma once

#include "private.h"

struct operand {
    const char *fact; /* its name, or NULL: then `text` is the value */
    const char *text;
};

enum operation_kind {
    OPERATION_IS, /* is `left` true? */
    OPERATION_EQUAL,
    OPERATION_DIFFERS,
    OPERATION_NOT, /* these three take answers from the stack */
    OPERATION_AND,
    OPERATION_OR
};

struct operation {
    enum operation_kind kind;
    struct operand left, right;
};

struct condition {
    struct operation *operations;
    size_t n;
};
