/*
 * A session with a PostgreSQL server.
 *
 * Connecting and every statement take a deadline and give way to a wish to stop (interrupt.h): then
 * the server is asked to cancel. When a deadline passes without an answer the session is closed,
 * and the error says that the statement may still be running. Only host name look-ups can wait
 * longer than the deadline: libpq does them in one blocking piece.
 *
 * Every statement we send stands in a .sql file beside the module that sends it and is embedded as
 * a struct db_statement; values are always parameters. The functions that run a text
 * (db_batch_add_text, db_run_text) are for `engine` alone, which runs the user's migrations.
 *
 * Nobody else includes libpq's header.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/clock.h"
#include "headgate/error.h"
#include "headgate/strlist.h"

/* --- where to connect to --- */

/*
 * A connection string in any form that libpq takes: URI, key=value, service file; ~/.pgpass,
 * PGPASSFILE and the PG* variables count as for psql. Prisma's own URI parameters are understood:
 * schema is kept apart (it names the history's schema), pgbouncer=true is remembered, those of its
 * connection pool are dropped; sslaccept and sslidentity, whose meaning libpq does not have, are
 * refused with what to write instead.
 */
struct conninfo;

/* `url` may hold secrets: no message quotes it. Passwords in it become known to the redactor. */
NODISCARD bool conninfo_parse(const char *url, struct conninfo **ret_conninfo, struct error *err);
void conninfo_free(struct conninfo *conninfo);
void conninfo_freep(struct conninfo **conninfo);
/* The caller's. */
struct conninfo *conninfo_copy(const struct conninfo *conninfo);
/* A parameter's value ("host", "port", "dbname", "user", "sslmode", ...), or NULL where it is not
 * given. Never a secret one. */
const char *conninfo_get(const struct conninfo *conninfo, const char *keyword);
/* True where this text is, as a whole, the value of a parameter that is no secret: host, port,
 * dbname, user, ... */
bool conninfo_is_public_value(const struct conninfo *conninfo, const char *text);
/* The schema named by Prisma's ?schema=, or NULL. */
const char *conninfo_schema(const struct conninfo *conninfo);
bool conninfo_says_pooler(const struct conninfo *conninfo);
/* It as a URI, for another program: as it was written where it was one, with what Prisma adds. It
 * may hold secrets; the redactor knows them. The caller's. */
char *conninfo_uri(const struct conninfo *conninfo);
/* "db1.example.net:5432/shop", "/run/postgresql:5432/shop", as far as the string says it. The
 * caller's. */
char *conninfo_display(const struct conninfo *conninfo);

/* --- over another way --- */

/* Each server that it leads to, as libpq would go there: with what a service and PG* variables say,
 * and the usual where nobody says anything. */
struct db_server {
    char *name;    /* a name, an address, or the folder of a socket */
    char *address; /* hostaddr, else the name */
    int port;
    bool wants_its_name; /* TLS, .pgpass: the way must not be a socket */
};
void conninfo_servers(const struct conninfo *conninfo, struct db_server **ret_servers,
                      size_t *ret_n);
void db_servers_free(struct db_server *servers, size_t n);
/* Where to connect to instead: the folder of a socket, or an address of this machine. */
struct db_way {
    const char *host;
    int port;
    bool is_socket;
};
/* The same servers over these ways, one for each. Messages name the server, and what leads there:
 * "ssh deploy@db1". The caller's. */
struct conninfo *conninfo_through(const struct conninfo *conninfo, const struct db_server *servers,
                                  const struct db_way *ways, size_t n, const char *shown);

/* --- sessions --- */

struct db;

struct db_options {
    const char *purpose; /* application_name is "headgate <purpose>" */
    bool read_only;      /* default_transaction_read_only=on for the whole session */
};

struct db_identity {
    char *host, *port, *database,
        *user;          /* host: what was connected to, a name, an address or a socket folder */
    bool elsewhere;     /* the host is meant as another machine sees it: a way leads there */
    int version;        /* 150020 */
    char *version_text; /* "15.20" */
    char *system_identifier; /* NULL where it may not be read */
    char *database_oid;      /* another one once a database of the same name was made anew */
    bool in_recovery;
    bool pooled; /* something between us and the server hands out backends */
    int pid;     /* of the backend, as the connection was told it */
};

/* ERROR_UNREACHABLE where nobody answers, or the answer is no (wrong password, no such database,
 * too many connections): then with sqlstate and a hint. */
NODISCARD bool db_open(const struct conninfo *conninfo, const struct db_options *options,
                       msec deadline, struct db **ret_db, struct error *err);
void db_close(struct db *db);
void db_closep(struct db **db);
/* Borrowed from the session. */
const struct db_identity *db_identity(const struct db *db);
/* What is free below this folder of the server. False where that is not known: the folder is on
 * this machine only where the connection does not leave it, and in a container it is not there. */
