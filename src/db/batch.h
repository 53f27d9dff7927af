/* What a batch is made of. */
#pragma once

#include <libpq-fe.h>

#include "headgate/db.h"

struct batch_step {
    const char *text; /* of ours, a text with its NUL; of the user's, `size` bytes */
    size_t size;
    bool is_users, is_commit;
    char **values; /* ours: its parameters */
    size_t n_values, n_value_bytes;
    struct db_rows *rows; /* ours: once it is done */
};

struct db_batch {
    struct batch_step *steps;
    size_t n, capacity;
    bool unstoppable;
    void (*done)(void *context, size_t step);
    void *context;
};

/* Those of the last run. */
void batch_forget_rows(struct db_batch *batch);
