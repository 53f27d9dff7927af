/* What reading and appending share. */
#pragma once

#include "chain_file.h"
#include "events.h"
#include "state.h"

struct journal {
    struct state *state; /* borrowed */
    char *run, *path;
    struct events events;
    dev_t device; /* of the file that was read */
    ino_t inode;
    int watch;
    bool broken;
};

/* What was appended since; the file is locked. */
NODISCARD bool journal_read_rest(struct journal *journal, const struct chain_file *file,
                                 struct error *err);
