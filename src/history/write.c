/* What is written around a migration: its row, step by step, and the record beside it. */
#include "headgate/history.h"

#include "history_sql.h"

#define INSUFFICIENT_PRIVILEGE "42501"
#define OURS "headgate: "
#define BEGUN "has begun"

bool history_create(struct db *db, msec deadline, struct error *err)
{
    return db_execute(db, &SQL_HISTORY_CREATE_SCHEMA, DB_NO_PARAMS, deadline, err) &&
           db_execute(db, &SQL_HISTORY_CREATE_TABLE, DB_NO_PARAMS, deadline, err);
}

bool history_create_records(struct db *db, msec deadline, bool *ret_recorded, struct error *err)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (db_execute(db, &SQL_HISTORY_CREATE_RECORDS, DB_NO_PARAMS, deadline, &failure)) {
        *ret_recorded = true;
        return true;
    }
    if (!text_equal(failure.sqlstate, INSUFFICIENT_PRIVILEGE)) {
        error_move(err, &failure);
        return false;
    }
    *ret_recorded = false;
    return true;
}

void history_entry_init(struct history_entry *entry, const char *name, const char *checksum)
{
    random_uuid(entry->id);
    entry->name = name;
    entry->checksum = checksum;
}

/* --- the steps of a batch --- */

static void add(struct db_batch *batch, const struct db_statement *statement,
                struct db_params params)
{
    (void)db_batch_add(batch, statement, params);
}

/* In a transaction of its own: the next one is to begin in the fresh session, with its isolation
 * level, and a migration that fails must not bring the old one back. */
void history_add_fresh(struct db_batch *batch)
{
    (void)db_batch_begin(batch);
    add(batch, &SQL_HISTORY_FRESH, DB_NO_PARAMS);
    (void)db_batch_commit(batch);
}

void history_add_settle(struct db_batch *batch, const char *schema)
{
    add(batch, &SQL_HISTORY_SETTLE_LOGIN, DB_NO_PARAMS);
    add(batch, &SQL_HISTORY_SETTLE_ROLE, DB_NO_PARAMS);
    add(batch, &SQL_HISTORY_SETTLE, DB_PARAMS(schema));
}

void history_add_applied(struct db_batch *batch, const struct history_entry *entry)
{
    add(batch, &SQL_HISTORY_APPLIED, DB_PARAMS(entry->id, entry->checksum, entry->name));
}

void history_add_rolled_back(struct db_batch *batch, const struct history_entry *entry,
                             const char *logs)
{
    add(batch, &SQL_HISTORY_ROLLED_BACK, DB_PARAMS(entry->id, entry->checksum, entry->name, logs));
}

void history_add_begun(struct db_batch *batch, const struct history_entry *entry)
{
    add(batch, &SQL_HISTORY_BEGUN, DB_PARAMS(entry->id, entry->checksum, entry->name));
}

void history_add_progress(struct db_batch *batch, const char *id, size_t n_steps, const char *note)
{
    CLEANUP(mem_freep) char *n = mem_printf("%zu", n_steps);
    CLEANUP(mem_freep)
    char *done = mem_printf(OURS "%zu step%s done", n_steps, n_steps == 1 ? " is" : "s are");
    add(batch, &SQL_HISTORY_PROGRESS, DB_PARAMS(id, n, note != NULL ? note : done));
}

void history_add_finished(struct db_batch *batch, const struct history_entry *entry)
{
    add(batch, &SQL_HISTORY_FINISHED, DB_PARAMS(entry->id, entry->checksum));
}

void history_add_record(struct db_batch *batch, const struct history_record *record)
{
    CLEANUP(mem_freep) char *attempts = mem_printf("%lld", (long long)record->attempts);
    CLEANUP(mem_freep) char *lock_wait = mem_printf("%lld", (long long)record->lock_wait);
    CLEANUP(mem_freep) char *blocked = mem_printf("%lld", (long long)record->blocked);
    add(batch, &SQL_HISTORY_RECORD,
        DB_PARAMS(record->id, record->name, record->run, record->release, record->actor,
                  record->mode, attempts, lock_wait, blocked, record->reason, record->text));
}

void history_add_taken_back(struct db_batch *batch, const char *id)
{
    add(batch, &SQL_HISTORY_TAKEN_BACK, DB_PARAMS(id));
}

/* --- the notes of an unfinished row --- */

char *history_note_begun(size_t step, const char *where)
{
    return mem_printf(OURS "step %zu (%s) " BEGUN, step + 1, where);
}

char *history_note_failed(size_t step, const char *where, const char *message)
{
    return mem_printf(OURS "step %zu (%s) failed: %s", step + 1, where, message);
}

bool history_row_is_resumable(const struct history_row *row)
{
    return row->finished_at == NULL && row->rolled_back_at == NULL && row->logs != NULL &&
           text_starts(row->logs, OURS);
}

int64_t history_row_doubtful_step(const struct history_row *row)
{
    return history_row_is_resumable(row) && text_ends(row->logs, BEGUN) ? row->n_steps : -1;
}
