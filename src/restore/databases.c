/* Making databases, dropping them, and who is in them. */
#include "private.h"

#include "restore_sql.h"

/* --- making --- */

/* "invalid locale name", or an ICU locale or a provider that this server was not built with. */
static bool is_of_locale(const struct error *err)
{
    return text_equal(err->sqlstate, "42809") || text_equal(err->sqlstate, "22023") ||
           text_equal(err->sqlstate, "0A000");
}

static bool refuse_locale(const struct manifest *manifest, struct error *failure, struct error *err)
{
    const char *locale = manifest->icu_locale != NULL ? manifest->icu_locale : manifest->collate;
    (void)error_set(err, ERROR_REFUSED,
                    "the server cannot make a database with locale \"%s\", as the backup's has",
                    locale);
    (void)error_detail(err, "It was asked for encoding %s, collate %s, ctype %s, and says: %s.",
                       manifest->encoding, manifest->collate, manifest->ctype, failure->message);
    return error_hint(err, "Install the locale on the machine of the server (Debian: add it to "
                           "/etc/locale.gen, then locale-gen), restart the server, and try again.");
}

bool database_create(struct db *db, const struct creation *creation, const char *name,
                     msec deadline, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    const struct manifest *manifest = creation->manifest;
    bool owned = !creation->without_owner;
    if (!db_query(db, &SQL_RESTORE_CREATE,
                  DB_PARAMS(name, manifest->encoding, manifest->collate, manifest->ctype,
                            manifest->locale_provider, manifest->icu_locale,
                            owned ? creation->like : NULL, owned ? manifest->owner : NULL),
                  deadline, &rows, err)) {
        return false;
    }
    const struct db_statement create = {SQL_RESTORE_CREATE.name, db_text(rows, 0, 0)};
    if (db_execute(db, &create, DB_NO_PARAMS, deadline, &failure)) {
        return true;
    }
    if (is_of_locale(&failure)) {
        return refuse_locale(manifest, &failure, err);
    }
    error_move(err, &failure);
    return error_prefix(err, "could not make database \"%s\"", name);
}

/* --- dropping --- */

/* A wish to stop must not keep us from it. */
static bool run_to_its_end(struct db *db, const struct db_statement *statement,
                           struct db_params params, struct db_batch *batch, msec deadline,
                           struct error *err)
{
    size_t failed = 0;
    (void)db_batch_add(batch, statement, params);
    db_batch_set_unstoppable(batch);
    return db_batch_run(db, batch, deadline, &failed, err);
}

bool database_drop(struct db *db, const char *name, msec deadline, struct error *err)
{
    CLEANUP(db_batch_freep) struct db_batch *look = db_batch_new();
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    if (!run_to_its_end(db, &SQL_RESTORE_DROP, DB_PARAMS(name), look, deadline, err)) {
        return false;
    }
    const struct db_rows *rows = db_batch_rows(look, 0);
    if (db_rows_count(rows) == 0) {
        return true;
    }
    const struct db_statement drop = {SQL_RESTORE_DROP.name, db_text(rows, 0, 0)};
    return run_to_its_end(db, &drop, DB_NO_PARAMS, batch, deadline, err) ||
           error_prefix(err, "could not drop database \"%s\"", name);
}

bool leftovers_drop(const struct control *control, msec deadline, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist left = STRLIST_INIT;
    if (!control_list(control, deadline, &names, err)) {
        return false;
    }
    made_find(&names, control->database, MADE_RESTORING, &left);
    for (size_t i = 0; i < left.n; i++) {
        if (!database_drop(control->db, left.items[i], deadline, err)) {
            return false;
        }
    }
    return true;
}

/* --- looking --- */

bool database_users(struct db *db, const char *name, msec deadline, struct strlist *ret_users,
                    struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_RESTORE_SESSIONS, DB_PARAMS(name), deadline, &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        strlist_printf(ret_users, "%s of role \"%s\" (server process %s, from %s)",
                       db_text(rows, i, 1), db_text(rows, i, 2), db_text(rows, i, 0),
                       db_text(rows, i, 3));
    }
    return true;
}
