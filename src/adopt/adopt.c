/* Looks, and then does what was seen, under the lock. */
#include <assert.h>
#include <string.h>

#include "headgate/clock.h"
#include "headgate/file.h"
#include "headgate/history.h"
#include "headgate/interrupt.h"
#include "headgate/release.h"
#include "private.h"

#define LOCK_POLL 200

/* --- their folder --- */

static bool find_source(const struct environment *environment, const struct tool *tool,
                        const char *named, char **ret_source, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist tried = STRLIST_INIT;
    if (named != NULL) {
        *ret_source = mem_copy(named);
        return path_exists(named) ||
               error_set(err, ERROR_CONFIG, "there is no folder of %s at %s", tool->name, named);
    }
    for (size_t i = 0; tool->usual[i] != NULL; i++) {
        CLEANUP(mem_freep) char *path = path_join(environment->set->project_folder, tool->usual[i]);
        CLEANUP(mem_freep) char *shown = path_display(path);
        if (path_is_folder(path)) {
            *ret_source = TAKE(shown);
            return true;
        }
        strlist_add(&tried, shown);
    }
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&tried);
    (void)error_set(err, ERROR_CONFIG, "there is no folder of %s where it usually is", tool->name);
    (void)error_detail(err, "Looked for %s.", sentence);
    return error_hint(err, "Name it with --source.");
}

static bool fail_with(struct their_folder *folder, const struct tool *tool, const char *source,
                      struct error *err)
{
    problems_sort(&folder->problems);
    (void)error_set(err, ERROR_CONFIG, "the migrations of %s in %s have %zu mistake%s", tool->name,
                    source, folder->problems.n, folder->problems.n == 1 ? "" : "s");
    problems_move(&err->problems, &folder->problems);
    return error_hint(err, "Nothing was made. Of theirs nothing is ever changed.");
}

static bool read_theirs(const struct tool *tool, const char *source, struct their_folder *folder,
                        struct error *err)
{
    *folder = (struct their_folder){.arena = arena_new()};
    folder->path = arena_copy(folder->arena, source);
    if (!tool->read(folder, err)) {
        return false;
    }
    if (folder->problems.n > 0) {
        return fail_with(folder, tool, source, err);
    }
    if (folder->n == 0) {
        (void)error_set(err, ERROR_CONFIG, "there are no migrations of %s in %s", tool->name,
                        source);
        return error_hint(err, "Name their folder with --source.");
    }
    return true;
}

/* --- the database --- */

static bool check_server(const struct db *db, const struct environment *environment,
                         struct error *err)
{
    const struct db_identity *identity = db_identity(db);
    if (identity->in_recovery) {
        (void)error_set(err, ERROR_REFUSED, "this server is a standby, which cannot be written");
        return error_hint(err, "Point \"url\" of environment \"%s\" at its primary.",
                          environment->name);
    }
    if (identity->pooled) {
        (void)error_set(err, ERROR_REFUSED, "a connection pooler stands before this server");
        return error_hint(err,
                          "Give environment \"%s\" a \"direct_url\" that goes to the server "
                          "itself.",
                          environment->name);
    }
    return true;
}

static bool check_own_history(struct db *db, const struct adoption *adoption, msec deadline,
                              struct error *err)
{
    CLEANUP(history_freep) struct history *history = NULL;
    const char *name = adoption->environment->name;
    if (!history_read(db, adoption->schema, deadline, &history, err)) {
        return false;
    }
    if (history->marked != NULL && !text_equal(history->marked, name)) {
        (void)error_set(err, ERROR_STALE, "this database says that it is \"%s\"", history->marked);
        return error_hint(err, "See \"url\" of environment \"%s\" in %s.", name,
                          adoption->environment->set->path);
    }
    if (history->n > 0) {
        (void)error_set(err, ERROR_REFUSED,
                        "the database has a history of ours already: %zu row%s in "
                        "_prisma_migrations",
                        history->n, history->n == 1 ? "" : "s");
        return error_hint(err, "Where it was adopted before, go on with: headgate status %s", name);
    }
    return true;
}

static bool compare_all(struct db *db, const struct tool *tool, struct their_folder *folder,
                        struct adoption *adoption, msec deadline, struct error *err)
{
    return check_server(db, adoption->environment, err) &&
           history_use_schema(db, adoption->schema, deadline, err) &&
           check_own_history(db, adoption, deadline, err) &&
           match_history(db, tool, folder, adoption, deadline, err) &&
           target_compare(adoption, err);
}

static void keep_identity(struct adoption *adoption, const struct db *db)
{
    const char *schema = environment_schema(adoption->environment);
    adoption->target = environment_display(adoption->environment);
    adoption->version_text = mem_copy(db_identity(db)->version_text);
    adoption->schema = mem_copy(schema != NULL ? schema : "public");
}

/* The request names its source. */
static bool look_in(struct db *db, struct environment *environment,
                    const struct adopt_request *request, msec deadline,
                    struct adoption **ret_adoption, struct error *err)
{
    const struct tool *tool = NULL;
    CLEANUP(their_folder_clear) struct their_folder theirs = {0};
    CLEANUP(adoption_freep) struct adoption *adoption = mem_new(1, sizeof *adoption);
    if (!tool_find(request->tool, &tool, err) ||
        !read_theirs(tool, request->source, &theirs, err)) {
        return false;
    }
    adoption->environment = environment;
    adoption->tool = tool->name;
    adoption->source = mem_copy(request->source);
    adoption->folder = mem_copy(request->folder);
    keep_identity(adoption, db);
    name_all(&theirs, adoption);
    if (!compare_all(db, tool, &theirs, adoption, deadline, err)) {
        return environment_name_error(environment, err);
    }
    adoption->arena = TAKE(theirs.arena);
    adoption->notes = theirs.notes;
    theirs.notes = (struct strlist)STRLIST_INIT;
    *ret_adoption = TAKE(adoption);
    return true;
}

