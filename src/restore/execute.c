/*
 * Doing it: made beside, loaded, compared, and only then called what is wanted.
 *
 * Until that last transaction everything is in databases called NAME_restoring_XXXX, which we drop
 * after a failure, and the next restore after a death of ours.
 */
#include "headgate/interrupt.h"
#include "private.h"

#include "restore_sql.h"

#define TOLD 20
#define MAKE_PATIENCE                                                                              \
    600000 /* a database is copied; the server may have to wait for a checkpoint */

struct restoring {
    const struct restore_plan *plan;
    struct control control;
    struct vault_archive archive;
    char *programs;           /* the folder that has pg_restore and pg_dump */
    char *beside, *rewritten; /* databases of ours; NULL: there is none */
    bool partial;
};

static const struct restore_request *request_of(const struct restoring *restoring)
{
    return restoring->plan->request;
}

static void say(const struct restoring *restoring, const char *sentence)
{
    const struct backup_observer *observer = &request_of(restoring)->observer;
    if (observer->say != NULL) {
        observer->say(observer->context, sentence);
    }
}

/* --- what we have made goes --- */

static bool drop(struct db *db, char **name, struct error *err)
{
    if (*name == NULL || database_drop(db, *name, deadline_in(MAKE_PATIENCE), err)) {
        mem_free(*name);
        *name = NULL;
        return true;
    }
    return false;
}

/* As good as possible: what is left goes with the next restore. Where the session was lost with
 * the failure, not even that is tried: the server may be gone. */
static void drop_all(struct restoring *restoring)
{
    CLEANUP(error_clear) struct error first = ERROR_INIT;
    CLEANUP(error_clear) struct error second = ERROR_INIT;
    struct db *db = restoring->control.db;
    if (db_is_alive(db)) {
        db_rollback(db);
        (void)drop(db, &restoring->rewritten, &first);
        (void)drop(db, &restoring->beside, &second);
    }
}

static void restoring_clear(struct restoring *restoring)
{
    drop_all(restoring);
    mem_free(restoring->beside);
    mem_free(restoring->rewritten);
    vault_archive_clear(&restoring->archive);
    mem_free(restoring->programs);
    control_clear(&restoring->control);
}

/* --- before --- */

static bool refuse_changed(const struct restore_plan *plan, const char *what, struct error *err)
{
    (void)error_set(err, ERROR_STALE, "the server has changed since it was looked at");
    (void)error_detail(err, "%s", what);
    return error_hint(err,
                      "Begin anew, so that you see what is there now: headgate backup restore "
                      "%s --to %s",
                      plan->request->item->name, plan->request->environment->name);
}

/* Under the lock: is it still what the plan says? */
static bool check_unchanged(const struct restoring *restoring, const struct strlist *names,
                            struct error *err)
{
    const struct restore_plan *plan = restoring->plan;
    CLEANUP(mem_freep) char *what = NULL;
    if (!text_equal(plan->database, restoring->control.database)) {
        what = mem_printf("Environment \"%s\" meant database \"%s\" and now means \"%s\".",
                          plan->request->environment->name, plan->database,
                          restoring->control.database);
    } else if (strlist_has(names, plan->database) != plan->exists) {
        what =
            mem_printf("Database \"%s\" was %s and now is %s.", plan->database,
                       plan->exists ? "there" : "not there", plan->exists ? "not there" : "there");
    } else if (strlist_has(names, plan->beside) ||
               (plan->kept != NULL && strlist_has(names, plan->kept))) {
        what = mem_printf("Somebody has made a database called as ours would be, \"%s\".",
                          strlist_has(names, plan->beside) ? plan->beside : plan->kept);
    }
    return what == NULL || refuse_changed(plan, what, err);
}

