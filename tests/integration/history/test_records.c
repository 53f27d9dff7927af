/* The second part of a history, and what a person says of the first. */
#include "histories.h"

/* --- the second part --- */

static bool make_records(void)
{
    struct error err = ERROR_INIT;
    bool recorded = false;
    assert_ok(history_create_records(db, SOON, &recorded, &err));
    return recorded;
}

static void add_record_of(struct db_batch *batch, const struct history_entry *entry)
{
    const struct history_record record = {.id = entry->id,
                                          .name = entry->name,
                                          .run = "r1",
                                          .release = "abc",
                                          .actor = "somebody",
                                          .mode = "in a transaction",
                                          .reason = "why not",
                                          .text = "select '\xc3\xa4';",
                                          .attempts = 3,
                                          .lock_wait = 20,
                                          .blocked = 10};
    history_add_record(batch, &record);
}

static void add_record_later(struct db_batch *batch, const struct history_entry *entry)
{
    const struct history_record record = {.id = entry->id, .name = "?", .mode = "?", .attempts = 4};
    history_add_record(batch, &record);
}

static void a_record_is_kept_beside_the_row(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct history_entry entry;
    CLEANUP(mem_freep) char *text = NULL;
    create_in(NULL);
    assert_true(make_records());
    assert_true(make_records());
    history_entry_init(&entry, NAME, CHECKSUM);
    assert_ok(history_recorded_text(db, entry.id, SOON, &text, &err));
    assert_null(text);
    must_note(&entry, add_record_of);
    must_be(db,
            "select concat_ws(' ', name, run, release, actor, mode, attempts, lock_wait_ms,"
            " blocked_ms, reason) from headgate.migration",
            NAME " r1 abc somebody in a transaction 3 20 10 why not");
    assert_ok(history_recorded_text(db, entry.id, SOON, &text, &err));
    assert_string_equal(text, "select '\xc3\xa4';");
    must_note(&entry, add_record_later);
    must_be(db, "select concat_ws(' ', name, mode, attempts, run is null) from headgate.migration",
            NAME " in a transaction 4 t");
}

static void expect_second_part(const char *marked, bool recorded)
{
    CLEANUP(history_freep) struct history *history = read_in(NULL);
    assert_int_equal(text_equal(history->marked, marked), 1);
    assert_int_equal(history->recorded, recorded);
}

static void a_database_says_which_environment_it_is(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    create_in(NULL);
    expect_second_part(NULL, false);
    assert_true(make_records());
    expect_second_part(NULL, true);
    run(db, "drop schema headgate cascade");
    expect_second_part(NULL, false);
    assert_ok(history_mark(db, "production", "production", "somebody", SOON, &err));
    expect_second_part("production", true);
    assert_ok(history_mark(db, "staging <1> & \"two\"", "staging", NULL, SOON, &err));
    must_be(db, "select count(*) from headgate.environment", "1");
    must_be(db, "select kind || (marked_by is null) from headgate.environment", "stagingtrue");
    run(db, "drop table headgate.environment");
    expect_second_part(NULL, true);
    run(db, "drop table headgate.migration");
    expect_second_part(NULL, false);
}

