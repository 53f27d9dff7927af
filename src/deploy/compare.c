/*
 * Release against history.
 *
 * The history may hold several rows for one name: each retry adds one. A row that was rolled back
 * counts for nothing; of the others an unfinished one means that the migration failed, a finished
 * one that it is applied.
 */
#include <stdlib.h>

#include "headgate/arena.h"
#include "private.h"

const char *migration_state_name(enum migration_state state)
{
    static const char *const names[] = {
        [MIGRATION_APPLIED] = "applied",
        [MIGRATION_PENDING] = "pending",
        [MIGRATION_UNFINISHED] = "unfinished",
        [MIGRATION_FAILED] = "failed",
        [MIGRATION_EDITED] = "edited",
        [MIGRATION_MISSING] = "missing",
        [MIGRATION_OUT_OF_ORDER] = "out of order",
        [MIGRATION_STATE_MAX] = "unknown",
    };
    return names[state];
}

static int by_name(const void *a, const void *b)
{
    const struct history_row *const *left = a, *const *right = b;
    int order = strcmp((*left)->name, (*right)->name);
    /* qsort is not stable: rows of one name stay in the order of the history */
    return order != 0 ? order : (*left > *right) - (*left < *right);
}

/* The rows that count, by name. */
static const struct history_row **live_rows(const struct history *history, size_t *ret_n)
{
    const struct history_row **rows = mem_new(history->n + 1, sizeof(const struct history_row *));
    size_t n = 0;
    for (size_t i = 0; i < history->n; i++) {
        if (history->rows[i].rolled_back_at == NULL) {
            rows[n++] = &history->rows[i];
        }
    }
    qsort(rows, n, sizeof(const struct history_row *), by_name);
    *ret_n = n;
    return rows;
}

static enum migration_state state_of(const struct migration *migration,
                                     const struct history_row *row)
{
    if (row == NULL) {
        return MIGRATION_PENDING;
    }
    if (row->finished_at == NULL) {
        return migration != NULL && history_row_is_resumable(row) ? MIGRATION_UNFINISHED
                                                                  : MIGRATION_FAILED;
    }
    if (migration == NULL) {
        return MIGRATION_MISSING;
    }
    return migration_matches(migration, row->checksum) ? MIGRATION_APPLIED : MIGRATION_EDITED;
}

/* The row that speaks for a name: an unfinished one before a finished one. Moves *at behind the
 * rows of that name. */
static const struct history_row *row_for(const struct history_row **rows, size_t n, size_t *at,
                                         const char *name)
{
    const struct history_row *found = NULL;
    for (; *at < n && text_equal(rows[*at]->name, name); (*at)++) {
        if (found == NULL || (found->finished_at != NULL && rows[*at]->finished_at == NULL)) {
            found = rows[*at];
        }
    }
    return found;
}

static void mark_out_of_order(struct deploy_plan *plan)
{
    bool later_is_applied = false;
    for (size_t i = plan->n; i-- > 0;) {
        struct plan_item *item = &plan->items[i];
        if (item->state == MIGRATION_PENDING && later_is_applied) {
            item->state = MIGRATION_OUT_OF_ORDER;
        }
        later_is_applied = later_is_applied || item->row != NULL;
    }
}

void plan_compare(struct deploy_plan *plan)
{
    const struct release *release = plan->release;
    size_t n_rows, row = 0, i = 0;
    const struct history_row **rows = live_rows(plan->history, &n_rows);
    plan->items = mem_new(release->n + n_rows + 1, sizeof *plan->items);
    while (i < release->n || row < n_rows) {
        const struct migration *migration = i < release->n ? &release->migrations[i] : NULL;
        if (migration != NULL && row < n_rows && strcmp(rows[row]->name, migration->name) < 0) {
            migration = NULL;
        }
        const char *name = migration != NULL ? migration->name : rows[row]->name;
        const struct history_row *found = row_for(rows, n_rows, &row, name);
        i += migration != NULL;
        plan->items[plan->n++] = (struct plan_item){.name = name,
                                                    .state = state_of(migration, found),
                                                    .migration = migration,
                                                    .row = found};
    }
    mem_free(rows);
    mark_out_of_order(plan);
    for (size_t k = 0; k < plan->n; k++) {
        const struct plan_item *item = &plan->items[k];
        size_t width = plan_item_is_to_do(plan, item) ? strlen(item->name) : 0;
        plan->count[item->state]++;
        plan->widest = width > plan->widest ? width : plan->widest;
    }
}

size_t deploy_plan_size(const struct deploy_plan *plan)
{
    return plan->count[MIGRATION_PENDING] + plan->count[MIGRATION_UNFINISHED] +
           plan->count[MIGRATION_OUT_OF_ORDER];
}

bool plan_item_is_to_do(const struct deploy_plan *plan, const struct plan_item *item)
{
    return item->state == MIGRATION_PENDING || item->state == MIGRATION_UNFINISHED ||
           (item->state == MIGRATION_OUT_OF_ORDER && plan->reason != NULL);
}