bool adopt_look(struct environment *environment, const struct adopt_request *request, msec deadline,
                struct adoption **ret_adoption, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(mem_freep) char *source = NULL;
    CLEANUP(their_folder_clear) struct their_folder theirs = {0};
    const struct tool *tool = NULL;
    const struct environment_session session = {.purpose = "adopt",
                                                .read_only = true,
                                                .route = ROUTE_DIRECT,
                                                .on_progress = request->on_progress};
    if (!tool_find(request->tool, &tool, err) ||
        !find_source(environment, tool, request->source, &source, err) ||
        /* a folder that cannot be understood needs no server to say so */
        !read_theirs(tool, source, &theirs, err) ||
        !environment_connect(environment, &session, deadline, &db, err)) {
        return false;
    }
    struct adopt_request found = *request;
    found.source = source;
    return look_in(db, environment, &found, deadline, ret_adoption, err);
}

/* --- doing it --- */

static bool locked_by_other(struct db *db, const char *key, struct error *err)
{
    CLEANUP(history_holder_clear) struct history_holder holder = {0};
    bool found = false;
    if (!history_lock_holder(db, key, DEADLINE_NONE, &found, &holder, err)) {
        return false;
    }
    (void)error_set(err, ERROR_LOCKED, "another run holds the lock of this database");
    if (found) {
        (void)error_detail(err, "It is %s (server process %lld, from %s), connected since %s.",
                           holder.application, (long long)holder.pid, holder.client, holder.since);
    }
    return error_hint(err, "Wait until it has ended, then try again.");
}

static bool take_lock(struct db *db, const char *key, msec deadline, struct error *err)
{
    bool locked = false;
    while (history_try_lock(db, key, DEADLINE_NONE, &locked, err)) {
        if (locked) {
            return true;
        }
        if (deadline_passed(deadline)) {
            return locked_by_other(db, key, err);
        }
        deadline_sleep(deadline_earlier(deadline_in(LOCK_POLL), deadline));
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
    }
    return false;
}

static bool take_locks(struct db *db, msec deadline, struct error *err)
{
    bool real = false;
    if (!take_lock(db, HISTORY_KEY_OWN, deadline, err) ||
        !take_lock(db, HISTORY_KEY_PRISMA, deadline, err) ||
        !history_lock_is_real(db, DEADLINE_NONE, &real, err)) {
        return false;
    }
    return real || error_set(err, ERROR_REFUSED,
                             "something between us and the server hands out backends, so its locks "
                             "mean nothing");
}

static bool is_same(const struct adoption *a, const struct adoption *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; i < a->n && same; i++) {
        const struct adopt_item *left = &a->items[i], *right = &b->items[i];
        same = text_equal(left->name, right->name) && text_equal(left->text, right->text) &&
               text_equal(left->down_text, right->down_text) && left->applied == right->applied;
    }
    return same;
}

static bool check_still_true(struct db *db, const struct adoption *adoption, struct error *err)
{
    CLEANUP(adoption_freep) struct adoption *now = NULL;
    const struct adopt_request request = {
        .tool = adoption->tool, .source = adoption->source, .folder = adoption->folder};
    if (!look_in(db, adoption->environment, &request, DEADLINE_NONE, &now, err)) {
        return false;
    }
    assert(now != NULL);
    if (!is_same(adoption, now)) {
        (void)error_set(err, ERROR_STALE, "what %s has done is not what was shown any more",
                        adoption->tool);
        return error_hint(err, "Nothing was made. Start again to see what it would be now.");
    }
    return true;
}

static bool insert_rows(struct db *db, const struct adoption *adoption, struct error *err)
{
    CLEANUP(mem_freep) struct history_past *past = mem_new(adoption->n + 1, sizeof *past);
    size_t n = 0;
    for (size_t i = 0; i < adoption->n; i++) {
        const struct adopt_item *item = &adoption->items[i];
        if (item->applied) {
            past[n++] = (struct history_past){item->name, item->checksum, item->applied_at};
        }
    }
    if (!db_begin(db, DEADLINE_NONE, err) || !history_create(db, DEADLINE_NONE, err) ||
        !history_record_past(db, past, n, NULL, DEADLINE_NONE, err) ||
        !db_commit(db, DEADLINE_NONE, err)) {
        db_rollback(db);
        return error_prefix(err, "the folder %s is made, but not the history", adoption->folder);
    }
    return true;
}

bool adopt_execute(const struct adoption *adoption, msec lock_deadline, struct error *err)
{
    CLEANUP(db_closep) struct db *db = NULL;
    const struct environment_session session = {
        .purpose = "adopt", .read_only = false, .route = ROUTE_DIRECT};
    return environment_connect(adoption->environment, &session, lock_deadline, &db, err) &&
           take_locks(db, lock_deadline, err) && check_still_true(db, adoption, err) &&
           target_write(adoption, err) && insert_rows(db, adoption, err);
}

void adoption_freep(struct adoption **adoption)
{
    if (*adoption == NULL) {
        return;
    }
    mem_free((*adoption)->source);
    mem_free((*adoption)->folder);
    mem_free((*adoption)->target);
    mem_free((*adoption)->version_text);
    mem_free((*adoption)->schema);
    mem_free((*adoption)->items);
    strlist_clear(&(*adoption)->notes);
    arena_free((*adoption)->arena);
    mem_free(*adoption);
    *adoption = NULL;
}
