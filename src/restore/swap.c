/*
 * The swap: the old database gets a dated name, the new one its name, in one transaction.
 *
 * Nothing is switched off for it, so nothing can stay switched off when we die. To rename a
 * database takes its lock, for which whoever connects waits; holding it the server waits up to five
 * seconds for the sessions that are there, and meanwhile a second session of ours ends them. With
 * the commit those who wait at the door are told that there is no such database any more, and
 * find the new one when they come again; after any failure, ours or a death, the server rolls back
 * and lets them in, after a death within a tenth of a second (restore-patience.sql).
 * ALLOW_CONNECTIONS false would say no at once, but outlive us.
 *
 * Deploys are kept out by their own locks, held in a session with the old database. It counts as
 * one that is there, so it ends when the lock is held: from then on nobody comes in anyway.
 */
#include "headgate/history.h"
#include "headgate/interrupt.h"
#include "private.h"

#include "restore_sql.h"

#define TICK 20
#define TICK_PATIENCE 5000
#define AGAIN 50
#define GRACE 10000
#define CONNECT_PATIENCE 30000

struct swapping {
    const struct swap *swap;
    struct db *helper; /* a second session with the maintenance database */
    struct db *guard;  /* with the old one; NULL once it has ended */
    char *guard_pid;   /* NULL: there was none */
    char *oid;         /* of the old one */
    char *pid;         /* of the server process that renames */
    bool shut;         /* nobody comes in any more */
    struct strlist ended;
    struct error trouble; /* in a tick */
};

static void swapping_clear(struct swapping *swapping)
{
    db_closep(&swapping->guard);
    db_closep(&swapping->helper);
    mem_free(swapping->oid);
    mem_free(swapping->pid);
    mem_free(swapping->guard_pid);
    strlist_clear(&swapping->ended);
    error_clear(&swapping->trouble);
}

/* --- before --- */

static bool refuse_prepared(const char *database, const char *prepared, struct error *err)
{
    (void)error_set(err, ERROR_REFUSED, "database \"%s\" has prepared transactions", database);
    (void)error_detail(err, "They would go on in the old one, and keep it from being renamed: %s.",
                       prepared);
    return error_hint(err, "Let whoever prepared them end them (COMMIT PREPARED or ROLLBACK "
                           "PREPARED, in that database), then try again.");
}

/* ret_enters: whether it takes connections at all. */
static bool look_at_old(struct swapping *swapping, msec deadline, bool *ret_enters,
                        struct error *err)
{
    const struct control *control = swapping->swap->control;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(swapping->helper, &SQL_RESTORE_OLD, DB_PARAMS(control->database), deadline, &rows,
                  err)) {
        return false;
    }
    if (db_rows_count(rows) == 0) {
        (void)error_set(err, ERROR_STALE, "database \"%s\" is not there any more",
                        control->database);
        return error_hint(err, "Look what became of it, then begin the restore anew.");
    }
    if (db_text(rows, 0, 2) != NULL) {
        return refuse_prepared(control->database, db_text(rows, 0, 2), err);
    }
    mem_free(swapping->oid);
    swapping->oid = mem_copy(db_text(rows, 0, 0));
    *ret_enters = db_bool(rows, 0, 1);
    return true;
}

static bool refuse_deploy(struct db *guard, const char *key, msec deadline, struct error *err)
{
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    bool found = false;
    if (!history_lock_holder(guard, key, deadline, &found, &holder, err)) {
        return false;
    }
    (void)error_set(err, ERROR_LOCKED, "a deploy or a run is at work in database \"%s\"",
                    db_identity(guard)->database);
    if (found) {
        (void)error_detail(err, "It is %s (server process %lld, from %s), connected since %s.",
                           holder.application, (long long)holder.pid, holder.client, holder.since);
    }
    return error_hint(err, "Wait until it has ended, then try again.");
}

static bool take_lock(struct db *guard, const char *key, msec deadline, struct error *err)
{
    bool locked = false;
    return history_try_lock(guard, key, deadline, &locked, err) &&
           (locked || refuse_deploy(guard, key, deadline, err));
}

