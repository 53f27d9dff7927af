/*
 * Sending a statement and receiving its results.
 *
 * Three things can end the wait for an answer. It comes. Or the deadline passes: then the
 * connection is closed at once, because to cancel means to wait for the very server that does not
 * answer. Or somebody asks us to stop: then the server is asked to cancel, and what it answers
 * within a short time is the result, whatever it is: a statement that was done all the same is
 * done.
 */
#include "exchange.h"

#include <poll.h>

#include "failure.h"
#include "headgate/interrupt.h"
#include "line.h"
#include "wait.h"

#define STOP_LIMIT 3000
#define CANCEL_INTERVAL 500

struct exchange {
    struct db *db;
    const struct request *request;
    msec start, deadline;
    bool stopped; /* the server was asked to cancel */
    bool copied_out;
    PGresult *result, *failure; /* the last answer, the first error */
};

static void exchange_clear(struct exchange *exchange)
{
    PQclear(exchange->result);
    PQclear(exchange->failure);
}

/* A request to cancel that overtakes its statement has no effect, so it is repeated. */
static bool await_after_cancel(const struct exchange *x, short events)
{
    while (!deadline_passed(x->deadline)) {
        msec again = deadline_earlier(x->deadline, deadline_in(CANCEL_INTERVAL));
        if (wait_for_socket(x->db->conn, events, again, false) == WAIT_READY) {
            return true;
        }
        session_cancel(x->db);
    }
    return false;
}

/* False where the time is up. */
static bool await(struct exchange *x, short events)
{
    if (!x->stopped) {
        enum wait_end end =
            wait_for_socket(x->db->conn, events, x->deadline, !x->request->unstoppable);
        if (end != WAIT_STOP) {
            return end == WAIT_READY;
        }
        x->stopped = true;
        session_cancel(x->db);
        x->deadline = deadline_in(STOP_LIMIT);
    }
    return await_after_cancel(x, events);
}

/* Reads meanwhile: a server that cannot get rid of its notices stops listening. */
static bool flush(struct exchange *x)
{
    while (PQflush(x->db->conn) == 1) {
        if (!await(x, POLLIN | POLLOUT)) {
            return false;
        }
        if (PQconsumeInput(x->db->conn) == 0) {
            break;
        }
    }
    return true;
}

/* *ret_result is NULL after the last one. */
static bool next_result(struct exchange *x, PGresult **ret_result)
{
    while (PQisBusy(x->db->conn)) {
        if (!await(x, POLLIN)) {
            return false;
        }
        if (PQconsumeInput(x->db->conn) == 0) {
            break;
        }
    }
    *ret_result = PQgetResult(x->db->conn);
    return true;
}

static bool drain_copy(struct exchange *x)
{
    char *row = NULL;
    int n = 0;
    x->copied_out = true;
    while ((n = PQgetCopyData(x->db->conn, &row, 1)) >= 0) {
        PQfreemem(row);
        row = NULL;
        if (n > 0) {
            continue;
        }
        if (!await(x, POLLIN)) {
            return false;
        }
        if (PQconsumeInput(x->db->conn) == 0) {
            break;
        }
    }
    return true;
}

static bool keep(struct exchange *x, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR && x->failure == NULL) {
        x->failure = result;
        return true;
    }
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        x->db->script_committed |= x->request->script && text_equal(PQcmdStatus(result), "COMMIT");
        PQclear(x->result);
        x->result = result;
        return true;
    }
    PQclear(result);
    if (status == PGRES_COPY_IN) {
        PQputCopyEnd(x->db->conn, "there is nothing to copy from");
        return flush(x);
    }
    return status != PGRES_COPY_OUT || drain_copy(x);
}

static bool send_request(struct exchange *x)
{
    const struct request *r = x->request;
    if (r->script) {
        return PQsendQuery(x->db->conn, r->text) == 1 && PQsetSingleRowMode(x->db->conn) == 1;
    }
    return PQsendQueryParams(x->db->conn, r->text, (int)r->params.n, NULL, r->params.values, NULL,
                             NULL, 0) == 1;
}

/* Until the server has said everything; false where the time is up. */
static bool converse(struct exchange *x)
{
    PGresult *result = NULL;
    if (!flush(x)) {
        return false;
    }
    do {
        if (!next_result(x, &result)) {
            return false;
        }
    } while (result != NULL && keep(x, result));
    return result == NULL;
}

static bool fail_overdue(const struct exchange *x, struct error *err)
{
    if (x->stopped) {
        interrupt_error(err);
    } else {
        CLEANUP(mem_freep) char *waited = wait_describe(x->start, x->deadline);
        error_set(err, ERROR_TIMEOUT, "no answer from %s within %s", x->db->display, waited);
    }
    return error_detail(err, "The session was closed; the statement may still be running on the "
                             "server.");
}

/* Nothing of it can have happened. */
static bool fail_unsent(const struct db *db, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf reason = STRBUF_INIT;
    line_add(&reason, PQerrorMessage(db->conn));
    error_set(err, ERROR_UNREACHABLE, "could not send to %s: %s", db->display, reason.text);
    err->retryable = true;
    return false;
}

static bool conclude(struct exchange *x, struct error *err)
{
    if (PQstatus(x->db->conn) != CONNECTION_OK) {
        session_abandon(x->db);
        return failure_of_connection(x->db, x->failure, err);
    }
    if (x->failure != NULL) {
        const char *sqlstate = PQresultErrorField(x->failure, PG_DIAG_SQLSTATE);
        bool canceled = x->stopped && text_equal(sqlstate, "57014");
        return canceled ? interrupt_error(err) : failure_of_result(x->failure, err);
    }
    if (x->copied_out) {
        error_set(err, ERROR_DATABASE, "cannot run COPY ... TO STDOUT here");
        return error_hint(err, "Nobody would read the rows; take the statement out.");
    }
    return true;
}

static bool is_ready(const struct db *db, const struct request *request, struct error *err)
{
    if (!db_is_alive(db)) {
        error_set(err, ERROR_UNREACHABLE, "the connection to %s is closed", db->display);
        err->retryable = true;
        return false;
    }
    return request->unstoppable || interrupt_pending() == 0 || interrupt_error(err);
}

bool session_request(struct db *db, const struct request *request, PGresult **ret_result,
                     struct error *err)
{
    CLEANUP(exchange_clear)
    struct exchange x = {
        .db = db, .request = request, .start = clock_now(), .deadline = request->deadline};
    if (!is_ready(db, request, err)) {
        return false;
    }
    if (!send_request(&x)) {
        return fail_unsent(db, err);
    }
    if (!converse(&x)) {
        session_abandon(db);
        return fail_overdue(&x, err);
    }
    if (!conclude(&x, err)) {
        return false;
    }
    if (ret_result != NULL) {
        *ret_result = TAKE(x.result);
    }
    return true;
}
