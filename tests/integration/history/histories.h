/* A database for a history, emptied before each test, and batches as the engine runs them. */
#pragma once

#include "../db/sessions.h"

#include <stdlib.h>

#include "headgate/history.h"

#define CHECKSUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct db *db;
static const char *url;

/* All of them share a database, because to make one takes a while. */
__attribute__((unused)) static int open_db(void **state)
{
    (void)state;
    url = scratch_postgres();
    db = session(url, false);
    run(db, "do $$ declare name text; begin\n"
            "  for name in select nspname from pg_namespace\n"
            "              where nspname !~ '^pg_' and nspname <> 'information_schema'\n"
            "  loop execute format('drop schema %I cascade', name); end loop;\n"
            "end $$");
    run(db, "create schema public");
    return 0;
}

__attribute__((unused)) static int close_db(void **state)
{
    (void)state;
    db_closep(&db);
    return 0;
}

__attribute__((unused)) static void create_in(const char *schema)
{
    struct error err = ERROR_INIT;
    assert_ok(history_use_schema(db, schema, SOON, &err));
    assert_ok(history_create(db, SOON, &err));
}

__attribute__((unused)) static struct history *read_in(const char *schema)
{
    struct error err = ERROR_INIT;
    struct history *history = NULL;
    assert_ok(history_use_schema(db, schema, SOON, &err));
    assert_ok(history_read(db, schema, SOON, &history, &err));
    return history;
}

#define NAME "20260101000000_init"

/* A batch in a transaction; `fill` is given the history's schema. */
__attribute__((unused)) static bool run_batch(const char *schema, const struct history_entry *entry,
                                              void (*fill)(struct db_batch *batch,
                                                           const struct history_entry *entry),
                                              const char *sql, struct error *err)
{
    CLEANUP(db_batch_freep) struct db_batch *batch = db_batch_new();
    size_t failed = 0;
    (void)db_batch_begin(batch);
    (void)db_batch_add_text(batch, sql, strlen(sql));
    history_add_settle(batch, schema != NULL ? schema : "public");
    fill(batch, entry);
    (void)db_batch_commit(batch);
    bool done = db_batch_run(db, batch, SOON, &failed, err);
    db_rollback(db);
    return done;
}

/* What the engine does around a migration, and in it. */
__attribute__((unused)) static bool migrate(const char *schema, const char *sql, struct error *err)
{
    struct history_entry entry;
    history_entry_init(&entry, NAME, CHECKSUM);
    return run_batch(schema, &entry, history_add_applied, sql, err);
}

__attribute__((unused)) static void must_migrate(const char *schema, const char *sql)
{
    struct error err = ERROR_INIT;
    assert_ok(migrate(schema, sql, &err));
}

__attribute__((unused)) static void add_progress(struct db_batch *batch,
                                                 const struct history_entry *entry)
{
    history_add_progress(batch, entry->id, 1, NULL);
}

__attribute__((unused)) static void add_more_progress(struct db_batch *batch,
                                                      const struct history_entry *entry)
{
    CLEANUP(mem_freep) char *note = history_note_begun(2, "line 7");
    history_add_progress(batch, entry->id, 2, note);
}

__attribute__((unused)) static void add_failure(struct db_batch *batch,
                                                const struct history_entry *entry)
{
    CLEANUP(mem_freep) char *note = history_note_failed(2, "line 7", "no luck");
    history_add_progress(batch, entry->id, 2, note);
}

__attribute__((unused)) static void must_note(const struct history_entry *entry,
                                              void (*fill)(struct db_batch *batch,
                                                           const struct history_entry *entry))
{
    struct error err = ERROR_INIT;
    assert_ok(run_batch(NULL, entry, fill, "select 1", &err));
}

__attribute__((unused)) static void expect_row(bool resumable, int64_t doubtful, int64_t n_steps,
                                               const char *logs)
{
    CLEANUP(history_freep) struct history *history = read_in(NULL);
    assert_int_equal(history->n, 1);
    const struct history_row *row = &history->rows[0];
    assert_int_equal(history_row_is_resumable(row), resumable);
    assert_int_equal(history_row_doubtful_step(row), doubtful);
    assert_int_equal(row->n_steps, n_steps);
    assert_int_equal(text_equal(row->logs, logs), 1);
}

#define IN_AN_EMPTY_DATABASE(test) cmocka_unit_test_setup_teardown(test, open_db, close_db)
