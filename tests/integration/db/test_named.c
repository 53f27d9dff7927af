/* Statements about names, and a connection for other programs. */
#include "sessions.h"

#include <signal.h>
#include <stdlib.h>

#include "headgate/db_copy.h"
#include "headgate/interrupt.h"

static struct db *db;

static int open_db(void **state)
{
    (void)state;
    interrupt_forget();
    db = session(scratch_postgres(), false);
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    interrupt_forget();
    db_closep(&db);
    return 0;
}

static void name(const char *sql, struct db_params names)
{
    struct error err = ERROR_INIT;
    assert_ok(db_run_named(db, STATEMENT(sql), names, SOON, &err));
}

static const char *const hostile[] = {
    "plain",
    "a\"b",
    "x'; drop table y; --",
    "back\\slash",
    "E'\\''",
    "$1 $$ %1$I %s %",
    "Gro\xC3\x9F \xE2\x82\xAC",
    "line\nbreak",
    "select",
    /* 63 bytes */
    "abcdefghijklmnopqrstuvwxyz abcdefghijklmnopqrstuvwxyz 012345678",
};

static void names_of_all_kinds_stay_names(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    run(db, "create table y (a int)");
    for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
        name("create table %1$I (%1$I text default %1$L)", DB_PARAMS(hostile[i]));
        name("insert into %1$I default values", DB_PARAMS(hostile[i]));
        name("comment on table %1$I is %2$L", DB_PARAMS(hostile[i], hostile[i]));
        CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
        assert_ok(db_query(db,
                           STATEMENT("select attname, obj_description(attrelid)"
                                     "  from pg_attribute join pg_class on attrelid = pg_class.oid"
                                     " where relname = $1 and attnum = 1"),
                           DB_PARAMS(hostile[i]), SOON, &rows, &err));
        assert_int_equal(db_rows_count(rows), 1);
        assert_string_equal(db_text(rows, 0, 0), hostile[i]);
        assert_string_equal(db_text(rows, 0, 1), hostile[i]);
        name("drop table %1$I", DB_PARAMS(hostile[i]));
    }
    must_be(db, "select count(*) from y", "0");
}

static void a_percent_sign_is_written_twice(void **state)
{
    (void)state;
    run(db, "create table percent (a text)");
    name("insert into percent select %2$L || '%%' || %1$L", DB_PARAMS("1", "100"));
    must_be(db, "select a from percent", "100%1");
}

static void databases_are_made_and_removed_outside_of_transactions(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const char *const database = "shop'\"; --\xC3\xA4 =b";
    name("create database %1$I", DB_PARAMS(database));
    CLEANUP(conninfo_freep) struct conninfo *here = conninfo_of(scratch_postgres());
    CLEANUP(conninfo_freep) struct conninfo *there = conninfo_with_database(here, database);
    struct db_options options = {.purpose = "test"};
    CLEANUP(db_closep) struct db *inside = NULL;
    assert_ok(db_open(there, &options, SOON, &inside, &err));
    assert_string_equal(db_identity(inside)->database, database);
    db_closep(&inside);
    assert_ok(db_begin(db, SOON, &err));
    assert_fails(db_run_named(db, STATEMENT("drop database %1$I"), DB_PARAMS(database), SOON, &err),
                 ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "25001");
    error_clear(&err);
    db_rollback(db);
    name("drop database %1$I", DB_PARAMS(database));
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_fails(
        db_run_named(db, STATEMENT("create table %1$I ()"), DB_PARAMS("bad\xC3"), SOON, &err),
        ERROR_CONFIG);
    error_clear(&err);
    must_be(db, "select 1", "1");
}

static void one_statement_only_is_run(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    assert_fails(db_run_named(db, STATEMENT("select 1; select 2"), DB_NO_PARAMS, SOON, &err),
                 ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "42601");
    error_clear(&err);
}

static void deadlines_wishes_to_stop_and_closed_sessions_count(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    struct pollfd none = {.fd = -1, .events = 0, .revents = 0};
    raise(SIGINT);
    assert_int_equal(interrupt_poll(&none, 1, SOON), -1);
    assert_fails(db_run_named(db, STATEMENT("select %1$L"), DB_PARAMS("x"), SOON, &err),
                 ERROR_INTERRUPTED);
    error_clear(&err);
    interrupt_forget();
    assert_fails(db_run_named(db, STATEMENT("select pg_sleep(60), %1$L"), DB_PARAMS("x"),
                              deadline_in(300), &err),
                 ERROR_TIMEOUT);
    error_clear(&err);
    assert_fails(db_run_named(db, STATEMENT("select %1$L"), DB_PARAMS("x"), SOON, &err),
                 ERROR_UNREACHABLE);
    error_clear(&err);
}

/* psql, with nothing but these variables, must come to the same place. */
static void a_program_comes_to_the_same_database(void **state)
{
    (void)state;
    const char *const database = "elsewhere 'x' \\";
    name("create database %1$I", DB_PARAMS(database));
    CLEANUP(conninfo_freep) struct conninfo *here = conninfo_of(scratch_postgres());
    CLEANUP(conninfo_freep) struct conninfo *there = conninfo_with_database(here, database);
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    conninfo_environment(there, "-c timezone=Asia/Tokyo -c work_mem=7MB", &env);
    for (size_t i = 0; i < env.n; i++) {
        char *equals = strchr(env.items[i], '=');
        *equals = '\0';
        assert_int_equal(setenv(env.items[i], equals + 1, 1), 0);
    }
    const char *said =
        scratch_out("psql -XAtc \"select current_database(), current_setting('timezone'),"
                    " current_setting('work_mem')\"");
    for (size_t i = 0; i < env.n; i++) {
        assert_int_equal(unsetenv(env.items[i]), 0);
    }
    assert_string_equal(said, "elsewhere 'x' \\|Asia/Tokyo|7MB");
    name("drop database %1$I", DB_PARAMS(database));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)

int main(void)
{
    interrupt_install();
    const struct CMUnitTest tests[] = {
        TEST(names_of_all_kinds_stay_names),
        TEST(a_percent_sign_is_written_twice),
        TEST(databases_are_made_and_removed_outside_of_transactions),
        TEST(what_is_no_text_is_refused),
        TEST(one_statement_only_is_run),
        TEST(deadlines_wishes_to_stop_and_closed_sessions_count),
        TEST(a_program_comes_to_the_same_database),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
