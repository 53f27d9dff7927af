#include "session.h"

#include "attempts.h"
#include "connect.h"
#include "conninfo.h"
#include "conninfo_inside.h"
#include "db_sql.h"
#include "headgate/strbuf.h"

void session_abandon(struct db *db)
{
    PQfinish(db->conn);
    db->conn = NULL;
    db->copying = COPYING_NOT;
}

static void identity_clear(struct db_identity *identity)
{
    mem_free(identity->host);
    mem_free(identity->port);
    mem_free(identity->database);
    mem_free(identity->user);
    mem_free(identity->version_text);
    mem_free(identity->system_identifier);
    mem_free(identity->database_oid);
}

void db_close(struct db *db)
{
    if (db == NULL) {
        return;
    }
    session_abandon(db);
    identity_clear(&db->identity);
    notices_clear(&db->notices);
    mem_free(db->display);
    mem_free(db->schema);
    mem_free(db);
}

void db_closep(struct db **db)
{
    db_close(*db);
    *db = NULL;
}

static char *display(const struct db_identity *identity)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    endpoint_display(identity->host, identity->port, &out);
    strbuf_printf(&out, "/%s", identity->database);
    return strbuf_take(&out);
}

static void note_connection(struct db *db, const struct conninfo *conninfo)
{
    const struct detour *detour = detour_find(conninfo, PQhost(db->conn), PQport(db->conn));
    db->identity.host = mem_copy(detour != NULL ? detour->real_host : PQhost(db->conn));
    db->identity.port = mem_copy(detour != NULL ? detour->real_port : PQport(db->conn));
    db->identity.elsewhere = detour != NULL;
    db->identity.database = mem_copy(PQdb(db->conn));
    db->identity.user = mem_copy(PQuser(db->conn));
    db->identity.pid = PQbackendPID(db->conn);
    db->display = display(&db->identity);
}

static void note_identity(const struct db_rows *rows, struct db_identity *identity)
{
    identity->version = (int)db_integer(rows, 0, 0);
    identity->version_text =
        mem_printf("%d.%d", identity->version / 10000, identity->version % 10000);
    identity->in_recovery = db_bool(rows, 0, 1);
    identity->pooled = db_bool(rows, 0, 2);
    identity->system_identifier = mem_copy(db_text(rows, 0, 3));
    identity->database_oid = mem_copy(db_text(rows, 0, 6));
}

/* A pooler lets everybody in and fails the first statement: that is no connection either. */
static bool as_unreachable(const struct db *db, struct error *err)
{
    if (err->code != ERROR_DATABASE && err->code != ERROR_TIMEOUT &&
        err->code != ERROR_UNREACHABLE) {
        return false;
    }
    /* Our statement only reads: that it may still be running is nothing to know. */
    if (err->code == ERROR_TIMEOUT) {
        mem_free(TAKE(err->detail));
    }
    err->code = ERROR_UNREACHABLE;
    const char *remedy = attempt_remedy(err->sqlstate, err->message, &err->retryable);
    if (remedy != NULL && err->hint == NULL) {
        error_hint(err, "%s", remedy);
    }
    return error_prefix(err, "could not connect to %s", db->display);
}

/* Where a pooler is, no process id is right: nothing is set that somebody else would inherit. */
static bool identify(struct db *db, bool says_pooler, msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(mem_freep) char *pid = mem_printf("%d", says_pooler ? 0 : PQbackendPID(db->conn));
    if (!db_query(db, &SQL_IDENTITY, DB_PARAMS(pid, db->read_only ? "true" : "false"), deadline,
                  &rows, err)) {
        return as_unreachable(db, err);
    }
    note_identity(rows, &db->identity);
    return true;
}

bool db_open(const struct conninfo *conninfo, const struct db_options *options, msec deadline,
             struct db **ret_db, struct error *err)
{
    CLEANUP(db_closep) struct db *db = mem_new(1, sizeof *db);
    CLEANUP(mem_freep) char *application_name = mem_printf("headgate %s", options->purpose);
    db->read_only = options->read_only;
    if (!session_connect(db, conninfo, application_name, deadline, err)) {
        return false;
    }
    if (PQsetnonblocking(db->conn, 1) != 0) {
        return error_set(err, ERROR_INTERNAL, "could not make the connection non-blocking");
    }
    note_connection(db, conninfo);
    if (!identify(db, conninfo_says_pooler(conninfo), deadline, err)) {
        return false;
    }
    *ret_db = TAKE(db);
    return true;
}

const struct db_identity *db_identity(const struct db *db)
{
    return &db->identity;
}

const char *db_display(const struct db *db)
{
    return db->display;
}

bool db_is_alive(const struct db *db)
{
    return db != NULL && PQstatus(db->conn) == CONNECTION_OK;
}
