/*
 * Making the database of a cluster of ours. The server writes the statement itself, so that its
 * quoting is the server's.
 */
#include "database.h"

#include "cluster_sql.h"
#include "headgate/db.h"
#include "headgate/mem.h"
#include "socket.h"

#define RETRY 20 /* milliseconds */

/* Somebody else is making it this very moment: most likely the server, for one of us that died. */
static bool is_being_made(const struct error *err)
{
    return text_equal(err->sqlstate, "42P04") || text_equal(err->sqlstate, "23505");
}

static bool try_to_make(struct db *db, const char *name, msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_DATABASE_CREATE, DB_PARAMS(name), deadline, &rows, err)) {
        return false;
    }
    if (db_rows_count(rows) == 0) {
        return true;
    }
    struct db_statement create = {SQL_DATABASE_CREATE.name, db_text(rows, 0, 0)};
    return db_execute(db, &create, DB_NO_PARAMS, deadline, err);
}

bool database_make(const char *socket_folder, const char *name, msec deadline, struct error *err)
{
    CLEANUP(mem_freep) char *url = socket_conninfo(socket_folder, "postgres");
    CLEANUP(conninfo_freep) struct conninfo *conninfo = NULL;
    CLEANUP(db_closep) struct db *db = NULL;
    struct db_options options = {.purpose = "setup"};
    if (!conninfo_parse(url, &conninfo, err) || !db_open(conninfo, &options, deadline, &db, err)) {
        return false;
    }
    for (;;) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        if (try_to_make(db, name, deadline, &failure)) {
            return true;
        }
        if (!is_being_made(&failure) || deadline_passed(deadline)) {
            error_move(err, &failure);
            return false;
        }
        deadline_sleep(deadline_in(RETRY));
    }
}