static bool prepare(struct restoring *restoring, struct error *err)
{
    const struct restore_request *request = request_of(restoring);
    msec deadline = deadline_in(LOOK_PATIENCE);
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!control_open(request->environment, false, deadline, &restoring->control, err) ||
        !control_lock(&restoring->control, deadline, err) ||
        !leftovers_drop(&restoring->control, deadline_in(MAKE_PATIENCE), err) ||
        !control_list(&restoring->control, deadline_in(LOOK_PATIENCE), &names, err) ||
        !check_unchanged(restoring, &names, err)) {
        return false;
    }
    int major = db_identity(restoring->control.db)->version / 10000;
    return vault_archive_open(request->vault, request->item, &restoring->archive, err) &&
           request_check_chosen(request, restoring->archive.manifest, err) &&
           backup_find_programs(restoring->archive.manifest, major, &restoring->programs, err);
}

/* --- made, loaded, compared --- */

static bool make(struct restoring *restoring, const char *name, char **ret_made, struct error *err)
{
    const struct restore_plan *plan = restoring->plan;
    const struct creation creation = {.manifest = restoring->archive.manifest,
                                      .like = plan->exists ? plan->database : NULL,
                                      .without_owner = plan->request->without_owners};
    if (database_create(restoring->control.db, &creation, name, deadline_in(MAKE_PATIENCE), err)) {
        *ret_made = mem_copy(name);
        return true;
    }
    if (!text_equal(err->sqlstate, "42P04")) { /* that one would be somebody else's */
        *ret_made = mem_copy(name);            /* it may be there: an answer can be lost */
    }
    return false;
}

static bool make_another(struct restoring *restoring, char **ret_made, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    if (!control_list(&restoring->control, deadline_in(LOOK_PATIENCE), &names, err)) {
        return false;
    }
    CLEANUP(mem_freep)
    char *name = made_name(restoring->control.database, MADE_RESTORING, &names);
    return make(restoring, name, ret_made, err);
}

static bool refuse_differences(const struct restoring *restoring, const struct strlist *differences,
                               struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf told = STRBUF_INIT;
    for (size_t i = 0; i < differences->n && i < TOLD; i++) {
        strbuf_printf(&told, "%s%s", i > 0 ? "; " : "", differences->items[i]);
    }
    if (differences->n > TOLD) {
        strbuf_printf(&told, "; and %zu more", differences->n - TOLD);
    }
    (void)error_set(err, ERROR_BACKUP, "what was restored differs from backup %s",
                    request_of(restoring)->item->name);
    (void)error_detail(err, "%s.", told.text);
    return error_hint(err,
                      "Nothing was swapped. See whether the backup itself is good: headgate backup "
                      "verify %s --level restore",
                      request_of(restoring)->item->name);
}

/* The second database is empty, for definitions that the server rewrites. */
static bool compare(struct restoring *restoring, const struct load_request *load,
                    struct restore_result *result, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist differences = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist not_proven = STRLIST_INIT;
    if (!make_another(restoring, &restoring->rewritten, err)) {
        return false;
    }
    CLEANUP(conninfo_freep)
    struct conninfo *rewritten =
        conninfo_with_database(restoring->control.conninfo, restoring->rewritten);
    if (!backup_compare(load, rewritten, &differences, &not_proven, err) ||
        !drop(restoring->control.db, &restoring->rewritten, err)) {
        return false;
    }
    if (differences.n > 0) {
        return refuse_differences(restoring, &differences, err);
    }
    result->not_proven = not_proven;
    not_proven = (struct strlist)STRLIST_INIT;
    return true;
}

static bool load_and_compare(struct restoring *restoring, struct restore_result *result,
                             struct error *err)
{
    const struct restore_request *request = request_of(restoring);
    CLEANUP(conninfo_freep)
    struct conninfo *conninfo =
        conninfo_with_database(restoring->control.conninfo, restoring->beside);
    const struct load_request load = {.archive = &restoring->archive,
                                      .conninfo = conninfo,
                                      .programs = restoring->programs,
                                      .jobs = request->jobs,
                                      .tables = request->tables,
                                      .schemas = request->schemas,
                                      .without_owners = request->without_owners,
                                      .observer = request->observer};
    return backup_load(&load, err) && compare(restoring, &load, result, err);
}

