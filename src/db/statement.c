/*
 * Statements and transactions.
 *
 * Behind a pooler a setting of the session stays with a backend, which the next statement may not
 * get and somebody else will. What the session is to keep, that it is read only and its schema, is
 * therefore told to each transaction there, and a statement by itself gets a transaction of its
 * own.
 */
#include "copy.h"
#include "db_sql.h"
#include "headgate/db.h"
#include "request.h"
#include "rows.h"

#define ROLLBACK_LIMIT 5000

static struct request request_for(const struct db_statement *statement, struct db_params params,
                                  msec deadline)
{
    return (struct request){.text = statement->text, .params = params, .deadline = deadline};
}

static bool run(struct db *db, const struct db_statement *statement, struct db_params params,
                msec deadline, PGresult **ret_result, struct error *err)
{
    struct request request = request_for(statement, params, deadline);
    return session_request(db, &request, ret_result, err);
}

static bool in_own_transaction(struct db *db, const struct request *request, PGresult **ret_result,
                               struct error *err)
{
    PGresult *result = NULL;
    if (!db_begin(db, request->deadline, err)) {
        return false;
    }
    if (!session_request(db, request, &result, err)) {
        db_rollback(db);
        return false;
    }
    if (!db_commit(db, request->deadline, err)) {
        PQclear(result);
        return false;
    }
    *ret_result = result;
    return true;
}

bool session_must_remind(const struct db *db)
{
    return db->identity.pooled && (db->read_only || db->schema != NULL) && !db_in_transaction(db);
}

bool session_request_reminded(struct db *db, const struct request *request, PGresult **ret_result,
                              struct error *err)
{
    return session_must_remind(db) ? in_own_transaction(db, request, ret_result, err)
                                   : session_request(db, request, ret_result, err);
}

bool db_query(struct db *db, const struct db_statement *statement, struct db_params params,
              msec deadline, struct db_rows **ret_rows, struct error *err)
{
    struct request request = request_for(statement, params, deadline);
    PGresult *result = NULL;
    if (!session_request_reminded(db, &request, &result, err)) {
        return false;
    }
    *ret_rows = rows_new(result);
    return true;
}

bool db_execute(struct db *db, const struct db_statement *statement, struct db_params params,
                msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    return db_query(db, statement, params, deadline, &rows, err);
}

static bool tell_schema(struct db *db, const char *schema, bool local, msec deadline,
                        struct error *err)
{
    return run(db, &SQL_SET_SCHEMA, DB_PARAMS(schema, local ? "true" : "false"), deadline, NULL,
               err);
}

bool db_begin(struct db *db, msec deadline, struct error *err)
{
    bool read_only = db->identity.pooled && db->read_only;
    if (!run(db, read_only ? &SQL_BEGIN_READ_ONLY : &SQL_BEGIN, DB_NO_PARAMS, deadline, NULL,
             err)) {
        return false;
    }
    if (db->schema != NULL && !tell_schema(db, db->schema, true, deadline, err)) {
        db_rollback(db);
        return false;
    }
    return true;
}

/* What a COMMIT did must be known: it does not give way to a wish to stop. */
bool db_commit(struct db *db, msec deadline, struct error *err)
{
    struct request request = request_for(&SQL_COMMIT, DB_NO_PARAMS, deadline);
    request.unstoppable = true;
    PGresult *result = NULL;
    if (!session_request(db, &request, &result, err)) {
        return err->code == ERROR_UNREACHABLE && !err->retryable
                   ? error_detail(err, "It is not known whether the transaction was committed.")
                   : false;
    }
    bool rolled_back = text_equal(PQcmdStatus(result), "ROLLBACK");
    PQclear(result);
    if (!rolled_back) {
        return true;
    }
    error_set(err, ERROR_DATABASE, "the transaction was rolled back instead of committed");
    return error_detail(err, "A statement in it had failed.");
}

void db_rollback(struct db *db)
{
    struct error ignored = ERROR_INIT;
    struct request request = request_for(&SQL_ROLLBACK, DB_NO_PARAMS, deadline_in(ROLLBACK_LIMIT));
    request.unstoppable = true;
    copy_in_give_up(db, request.deadline);
    /* Where it fails, the session is gone, and the server rolls back by itself. */
    if (db_in_transaction(db) && !session_request(db, &request, NULL, &ignored)) {
        session_abandon(db);
    }
    error_clear(&ignored);
}

bool db_in_transaction(const struct db *db)
{
    PGTransactionStatusType status = PQtransactionStatus(db->conn);
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool db_set_schema(struct db *db, const char *schema, msec deadline, struct error *err)
{
    bool pooled = db->identity.pooled;
    if ((!pooled || db_in_transaction(db)) && !tell_schema(db, schema, pooled, deadline, err)) {
        return false;
    }
    if (pooled) {
        mem_free(db->schema);
        db->schema = mem_copy(schema);
    }
    return true;
}
