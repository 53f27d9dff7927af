/* A database that is there already: its migrations are recorded without being run. */
#include "headgate/hash.h"
#include "private.h"

#include "settle_sql.h"

#define SHOWN 20 /* of what is missing, in a sentence */

/* --- what speaks against it --- */

static bool check_empty_history(const struct deploy_plan *plan, struct error *err)
{
    size_t n = 0;
    const struct history_row *first = NULL;
    for (size_t i = 0; i < plan->history->n; i++) {
        bool counts = history_row_counts(&plan->history->rows[i]);
        first = counts && first == NULL ? &plan->history->rows[i] : first;
        n += counts;
    }
    if (first == NULL) {
        return true;
    }
    (void)error_set(err, ERROR_REFUSED, "this database has a history already");
    (void)error_detail(err, "It has %zu row%s; the first one is \"%s\", begun at %s.", n,
                       n == 1 ? "" : "s", first->name, first->started_at);
    return error_hint(err,
                      "See: headgate status %s. To record one migration more: headgate resolve %s "
                      "MIGRATION --applied",
                      plan->environment->name, plan->environment->name);
}

static bool check_tables(const struct deploy_plan *plan, struct db *db, msec deadline,
                         struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_SETTLE_HAS_TABLES, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    if (db_bool(rows, 0, 0)) {
        return true;
    }
    (void)error_set(err, ERROR_REFUSED,
                    "this database has no tables, so there is nothing to adopt");
    return error_hint(err, "Let the migrations make them: headgate deploy %s",
                      plan->environment->name);
}

static bool find_end(struct baseline *baseline, const char *until, struct error *err)
{
    const struct release *release = baseline->plan->release;
    if (until == NULL) {
        baseline->n = release->n;
    }
    for (size_t i = 0; until != NULL && i < release->n; i++) {
        if (text_equal(release->migrations[i].name, until)) {
            baseline->n = i + 1;
        }
    }
    if (until != NULL && baseline->n == 0) {
        return settle_unknown_migration(release, until, err);
    }
    return baseline->n > 0 ||
           error_set(err, ERROR_REFUSED, "the release has no migrations to record");
}

/* --- what must be there --- */

static bool follow(struct promises *promises, const struct migration *migration, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(sql_script_clear) struct sql_script script = {0};
    if (!migration_load(migration, &text, err)) {
        return false;
    }
    sql_read(text.text, text.size, &script);
    promises_follow(promises, text.text, &script);
    return true;
}

static bool find_missing(struct baseline *baseline, struct db *db, msec deadline, struct error *err)
{
    CLEANUP(promises_clear) struct promises promises = {.home = baseline->plan->schema};
    for (size_t i = 0; i < baseline->n; i++) {
        if (!follow(&promises, &baseline->plan->release->migrations[i], err)) {
            return false;
        }
    }
    baseline->n_promised = promises.n;
    return promises_find_missing(&promises, db, deadline, &baseline->missing, err);
}

static bool refuse_missing(const struct baseline *baseline, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf list = STRBUF_INIT;
    const struct strlist *missing = &baseline->missing;
    for (size_t i = 0; i < missing->n && i < SHOWN; i++) {
        strbuf_printf(&list, "%s%s", i > 0 ? ", " : "", missing->items[i]);
    }
    if (missing->n > SHOWN) {
        strbuf_printf(&list, " and %zu more", missing->n - SHOWN);
    }
    (void)error_set(err, ERROR_DRIFT,
                    "%zu of the %zu objects that these migrations make %s missing", missing->n,
                    baseline->n_promised, missing->n == 1 ? "is" : "are");
    (void)error_detail(err, "Not there: %s.", list.text);
    return error_hint(
        err,
        "Record only what is there: headgate baseline %s --until MIGRATION. Or, where "
        "they are gone for good: --missing-ok --reason TEXT",
        baseline->plan->environment->name);
}

static bool look(struct baseline *baseline, const char *until, msec deadline, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    const struct deploy_plan *plan = baseline->plan;
    return check_empty_history(plan, err) && find_end(baseline, until, err) &&
           hand_look(plan->environment, plan->schema, NULL, deadline, &db, err) &&
           check_tables(plan, db, deadline, err) && find_missing(baseline, db, deadline, err) &&
           (baseline->missing.n == 0 || baseline->reason != NULL || refuse_missing(baseline, err));
}

bool baseline_make(struct deploy_plan *plan, const char *until, const char *reason, msec deadline,
                   struct baseline *ret_baseline, struct error *err)
{
    CLEANUP(baseline_clear)
    struct baseline baseline = {.plan = plan, .missing = STRLIST_INIT, .reason = reason};
    if (!settle_check_marker(plan, err) || !look(&baseline, until, deadline, err)) {
        return environment_name_error(plan->environment, err);
    }
    *ret_baseline = baseline;
    baseline.missing = (struct strlist)STRLIST_INIT;
    return true;
}

void baseline_clear(struct baseline *baseline)
{
    strlist_clear(&baseline->missing);
}

/* --- recording it --- */

static bool insert_rows(const struct baseline *baseline, struct db *db, struct error *err)
{
    CLEANUP(mem_freep) struct history_past *past = mem_new(baseline->n + 1, sizeof *past);
    CLEANUP(mem_freep) char *note = NULL;
    for (size_t i = 0; i < baseline->n; i++) {
        past[i].name = baseline->plan->release->migrations[i].name;
        past[i].checksum = baseline->plan->release->migrations[i].checksum;
    }
    if (baseline->missing.n > 0) {
        note = mem_printf("headgate: recorded although %zu objects were missing: %s",
                          baseline->missing.n, baseline->reason);
    }
    return history_record_past(db, past, baseline->n, note, DEADLINE_NONE, err);
}

/* Where the role may not have the second part, the database stays without a mark. */
static bool mark(const struct deploy_plan *plan, struct db *db, const char *actor,
                 struct error *err)
{
    const struct environment *environment = plan->environment;
    bool recorded = plan->history->recorded;
    if (!recorded && !history_create_records(db, DEADLINE_NONE, &recorded, err)) {
        return false;
    }
    return !recorded ||
           history_mark(db, environment->name, environment_kind_name(environment->kind), actor,
                        DEADLINE_NONE, err);
}

bool baseline_execute(const struct baseline *baseline, const struct deploy_conduct *conduct,
                      struct error *err)
{
    CLEANUP(hand_close) struct hand hand = {0};
    const struct deploy_plan *plan = baseline->plan;
    if (!hand_open_unchanged(plan, conduct, &hand, err)) {
        return environment_name_error(plan->environment, err);
    }
    struct db *db = hand_session(&hand);
    return ((plan->history->exists || history_create(db, DEADLINE_NONE, err)) &&
            mark(plan, db, conduct->actor, err) && insert_rows(baseline, db, err)) ||
           environment_name_error(plan->environment, err);
}
