/*
 * The history: what a target has.
 *
 * The first part is Prisma's table, _prisma_migrations, row for row what Prisma writes and reads.
 * It stands in the schema that the connection names (public by default), which must be the
 * session's search path. A migration's row is written in the migration's own transaction, so that
 * the target always knows. One that cannot run in a transaction has its row from its beginning:
 * applied_steps_count counts the steps that are done, `logs` says which one has begun, so that it
 * can be resumed by what stands in this table alone; to Prisma it is a failed one until it is
 * finished.
 *
 * The second part is optional and never needed to read the first: schema `headgate` with the
 * environment that this database is, and a record of each migration (run, release, actor, times,
 * the applied text).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/db.h"
#include "headgate/hash.h"

/* --- reading --- */

struct history_row {
    const char *id, *checksum, *name;
    const char *started_at, *finished_at, *rolled_back_at; /* NULL where they have not happened */
    const char *logs;                                      /* what went wrong, or NULL */
    int64_t n_steps;                                       /* applied_steps_count */
};
/* An unfinished row of ours: it can be gone on with. */
bool history_row_is_resumable(const struct history_row *row);
/* The step (from 0) of which it is not known what it did: it had begun when we died. -1: none. */
int64_t history_row_doubtful_step(const struct history_row *row);

struct history {
    bool exists;              /* the table is there */
    bool other_tables;        /* without it: the schema has tables of somebody else */
    struct history_row *rows; /* in the order of started_at */
    size_t n;
    char *marked;  /* the environment that the database says it is, or NULL */
    bool recorded; /* the second part is there and may be written */
    struct db_rows *stored;
};

/* schema NULL: public. */
NODISCARD bool history_use_schema(struct db *db, const char *schema, msec deadline,
                                  struct error *err);
NODISCARD bool history_read(struct db *db, const char *schema, msec deadline,
                            struct history **ret_history, struct error *err);
void history_freep(struct history **history);
/* The text as it was when the migration of this row was begun; NULL where it was not recorded. The
 * caller's. */
NODISCARD bool history_recorded_text(struct db *db, const char *id, msec deadline, char **ret_text,
                                     struct error *err);
/* Whether the row is there and finished, and how far it is: after a connection was lost. */
NODISCARD bool history_look_up(struct db *db, const char *id, msec deadline, bool *ret_there,
                               bool *ret_finished, int64_t *ret_n_steps, struct error *err);

/* --- writing --- */

/* Makes the schema (the session's search path) and the table where they are missing. */
NODISCARD bool history_create(struct db *db, msec deadline, struct error *err);
/* Makes the second part. ret_recorded is false where the role may not: then it is done without. */
NODISCARD bool history_create_records(struct db *db, msec deadline, bool *ret_recorded,
                                      struct error *err);

struct history_entry {
    char id[UUID_SIZE];
    const char *name, *checksum;
};
void history_entry_init(struct history_entry *entry, const char *name, const char *checksum);

/*
 * The steps of a batch (db.h). All but the first two work in the history's schema whatever the
 * migration did to its session, and must stand behind history_add_settle.
 */
/* Before each migration: the session as it was at the beginning, and the lock still ours (else the
 * batch fails with HISTORY_LOCK_LOST). A transaction of its own, so it stands before any other. */
void history_add_fresh(struct db_batch *batch);
#define HISTORY_LOCK_LOST "HG001"
/* Behind the user's statements: our role and search path for the rest of the transaction. */
void history_add_settle(struct db_batch *batch, const char *schema);
/* The row as begun and finished in this transaction. */
void history_add_applied(struct db_batch *batch, const struct history_entry *entry);
/* The row of one that was rolled back, with what went wrong: Prisma reads it as settled. */
void history_add_rolled_back(struct db_batch *batch, const struct history_entry *entry,
                             const char *logs);
/* The row as begun; then how far it is, and a note of what happens (NULL: nothing); then as
 * finished. The last two fail with HISTORY_ROW_LOST where it is gone. */
