/* The session from which databases are made, renamed and dropped, and the lock that it holds. */
#include "headgate/interrupt.h"
#include "private.h"

#include "restore_sql.h"

#define LOCK_PATIENCE 2000
#define LOCK_POLL 50

/* --- the right server --- */

static bool refuse_other(const struct environment *environment, const char *what, const char *is,
                         const char *wanted, struct error *err)
{
    (void)error_set(err, ERROR_STALE, "this is another %s than the one that is expected", what);
    (void)error_detail(err, "It is %s, \"expect\" says %s.", is != NULL ? is : "not to be seen",
                       wanted);
    (void)error_hint(err, "Correct \"url\" or \"expect\" of environment \"%s\" in %s.",
                     environment->name, environment->set->path);
    return false;
}

static bool check_expected(const struct environment *environment, const struct control *control,
                           struct error *err)
{
    const struct target *target = &environment->target;
    const char *identifier = db_identity(control->db)->system_identifier;
    if (target->expect_database != NULL &&
        !text_equal(target->expect_database, control->database)) {
        return refuse_other(environment, "database", control->database, target->expect_database,
                            err);
    }
    if (target->expect_system_identifier != NULL &&
        !text_equal(target->expect_system_identifier, identifier)) {
        return refuse_other(environment, "server", identifier, target->expect_system_identifier,
                            err);
    }
    return true;
}

/* --- connecting --- */

/* None of that name, or none that may be entered: perhaps another one. */
static bool is_closed(const struct error *err)
{
    return text_equal(err->sqlstate, "3D000") || text_equal(err->sqlstate, "42501") ||
           text_equal(err->sqlstate, "55000");
}

/* A database cannot be renamed from within itself. Everybody tries in the same order, so that all
 * meet at the same lock. */
static bool open_maintenance(const struct conninfo *direct, const char *named,
                             const struct db_options *options, msec deadline,
                             struct control *control, struct error *err)
{
    static const char *const databases[] = {"postgres", "template1"};
    for (size_t i = 0; i < ARRAY_LEN(databases); i++) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        CLEANUP(conninfo_freep)
        struct conninfo *conninfo = conninfo_with_database(direct, databases[i]);
        bool last = i + 1 == ARRAY_LEN(databases);
        if (!last && text_equal(databases[i], named)) {
            continue;
        }
        if (db_open(conninfo, options, deadline, &control->db, &failure)) {
            control->conninfo = TAKE(conninfo);
            return true;
        }
        if (last || !is_closed(&failure)) {
            error_move(err, &failure);
            break;
        }
    }
    return false;
}

/* As libpq finds it. */
static char *database_meant(const struct conninfo *direct)
{
    const char *name = conninfo_get(direct, "dbname");
    return mem_copy(name != NULL && name[0] != '\0' ? name : getenv("PGDATABASE"));
}

bool control_open(struct environment *environment, bool read_only, msec deadline,
                  struct control *ret_control, struct error *err)
{
    CLEANUP(control_clear) struct control control = {0};
    CLEANUP(conninfo_freep) struct conninfo *direct = NULL;
    const struct db_options options = {.purpose = "restore", .read_only = read_only};
    if (!environment_conninfo(environment, ROUTE_DIRECT, deadline, &direct, err)) {
        return environment_name_error(environment, err);
    }
    control.database = database_meant(direct);
    if (!open_maintenance(direct, control.database, &options, deadline, &control, err)) {
        return environment_name_error(environment, err);
    }
    if (control.database == NULL || control.database[0] == '\0') {
        mem_free(control.database);
        control.database = mem_copy(db_identity(control.db)->user);
    }
    if (!check_expected(environment, &control, err)) {
        return environment_name_error(environment, err);
    }
    if (!db_execute(control.db, &SQL_RESTORE_PATIENCE, DB_NO_PARAMS, deadline, err)) {
        return false;
    }
    *ret_control = control;
    control = (struct control){0};
    return true;
}

void control_clear(struct control *control)
{
    db_closep(&control->db);
    conninfo_freep(&control->conninfo);
    mem_free(control->database);
    *control = (struct control){0};
}

/* --- the lock --- */

static bool refuse_locked(const struct control *control, msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(control->db, &SQL_RESTORE_LOCK_HOLDER, DB_PARAMS(control->database), deadline,
                  &rows, err)) {
        return false;
    }
    (void)error_set(err, ERROR_LOCKED, "another restore of database \"%s\" is at work",
                    control->database);
    if (db_rows_count(rows) > 0) {
        (void)error_detail(err, "It is %s of role \"%s\" (server process %s, from %s).",
                           db_text(rows, 0, 0), db_text(rows, 0, 1), db_text(rows, 0, 2),
                           db_text(rows, 0, 3));
    }
    (void)error_hint(err, "Wait until it has ended, then try again.");
    return false;
}

static bool try_lock(const struct control *control, msec deadline, bool *ret_locked,
                     struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(control->db, &SQL_RESTORE_TRY_LOCK, DB_PARAMS(control->database), deadline, &rows,
                  err)) {
        return false;
    }
    *ret_locked = db_bool(rows, 0, 0);
    return true;
}

/* A server notices a moment later that a session has ended, and gives its lock back then. */
bool control_lock(const struct control *control, msec deadline, struct error *err)
{
    msec until = deadline_earlier(deadline, deadline_in(LOCK_PATIENCE));
    bool locked = false;
    while (try_lock(control, deadline, &locked, err)) {
        if (locked) {
            return true;
        }
        if (deadline_passed(until) || interrupt_pending() != 0) {
            return refuse_locked(control, deadline, err);
        }
        deadline_sleep(deadline_earlier(until, deadline_in(LOCK_POLL)));
    }
    return false;
}

bool control_list(const struct control *control, msec deadline, struct strlist *ret_names,
                  struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(control->db, &SQL_RESTORE_DATABASES, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        strlist_add(ret_names, db_text(rows, i, 0));
    }
    return true;
}
