/* Executes a plan: lock, look again, then one migration after the other. */
#include <assert.h>

#include "headgate/clock.h"
#include "headgate/interrupt.h"
#include "private.h"

#include "deploy_sql.h"

#define LOCK_POLL 200

static bool say_who_holds(struct db *db, msec deadline, const struct deploy_observer *observer,
                          struct history_holder *ret_holder, struct error *err)
{
    bool found = false;
    history_holder_clear(ret_holder);
    if (!history_lock_holder(db, deadline, &found, ret_holder, err)) {
        return false;
    }
    if (found && observer->waiting != NULL) {
        observer->waiting(observer->context, ret_holder);
    }
    return true;
}

static bool locked_by_other(const struct history_holder *holder, struct error *err)
{
    (void)error_set(err, ERROR_LOCKED, "another deploy holds the lock of this database");
    if (holder->application != NULL) {
        (void)error_detail(err, "It is %s (server process %lld, from %s), connected since %s.",
                           holder->application, (long long)holder->pid, holder->client,
                           holder->since);
    }
    return error_hint(err, "Wait until it has ended, then try again.");
}

/* Polled: a session that waits inside the server holds a snapshot, and CREATE INDEX CONCURRENTLY
 * waits for that. */
static bool take_lock(struct db *db, msec deadline, const struct deploy_observer *observer,
                      struct error *err)
{
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    bool locked = false, said = false;
    while (history_try_lock(db, DEADLINE_NONE, &locked, err)) {
        if (locked) {
            return true;
        }
        if (!said && !say_who_holds(db, deadline, observer, &holder, err)) {
            return false;
        }
        said = true;
        if (deadline_passed(deadline)) {
            return locked_by_other(&holder, err);
        }
        deadline_sleep(deadline_earlier(deadline_in(LOCK_POLL), deadline));
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
    }
    return false;
}

/* Under the lock nothing changes any more. Fewer than planned are left where another deploy of the
 * same release was faster: what is left must be nothing, or exactly what was planned. */
static bool check_still_true(struct db *db, const struct deploy_plan *plan, bool *ret_nothing_left,
                             struct error *err)
{
    CLEANUP(deploy_plan_freep) struct deploy_plan *now = mem_new(1, sizeof *now);
    now->environment = plan->environment;
    now->release = plan->release;
    if (!history_read(db, plan->schema, DEADLINE_NONE, &now->history, err)) {
        return false;
    }
    plan_compare(now);
    bool same = now->n == plan->n;
    for (size_t i = 0; same && i < now->n; i++) {
        same = now->items[i].state == plan->items[i].state &&
               text_equal(now->items[i].name, plan->items[i].name);
    }
    *ret_nothing_left = now->count[MIGRATION_APPLIED] == now->n;
    if (!same && !*ret_nothing_left) {
        (void)error_set(err, ERROR_STALE, "the history has changed since the plan was made");
        return error_hint(err, "Look at what would be done now: headgate deploy %s --dry-run",
                          plan->environment->name);
    }
    return true;
}

static bool check_same_server(const struct deploy_plan *plan, const struct db *db,
                              struct error *err)
{
    const char *identifier = db_identity(db)->system_identifier;
    if (text_equal(plan->system_identifier, identifier)) {
        return true;
    }
    (void)error_set(err, ERROR_STALE, "this is another server than the one that was looked at");
    return error_detail(err, "Its system identifier is %s, the plan is for %s.",
                        identifier != NULL ? identifier : "unknown",
                        plan->system_identifier != NULL ? plan->system_identifier : "unknown");
}

/* Told anew before each migration: the one before may have changed it for the session. */
static bool be_courteous(struct db *db, const struct courtesy *courtesy, struct error *err)
{
    CLEANUP(mem_freep) char *lock = mem_printf("%lld", (long long)courtesy->lock_timeout);
    CLEANUP(mem_freep) char *statement = mem_printf("%lld", (long long)courtesy->statement_timeout);
    return db_execute(db, &SQL_DEPLOY_COURTESY, DB_PARAMS(lock, statement), DEADLINE_NONE, err);
}

/* The migration before may have changed its session, and given our lock back. */
static bool begin_afresh(struct db *db, const struct deploy_plan *plan, struct error *err)
{
    bool locked = false;
    if (!db_execute(db, &SQL_DEPLOY_RESET, DB_NO_PARAMS, DEADLINE_NONE, err) ||
        !history_use_schema(db, plan->schema, DEADLINE_NONE, err) ||
        !be_courteous(db, &plan->environment->courtesy, err) ||
        !history_try_lock(db, DEADLINE_NONE, &locked, err)) {
        return false;
    }
    return locked || error_set(err, ERROR_LOCKED,
                               "the lock of this database was given back by a migration, and "
                               "another deploy holds it now");
}

static void pass_notices(struct db *db, const struct deploy_observer *observer)
{
    CLEANUP(strlist_clear) struct strlist notices = STRLIST_INIT;
    db_take_notices(db, &notices);
    for (size_t i = 0; observer->notice != NULL && i < notices.n; i++) {
        observer->notice(observer->context, notices.items[i]);
    }
}

static bool run_items(struct db *db, const struct deploy_plan *plan,
                      const struct deploy_observer *observer, size_t *n_applied, struct error *err)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_item *item = &plan->items[i];
        msec began = clock_now();
        if (item->state != MIGRATION_PENDING) {
            continue;
        }
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
        if (observer->began != NULL) {
            observer->began(observer->context, item);
        }
        bool applied = begin_afresh(db, plan, err) && migration_run(db, plan, item->migration, err);
        pass_notices(db, observer);
        if (!applied) {
            return false;
        }
        (*n_applied)++;
        if (observer->applied != NULL) {
            observer->applied(observer->context, item, clock_now() - began);
        }
    }
    return true;
}

static bool execute_in(struct db *db, const struct deploy_plan *plan, msec lock_deadline,
                       const struct deploy_observer *observer, size_t *n_applied, struct error *err)
{
    bool nothing_left = false;
    if (!check_same_server(plan, db, err) ||
        !history_use_schema(db, plan->schema, DEADLINE_NONE, err) ||
        !take_lock(db, lock_deadline, observer, err) ||
        !check_still_true(db, plan, &nothing_left, err)) {
        return false;
    }
    if (nothing_left) {
        return true;
    }
    return (plan->history->exists || history_create(db, DEADLINE_NONE, err)) &&
           run_items(db, plan, observer, n_applied, err);
}

bool deploy_plan_execute(const struct deploy_plan *plan, msec lock_deadline,
                         const struct deploy_observer *observer, size_t *n_applied,
                         struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    const struct environment_session session = {.purpose = "deploy", .route = ROUTE_DIRECT};
    assert(!error_is_set(&plan->refusal));
    if (deploy_plan_size(plan) == 0) {
        return true;
    }
    if (!environment_connect(plan->environment, &session, lock_deadline, &db, err)) {
        return false;
    }
    return execute_in(db, plan, lock_deadline, observer, n_applied, err) ||
           error_prefix(err, "environment \"%s\"", plan->environment->name);
}
