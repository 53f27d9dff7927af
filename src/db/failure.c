#include "failure.h"

#include <stdlib.h>

#include "headgate/strbuf.h"
#include "line.h"

static char *one_line(const char *text)
{
    struct strbuf out = STRBUF_INIT;
    line_add(&out, text);
    return strbuf_take(&out);
}

static void take_sqlstate(const PGresult *result, struct error *err)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate != NULL && strlen(sqlstate) == 5) {
        memcpy(err->sqlstate, sqlstate, sizeof err->sqlstate);
    }
}

/* The server's detail, and where in a function of the user's it happened. */
static void take_detail(const PGresult *result, struct error *err)
{
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    if (detail == NULL && context == NULL) {
        return;
    }
    CLEANUP(mem_freep) char *where = context == NULL ? NULL : one_line(context);
    error_detail(err, "%s%s%s%s%s", detail != NULL ? detail : "",
                 detail != NULL && where != NULL ? " " : "", where != NULL ? "Where: " : "",
                 where != NULL ? where : "", where != NULL ? "." : "");
}

static void take_names(const PGresult *result, struct error *err)
{
    const char *schema = PQresultErrorField(result, PG_DIAG_SCHEMA_NAME);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    if (table != NULL) {
        err->table = schema == NULL ? mem_copy(table) : mem_printf("%s.%s", schema, table);
    }
    err->constraint = mem_copy(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
}

static bool is_retryable(const char *sqlstate)
{
    return text_equal(sqlstate, "40001") || text_equal(sqlstate, "40P01") ||
           text_equal(sqlstate, "55P03");
}

/* Without fields it is libpq that speaks, not the server. */
static char *message_of(const PGresult *result)
{
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return one_line(primary != NULL ? primary : PQresultErrorMessage(result));
}

bool failure_of_result(const PGresult *result, struct error *err)
{
    CLEANUP(mem_freep) char *message = message_of(result);
    error_set(err, ERROR_DATABASE, "%s", message);
    take_sqlstate(result, err);
    take_detail(result, err);
    take_names(result, err);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    if (hint != NULL) {
        error_hint(err, "%s", hint);
    }
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    err->position = position == NULL ? 0 : strtoll(position, NULL, 10);
    err->retryable = is_retryable(err->sqlstate);
    return false;
}

bool failure_is_of_statement(const PGresult *result)
{
    return text_equal(PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED), "ERROR");
}

/* --- lost connections --- */

/* libpq's words for an end that nobody announced, also for a time-out of the network; some go on
 * for three lines. */
static const char *const silent_ends[] = {
    "closed the connection unexpectedly",
    "connection has been closed unexpectedly",
    "EOF detected",
    "unexpected eof",
};

static char *reason_of(const char *libpq_says)
{
    for (size_t i = 0; i < ARRAY_LEN(silent_ends); i++) {
        if (strstr(libpq_says, silent_ends[i]) != NULL) {
            return mem_copy("the server or the network ended it");
        }
    }
    return one_line(libpq_says);
}

bool failure_of_connection(const struct db *db, const PGresult *result, struct error *err)
{
    const char *last_words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    CLEANUP(mem_freep)
    char *reason =
        last_words != NULL ? one_line(last_words) : reason_of(PQresultErrorMessage(result));
    error_set(err, ERROR_UNREACHABLE, "the connection to %s was lost%s%s", db->display,
              *reason == '\0' ? "" : ": ", reason);
    take_sqlstate(result, err);
    return false;
}