bool db_free_bytes(const struct db *db, const char *folder, uint64_t *ret_bytes);
/* "production db1:5432/shop" for messages, once db_open is done; borrowed. */
const char *db_display(const struct db *db);

/* --- statements --- */

struct db_statement {
    const char *name; /* its file's: "history-list" */
    const char *text;
};

struct db_rows;

/* Parameters are texts ($1, $2, ...); NULL is SQL's null. */
struct db_params {
    const char *const *values;
    size_t n;
};
#define DB_PARAMS(...)                                                                             \
    ((struct db_params){(const char *const[]){__VA_ARGS__},                                        \
                        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)})
#define DB_NO_PARAMS ((struct db_params){NULL, 0})

/* A parameter of type text[]: {"a","b"}; of NULL it is NULL. The caller's. */
char *db_array(const struct strlist *list);

NODISCARD bool db_query(struct db *db, const struct db_statement *statement,
                        struct db_params params, msec deadline, struct db_rows **ret_rows,
                        struct error *err);
/* For a statement whose rows nobody wants. */
NODISCARD bool db_execute(struct db *db, const struct db_statement *statement,
                          struct db_params params, msec deadline, struct error *err);

size_t db_rows_count(const struct db_rows *rows);
/* Borrowed from the rows; NULL is SQL's null. */
const char *db_text(const struct db_rows *rows, size_t row, int column);
int64_t db_integer(const struct db_rows *rows, size_t row, int column);
bool db_bool(const struct db_rows *rows, size_t row, int column);
void db_rows_free(struct db_rows *rows);
void db_rows_freep(struct db_rows **rows);

NODISCARD bool db_begin(struct db *db, msec deadline, struct error *err);
NODISCARD bool db_commit(struct db *db, msec deadline, struct error *err);
/* For the way out of a failure: as good as possible, without an error of its own. Gives up a
 * COPY ... FROM stdin that goes on, in a transaction or not. */
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);
/* Not where there is none (NULL). */
bool db_is_alive(const struct db *db);
/* The search path for the rest of the session, quoted by libpq. */
NODISCARD bool db_set_schema(struct db *db, const char *schema, msec deadline, struct error *err);

/* --- several statements in one journey --- */

/*
 * A batch goes to the server in one piece (libpq's pipeline) and costs one round trip. The first
 * statement that fails ends it: those behind it are not run. It is no transaction by itself: it
 * holds its own SQL_BEGIN and SQL_COMMIT steps (db_batch_begin, db_batch_commit), and after a
 * failure between them the caller rolls back (db_rollback).
 */
struct db_batch;
struct db_batch *db_batch_new(void);
void db_batch_freep(struct db_batch **batch);
/* All three return the step's number, from 0. Parameters are copied. */
size_t db_batch_add(struct db_batch *batch, const struct db_statement *statement,
                    struct db_params params);
size_t db_batch_begin(struct db_batch *batch);
size_t db_batch_commit(struct db_batch *batch);
/* One statement of the user's, without parameters; its rows are dropped as they come. The bytes are
 * borrowed until the batch has been run. */
size_t db_batch_add_text(struct db_batch *batch, const char *text, size_t size);
/* It does not give way to a wish to stop: what was done must be written down. */
void db_batch_set_unstoppable(struct db_batch *batch);
/* Called as the answer to each step of the user's comes in. */
void db_batch_on_done(struct db_batch *batch, void (*done)(void *context, size_t step),
                      void *context);
/*
 * On failure *ret_failed is the first step that was not done: the one that failed, or the one
 * whose answer was outstanding when the connection was lost or the deadline passed. Where that is
 * the COMMIT, or anything in front of it, the whole batch had been sent: nobody knows yet what
 * became of it, and the caller looks it up (ERROR_UNREACHABLE and !retryable, or ERROR_TIMEOUT).
 * A failure that only the batch's end brings (a deferred constraint where there is no COMMIT)
 * counts as the last step's. After an answer to a COMMIT that is the last step, the batch is done,
 * even where the session is lost with that. A batch may be run again after a failure.
 *
 * ERROR_REFUSED through a pooler, as for db_run_text.
 */
NODISCARD bool db_batch_run(struct db *db, struct db_batch *batch, msec deadline,
                            size_t *ret_failed, struct error *err);
/* The rows of a step of ours, after a success; borrowed from the batch. */
const struct db_rows *db_batch_rows(const struct db_batch *batch, size_t step);

/* One statement of the user's by itself, in no transaction of ours: for those that allow none. */
NODISCARD bool db_run_text(struct db *db, const char *text, size_t size, msec deadline,
                           struct error *err);

/* While an answer is waited for, `tick` is called after `interval` and then every `interval`
 * again: it may use other sessions, never this one. NULL: no more. */
void db_on_wait(struct db *db, msec interval, void (*tick)(void *context), void *context);

/* Notices and warnings since the last call, one line each: "NOTICE: table \"x\" does not exist,
 * skipping". */
void db_take_notices(struct db *db, struct strlist *ret_notices);
