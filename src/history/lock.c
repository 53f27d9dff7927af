/* The lock of a database: two keys of the session. */
#include "headgate/history.h"

#include "history_sql.h"

bool history_try_lock(struct db *db, const char *key, msec deadline, bool *ret_locked,
                      struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_TRY_LOCK, DB_PARAMS(key), deadline, &rows, err)) {
        return false;
    }
    *ret_locked = db_bool(rows, 0, 0);
    return true;
}

bool history_give_prisma_key(struct db *db, msec deadline, struct error *err)
{
    return db_execute(db, &SQL_HISTORY_GIVE_PRISMA_KEY, DB_NO_PARAMS, deadline, err);
}

bool history_lock_is_real(struct db *db, msec deadline, bool *ret_real, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_LOCK_REAL, DB_NO_PARAMS, deadline, &rows, err)) {
        return false;
    }
    *ret_real = db_bool(rows, 0, 0);
    return true;
}

bool history_lock_holder(struct db *db, const char *key, msec deadline, bool *ret_found,
                         struct history_holder *ret_holder, struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_LOCK_HOLDER, DB_PARAMS(key), deadline, &rows, err)) {
        return false;
    }
    *ret_found = db_rows_count(rows) > 0;
    if (*ret_found) {
        *ret_holder = (struct history_holder){
            .pid = db_integer(rows, 0, 0),
            .application = mem_copy(db_text(rows, 0, 1)),
            .client = mem_copy(db_text(rows, 0, 2)),
            .since = mem_copy(db_text(rows, 0, 3)),
            .query = mem_copy(db_text(rows, 0, 4)),
        };
    }
    return true;
}

void history_holder_clear(struct history_holder *holder)
{
    mem_free(holder->application);
    mem_free(holder->client);
    mem_free(holder->since);
    mem_free(holder->query);
    *holder = (struct history_holder){0};
}
