/* Rows as they are written around a migration, whatever that does to its session. */
#include "histories.h"

/* --- step by step --- */

static void add_rolled_back(struct db_batch *batch, const struct history_entry *entry)
{
    history_add_rolled_back(batch, entry, "no luck");
}

static void add_taken_back(struct db_batch *batch, const struct history_entry *entry)
{
    history_add_taken_back(batch, entry->id);
}

static void a_row_says_how_far_its_migration_is(void **state)
{
    (void)state;
    struct history_entry entry;
    create_in(NULL);
    history_entry_init(&entry, NAME, CHECKSUM);
    must_note(&entry, history_add_begun);
    expect_row(true, -1, 0, "headgate: no step is done yet");
    must_note(&entry, add_progress);
    expect_row(true, -1, 1, "headgate: 1 step is done");
    must_note(&entry, add_more_progress);
    expect_row(true, 2, 2, "headgate: step 3 (line 7) has begun");
    must_note(&entry, add_failure);
    expect_row(true, -1, 2, "headgate: step 3 (line 7) failed: no luck");
    must_note(&entry, history_add_finished);
    expect_row(false, -1, 1, NULL);
    must_note(&entry, add_taken_back);
    expect_row(false, -1, 1, "headgate: taken back by its down.sql");
}

static void rows_of_others_are_not_gone_on_with(void **state)
{
    (void)state;
    create_in(NULL);
    run(db, "insert into _prisma_migrations (id, checksum, migration_name) values ('1', 'x', 'a')");
    expect_row(false, -1, 0, NULL);
    run(db, "update _prisma_migrations set logs = 'ERROR: it has begun'");
    expect_row(false, -1, 0, "ERROR: it has begun");
    run(db, "update _prisma_migrations set logs = 'headgate: x has begun', rolled_back_at = now()");
    expect_row(false, -1, 0, "headgate: x has begun");
}

static void without_its_row_nothing_is_noted(void **state)
{
    (void)state;
    static void (*const fills[])(struct db_batch *, const struct history_entry *) = {
        add_progress, history_add_finished};
    struct history_entry entry;
    create_in(NULL);
    history_entry_init(&entry, NAME, CHECKSUM);
    for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
        struct error err = ERROR_INIT;
        assert_fails(run_batch(NULL, &entry, fills[i], "create table a (id int)", &err),
                     ERROR_DATABASE);
        assert_string_equal(err.sqlstate, HISTORY_ROW_LOST);
        error_clear(&err);
        must_be(db, "select to_regclass('a') is null", "t");
    }
}

static void a_failed_attempt_is_settled_for_prisma(void **state)
{
    (void)state;
    struct history_entry entry;
    create_in(NULL);
    history_entry_init(&entry, NAME, CHECKSUM);
    must_note(&entry, add_rolled_back);
    must_be(db,
            "select concat_ws(' ', migration_name, logs, applied_steps_count, finished_at is null,"
            " rolled_back_at >= started_at) from _prisma_migrations",
            NAME " no luck 0 t t");
}

static void expect_looked_up(const char *id, bool there, bool finished, int64_t n_steps)
{
    struct error err = ERROR_INIT;
    bool is_there = !there, is_finished = !finished;
    int64_t n = -1;
    assert_ok(history_look_up(db, id, SOON, &is_there, &is_finished, &n, &err));
    assert_int_equal(is_there, there);
    assert_int_equal(is_finished, finished);
    assert_int_equal(n, n_steps);
}

static void a_row_can_be_looked_up(void **state)
{
    (void)state;
    struct history_entry entry;
    create_in(NULL);
    history_entry_init(&entry, NAME, CHECKSUM);
    expect_looked_up(entry.id, false, false, 0);
    must_note(&entry, history_add_begun);
    must_note(&entry, add_more_progress);
    expect_looked_up(entry.id, true, false, 2);
    must_note(&entry, history_add_finished);
    expect_looked_up(entry.id, true, true, 1);
}

/* --- whatever the migration does to its session --- */

static void rows_go_where_they_belong(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "set search_path to pg_catalog", "set role errand", "set session authorization errand",
        "set client_encoding to latin1", "reset all",       "set local search_path to nowhere",
        "set timezone to 'Asia/Tokyo'",
    };
    run(db, "drop role if exists errand");
    run(db, "create role errand");
    create_in("shop");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        must_migrate("shop", texts[i]);
        db_closep(&db);
        db = session(url, false);
    }
    must_be(db, "select count(*) from shop._prisma_migrations where finished_at is not null", "7");
}

static void what_was_set_stays_for_the_session(void **state)
{
    (void)state;
    create_in("shop");
    must_migrate("shop", "set search_path to pg_catalog");
    must_be(db, "select current_setting('search_path')", "pg_catalog");
    run(db, "set search_path to shop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_AN_EMPTY_DATABASE(a_row_says_how_far_its_migration_is),
        IN_AN_EMPTY_DATABASE(rows_of_others_are_not_gone_on_with),
        IN_AN_EMPTY_DATABASE(without_its_row_nothing_is_noted),
        IN_AN_EMPTY_DATABASE(a_failed_attempt_is_settled_for_prisma),
        IN_AN_EMPTY_DATABASE(a_row_can_be_looked_up),
        IN_AN_EMPTY_DATABASE(rows_go_where_they_belong),
        IN_AN_EMPTY_DATABASE(what_was_set_stays_for_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
