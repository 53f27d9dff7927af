/* Reading and writing the history table. */
#include "headgate/history.h"

#include "history_sql.h"

#define UNDEFINED_TABLE "42P01"
#define INSUFFICIENT_PRIVILEGE "42501"

bool history_use_schema(struct db *db, const char *schema, msec deadline, struct error *err)
{
    return db_set_schema(db, schema != NULL ? schema : "public", deadline, err);
}

static void take_rows(struct history *history)
{
    history->n = db_rows_count(history->stored);
    history->rows = mem_new(history->n + 1, sizeof *history->rows);
    for (size_t i = 0; i < history->n; i++) {
        history->rows[i] = (struct history_row){
            .id = db_text(history->stored, i, 0),
            .checksum = db_text(history->stored, i, 1),
            .name = db_text(history->stored, i, 2),
            .started_at = db_text(history->stored, i, 3),
            .finished_at = db_text(history->stored, i, 4),
            .rolled_back_at = db_text(history->stored, i, 5),
            .logs = db_text(history->stored, i, 6),
        };
    }
}

/* A schema that may not be entered looks as if it were empty. */
static bool refuse_blind(const char *schema, const char *user, struct error *err)
{
    (void)error_set(err, ERROR_DATABASE, "permission denied for schema \"%s\"", schema);
    memcpy(err->sqlstate, INSUFFICIENT_PRIVILEGE, sizeof err->sqlstate);
    return error_hint(err, "Have it granted to the role: grant usage on schema \"%s\" to \"%s\".",
                      schema, user);
}

static bool look_for_other_tables(struct db *db, const char *schema, msec deadline,
                                  bool *ret_are_there, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    const char *name = schema != NULL ? schema : "public";
    if (!db_query(db, &SQL_HISTORY_OTHER_TABLES, DB_PARAMS(name), deadline, &rows, err)) {
        return false;
    }
    if (!db_bool(rows, 0, 1)) {
        return refuse_blind(name, db_text(rows, 0, 2), err);
    }
    *ret_are_there = db_bool(rows, 0, 0);
    return true;
}

bool history_read(struct db *db, const char *schema, msec deadline, struct history **ret_history,
                  struct error *err)
{
    CLEANUP(history_freep) struct history *history = mem_new(1, sizeof *history);
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (db_query(db, &SQL_HISTORY_LIST, DB_NO_PARAMS, deadline, &history->stored, &failure)) {
        history->exists = true;
        take_rows(history);
    } else if (!text_equal(failure.sqlstate, UNDEFINED_TABLE)) {
        error_move(err, &failure);
        return false;
    } else if (!look_for_other_tables(db, schema, deadline, &history->other_tables, err)) {
        return false;
    }
    *ret_history = TAKE(history);
    return true;
}

void history_freep(struct history **history)
{
    if (*history != NULL) {
        mem_free((*history)->rows);
        db_rows_free((*history)->stored);
        mem_free(*history);
        *history = NULL;
    }
}

bool history_create(struct db *db, msec deadline, struct error *err)
{
    return db_execute(db, &SQL_HISTORY_CREATE_SCHEMA, DB_NO_PARAMS, deadline, err) &&
           db_execute(db, &SQL_HISTORY_CREATE_TABLE, DB_NO_PARAMS, deadline, err);
}

bool history_begin(struct db *db, const char *name, const char *checksum, char ret_id[UUID_SIZE],
                   msec deadline, struct error *err)
{
    char id[UUID_SIZE];
    random_uuid(id);
    if (!db_execute(db, &SQL_HISTORY_BEGIN, DB_PARAMS(id, checksum, name), deadline, err)) {
        return false;
    }
    memcpy(ret_id, id, sizeof id);
    return true;
}

bool history_finish(struct db *db, const char *schema, const char *id, msec deadline,
                    bool *ret_found, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!history_use_schema(db, schema, deadline, err) ||
        !db_query(db, &SQL_HISTORY_FINISH, DB_PARAMS(id), deadline, &rows, err)) {
        return false;
    }
    *ret_found = db_rows_count(rows) > 0;
    return true;
}

bool history_try_lock(struct db *db, msec deadline, bool *ret_locked, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_TRY_LOCK, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    *ret_locked = db_bool(rows, 0, 0);
    return true;
}

bool history_lock_holder(struct db *db, msec deadline, bool *ret_found,
                         struct history_holder *ret_holder, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_LOCK_HOLDER, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    *ret_found = db_rows_count(rows) > 0;
    if (*ret_found) {
        *ret_holder = (struct history_holder){
            .pid = db_integer(rows, 0, 0),
            .application = mem_copy(db_text(rows, 0, 1)),
            .client = mem_copy(db_text(rows, 0, 2)),
            .since = mem_copy(db_text(rows, 0, 3)),
        };
    }
    return true;
}

void history_holder_clear(struct history_holder *holder)
{
    mem_free(holder->application);
    mem_free(holder->client);
    mem_free(holder->since);
    *holder = (struct history_holder){0};
}
