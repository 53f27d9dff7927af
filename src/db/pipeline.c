/*
 * Running a batch.
 *
 * Steps are sent for as long as the server takes them, and its answers are read meanwhile:
 * otherwise both sides could wait for the other one to read. libpq copies what it sends, so not
 * much more than FLUSH_SIZE is handed to it at a time, or the one text that is larger.
 *
 * A COPY that talks to the client takes what is sent behind it for its rows, and the session is
 * lost. What may be one is therefore the last step before a Sync, and its answer is waited for; in
 * a transaction the Sync changes nothing.
 */
#include <assert.h>
#include <poll.h>

#include "batch.h"
#include "exchange.h"
#include "headgate/interrupt.h"
#include "rows.h"
#include "text.h"

#define FLUSH_SIZE ((size_t)64 << 10)
#define NONE SIZE_MAX

struct pipeline {
    struct exchange x;
    struct db_batch *batch;
    size_t n_sent, n_answered; /* steps; those that were skipped have their answers too */
    size_t failed;             /* the step whose answer was a failure, or NONE */
    size_t n_waiting;          /* about how many bytes libpq was given since it was empty */
    bool listening;            /* libpq knows how to read the next answer */
    bool sync_sent, synced;
    bool idle;        /* libpq had no answer although one was outstanding, once */
    bool lost;        /* the connection, or its order */
    bool rolled_back; /* a COMMIT did that */
    struct error unsent;
};

static void pipeline_clear(struct pipeline *p)
{
    exchange_clear(&p->x);
    error_clear(&p->unsent);
}

static PGconn *conn_of(const struct pipeline *p)
{
    return p->x.db->conn;
}

static bool goes_on(const struct pipeline *p)
{
    return p->failed == NONE && !p->lost && PQstatus(conn_of(p)) == CONNECTION_OK &&
           !p->x.stopped && !error_is_set(&p->unsent);
}

/* --- receiving --- */

static void fail_step(struct pipeline *p)
{
    if (p->failed == NONE) {
        p->failed = p->n_answered;
    }
}

static void keep(struct pipeline *p, PGresult *result)
{
    struct batch_step *step = &p->batch->steps[p->n_answered];
    if (step->is_users) {
        PQclear(result);
        return;
    }
    if (step->is_commit && text_equal(PQcmdStatus(result), "ROLLBACK")) {
        p->rolled_back = true;
        fail_step(p);
    }
    db_rows_free(step->rows);
    step->rows = rows_new(result);
}

/* After the last result to a step; between the steps' answers and the Sync's it can come as well.
 */
static void end_step(struct pipeline *p)
{
    if (p->n_answered == p->n_sent) {
        p->lost = p->idle;
        p->idle = true;
        return;
    }
    size_t step = p->n_answered;
    if (p->failed == NONE && p->batch->steps[step].is_users && p->batch->done != NULL) {
        p->batch->done(p->batch->context, step);
    }
    p->n_answered++;
    p->listening = false;
}

static void take_failure(struct pipeline *p, PGresult *result)
{
    fail_step(p);
    exchange_note_failure(&p->x, result);
    p->lost |= PQstatus(conn_of(p)) != CONNECTION_OK;
}

/* False where the time is up. */
static bool take(struct pipeline *p, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (result == NULL) {
        end_step(p);
        return true;
    }
    if (status == PGRES_FATAL_ERROR) {
        take_failure(p, result);
        return true;
    }
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        keep(p, result);
        return true;
    }
    PQclear(result);
    p->synced |= status == PGRES_PIPELINE_SYNC;
    if (status != PGRES_COPY_IN && status != PGRES_COPY_OUT) {
        return true;
    }
    fail_step(p);
    return exchange_end_copy(&p->x, status);
}

/* Whether libpq waits for an answer; and it is told how to read it. */
static bool expects(struct pipeline *p)
{
    if (p->lost || p->synced) {
        return false;
    }
    if (p->n_answered == p->n_sent) {
        return p->sync_sent;
    }
    if (!p->listening && p->batch->steps[p->n_answered].is_users) {
        (void)PQsetSingleRowMode(conn_of(p)); /* it fails where the step was skipped */
    }
    p->listening = true;
    return true;
}

/* What has come; false where the time is up. */
static bool receive(struct pipeline *p)
{
    bool in_time = true;
    while (in_time && expects(p) && !PQisBusy(conn_of(p))) {
        in_time = take(p, PQgetResult(conn_of(p)));
    }
    return in_time;
}

static bool receive_all(struct pipeline *p)
{
    while (receive(p)) {
        if (p->lost || p->synced) {
            return true;
        }
        if (!exchange_await(&p->x, POLLIN)) {
            return false;
        }
        (void)PQconsumeInput(conn_of(p)); /* a failure is the next result */
    }
    return false;
}

/* --- sending --- */

