/* What a person says of the history, against or without what was run. */
#include "headgate/history.h"

#include "history_sql.h"

static bool roll_back(struct db *db)
{
    db_rollback(db);
    return false;
}

bool history_resolve_applied(struct db *db, const char *name, const char *checksum, msec deadline,
                             struct error *err)
{
    struct history_entry entry;
    history_entry_init(&entry, name, checksum);
    if (!db_begin(db, deadline, err)) {
        return false;
    }
    if (!db_execute(db, &SQL_HISTORY_RESOLVE_FAILED, DB_PARAMS(name), deadline, err) ||
        !db_execute(db, &SQL_HISTORY_RESOLVE_APPLIED, DB_PARAMS(entry.id, checksum, name), deadline,
                    err)) {
        return roll_back(db);
    }
    return db_commit(db, deadline, err);
}

bool history_resolve_rolled_back(struct db *db, const char *name, msec deadline, int64_t *ret_n,
                                 struct error *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    if (!db_query(db, &SQL_HISTORY_RESOLVE_FAILED, DB_PARAMS(name), deadline, &rows, err)) {
        return false;
    }
    *ret_n = (int64_t)db_rows_count(rows);
    return true;
}

bool history_resolve_step(struct db *db, const char *id, size_t n_steps, msec deadline,
                          struct error *err)
{
    CLEANUP(mem_freep) char *n = mem_printf("%zu", n_steps);
    CLEANUP(mem_freep)
    char *note = mem_printf("headgate: %zu steps are done, a person says", n_steps);
    return db_execute(db, &SQL_HISTORY_PROGRESS, DB_PARAMS(id, n, note), deadline, err);
}

bool history_mark(struct db *db, const char *environment, const char *kind, const char *actor,
                  msec deadline, struct error *err)
{
    return db_execute(db, &SQL_HISTORY_CREATE_RECORDS, DB_NO_PARAMS, deadline, err) &&
           db_execute(db, &SQL_HISTORY_MARK, DB_PARAMS(environment, kind, actor), deadline, err);
}

struct columns {
    struct strlist ids, checksums, names, times;
};

static void columns_clear(struct columns *columns)
{
    strlist_clear(&columns->ids);
    strlist_clear(&columns->checksums);
    strlist_clear(&columns->names);
    strlist_clear(&columns->times);
}

bool history_record_past(struct db *db, const struct history_past *items, size_t n,
                         const char *note, msec deadline, struct error *err)
{
    CLEANUP(columns_clear)
    struct columns columns = {STRLIST_INIT, STRLIST_INIT, STRLIST_INIT, STRLIST_INIT};
    for (size_t i = 0; i < n; i++) {
        char id[UUID_SIZE];
        random_uuid(id);
        strlist_add(&columns.ids, id);
        strlist_add(&columns.checksums, items[i].checksum);
        strlist_add(&columns.names, items[i].name);
        strlist_add(&columns.times, items[i].applied_at != NULL ? items[i].applied_at : "");
    }
    CLEANUP(mem_freep) char *ids = db_array(&columns.ids);
    CLEANUP(mem_freep) char *checksums = db_array(&columns.checksums);
    CLEANUP(mem_freep) char *names = db_array(&columns.names);
    CLEANUP(mem_freep) char *times = db_array(&columns.times);
    return db_execute(db, &SQL_HISTORY_RECORD_PAST,
                      DB_PARAMS(ids, checksums, names, times, note != NULL ? note : ""), deadline,
                      err);
}
