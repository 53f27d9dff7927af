/*
 * Waiting for the server.
 *
 * Three things can end the wait for an answer. It comes. Or the deadline passes: then the
 * connection is closed at once, because to cancel means to wait for the very server that does not
 * answer. Or somebody asks us to stop: then the server is asked to cancel, and what it answers
 * within a short time is the result, whatever it is: a statement that was done all the same is
 * done.
 */
#include "exchange.h"

#include <assert.h>
#include <poll.h>

#include "failure.h"
#include "headgate/interrupt.h"
#include "line.h"
#include "wait.h"

#define STOP_LIMIT 3000
#define CANCEL_INTERVAL 500

static msec next_tick(const struct db *db)
{
    return db->on_wait.tick == NULL ? DEADLINE_NONE : deadline_in(db->on_wait.interval);
}

bool exchange_go_on(struct exchange *x, struct db *db, msec deadline, struct error *err)
{
    assert(!db->on_wait.runs && "db_on_wait: the session itself is busy");
    *x = (struct exchange){.db = db, .start = clock_now(), .deadline = deadline};
    x->next_tick = next_tick(db);
    if (!db_is_alive(db)) {
        error_set(err, ERROR_UNREACHABLE, "the connection to %s is closed", db->display);
        err->retryable = true;
        return false;
    }
    return true;
}

bool exchange_init(struct exchange *x, struct db *db, msec deadline, bool unstoppable,
                   struct error *err)
{
    if (!exchange_go_on(x, db, deadline, err)) {
        return false;
    }
    if (db->copying != COPYING_NOT) {
        return error_set(err, ERROR_INTERNAL, "the session with %s is in the middle of a COPY",
                         db->display);
    }
    x->unstoppable = unstoppable;
    return unstoppable || interrupt_pending() == 0 || interrupt_error(err);
}

void exchange_clear(struct exchange *x)
{
    PQclear(x->failure);
}

void db_on_wait(struct db *db, msec interval, void (*tick)(void *context), void *context)
{
    db->on_wait = (struct on_wait){.tick = tick, .context = context, .interval = interval};
}

static void tick_if_due(struct exchange *x)
{
    struct on_wait *on_wait = &x->db->on_wait;
    if (!deadline_passed(x->next_tick)) {
        return;
    }
    on_wait->runs = true;
    on_wait->tick(on_wait->context);
    on_wait->runs = false;
    x->next_tick = next_tick(x->db);
}

/* --- waiting --- */

/* A request to cancel that overtakes its statement has no effect, so it is repeated. */
static bool await_after_cancel(struct exchange *x, short events)
{
    while (!deadline_passed(x->deadline)) {
        if (deadline_passed(x->next_cancel)) {
            session_cancel(x->db);
            x->next_cancel = deadline_in(CANCEL_INTERVAL);
        }
        msec until = deadline_earlier(x->deadline, x->next_cancel);
        if (wait_for_socket(x->db->conn, events, until, false) == WAIT_READY) {
            return true;
        }
    }
    return false;
}

/* The deadline is looked at first: rows can come in for ever. */
static enum wait_end await_or_tick(struct exchange *x, short events)
{
    while (!deadline_passed(x->deadline)) {
        tick_if_due(x);
        msec until = deadline_earlier(x->deadline, x->next_tick);
        enum wait_end end = wait_for_socket(x->db->conn, events, until, !x->unstoppable);
        if (end != WAIT_DEADLINE) {
            return end;
        }
    }
    return WAIT_DEADLINE;
}

void exchange_stop_soon(struct exchange *x)
{
    x->stopped = true;
    x->next_cancel = deadline_in(CANCEL_INTERVAL);
    x->deadline = deadline_in(STOP_LIMIT);
}

void exchange_stop(struct exchange *x)
{
    session_cancel(x->db);
    exchange_stop_soon(x);
}

bool exchange_await(struct exchange *x, short events)
{
    if (!x->stopped) {
        enum wait_end end = await_or_tick(x, events);
        if (end != WAIT_STOP) {
            return end == WAIT_READY;
        }
        exchange_stop(x);
    }
    return await_after_cancel(x, events);
}

/* Reads meanwhile: a server that cannot get rid of its notices stops listening. */
bool exchange_flush(struct exchange *x)
{
    while (PQflush(x->db->conn) == 1) {
        if (!exchange_await(x, POLLIN | POLLOUT)) {
            return false;
        }
        if (PQconsumeInput(x->db->conn) == 0) {
            break;
        }
    }
    return true;
}

bool exchange_await_result(struct exchange *x)
{
    while (PQisBusy(x->db->conn)) {
        if (!exchange_await(x, POLLIN)) {
            return false;
        }
        if (PQconsumeInput(x->db->conn) == 0) {
            break;
        }
    }
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
        if (!exchange_await(x, POLLIN)) {
            return false;
        }
        if (PQconsumeInput(x->db->conn) == 0) {
            break;
        }
    }
    return true;
}

bool exchange_end_copy(struct exchange *x, ExecStatusType status)
{
    if (status == PGRES_COPY_IN) {
        PQputCopyEnd(x->db->conn, "there is nothing to copy from");
        return exchange_flush(x);
    }
    return drain_copy(x);
}

static bool keep(struct exchange *x, PGresult *result, PGresult **ret_result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR) {
        exchange_note_failure(x, result);
        return true;
    }
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        PQclear(*ret_result);
        *ret_result = result;
        return true;
    }
    PQclear(result);
    bool copies = status == PGRES_COPY_IN || status == PGRES_COPY_OUT;
    return !copies || exchange_end_copy(x, status);
}

bool exchange_converse(struct exchange *x, PGresult **ret_result)
{
    PGresult *result = NULL;
    if (!exchange_flush(x)) {
        return false;
    }
    do {
        if (!exchange_await_result(x)) {
            return false;
        }
        result = PQgetResult(x->db->conn);
    } while (result != NULL && keep(x, result, ret_result));
    return result == NULL;
}

/* --- failures --- */

void exchange_note_failure(struct exchange *x, PGresult *result)
{
    if (x->failure == NULL) {
        x->failure = result;
    } else {
        PQclear(result);
    }
}

bool exchange_fail_overdue(struct exchange *x, struct error *err)
{
    session_abandon(x->db);
    if (x->stopped) {
        interrupt_error(err);
    } else {
        CLEANUP(mem_freep) char *waited = wait_describe(x->start, x->deadline);
        error_set(err, ERROR_TIMEOUT, "no answer from %s within %s", x->db->display, waited);
    }
    return error_detail(err, "The session was closed; the statement may still be running on the "
                             "server.");
}

bool exchange_fail_unsent(const struct exchange *x, const char *reason, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf line = STRBUF_INIT;
    line_add(&line, reason);
    error_set(err, ERROR_UNREACHABLE, "could not send to %s: %s", x->db->display, line.text);
    err->retryable = true;
    return false;
}

/* Where a statement's own error was the last that came before the loss, nothing is in doubt. */
bool exchange_conclude(struct exchange *x, struct error *err)
{
    bool lost = PQstatus(x->db->conn) != CONNECTION_OK;
    if (lost) {
        session_abandon(x->db);
    }
    if (lost && !failure_is_of_statement(x->failure)) {
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