static bool flush(struct pipeline *p)
{
    while (!p->lost && PQflush(conn_of(p)) == 1) {
        if (!exchange_await(&p->x, POLLIN | POLLOUT)) {
            return false;
        }
        (void)PQconsumeInput(conn_of(p));
        if (!receive(p)) {
            return false;
        }
    }
    p->n_waiting = 0;
    return true;
}

/* Around a step of the user's, which can take its time, answers are wanted at once: so that it is
 * known which step runs. */
static bool is_awaited(const struct pipeline *p)
{
    const struct batch_step *steps = p->batch->steps;
    return steps[p->n_sent - 1].is_users || (p->n_sent < p->batch->n && steps[p->n_sent].is_users);
}

static void send_step(struct pipeline *p)
{
    const struct batch_step *step = &p->batch->steps[p->n_sent];
    const char *const *values = (const char *const *)step->values;
    CLEANUP(mem_freep) char *copy = NULL;
    if (step->is_users && !text_copy(step->text, step->size, &copy, &p->unsent)) {
        return;
    }
    if (PQsendQueryParams(conn_of(p), copy != NULL ? copy : step->text, (int)step->n_values, NULL,
                          values, NULL, NULL, 0) != 1) {
        exchange_fail_unsent(&p->x, PQerrorMessage(conn_of(p)), &p->unsent);
        p->unsent.retryable = p->n_sent == 0;
        return;
    }
    p->n_sent++;
    if (is_awaited(p)) {
        (void)PQsendFlushRequest(conn_of(p)); /* else the answer comes with a later one */
    }
    p->n_waiting += step->size + step->n_value_bytes;
}

/* Up to where a Sync belongs; false where the time is up. */
static bool send_steps(struct pipeline *p)
{
    bool last = false;
    while (goes_on(p) && !last) {
        const struct batch_step *step = &p->batch->steps[p->n_sent];
        last = p->n_sent + 1 == p->batch->n ||
               (step->is_users && text_may_copy(step->text, step->size));
        send_step(p);
        if (p->n_waiting >= FLUSH_SIZE && !flush(p)) {
            return false;
        }
    }
    return true;
}

/* The steps up to a Sync, and the answers to them; false where the time is up. */
static bool run_segment(struct pipeline *p)
{
    p->synced = p->idle = false;
    if (!send_steps(p)) {
        return false;
    }
    p->sync_sent = !p->lost && PQpipelineSync(conn_of(p)) == 1;
    if (!p->sync_sent) {
        bool in_time = receive(p);
        p->lost = true;
        return in_time;
    }
    bool in_time = flush(p) && receive_all(p);
    p->sync_sent = false;
    return in_time;
}

/* --- what came of it --- */

/* What was committed is done, whatever happens to the connection after that. */
static bool is_committed(const struct pipeline *p)
{
    size_t n = p->batch->n;
    return p->n_answered == n && p->failed >= n && p->batch->steps[n - 1].is_commit;
}

static bool fail_rolled_back(struct error *err)
{
    error_set(err, ERROR_DATABASE, "the transaction was rolled back instead of committed");
    return error_detail(err, "A statement in it had failed.");
}

static bool conclude(struct pipeline *p, bool in_time, struct error *err)
{
    bool usable = in_time && !p->lost && PQexitPipelineMode(conn_of(p)) == 1;
    if (!usable) {
        session_abandon(p->x.db);
    }
    if (is_committed(p)) {
        return true;
    }
    if (!in_time) {
        return exchange_fail_overdue(&p->x, err);
    }
    if (!exchange_conclude(&p->x, err)) {
        return false;
    }
    if (p->rolled_back) {
        return fail_rolled_back(err);
    }
    if (error_is_set(&p->unsent)) {
        error_move(err, &p->unsent);
        return false;
    }
    return p->n_answered == p->batch->n || interrupt_error(err);
}

static bool run(struct pipeline *p, struct error *err)
{
    bool in_time = true;
    if (PQenterPipelineMode(conn_of(p)) != 1) {
        return error_set(err, ERROR_INTERNAL, "could not enter the pipeline mode");
    }
    while (in_time && goes_on(p) && p->n_sent < p->batch->n) {
        in_time = run_segment(p);
    }
    return conclude(p, in_time, err);
}

bool db_batch_run(struct db *db, struct db_batch *batch, msec deadline, size_t *ret_failed,
                  struct error *err)
{
    CLEANUP(pipeline_clear) struct pipeline p = {.batch = batch, .failed = NONE};
    assert(batch->n > 0 && "an empty batch");
    batch_forget_rows(batch);
    if (text_may_be_sent(db, err) && exchange_init(&p.x, db, deadline, batch->unstoppable, err) &&
        run(&p, err)) {
        return true;
    }
    size_t first = p.failed < p.n_answered ? p.failed : p.n_answered;
    *ret_failed = first < batch->n ? first : batch->n - 1;
    return false;
}
