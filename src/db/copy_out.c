/* COPY ... TO stdout, and how a COPY in either direction begins. */
#include <poll.h>
#include <stdlib.h>

#include "copy.h"
#include "headgate/db_copy.h"
#include "request.h"

struct copy_out {
    struct exchange exchange;
    bool (*rows)(void *context, const char *bytes, size_t n, struct error *err);
    void *context;
    bool unwanted;  /* `rows` said so, with an error */
    int64_t n_rows; /* as the server has counted them */
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
            continue;
        }
        if (!exchange_await(&out->exchange, POLLIN)) {
            return false;
        }
        if (PQconsumeInput(conn) == 0) {
            break;
        }
    }
    return true;
}

static bool run(struct copy_out *out, struct error *err)
{
    struct db *db = out->exchange.db;
    PGresult *result = NULL;
    db->copying = COPYING_OUT;
    bool answered = take_rows(out, err) && exchange_converse(&out->exchange, &result);
    db->copying = COPYING_NOT;
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

bool db_copy_out_counted(struct db *db, const char *copy, msec deadline,
                         bool (*rows)(void *context, const char *bytes, size_t n,
                                      struct error *err),
                         void *context, int64_t *ret_rows, struct error *err)
{
    CLEANUP(copy_out_clear) struct copy_out out = {.rows = rows, .context = context};
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
    int64_t ignored = 0;
    return db_copy_out_counted(db, copy, deadline, rows, context, &ignored, err);
}
