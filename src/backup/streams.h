/* Rows of all tables by several sessions at once: what the two sides share. */
#pragma once

#include <stdatomic.h>

#include "private.h"

struct streams {
    const struct streaming *streaming;
    struct spool spool;
    atomic_uint *n_begun; /* processes; shared */
    atomic_int *left;     /* of each table: why ours reads it; shared */
    /* in ours */
    size_t part; /* the next one */
    bool has_begun;
    bool is_whole; /* its table: pg_dump has read all of it */
    uint64_t text; /* bytes of rows of its table that are in the archive */
    char *room;    /* for what ours reads */
    /* in a process of the crew */
    struct db *db;
    unsigned stream;
    struct chunks chunks;
    size_t at;     /* the part at hand */
    bool has_sent; /* a piece of it */
    unsigned n_locked;
};

NODISCARD bool stream_speak_as_pg_dump(struct db *db, const char *encoding, struct error *err);
/* The rows of a part, digested. longest: as in struct db_copy_rows. */
NODISCARD bool stream_copy_part(struct db *db, const struct held *held, const struct part *part,
                                size_t longest, struct chunks *chunks,
                                struct row_digest *ret_digest, struct error *err);
/* For the crew. */
NODISCARD bool stream_prepare(void *context, struct error *err);
NODISCARD bool stream_work(void *context, size_t item, struct error *err);
