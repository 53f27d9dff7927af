/* The names in a condition while it is read. */
#pragma once

#include "condition.h"

/* Where it stands. */
struct condition_place {
    const struct json_node *node;
    const char *text; /* interpolated */
    const struct workflow *workflow;
    const struct workflow_step *about;
    size_t n_mistakes;
};

/* Notes a mistake at bytes [start, end) of the text. */
struct problem *condition_complain(struct condition_place *place, size_t start, size_t end,
                                   const char *format, ...) PRINTF_LIKE(4, 5);
/* Notes what is wrong with a fact's name that stands at `start`. */
void condition_check_fact(struct condition_place *place, size_t start, const char *fact);
/* Notes where the outcome of a step is compared with what is no outcome. */
void condition_check_comparison(struct condition_place *place, size_t start, size_t end,
                                const struct operand *left, const struct operand *right);
