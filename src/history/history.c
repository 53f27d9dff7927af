/* Reading the history. */
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
            .n_steps = db_integer(history->stored, i, 7),
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

/* Where the schema is not there, or may not be entered, no row comes. */
static bool read_second_part(struct db *db, struct history *history, msec deadline,
                             struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_SECOND_PART, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    if (db_rows_count(rows) > 0) {
        history->marked = mem_copy(db_text(rows, 0, 0));
        history->recorded = db_bool(rows, 0, 1);
    }
    return true;
}

/* That there is no table is an answer. */
static bool read_rows(struct db *db, struct history *history, msec deadline, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    history->exists =
        db_query(db, &SQL_HISTORY_LIST, DB_NO_PARAMS, deadline, &history->stored, &failure);
    if (!history->exists && !text_equal(failure.sqlstate, UNDEFINED_TABLE)) {
        error_move(err, &failure);
        return false;
    }
    if (history->exists) {
        take_rows(history);
        history->other_tables = false;
    }
    return true;
}

bool history_read(struct db *db, const char *schema, msec deadline, struct history **ret_history,
                  struct error *err)
{
    CLEANUP(history_freep) struct history *history = mem_new(1, sizeof *history);
    if (!read_rows(db, history, deadline, err)) {
        return false;
    }
    if (!history->exists &&
        !look_for_other_tables(db, schema, deadline, &history->other_tables, err)) {
        return false;
    }
    /* Somebody may have made both between the two looks: the table comes first. */
    if (history->other_tables && !read_rows(db, history, deadline, err)) {
        return false;
    }
    if (!read_second_part(db, history, deadline, err)) {
        return false;
    }
    *ret_history = TAKE(history);
    return true;
}

void history_freep(struct history **history)
{
    if (*history != NULL) {
        mem_free((*history)->rows);
        mem_free((*history)->marked);
        db_rows_free((*history)->stored);
        mem_free(*history);
        *history = NULL;
    }
}

bool history_recorded_text(struct db *db, const char *id, msec deadline, char **ret_text,
                           struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_RECORDED_TEXT, DB_PARAMS(id), deadline, &rows, err)) {
        return false;
    }
    *ret_text = mem_copy(db_rows_count(rows) > 0 ? db_text(rows, 0, 0) : NULL);
    return true;
}

bool history_look_up(struct db *db, const char *id, msec deadline, bool *ret_there,
                     bool *ret_finished, int64_t *ret_n_steps, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_LOOK_UP, DB_PARAMS(id), deadline, &rows, err)) {
        return false;
    }
    *ret_there = db_rows_count(rows) > 0;
    *ret_finished = *ret_there && db_bool(rows, 0, 0);
    *ret_n_steps = *ret_there ? db_integer(rows, 0, 1) : 0;
    return true;
}
