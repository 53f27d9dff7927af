/* What earlier restores have kept, and dropping it. */
#include "private.h"

#include "restore_sql.h"

static bool find_kept(const struct control *control, msec deadline, struct strlist *ret_kept,
                      struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!control_list(control, deadline, &names, err)) {
        return false;
    }
    made_find(&names, control->database, MADE_BEFORE, ret_kept);
    made_find(&names, control->database, MADE_RESTORED, ret_kept);
    return true;
}

bool restore_list_kept(struct environment *environment, msec deadline,
                       struct strlist *ret_databases, struct error *err)
{
    CLEANUP(control_clear) struct control control = {0};
    return control_open(environment, true, deadline, &control, err) &&
           find_kept(&control, deadline, ret_databases, err);
}

/* Only what a restore has made is ever dropped. */
static bool refuse_unknown(const char *name, const struct strlist *kept, struct error *err)
{
    (void)error_set(err, ERROR_USAGE, "database \"%s\" was not kept by a restore", name);
    if (kept->n > 0) {
        CLEANUP(mem_freep) char *sentence = strlist_sentence(kept);
        return error_hint(err, "There %s %s.", kept->n == 1 ? "is" : "are", sentence);
    }
    return error_hint(err, "No database is kept: there is nothing to finish.");
}

static bool refuse_used(const char *name, const struct strlist *users, struct error *err)
{
    CLEANUP(mem_freep) char *sentence = strlist_sentence(users);
    (void)error_set(err, ERROR_REFUSED, "somebody is in database \"%s\"", name);
    (void)error_detail(err, "It is used by %s.", sentence);
    return error_hint(err, "Nothing was dropped. Let them end, then try again.");
}

/* All are looked at before the first is dropped. */
static bool check_each(const struct control *control, const struct strlist *databases,
                       msec deadline, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist kept = STRLIST_INIT;
    if (!find_kept(control, deadline, &kept, err)) {
        return false;
    }
    for (size_t i = 0; i < databases->n; i++) {
        CLEANUP(strlist_clear) struct strlist users = STRLIST_INIT;
        if (!strlist_has(&kept, databases->items[i])) {
            return refuse_unknown(databases->items[i], &kept, err);
        }
        if (!database_users(control->db, databases->items[i], deadline, &users, err)) {
            return false;
        }
        if (users.n > 0) {
            return refuse_used(databases->items[i], &users, err);
        }
    }
    return true;
}

/* Under the lock of a restore, which renames such databases. Whoever came in since they were looked
 * at is not sent away: the server says no then. */
bool restore_finish(struct environment *environment, const struct strlist *databases, msec deadline,
                    struct error *err)
{
    CLEANUP(control_clear) struct control control = {0};
    if (!control_open(environment, false, deadline, &control, err) ||
        !control_lock(&control, deadline, err) || !check_each(&control, databases, deadline, err)) {
        return false;
    }
    for (size_t i = 0; i < databases->n; i++) {
        if (!db_run_named(control.db, &SQL_RESTORE_DROP_KEPT, DB_PARAMS(databases->items[i]),
                          deadline, err)) {
            return error_prefix(err, "could not drop database \"%s\"", databases->items[i]);
        }
    }
    return true;
}
