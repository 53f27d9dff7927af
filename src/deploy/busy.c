/*
 * An unfinished row means that a migration has failed, or that somebody is running it at this very
 * moment: then somebody holds the lock.
 */
#include "headgate/clock.h"
#include "headgate/interrupt.h"
#include "private.h"

#define BUSY_POLL 500

static bool find_holder(struct db *db, msec deadline, bool *ret_found,
                        struct history_holder *ret_holder, struct error *err)
{
    *ret_found = false;
    return history_lock_holder(db, HISTORY_KEY_OWN, deadline, ret_found, ret_holder, err) &&
           (*ret_found ||
            history_lock_holder(db, HISTORY_KEY_PRISMA, deadline, ret_found, ret_holder, err));
}

static bool has_unfinished(const struct deploy_plan *plan)
{
    return plan->count[MIGRATION_FAILED] + plan->count[MIGRATION_UNFINISHED] > 0;
}

/* What is read is what was there before and after nobody held the lock. */
static bool read_settled(struct deploy_plan *plan, struct db *db, msec deadline,
                         struct history_holder *ret_holder, bool *ret_busy, struct error *err)
{
    *ret_busy = false;
    history_holder_clear(ret_holder);
    if (!plan_read_history(plan, db, deadline, err) ||
        (has_unfinished(plan) && !find_holder(db, deadline, ret_busy, ret_holder, err))) {
        return false;
    }
    if (!has_unfinished(plan) || *ret_busy) {
        return true;
    }
    return plan_read_history(plan, db, deadline, err) &&
           (!has_unfinished(plan) || find_holder(db, deadline, ret_busy, ret_holder, err));
}

static void refuse_busy(struct deploy_plan *plan, const struct history_holder *holder)
{
    (void)error_set(&plan->refusal, ERROR_LOCKED, "a deploy is at work in this database");
    (void)error_detail(&plan->refusal,
                       "It is %s (server process %lld, from %s), connected since %s.",
                       holder->application, (long long)holder->pid, holder->client, holder->since);
    (void)error_hint(&plan->refusal,
                     "Wait until it has ended, then try again; or let headgate wait "
                     "longer: --wait 10m");
}

static void say_busy(const struct deploy_request *request, const struct history_holder *holder)
{
    CLEANUP(mem_freep)
    char *sentence = mem_printf("waiting for %s (server process %lld, from %s), which runs a "
                                "migration",
                                holder->application, (long long)holder->pid, holder->client);
    if (request != NULL && request->on_progress != NULL) {
        request->on_progress(sentence);
    }
}

bool plan_read_quiet_history(struct deploy_plan *plan, const struct deploy_request *request,
                             struct db *db, msec deadline, struct error *err)
{
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    msec until = deadline_in(request != NULL ? request->patience : 0);
    bool busy = false;
    for (bool said = false;; said = true) {
        if (!read_settled(plan, db, deadline, &holder, &busy, err)) {
            return false;
        }
        if (!busy) {
            return true;
        }
        if (deadline_passed(until)) {
            refuse_busy(plan, &holder);
            return true;
        }
        if (!said) {
            say_busy(request, &holder);
        }
        deadline_sleep(deadline_earlier(deadline_in(BUSY_POLL), until));
        deadline = deadline_earlier(deadline_in(BUSY_POLL * 20), until + BUSY_POLL * 20);
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
    }
}
