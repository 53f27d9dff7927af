#include "request.h"

#include "exchange.h"

struct answer {
    struct exchange exchange;
    const struct request *request;
    PGresult *result; /* the last one */
};

static void answer_clear(struct answer *answer)
{
    exchange_clear(&answer->exchange);
    PQclear(answer->result);
}

static bool keep(struct answer *a, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR) {
        exchange_note_failure(&a->exchange, result);
        return true;
    }
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        PQclear(a->result);
        a->result = result;
        return true;
    }
    PQclear(result);
    bool copies = status == PGRES_COPY_IN || status == PGRES_COPY_OUT;
    return !copies || exchange_end_copy(&a->exchange, status);
}

static bool send_request(PGconn *conn, const struct request *r)
{
    return PQsendQueryParams(conn, r->text, (int)r->params.n, NULL, r->params.values, NULL, NULL,
                             0) == 1 &&
           (!r->drop_rows || PQsetSingleRowMode(conn) == 1);
}

/* Until the server has said everything; false where the time is up. */
static bool converse(struct answer *a)
{
    PGresult *result = NULL;
    if (!exchange_flush(&a->exchange)) {
        return false;
    }
    do {
        if (!exchange_await_result(&a->exchange)) {
            return false;
        }
        result = PQgetResult(a->exchange.db->conn);
    } while (result != NULL && keep(a, result));
    return result == NULL;
}

bool session_request(struct db *db, const struct request *request, PGresult **ret_result,
                     struct error *err)
{
    CLEANUP(answer_clear) struct answer a = {.request = request};
    if (!exchange_init(&a.exchange, db, request->deadline, request->unstoppable, err)) {
        return false;
    }
    if (!send_request(db->conn, request)) {
        return exchange_fail_unsent(&a.exchange, PQerrorMessage(db->conn), err);
    }
    if (!converse(&a)) {
        return exchange_fail_overdue(&a.exchange, err);
    }
    if (!exchange_conclude(&a.exchange, err)) {
        return false;
    }
    if (ret_result != NULL) {
        *ret_result = TAKE(a.result);
    }
    return true;
}
