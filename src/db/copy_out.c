/* COPY ... TO stdout, and how a COPY in either direction begins. */
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "copy.h"
#include "headgate/db_copy.h"
#include "request.h"

struct copy_out {
    struct exchange exchange;
    bool (*rows)(void *context, const char *bytes, size_t n, struct error *err);
    void *context;
    bool unwanted;  /* `rows` said so, with an error */
    int64_t n_rows; /* as the server has counted them */
    size_t longest; /* a row may be; 0: as long as it likes */
    size_t n_come;  /* at least so much of a row that is not complete */
    bool too_long;
};

/* --- the beginning --- */

bool copy_is_allowed(const struct db *db, struct error *err)
{
    if (!session_must_remind(db)) {
        return true;
    }
    error_set(err, ERROR_REFUSED, "cannot copy on %s through a connection pooler", db->display);
    return error_hint(err, "Use a connection string that leads to the server itself.");
}

/* It was an error, or something else than this COPY. */
static bool refuse(struct exchange *x, struct error *err)
{
    PGresult *rest = NULL;
    bool answered = exchange_converse(x, &rest);
    PQclear(rest);
    if (!answered) {
        return exchange_fail_overdue(x, err);
    }
    return exchange_conclude(x, err) &&
           error_set(err, ERROR_INTERNAL, "the statement does not copy in this direction");
}

bool copy_begin(struct exchange *x, bool sent, ExecStatusType direction, struct error *err)
{
    PGconn *conn = x->db->conn;
    if (!sent) {
        return exchange_fail_unsent(x, PQerrorMessage(conn), err);
    }
    if (!exchange_flush(x) || !exchange_await_result(x)) {
        return exchange_fail_overdue(x, err);
    }
    PGresult *result = PQgetResult(conn);
    ExecStatusType status = PQresultStatus(result);
    if (status == direction) {
        PQclear(result);
        return true;
    }
    if (status == PGRES_FATAL_ERROR) {
        exchange_note_failure(x, result);
        return refuse(x, err);
    }
    PQclear(result);
    bool copies = status == PGRES_COPY_IN || status == PGRES_COPY_OUT;
    if (copies && !exchange_end_copy(x, status)) {
        return exchange_fail_overdue(x, err);
    }
    return refuse(x, err);
}

/* --- out --- */

static void hand_on(struct copy_out *out, const char *bytes, size_t n, struct error *err)
{
    if (!out->unwanted && !out->rows(out->context, bytes, n, err)) {
        out->unwanted = true;
        exchange_stop(&out->exchange);
    }
}

/* libpq makes room for a whole row as soon as it begins, and hands out none before it has all of
 * it. What it has not filled costs nothing yet: so it is given up while it comes in. */
static bool is_too_long(const struct copy_out *out)
{
    return out->longest > 0 && out->n_come > out->longest;
}

static void note_what_comes(struct copy_out *out)
{
    int n = 0;
    if (ioctl(PQsocket(out->exchange.db->conn), FIONREAD, &n) == 0 && n > 0) {
        out->n_come += (size_t)n;
    }
}

/* To the end of the rows. What comes after a wish to stop is handed on as well: the server may be
 * done all the same. False where the time is up. */
static bool take_rows(struct copy_out *out, struct error *err)
{
    PGconn *conn = out->exchange.db->conn;
    char *row = NULL;
    int n = 0;
    while ((n = PQgetCopyData(conn, &row, 1)) >= 0) {
        if (n > 0) {
            hand_on(out, row, (size_t)n, err);
            PQfreemem(row);
            row = NULL;
            out->n_come = 0;
            continue;
        }
        if (is_too_long(out)) {
            out->too_long = true;
            break;
        }
        if (!exchange_await(&out->exchange, POLLIN)) {
            return false;
        }
        note_what_comes(out);
        if (PQconsumeInput(conn) == 0) {
            break;
        }
    }
    return true;
}

static bool give_up(const struct copy_out *out, struct error *err)
{
    session_abandon(out->exchange.db);
    (void)error_set(err, ERROR_DATABASE, "a row is longer than %zu bytes", out->longest);
    memcpy(err->sqlstate, DB_ROW_TOO_LONG, sizeof err->sqlstate);
    return false;
}

static bool run(struct copy_out *out, struct error *err)
{
    struct db *db = out->exchange.db;
    PGresult *result = NULL;
    db->copying = COPYING_OUT;
    bool taken = take_rows(out, err);
    bool answered = taken && !out->too_long && exchange_converse(&out->exchange, &result);
    db->copying = COPYING_NOT;
    if (out->too_long) {
        return give_up(out, err);
    }
    out->n_rows = result != NULL ? strtoll(PQcmdTuples(result), NULL, 10) : 0;
    PQclear(result);
    if (out->unwanted) { /* the error is the one that `rows` has set */
        if (!answered || !db_is_alive(db)) {
            session_abandon(db);
        }
        return false;
    }
    return answered ? exchange_conclude(&out->exchange, err)
                    : exchange_fail_overdue(&out->exchange, err);
}

static void copy_out_clear(struct copy_out *out)
{
    exchange_clear(&out->exchange);
}

bool db_copy_out_counted(struct db *db, const char *copy, const struct db_copy_rows *rows,
                         msec deadline, int64_t *ret_rows, struct error *err)
{
    CLEANUP(copy_out_clear)
    struct copy_out out = {.rows = rows->take, .context = rows->context, .longest = rows->longest};
    struct exchange *x = &out.exchange;
    if (!exchange_init(x, db, deadline, false, err) || !copy_is_allowed(db, err)) {
        return false;
    }
    bool sent = PQsendQueryParams(db->conn, copy, 0, NULL, NULL, NULL, NULL, 0) == 1;
    if (!copy_begin(x, sent, PGRES_COPY_OUT, err) || !run(&out, err)) {
        return false;
    }
    *ret_rows = out.n_rows;
    return true;
}

bool db_copy_out(struct db *db, const char *copy, msec deadline,
                 bool (*rows)(void *context, const char *bytes, size_t n, struct error *err),
                 void *context, struct error *err)
{
    const struct db_copy_rows all = {.take = rows, .context = context};
    int64_t ignored = 0;
    return db_copy_out_counted(db, copy, &all, deadline, &ignored, err);
}
