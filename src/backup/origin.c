/*
 * What a backup's source is, as its own snapshot sees it: all of it is read in the one transaction
 * that pg_dump reads from, too.
 */
#include "backup_sql.h"
#include "headgate/arena.h"
#include "headgate/history.h"
#include "private.h"

char *origin_address(const struct environment *environment, const struct db *db)
{
    return environment->target.embedded != NULL ? environment_display(environment)
                                                : mem_copy(db_display(db));
}

static void take_database(struct origin *origin, const struct db_rows *rows)
{
    struct manifest *manifest = &origin->manifest;
    const char **const places[] = {&manifest->snapshot,    NULL,
                                   &manifest->database,    &manifest->encoding,
                                   &manifest->collate,     &manifest->ctype,
                                   &manifest->owner,       &manifest->locale_provider,
                                   &manifest->icu_locale,  &manifest->lc_monetary,
                                   &manifest->lsn,         &manifest->statistics_reset,
                                   &manifest->database_oid};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *text = db_text(rows, 0, (int)i);
        if (places[i] != NULL && text != NULL) {
            *places[i] = arena_copy(origin->arena, text);
        }
    }
}

static bool read_database(struct db *db, struct origin *origin, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const struct db_identity *identity = db_identity(db);
    struct manifest *manifest = &origin->manifest;
    if (!db_execute(db, &SQL_BACKUP_BEGIN, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE), err) ||
        !db_query(db, &SQL_BACKUP_SOURCE, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE), &rows, err) ||
        !wall_parse(db_text(rows, 0, 1), &manifest->created, err)) {
        return false;
    }
    take_database(origin, rows);
    manifest->system_identifier = identity->system_identifier != NULL
                                      ? arena_copy(origin->arena, identity->system_identifier)
                                      : NULL;
    manifest->server_version = arena_copy(origin->arena, identity->version_text);
    manifest->server_version_number = identity->version;
    manifest->in_recovery = identity->in_recovery;
    return true;
}

static bool read_tables(struct db *db, struct origin *origin, struct error *err)
{
    if (!db_query(db, &SQL_BACKUP_TABLES, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE), &origin->tables,
                  err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(origin->tables); i++) {
        origin->bytes += (uint64_t)db_integer(origin->tables, i, 5);
    }
    return true;
}

static bool read_extensions(struct db *db, struct origin *origin, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_BACKUP_EXTENSIONS, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE), &rows,
                  err)) {
        return false;
    }
    size_t n = db_rows_count(rows);
    struct manifest_extension *items =
        arena_alloc(origin->arena, (n + 1) * sizeof(struct manifest_extension));
    for (size_t i = 0; i < n; i++) {
        items[i] = (struct manifest_extension){arena_copy(origin->arena, db_text(rows, i, 0)),
                                               arena_copy(origin->arena, db_text(rows, i, 1))};
    }
    origin->manifest.extensions = items;
    origin->manifest.n_extensions = n;
    return true;
}

static bool read_list(struct db *db, const struct db_statement *statement, struct strlist *list,
                      struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, statement, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE), &rows, err)) {
        return false;
    }
    for (size_t i = 0; i < db_rows_count(rows); i++) {
        strlist_add(list, db_text(rows, i, 0));
    }
    return true;
}

bool origin_read(struct db *db, struct origin *ret_origin, struct error *err)
{
    CLEANUP(origin_clear) struct origin origin = {.arena = arena_new()};
    msec deadline = deadline_in(LOOK_PATIENCE);
    if (!read_database(db, &origin, err) || !read_tables(db, &origin, err) ||
        !read_extensions(db, &origin, err) ||
        !db_query(db, &SQL_BACKUP_SUPERUSERS, DB_NO_PARAMS, deadline, &origin.superusers, err) ||
        !db_query(db, &SQL_BACKUP_MEMBERSHIPS, DB_NO_PARAMS, deadline, &origin.memberships, err) ||
        !read_list(db, &SQL_BACKUP_ROLES, &origin.manifest.roles, err) ||
        !read_list(db, &SQL_BACKUP_SETTINGS, &origin.manifest.database_settings, err)) {
        return false;
    }
    *ret_origin = origin;
    origin = (struct origin){0};
    return true;
}

static bool read_last_migration(struct db *db, const struct environment *environment,
                                struct origin *origin, struct error *err)
{
    CLEANUP(history_freep) struct history *history = NULL;
    const char *named = environment_schema(environment);
    const char *schema = named != NULL ? named : "public";
    msec deadline = deadline_in(LOOK_PATIENCE);
    if (!history_use_schema(db, schema, deadline, err) ||
        !history_read(db, schema, deadline, &history, err)) {
        return false;
    }
    for (size_t i = 0; i < history->n; i++) {
        if (history->rows[i].finished_at != NULL && history->rows[i].rolled_back_at == NULL) {
            origin->manifest.last_migration = arena_copy(origin->arena, history->rows[i].name);
        }
    }
    return true;
}

/* That the transaction is broken by looking for a history that is not there does no harm: it is the
 * last look. */
bool origin_read_release(struct db *db, const struct environment *environment,
                         struct origin *origin, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_BACKUP_RELEASED, DB_NO_PARAMS, deadline_in(LOOK_PATIENCE), &rows, err)) {
        return false;
    }
    if (db_rows_count(rows) > 0 && db_text(rows, 0, 0) != NULL) {
        origin->manifest.release = arena_copy(origin->arena, db_text(rows, 0, 0));
    }
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    bool read = read_last_migration(db, environment, origin, &ignored);
    bool lost = !read && !db_is_alive(db);
    if (lost) {
        error_move(err, &ignored);
    }
    return !lost;
}

void origin_clear(struct origin *origin)
{
    strlist_clear(&origin->manifest.roles);
    strlist_clear(&origin->manifest.database_settings);
    mem_free(origin->manifest.tables);
    strlist_clear(&origin->manifest.superusers);
    strlist_clear(&origin->manifest.memberships);
    db_rows_free(origin->tables);
    db_rows_free(origin->superusers);
    db_rows_free(origin->memberships);
    arena_free(origin->arena);
    *origin = (struct origin){0};
}
