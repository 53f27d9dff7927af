/* What became of a migration, as a person says: what may be said of it, and writing it down. */
#include "private.h"

/* --- the rows of a name --- */

static const struct history_row *find_row(const struct history *history, const char *name,
                                          bool finished)
{
    for (size_t i = 0; i < history->n; i++) {
        const struct history_row *row = &history->rows[i];
        if (text_equal(row->name, name) && history_row_counts(row) &&
            (row->finished_at != NULL) == finished) {
            return row;
        }
    }
    return NULL;
}

static bool has_row(const struct history *history, const char *name)
{
    for (size_t i = 0; i < history->n; i++) {
        if (text_equal(history->rows[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* --- what may be said --- */

static bool check_applied(const struct resolution *resolution, const struct history_row *finished,
                          struct error *err)
{
    const char *name = resolution->request.migration;
    const char *environment = resolution->plan->environment->name;
    if (finished != NULL && resolution->row == NULL) {
        (void)error_set(err, ERROR_REFUSED, "migration \"%s\" is applied already", name);
        (void)error_detail(err, "It was finished at %s.", finished->finished_at);
        return error_hint(err, "There is nothing to settle. See: headgate status %s", environment);
    }
    if (resolution->migration == NULL) {
        (void)error_set(err, ERROR_REFUSED, "migration \"%s\" is not part of this release", name);
        (void)error_detail(err, "Its checksum is not known, so it cannot be recorded as applied.");
        return error_hint(err,
                          "Take the release that has it (git pull, or --release PATH); or, where "
                          "nothing of it is in the database: headgate resolve %s %s --rolled-back",
                          environment, name);
    }
    return true;
}

static bool check_rolled_back(struct resolution *resolution, const struct history_row *finished,
                              struct error *err)
{
    const char *name = resolution->request.migration;
    const char *environment = resolution->plan->environment->name;
    if (resolution->row != NULL) {
        return true;
    }
    if (!has_row(resolution->plan->history, name)) {
        (void)error_set(err, ERROR_REFUSED, "migration \"%s\" was never begun here", name);
        return error_hint(err, "There is nothing to roll back. It is pending: headgate deploy %s",
                          environment);
    }
    if (finished != NULL) {
        (void)error_set(err, ERROR_REFUSED, "migration \"%s\" is applied, it has not failed", name);
        (void)error_detail(err, "It was finished at %s.", finished->finished_at);
        return error_hint(err, "To undo the last migration by its down.sql: headgate down %s",
                          environment);
    }
    resolution->nothing = true;
    return true;
}

static bool check_step(const struct resolution *resolution, struct error *err)
{
    const struct resolve_request *request = &resolution->request;
    const struct history_row *row = resolution->row;
    const char *environment = resolution->plan->environment->name;
    int64_t doubtful = row != NULL ? history_row_doubtful_step(row) : -1;
    if (doubtful < 0) {
        (void)error_set(err, ERROR_REFUSED, "no step of migration \"%s\" is in doubt",
                        request->migration);
        if (row != NULL && history_row_is_resumable(row)) {
            (void)error_detail(err, "%lld of its steps are done.", (long long)row->n_steps);
            return error_hint(err, "Go on with: headgate deploy %s", environment);
        }
        return error_hint(err, "See how it stands: headgate status %s", environment);
    }
    if ((int64_t)request->step != doubtful + 1) {
        (void)error_set(err, ERROR_REFUSED, "step %zu of migration \"%s\" is not in doubt",
                        request->step, request->migration);
        (void)error_detail(err, "The one in doubt is step %lld.", (long long)doubtful + 1);
        return error_hint(err,
                          "If it is done: headgate resolve %s %s --done %lld. If it is to run "
                          "again: headgate resolve %s %s --again %lld",
                          environment, request->migration, (long long)doubtful + 1, environment,
                          request->migration, (long long)doubtful + 1);
    }
    return true;
}

static bool check(struct resolution *resolution, struct error *err)
{
    const struct history *history = resolution->plan->history;
    const char *name = resolution->request.migration;
    const struct history_row *finished = find_row(history, name, true);
    if (resolution->migration == NULL && !has_row(history, name)) {
        return settle_unknown_migration(resolution->plan->release, name, err);
    }
    switch (resolution->request.verdict) {
    case RESOLVE_APPLIED:
        return check_applied(resolution, finished, err);
    case RESOLVE_ROLLED_BACK:
        return check_rolled_back(resolution, finished, err);
    case RESOLVE_DONE:
    case RESOLVE_AGAIN:
        break;
    }
    return check_step(resolution, err);
}

/* --- what stays of one that is given up half-way --- */

static void list_steps(const struct script *script, size_t n, struct strlist *staying)
{
    for (size_t i = 0; i < n && i < script->n_steps; i++) {
        const struct sql_statement *first = &script->sql.statements[script->steps[i].first];
        size_t line = 0, column = 0;
        source_locate(&script->source, first->offset, &line, &column);
        strlist_printf(staying, "step %zu (line %zu): %s%s", i + 1, line, first->verb,
                       script->steps[i].n > 1 ? " and more" : "");
    }
}

/* As far as the text is still the one that was begun. */
static void find_staying(struct resolution *resolution)
{
    CLEANUP(script_clear) struct script script = {.text = STRBUF_INIT};
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    const struct history_row *row = resolution->row;
    const struct migration *migration = resolution->migration;
    size_t n = row != NULL && history_row_is_resumable(row) ? (size_t)row->n_steps : 0;
    bool same = migration != NULL && n > 0 && migration_matches(migration, row->checksum) &&
                script_read_begun(migration, &script, &ignored);
    if (same) {
        list_steps(&script, n, &resolution->staying);
    } else if (n > 0) {
        strlist_printf(&resolution->staying, "its first %zu step%s, as its text was then", n,
                       n == 1 ? "" : "s");
    }
    if (row != NULL && history_row_doubtful_step(row) >= 0) {
        strlist_printf(&resolution->staying, "step %lld, perhaps: it had begun",
                       (long long)history_row_doubtful_step(row) + 1);
    }
}

bool resolution_make(struct deploy_plan *plan, const struct resolve_request *request,
                     struct resolution *ret_resolution, struct error *err)
{
    CLEANUP(resolution_clear)
    struct resolution resolution = {.plan = plan,
                                    .request = *request,
                                    .migration = release_find(plan->release, request->migration),
                                    .row = find_row(plan->history, request->migration, false),
                                    .staying = STRLIST_INIT};
    if (!settle_check_marker(plan, err) || !check(&resolution, err)) {
        return environment_name_error(plan->environment, err);
    }
    if (request->verdict == RESOLVE_ROLLED_BACK) {
        find_staying(&resolution);
    }
    *ret_resolution = resolution;
    resolution.staying = (struct strlist)STRLIST_INIT;
    return true;
}

void resolution_clear(struct resolution *resolution)
{
    strlist_clear(&resolution->staying);
}

/* --- writing it down --- */

static bool write_down(const struct resolution *resolution, struct db *db, struct error *err)
{
    const struct resolve_request *request = &resolution->request;
    int64_t n = 0;
    switch (request->verdict) {
    case RESOLVE_APPLIED:
        return (resolution->plan->history->exists || history_create(db, DEADLINE_NONE, err)) &&
               history_resolve_applied(db, request->migration, resolution->migration->checksum,
                                       DEADLINE_NONE, err);
    case RESOLVE_ROLLED_BACK:
        return history_resolve_rolled_back(db, request->migration, DEADLINE_NONE, &n, err);
    case RESOLVE_DONE:
    case RESOLVE_AGAIN:
        break;
    }
    size_t n_done = request->verdict == RESOLVE_DONE ? request->step : request->step - 1;
    return history_resolve_step(db, resolution->row->id, n_done, DEADLINE_NONE, err);
}

bool resolution_execute(const struct resolution *resolution, const struct deploy_conduct *conduct,
                        struct error *err)
{
    CLEANUP(hand_close) struct hand hand = {0};
    const struct deploy_plan *plan = resolution->plan;
    if (resolution->nothing) {
        return true;
    }
    return (hand_open_unchanged(plan, conduct, &hand, err) &&
            write_down(resolution, hand_session(&hand), err)) ||
           environment_name_error(plan->environment, err);
}