void history_add_begun(struct db_batch *batch, const struct history_entry *entry);
void history_add_progress(struct db_batch *batch, const char *id, size_t n_steps, const char *note);
void history_add_finished(struct db_batch *batch, const struct history_entry *entry);
#define HISTORY_ROW_LOST "22P02"
/* The notes that history_row_* understand. The caller's. */
char *history_note_begun(size_t step, const char *where);
char *history_note_failed(size_t step, const char *where, const char *message);

struct history_record {
    const char *id, *name, *run, *release, *actor, *mode;
    const char *reason; /* why it was allowed against a rule, or NULL */
    const char *text;   /* NULL: too long to be kept */
    int64_t attempts;   /* how often it was begun */
    msec lock_wait, blocked;
};
/* The record beside the row; once at its beginning, or again with what is known later. */
void history_add_record(struct db_batch *batch, const struct history_record *record);

/* --- by hand, each in a transaction of its own and under the lock --- */

/* As Prisma's resolve does: a failed row counts as rolled back; applied adds a row with no steps.
 */
NODISCARD bool history_resolve_applied(struct db *db, const char *name, const char *checksum,
                                       msec deadline, struct error *err);
/* What was done before there was a history, or by another tool. */
struct history_past {
    const char *name, *checksum;
    const char *applied_at; /* as the server reads a time; NULL: not known */
};
/* In the transaction that is open, or as one of its own; all of them or none. */
NODISCARD bool history_record_past(struct db *db, const struct history_past *items, size_t n,
                                   const char *note, msec deadline, struct error *err);
/* ret_n: how many rows were unfinished and are rolled back now. */
NODISCARD bool history_resolve_rolled_back(struct db *db, const char *name, msec deadline,
                                           int64_t *ret_n, struct error *err);
/* Says of a step in doubt that it is done, or not: the row goes on from there. */
NODISCARD bool history_resolve_step(struct db *db, const char *id, size_t n_steps, msec deadline,
                                    struct error *err);
/* A finished row is taken back, for down: in a batch with the text that undoes it. */
void history_add_taken_back(struct db_batch *batch, const char *id);
/* Names the environment that this database is; makes the second part where it is missing. */
NODISCARD bool history_mark(struct db *db, const char *environment, const char *kind,
                            const char *actor, msec deadline, struct error *err);

/* --- the lock --- */

/*
 * Two keys of advisory locks of the session, both tried and never waited for inside the server: a
 * session that waits there holds a snapshot, which CREATE INDEX CONCURRENTLY waits for.
 * HISTORY_KEY_PRISMA is Prisma's, so that it and we exclude each other. It is given back while a
 * CONCURRENTLY statement runs, because Prisma does wait inside the server; the unfinished row stops
 * it meanwhile, and our own key stops other headgates.
 */
#define HISTORY_KEY_OWN "72707370"
#define HISTORY_KEY_PRISMA "72707369"
/* A third one is a run's, while one of its steps works with the database: hooks may deploy. */
#define HISTORY_KEY_RUN "72707371"

struct history_holder {
    int64_t pid;
    char *application, *client, *since; /* since: ISO time */
    char *query;                        /* what it does; NULL where we may not see it */
};
NODISCARD bool history_try_lock(struct db *db, const char *key, msec deadline, bool *ret_locked,
                                struct error *err);
/* However often it was taken. */
NODISCARD bool history_give_prisma_key(struct db *db, msec deadline, struct error *err);
/* In a statement after the one that locked: false where something between us and the server gave
 * us another backend, which does not hold it. */
NODISCARD bool history_lock_is_real(struct db *db, msec deadline, bool *ret_real,
                                    struct error *err);
/* Who holds it; ret_found is false where it has just been freed or we may not see it. */
NODISCARD bool history_lock_holder(struct db *db, const char *key, msec deadline, bool *ret_found,
                                   struct history_holder *ret_holder, struct error *err);
void history_holder_clear(struct history_holder *holder);
