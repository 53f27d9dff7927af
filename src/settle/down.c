/* The last migration is taken back by its down.sql. */
#include <string.h>

#include "private.h"

bool descent_check_policy(const struct environment *environment, struct error *err)
{
    if (environment->kind != KIND_PRODUCTION || environment->allows_down) {
        return true;
    }
    (void)error_set(err, ERROR_REFUSED,
                    "environment \"%s\": down is not for a production environment",
                    environment->name);
    (void)error_detail(err, "What down.sql drops is gone with its data.");
    return error_hint(err,
                      "Undo it by a new migration: headgate create NAME. Or allow it in %s: "
                      "\"deploy\": { \"down\": true }",
                      environment->set->path);
}

static const struct history_row *find_last(const struct history *history)
{
    const struct history_row *last = NULL;
    for (size_t i = 0; i < history->n; i++) {
        const struct history_row *row = &history->rows[i];
        last = history_row_counts(row) ? row : last;
    }
    return last;
}

static bool refuse_unfinished(const struct deploy_plan *plan, const struct history_row *row,
                              struct error *err)
{
    bool ours = history_row_is_resumable(row);
    (void)error_set(err, ERROR_REFUSED, "migration \"%s\" is not finished", row->name);
    (void)error_detail(err, "It was begun at %s. Only one that is applied can be taken back.",
                       row->started_at);
    return ours ? error_hint(err, "Finish it first: headgate deploy %s", plan->environment->name)
                : error_hint(err, "Settle it first: headgate resolve %s %s --rolled-back",
                             plan->environment->name, row->name);
}

static bool check_unfinished(const struct deploy_plan *plan, struct error *err)
{
    for (size_t i = 0; i < plan->history->n; i++) {
        const struct history_row *row = &plan->history->rows[i];
        if (history_row_counts(row) && row->finished_at == NULL) {
            return refuse_unfinished(plan, row, err);
        }
    }
    return true;
}

static bool check_file(const struct migration *migration, const struct history_row *row,
                       struct error *err)
{
    if (migration == NULL) {
        (void)error_set(err, ERROR_REFUSED, "migration \"%s\" is not part of this release",
                        row->name);
        (void)error_detail(err, "It is the last one that was applied.");
        return error_hint(err, "Take the release that has it (git pull, or --release PATH).");
    }
    if (!migration_matches(migration, row->checksum)) {
        (void)error_set(err, ERROR_REFUSED, "migration \"%s\" was edited after it was applied",
                        row->name);
        (void)error_detail(err, "Its down.sql may undo something else than what was done.");
        return error_hint(err, "Bring back the file as it was (git log -- %s).", migration->path);
    }
    if (migration->down_path == NULL) {
        CLEANUP(mem_freep) char *path = mem_copy(migration->path);
        *strrchr(path, '/') = '\0';
        (void)error_set(err, ERROR_REFUSED, "migration \"%s\" has no down.sql", row->name);
        return error_hint(err,
                          "Write %s/down.sql, which undoes it; or undo it by a new migration: "
                          "headgate create NAME",
                          path);
    }
    return true;
}

static bool find(const struct deploy_plan *plan, struct descent *descent, struct error *err)
{
    descent->plan = plan;
    descent->row = find_last(plan->history);
    if (descent->row == NULL) {
        (void)error_set(err, ERROR_REFUSED, "no migration is applied");
        return error_hint(err, "There is nothing to take back. See: headgate status %s",
                          plan->environment->name);
    }
    descent->migration = release_find(plan->release, descent->row->name);
    return check_unfinished(plan, err) && check_file(descent->migration, descent->row, err);
}

bool descent_make(struct deploy_plan *plan, struct descent *ret_descent, struct error *err)
{
    struct descent descent = {0};
    if (!settle_check_marker(plan, err) || !find(plan, &descent, err)) {
        return environment_name_error(plan->environment, err);
    }
    *ret_descent = descent;
    return true;
}

bool descent_execute(const struct descent *descent, const struct deploy_conduct *conduct,
                     struct error *err)
{
    CLEANUP(hand_close) struct hand hand = {0};
    const struct deploy_plan *plan = descent->plan;
    return (hand_open_unchanged(plan, conduct, &hand, err) &&
            engine_run_down(hand.engine, descent->migration, descent->row->id, err)) ||
           environment_name_error(plan->environment, err);
}