/* All of select, insert and update are needed to write a record. */
static void records_that_may_not_be_written_do_not_count(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    create_in(NULL);
    assert_ok(history_mark(db, "production", "production", "somebody", SOON, &err));
    run(db, "drop role if exists modest");
    run(db, "create role modest");
    run(db, "grant usage on schema public to modest");
    run(db, "grant select on _prisma_migrations to modest");
    static const struct {
        const char *grant, *marked;
        bool recorded;
    } cases[] = {
        {"select", NULL, false},
        {"grant usage on schema headgate to modest", NULL, false},
        {"grant insert, update on headgate.migration to modest", NULL, false},
        {"grant select on headgate.migration to modest", NULL, true},
        {"grant select on headgate.environment to modest", "production", true},
        {"revoke insert on headgate.migration from modest", "production", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        run(db, cases[i].grant);
        run(db, "set role modest");
        expect_second_part(cases[i].marked, cases[i].recorded);
        run(db, "reset role");
    }
    run(db, "drop owned by modest cascade");
}

static void a_role_that_may_not_make_them_does_without(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    bool recorded = true;
    run(db, "drop role if exists modest");
    run(db, "create role modest");
    run(db, "set role modest");
    assert_ok(history_create_records(db, SOON, &recorded, &err));
    assert_false(recorded);
    run(db, "reset role");
    db_closep(&db);
    db = session(url, true);
    assert_fails(history_create_records(db, SOON, &recorded, &err), ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "25006");
    error_clear(&err);
}

/* --- by hand --- */

static void what_is_resolved_as_applied_is_what_prisma_writes(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct history_entry entry;
    create_in(NULL);
    history_entry_init(&entry, NAME, "old");
    must_note(&entry, history_add_begun);
    assert_ok(history_resolve_applied(db, NAME, CHECKSUM, SOON, &err));
    must_be(db,
            "select string_agg(concat_ws(' ', checksum, finished_at is null, rolled_back_at is"
            " null, applied_steps_count, logs), ', ' order by started_at) from"
            " _prisma_migrations",
            "old t f 0 headgate: no step is done yet, " CHECKSUM " f t 0 ");
    run(db, "drop table _prisma_migrations");
    assert_fails(history_resolve_applied(db, NAME, CHECKSUM, SOON, &err), ERROR_DATABASE);
    error_clear(&err);
    assert_false(db_in_transaction(db));
}

static void what_is_resolved_as_rolled_back_is_counted(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct history_entry entry;
    int64_t n = -1;
    create_in(NULL);
    assert_ok(history_resolve_rolled_back(db, NAME, SOON, &n, &err));
    assert_int_equal(n, 0);
    for (int i = 0; i < 2; i++) {
        history_entry_init(&entry, NAME, CHECKSUM);
        must_note(&entry, history_add_begun);
    }
    assert_ok(history_resolve_rolled_back(db, NAME, SOON, &n, &err));
    assert_int_equal(n, 2);
    run(db, "drop table _prisma_migrations");
    assert_fails(history_resolve_rolled_back(db, NAME, SOON, &n, &err), ERROR_DATABASE);
    error_clear(&err);
}

static void a_past_is_recorded_as_prisma_would(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct history_past past[] = {
        {.name = "1_a", .checksum = "x"},
        {.name = "2_\"b\", {c}", .checksum = "y", .applied_at = "2020-02-03 04:05:06+00"}};
    create_in(NULL);
    assert_ok(history_record_past(db, past, 2, "from elsewhere", SOON, &err));
    assert_ok(history_record_past(db, past, 1, NULL, SOON, &err));
    must_be(db, "select count(*) from _prisma_migrations where finished_at is not null", "3");
    must_be(db,
            "select checksum || ' ' || extract(year from finished_at) || ' ' || logs from"
            " _prisma_migrations where migration_name = '2_\"b\", {c}'",
            "y 2020 from elsewhere");
}

static void a_step_in_doubt_is_resolved_by_a_person(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct history_entry entry;
    create_in(NULL);
    history_entry_init(&entry, NAME, CHECKSUM);
    must_note(&entry, history_add_begun);
    must_note(&entry, add_more_progress);
    assert_ok(history_resolve_step(db, entry.id, 3, SOON, &err));
    expect_row(true, -1, 3, "headgate: 3 steps are done, a person says");
    assert_fails(history_resolve_step(db, "nobody", 3, SOON, &err), ERROR_DATABASE);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_AN_EMPTY_DATABASE(a_record_is_kept_beside_the_row),
        IN_AN_EMPTY_DATABASE(a_database_says_which_environment_it_is),
        IN_AN_EMPTY_DATABASE(records_that_may_not_be_written_do_not_count),
        IN_AN_EMPTY_DATABASE(a_role_that_may_not_make_them_does_without),
        IN_AN_EMPTY_DATABASE(what_is_resolved_as_applied_is_what_prisma_writes),
        IN_AN_EMPTY_DATABASE(what_is_resolved_as_rolled_back_is_counted),
        IN_AN_EMPTY_DATABASE(a_past_is_recorded_as_prisma_would),
        IN_AN_EMPTY_DATABASE(a_step_in_doubt_is_resolved_by_a_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
