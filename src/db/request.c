#include "request.h"

#include "exchange.h"

struct answer {
    struct exchange exchange;
    PGresult *result; /* the last one */
};

static void answer_clear(struct answer *answer)
{
    exchange_clear(&answer->exchange);
    PQclear(answer->result);
}

static bool send_request(PGconn *conn, const struct request *r)
{
    return PQsendQueryParams(conn, r->text, (int)r->params.n, NULL, r->params.values, NULL, NULL,
                             0) == 1 &&
           (!r->drop_rows || PQsetSingleRowMode(conn) == 1);
}

bool session_request(struct db *db, const struct request *request, PGresult **ret_result,
                     struct error *err)
{
    CLEANUP(answer_clear) struct answer a = {0};
    if (!exchange_init(&a.exchange, db, request->deadline, request->unstoppable, err)) {
        return false;
    }
    if (!send_request(db->conn, request)) {
        return exchange_fail_unsent(&a.exchange, PQerrorMessage(db->conn), err);
    }
    if (!exchange_converse(&a.exchange, &a.result)) {
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