/* Settings and grants of the database as a whole. Without owners only what names no role. */
static bool apply_settings(struct restoring *restoring, struct error *err)
{
    const struct strlist *settings = &restoring->archive.manifest->database_settings;
    for (size_t i = 0; i < settings->n; i++) {
        const char *text = settings->items[i];
        const struct db_statement statement = {"restore-setting", text};
        if (request_of(restoring)->without_owners && !text_starts(text, "alter database ") &&
            !text_starts(text, "comment ")) {
            continue;
        }
        if (!db_run_named(restoring->control.db, &statement, DB_PARAMS(restoring->beside),
                          deadline_in(LOOK_PATIENCE), err)) {
            return error_prefix(err, "could not apply a setting of the database");
        }
    }
    return true;
}

/* --- called what is wanted --- */

static bool rename_only(struct restoring *restoring, const char *name, struct error *err)
{
    return db_run_named(restoring->control.db, &SQL_RESTORE_RENAME,
                        DB_PARAMS(restoring->beside, name), deadline_in(LOOK_PATIENCE), err);
}

static bool put_in_place(struct restoring *restoring, struct restore_result *result,
                         struct error *err)
{
    const struct restore_plan *plan = restoring->plan;
    const struct swap swap = {&restoring->control, restoring->beside, plan->kept, SWAP_PATIENCE};
    bool swaps = plan->kept != NULL;
    const char *name = restoring->partial ? plan->beside : plan->database;
    if (!(swaps ? swap_databases(&swap, &result->n_ended, err)
                : rename_only(restoring, name, err))) {
        return false;
    }
    mem_free(restoring->beside);
    restoring->beside = NULL; /* it is no longer ours to drop */
    result->swapped = swaps;
    result->database = mem_copy(name);
    result->kept = mem_copy(plan->kept);
    return true;
}

static bool is_wanted(const struct restore_request *request, const struct manifest_table *table)
{
    return !request_is_partial(request) || chosen_table(request->tables, table) ||
           (request->schemas != NULL && strlist_has(request->schemas, table->schema));
}

static void count(const struct restoring *restoring, struct restore_result *result)
{
    const struct manifest *manifest = restoring->archive.manifest;
    for (size_t i = 0; i < manifest->n_tables; i++) {
        if (is_wanted(request_of(restoring), &manifest->tables[i])) {
            result->n_tables++;
            result->rows += manifest->tables[i].digest.rows;
        }
    }
}

static bool work(struct restoring *restoring, struct restore_result *result, struct error *err)
{
    const struct restore_plan *plan = restoring->plan;
    if (!(restoring->partial ? make_another(restoring, &restoring->beside, err)
                             : make(restoring, plan->beside, &restoring->beside, err)) ||
        !load_and_compare(restoring, result, err) ||
        (!restoring->partial && !apply_settings(restoring, err))) {
        return false;
    }
    if (interrupt_pending() != 0) {
        return interrupt_error(err);
    }
    if (plan->kept != NULL) {
        say(restoring, "what was restored is the same as the backup; swapping it in");
    }
    return put_in_place(restoring, result, err);
}

/* Whatever a restore fails of, it is one that failed; only what says more stays as it is. */
static bool failed(struct error *err)
{
    if (err->code == ERROR_IO || err->code == ERROR_DATABASE || err->code == ERROR_TIMEOUT) {
        err->code = ERROR_BACKUP;
    }
    return false;
}

bool restore_execute(const struct restore_plan *plan, struct restore_result *ret_result,
                     struct error *err)
{
    CLEANUP(restoring_clear)
    struct restoring restoring = {.plan = plan, .partial = request_is_partial(plan->request)};
    CLEANUP(restore_result_clear) struct restore_result result = {0};
    msec began = clock_now();
    restoring.archive.fd = -1;
    if (!prepare(&restoring, err) || !work(&restoring, &result, err)) {
        return failed(err);
    }
    count(&restoring, &result);
    result.took = clock_now() - began;
    *ret_result = result;
    result = (struct restore_result){0};
    return true;
}
