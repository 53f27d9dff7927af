/*
 * The history: the table in the target that says which migrations it has, row for row what Prisma
 * writes and reads
 * (_prisma_migrations). It stands in the schema that the connection names (public by default),
 * which must be the session's search path: history_use_schema.
 *
 * A migration's row is written in the migration's own transaction, so that the target always knows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/db.h"
#include "headgate/hash.h"

struct history_row {
    const char *id, *checksum, *name;
    const char *started_at, *finished_at, *rolled_back_at; /* NULL where they have not happened */
    const char *logs;                                      /* what went wrong, or NULL */
};

struct history {
    bool exists;              /* the table is there */
    bool other_tables;        /* without it: the schema has tables of somebody else */
    struct history_row *rows; /* in the order of started_at */
    size_t n;
    struct db_rows *stored;
};

/* schema NULL: public. */
NODISCARD bool history_use_schema(struct db *db, const char *schema, msec deadline,
                                  struct error *err);
NODISCARD bool history_read(struct db *db, const char *schema, msec deadline,
                            struct history **ret_history, struct error *err);
void history_freep(struct history **history);

/* Makes the schema (the session's search path) and the table where they are missing. */
NODISCARD bool history_create(struct db *db, msec deadline, struct error *err);
/* In the migration's transaction, before it: the row as begun. */
NODISCARD bool history_begin(struct db *db, const char *name, const char *checksum,
                             char ret_id[UUID_SIZE], msec deadline, struct error *err);
/* In the migration's transaction, after it: the row as finished. A migration may have changed the
 * search path, so the schema is chosen again. ret_found is false where the begun row is not there
 * any more. */
NODISCARD bool history_finish(struct db *db, const char *schema, const char *id, msec deadline,
                              bool *ret_found, struct error *err);

struct history_holder {
    int64_t pid;
    char *application, *client, *since; /* since: ISO time */
};
/* Prisma's advisory lock, so that it and we exclude each other. It is tried, never waited for
 * inside the server: a session that waits there holds a snapshot, which CREATE INDEX CONCURRENTLY
 * waits for. Freed by the end of the session. */
NODISCARD bool history_try_lock(struct db *db, msec deadline, bool *ret_locked, struct error *err);
/* Who holds it; ret_found is false where it has just been freed or we may not see it. */
NODISCARD bool history_lock_holder(struct db *db, msec deadline, bool *ret_found,
                                   struct history_holder *ret_holder, struct error *err);
void history_holder_clear(struct history_holder *holder);