static bool open_guard(struct swapping *swapping, msec deadline, struct error *err)
{
    const struct control *control = swapping->swap->control;
    const struct db_options options = {.purpose = "restore"};
    CLEANUP(conninfo_freep)
    struct conninfo *conninfo = conninfo_with_database(control->conninfo, control->database);
    if (!db_open(conninfo, &options, deadline, &swapping->guard, err)) {
        return false;
    }
    mem_free(swapping->guard_pid);
    swapping->guard_pid = mem_printf("%d", db_identity(swapping->guard)->pid);
    return take_lock(swapping->guard, HISTORY_KEY_OWN, deadline, err) &&
           take_lock(swapping->guard, HISTORY_KEY_RUN, deadline, err);
}

/* --- while the server renames --- */

static bool end_sessions(struct swapping *swapping, msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(swapping->helper, &SQL_RESTORE_END_SESSIONS,
                  DB_PARAMS(swapping->oid, swapping->swap->beside, swapping->guard_pid), deadline,
                  &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        if (db_bool(rows, i, 1) && !strlist_has(&swapping->ended, db_text(rows, i, 0))) {
            strlist_add(&swapping->ended, db_text(rows, i, 0));
        }
    }
    return true;
}

static bool look_whether_shut(struct swapping *swapping, msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(swapping->helper, &SQL_RESTORE_SHUT, DB_PARAMS(swapping->pid, swapping->oid),
                  deadline, &rows, err)) {
        return false;
    }
    swapping->shut = db_bool(rows, 0, 0);
    return true;
}

/* It cannot succeed: those at the door need not wait until the server has given up by itself. */
static void open_again(const struct swapping *swapping, msec deadline)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (!db_execute(swapping->helper, &SQL_RESTORE_OPEN_AGAIN, DB_PARAMS(swapping->pid), deadline,
                    &ignored)) {
        return; /* then they wait */
    }
}

/* Nobody is sent away before it is certain that nobody comes in: else a deploy could begin. */
static void on_tick(void *context)
{
    struct swapping *swapping = context;
    msec deadline = deadline_in(TICK_PATIENCE);
    if (error_is_set(&swapping->trouble) ||
        (!swapping->shut && !look_whether_shut(swapping, deadline, &swapping->trouble)) ||
        !swapping->shut) {
        return;
    }
    db_closep(&swapping->guard);
    if (!end_sessions(swapping, deadline, &swapping->trouble)) {
        open_again(swapping, deadline);
    }
}

static bool like_old(struct swapping *swapping, msec deadline, struct error *err)
{
    const struct swap *swap = swapping->swap;
    struct db *db = swap->control->db;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_RESTORE_LIKE_OLD, DB_PARAMS(swap->beside, swap->kept), deadline, &rows,
                  err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        const struct db_statement statement = {SQL_RESTORE_LIKE_OLD.name, db_text(rows, i, 0)};
        if (!db_execute(db, &statement, DB_NO_PARAMS, deadline, err)) {
            return false;
        }
    }
    return true;
}

static bool rename_both(struct swapping *swapping, msec deadline, struct error *err)
{
    const struct swap *swap = swapping->swap;
    const char *database = swap->control->database;
    struct db *db = swap->control->db;
    swapping->shut = false;
    db_on_wait(db, TICK, on_tick, swapping);
    bool done =
        db_run_named(db, &SQL_RESTORE_RENAME, DB_PARAMS(database, swap->kept), deadline, err) &&
        like_old(swapping, deadline, err) &&
        db_run_named(db, &SQL_RESTORE_RENAME, DB_PARAMS(swap->beside, database), deadline, err);
    db_on_wait(db, 0, NULL, NULL);
    return done;
}

/* --- after --- */

