/*
 * Rows in bulk: COPY in and out, and what other programs of PostgreSQL (pg_dump, pg_restore, psql)
 * need to reach the same database.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/db.h"

/* --- statements about objects by name --- */

/*
 * The text of the statement may hold %1$I (a name, quoted as one) and %1$L (a value, quoted as a
 * literal), as PostgreSQL's format() writes them, for what cannot be a parameter: names of
 * databases, tables, roles. For statements that return no rows, or whose rows nobody wants. Also
 * for those that allow no transaction (CREATE DATABASE). %% is one %. A name or value that is NULL
 * asserts. A name must not be longer than the server's 63 bytes: what is longer, it cuts.
 */
NODISCARD bool db_run_named(struct db *db, const struct db_statement *statement,
                            struct db_params names, msec deadline, struct error *err);

/* --- COPY --- */

/*
 * While a COPY goes on nothing else can be asked of its session: that is ERROR_INTERNAL. Through a
 * pooler, a session that is read only or has a schema copies in a transaction only.
 */

/* Begins "COPY ... FROM stdin ...": the text is pg_dump's own, not a user's. Once one of the three
 * has failed, also by a wish to stop, the COPY is over and nothing of it stays, and the session can
 * go on, unless it is closed (db_is_alive). Who gives up for reasons of his own, between two
 * pieces, calls db_rollback or db_close. */
NODISCARD bool db_copy_in_begin(struct db *db, const char *copy, msec deadline, struct error *err);
/* Pieces of any size, not necessarily whole rows. Waits where the server is slower than we. The
 * server's error about a row comes some pieces later, or from db_copy_in_end. */
NODISCARD bool db_copy_in_put(struct db *db, const char *bytes, size_t n, msec deadline,
                              struct error *err);
/* ret_rows: how many the server took. */
NODISCARD bool db_copy_in_end(struct db *db, msec deadline, int64_t *ret_rows, struct error *err);

/* Runs "COPY ... TO stdout" to its end; each row, or piece of one, goes to `rows`, which may say
 * false with *err set: then it is cancelled, and the session can go on, unless the server did not
 * answer to that within a few seconds: then it is closed (db_is_alive). Gives way to a wish to
 * stop. `rows` must not use the session. */
NODISCARD bool db_copy_out(struct db *db, const char *copy, msec deadline,
                           bool (*rows)(void *context, const char *bytes, size_t n,
                                        struct error *err),
                           void *context, struct error *err);

struct db_copy_rows {
    bool (*take)(void *context, const char *bytes, size_t n, struct error *err);
    void *context;
    /* A row that is longer by far is not waited for: libpq would hold it whole. Then the session is
     * closed, and the error has the sqlstate DB_ROW_TOO_LONG. 0: as long as it likes. */
    size_t longest;
};
#define DB_ROW_TOO_LONG "54000" /* program_limit_exceeded */
/* The same. ret_rows: how many rows the server says that it has sent. */
NODISCARD bool db_copy_out_counted(struct db *db, const char *copy, const struct db_copy_rows *rows,
                                   msec deadline, int64_t *ret_rows, struct error *err);

/* --- other programs --- */

/* The same with another database. The caller's. */
struct conninfo *conninfo_with_database(const struct conninfo *conninfo, const char *database);
/*
 * The connection as variables of the process environment ("PGHOST=...", "PGPASSWORD=...", ...),
 * added to the list, in which they replace those of the same name: nothing of it shows in an
 * argument list. It is all that counts in the end, so that a program that gets nothing else goes
 * where we go: what a service or our own PG* variables say as well. `options` ("-c timezone=UTC")
 * is added to PGOPTIONS; NULL: nothing. What libpq has no variable for (keepalives, sslpassword and
 * the like) is left out.
 */
void conninfo_environment(const struct conninfo *conninfo, const char *options,
                          struct strlist *ret_env);
