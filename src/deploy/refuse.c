/* What a history says against a deploy, in words. */
#include "private.h"

const struct plan_item *plan_first_of(const struct deploy_plan *plan, enum migration_state state)
{
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->items[i].state == state) {
            return &plan->items[i];
        }
    }
    return NULL;
}

static void refuse_failed(struct deploy_plan *plan, const struct plan_item *item)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED, "migration \"%s\" has failed before", item->name);
    (void)error_detail(refusal, "It was begun at %s, and neither finished nor settled since.%s%s",
                       item->row->started_at, item->row->logs != NULL ? " It left this note: " : "",
                       item->row->logs != NULL ? item->row->logs : "");
    (void)error_hint(refusal,
                     "Look at what it has done. If nothing of it is there: headgate resolve %s %s "
                     "--rolled-back. If all of it is there: headgate resolve %s %s --applied",
                     plan->environment->name, item->name, plan->environment->name, item->name);
}

static void refuse_edited(struct deploy_plan *plan, const struct plan_item *item)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED, "migration \"%s\" was edited after it was applied",
                    item->name);
    (void)error_detail(refusal, "It was applied at %s with checksum %.8s; %s now has %.8s.",
                       item->row->finished_at, item->row->checksum, item->migration->path,
                       item->migration->checksum);
    (void)error_hint(refusal,
                     "Bring back the file as it was (git log -- %s) and make the change in a "
                     "new migration: headgate create NAME.",
                     item->migration->path);
}

static void refuse_missing(struct deploy_plan *plan, const struct plan_item *item)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED,
                    "the database has migration \"%s\", which is not part of this release",
                    item->name);
    (void)error_detail(refusal,
                       "The database is newer than the release, or the release lost a folder. "
                       "%zu of its migrations %s unknown here.",
                       plan->count[MIGRATION_MISSING],
                       plan->count[MIGRATION_MISSING] == 1 ? "is" : "are");
    (void)error_hint(refusal,
                     "Deploy the release that has it: git pull, or headgate deploy %s --release "
                     "PATH",
                     plan->environment->name);
}

static const struct plan_item *last_begun(const struct deploy_plan *plan)
{
    size_t i = plan->n;
    while (i > 0 && plan->items[i - 1].row == NULL) {
        i--;
    }
    return i > 0 ? &plan->items[i - 1] : NULL;
}

static void refuse_out_of_order(struct deploy_plan *plan, const struct plan_item *item)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED,
                    "migration \"%s\" is pending, but a later one is applied already", item->name);
    const struct plan_item *last = last_begun(plan);
    (void)error_detail(refusal,
                       "The last one is \"%s\", begun at %s. Here it would run in another order "
                       "than on databases that had it in time.",
                       last->name, last->row->started_at);
    (void)error_hint(refusal,
                     "Where no database has it yet, give its folder a later time than \"%s\" has. "
                     "Else apply it all the same: headgate deploy %s --allow-out-of-order --reason "
                     "\"WHY\"",
                     last->name, plan->environment->name);
}

static void refuse_unmanaged(struct deploy_plan *plan)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_REFUSED,
                    "the database has tables already, but no history of migrations");
    (void)error_detail(refusal,
                       "Schema \"%s\" of %s is not empty and has no table _prisma_migrations.",
                       plan->schema, plan->target);
    (void)error_hint(refusal,
                     "Record what it already has: headgate baseline %s. Or choose an empty schema "
                     "with ?schema=NAME in \"url\".",
                     plan->environment->name);
}

static void refuse_marked(struct deploy_plan *plan)
{
    struct error *refusal = &plan->refusal;
    (void)error_set(refusal, ERROR_STALE, "this database says that it is \"%s\", not \"%s\"",
                    plan->history->marked, plan->environment->name);
    (void)error_detail(refusal, "It is %s; that stands in its table headgate.environment.",
                       plan->target);
    (void)error_hint(refusal,
                     "Correct \"url\" of environment \"%s\" in %s; or, where it is meant to be "
                     "another one from now on: headgate mark %s",
                     plan->environment->name, plan->environment->set->path,
                     plan->environment->name);
}

void plan_refuse_history(struct deploy_plan *plan)
{
    static const struct {
        enum migration_state state;
        void (*refuse)(struct deploy_plan *plan, const struct plan_item *item);
    } reasons[] = {
        {MIGRATION_FAILED, refuse_failed},
        {MIGRATION_EDITED, refuse_edited},
        {MIGRATION_MISSING, refuse_missing},
        {MIGRATION_OUT_OF_ORDER, refuse_out_of_order},
    };
    if (plan->history->marked != NULL &&
        !text_equal(plan->history->marked, plan->environment->name)) {
        refuse_marked(plan);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        bool allowed = reasons[i].state == MIGRATION_OUT_OF_ORDER && plan->reason != NULL;
        if (plan->count[reasons[i].state] > 0 && !allowed) {
            plan->refusal_about = plan_first_of(plan, reasons[i].state);
            reasons[i].refuse(plan, plan->refusal_about);
            return;
        }
    }
    if (!plan->history->exists && plan->history->other_tables && deploy_plan_size(plan) > 0) {
        refuse_unmanaged(plan);
    }
}