/* The answer to the commit was lost. */
static bool look_what_became(struct swapping *swapping, struct error *failure, struct error *err)
{
    const struct swap *swap = swapping->swap;
    msec deadline = deadline_in(TICK_PATIENCE);
    bool gone = false, swapped = false;
    while (!gone && !deadline_passed(deadline)) {
        CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
        CLEANUP(error_clear) struct error ignored = ERROR_INIT;
        if (!db_query(swapping->helper, &SQL_RESTORE_BECAME,
                      DB_PARAMS(swapping->pid, swap->kept, swapping->oid), deadline, &rows,
                      &ignored)) {
            break;
        }
        gone = db_bool(rows, 0, 0);
        swapped = db_bool(rows, 0, 1);
        deadline_sleep(deadline_in(gone ? 0 : TICK));
    }
    if (gone && swapped) {
        return true;
    }
    error_move(err, failure);
    if (!gone) {
        (void)error_hint(err,
                         "It is not known whether the databases were swapped: they were where "
                         "there is one called \"%s\" (psql -l).",
                         swap->kept);
    }
    return false;
}

static bool commit(struct swapping *swapping, msec deadline, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    struct db *db = swapping->swap->control->db;
    if (db_commit(db, deadline, &failure)) {
        return true;
    }
    if (db_is_alive(db)) { /* an answer, and it was no */
        error_move(err, &failure);
        return false;
    }
    return look_what_became(swapping, &failure, err);
}

/* --- all of it --- */

static bool attempt(struct swapping *swapping, msec deadline, struct error *err)
{
    bool enters = false;
    if (!look_at_old(swapping, deadline, &enters, err)) {
        return false;
    }
    if (enters && !open_guard(swapping, deadline, err)) {
        db_closep(&swapping->guard);
        return false;
    }
    struct db *db = swapping->swap->control->db;
    if (db_begin(db, deadline, err) && rename_both(swapping, deadline, err) &&
        commit(swapping, deadline, err)) {
        return true;
    }
    db_rollback(db);
    db_closep(&swapping->guard);
    return false;
}

static bool still_used(const struct swapping *swapping, struct error *err)
{
    const struct swap *swap = swapping->swap;
    CLEANUP(strlist_clear) struct strlist users = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *waited = duration_human(swap->patience);
    (void)error_set(err, ERROR_TIMEOUT, "there were still sessions in database \"%s\" after %s",
                    swap->control->database, waited);
    if (database_users(swapping->helper, swap->control->database, deadline_in(TICK_PATIENCE),
                       &users, &ignored) &&
        users.n > 0) {
        CLEANUP(mem_freep) char *sentence = strlist_sentence(&users);
        (void)error_detail(err, "They were asked to end: %s.", sentence);
    }
    return error_hint(err, "The old database is as it was. Stop what connects to it, then try "
                           "again.");
}

/* 55006: somebody was still there after the server's five seconds. A statement's own deadline is
 * later than ours: it would cost us the session, and with it the lock. */
static bool attempts(struct swapping *swapping, struct error *err)
{
    msec deadline = deadline_in(swapping->swap->patience);
    for (;;) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        if (attempt(swapping, deadline_in(swapping->swap->patience + GRACE), &failure)) {
            return true;
        }
        if (error_is_set(&swapping->trouble)) {
            error_move(err, &swapping->trouble);
            return error_prefix(err, "could not end the sessions of others");
        }
        if (!text_equal(failure.sqlstate, "55006") || interrupt_pending() != 0) {
            error_move(err, &failure);
            return false;
        }
        if (deadline_passed(deadline)) {
            return still_used(swapping, err);
        }
        deadline_sleep(deadline_in(AGAIN));
    }
}

bool swap_databases(const struct swap *swap, size_t *ret_ended, struct error *err)
{
    CLEANUP(swapping_clear)
    struct swapping swapping = {.swap = swap, .ended = STRLIST_INIT, .trouble = ERROR_INIT};
    const struct db_options options = {.purpose = "restore"};
    swapping.pid = mem_printf("%d", db_identity(swap->control->db)->pid);
    if (!db_open(swap->control->conninfo, &options, deadline_in(CONNECT_PATIENCE), &swapping.helper,
                 err) ||
        !attempts(&swapping, err)) {
        return false;
    }
    *ret_ended = swapping.ended.n;
    return true;
}
