/*
 * The way from a file to a session, with real servers.
 */
#include "scratch.h"

#include <string.h>

#include "headgate/cluster.h"
#include "headgate/environment.h"
#include "headgate/file.h"
#include "headgate/mem.h"

#define SOON deadline_in(60000)
#define STATEMENT(sql) (&(const struct db_statement){"test", (sql)})

static size_t n_said;

static void count_sentence(const char *sentence)
{
    n_said += sentence[0] != '\0';
}

/* An environments file with one environment, "x", of these members; it is the caller's. */
static struct environments *read_members(const char *members)
{
    struct error err = ERROR_INIT;
    struct environments *set = NULL;
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",%s}}}", members);
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "e.json");
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &set, &err));
    return set;
}

/* A url of the everyday server and these further members. */
static struct environments *read_server(const char *database, const char *members)
{
    CLEANUP(mem_freep)
    char *all = mem_printf("\"url\":\"%s dbname=%s\"%s", scratch_postgres(), database, members);
    return read_members(all);
}

static bool connect_by(struct environments *set, enum environment_route route, bool read_only,
                       struct db **ret_db, struct error *err)
{
    const struct environment_session session = {
        .purpose = "test", .read_only = read_only, .route = route, .on_progress = count_sentence};
    return environment_connect(&set->items[0], &session, SOON, ret_db, err);
}

static void expect_database(struct environments *set, enum environment_route route,
                            const char *database)
{
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = NULL;
    assert_ok(connect_by(set, route, true, &db, &err));
    assert_string_equal(db_identity(db)->database, database);
}

static void must_fail(struct environments *set, enum environment_route route, enum error_code code,
                      struct error *ret_err)
{
    struct error err = ERROR_INIT;
    struct db *untouched = (struct db *)&err, *db = untouched;
    assert_fails(connect_by(set, route, false, &db, &err), code);
    assert_ptr_equal(db, untouched);
    *ret_err = err;
}

static const char *identifier(void)
{
    return scratch_out("psql -XAt '%s' -c 'select system_identifier from pg_control_system()'",
                       scratch_postgres());
}

static int start(void **state)
{
    (void)state;
    scratch_sh("psql -Xq '%s' -c 'create database direct' -c 'create role blind login' -c 'revoke "
               "execute on "
               "function pg_control_system() from public'",
               scratch_postgres());
    return 0;
}

static int stop(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    return embedded_remove(scratch_state(), "mine", SOON, &err) ? 0 : -1;
}

static void a_server_is_connected_to(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = read_server("postgres", "");
    CLEANUP(db_closep) struct db *db = NULL;
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    assert_ok(connect_by(set, ROUTE_USUAL, false, &db, &err));
    assert_ok(db_query(db,
                       STATEMENT("select current_setting('application_name'), "
                                 "current_setting('default_transaction_read_only')"),
                       DB_NO_PARAMS, SOON, &rows, &err));
    assert_string_equal(db_text(rows, 0, 0), "headgate test");
    assert_string_equal(db_text(rows, 0, 1), "off");
    assert_true(set->items[0].target.resolved);
}

static void a_reading_session_cannot_write(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error refused = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = read_server("postgres", "");
    CLEANUP(db_closep) struct db *db = NULL;
    assert_ok(connect_by(set, ROUTE_USUAL, true, &db, &err));
    assert_false(db_execute(db, STATEMENT("create table t (a int)"), DB_NO_PARAMS, SOON, &refused));
    assert_string_equal(refused.sqlstate, "25006");
}

static void migrations_go_the_direct_way(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *direct = mem_printf(",\"direct_url\":\"%s dbname=direct\"", scratch_postgres());
    CLEANUP(environments_freep) struct environments *set = read_server("postgres", direct);
    CLEANUP(environments_freep) struct environments *without = read_server("postgres", "");
    expect_database(set, ROUTE_USUAL, "postgres");
    expect_database(set, ROUTE_DIRECT, "direct");
    expect_database(without, ROUTE_DIRECT, "postgres");
}

static void the_expected_server_is_let_in(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *expect = mem_printf(
        ",\"expect\":{\"database\":\"postgres\",\"system_identifier\":\"%s\"}", identifier());
    CLEANUP(environments_freep) struct environments *set = read_server("postgres", expect);
    expect_database(set, ROUTE_USUAL, "postgres");
}

static void another_database_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep)
    struct environments *set = read_server("postgres", ",\"expect\":{\"database\":\"shop\"}");
    must_fail(set, ROUTE_USUAL, ERROR_STALE, &err);
    assert_string_equal(err.message,
                        "environment \"x\": this is database \"postgres\", not \"shop\"");
    assert_contains(err.hint, "Correct \"url\" or \"expect\" of environment \"x\" in ");
    assert_int_equal(error_exit_status(err.code), 9);
}

static void another_server_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep)
    struct environments *set =
        read_server("postgres", ",\"expect\":{\"system_identifier\":\"7301555512344412345\"}");
    must_fail(set, ROUTE_USUAL, ERROR_STALE, &err);
    assert_contains(err.message, "environment \"x\": this is another server");
    assert_contains(err.detail, identifier());
    assert_contains(err.detail, "7301555512344412345");
}

static void the_direct_way_is_held_to_what_is_expected(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep)
    char *members =
        mem_printf(",\"direct_url\":\"%s dbname=direct\",\"expect\":{\"database\":\"postgres\"}",
                   scratch_postgres());
    CLEANUP(environments_freep) struct environments *set = read_server("postgres", members);
    expect_database(set, ROUTE_USUAL, "postgres");
    must_fail(set, ROUTE_DIRECT, ERROR_STALE, &err);
    assert_contains(err.message, "this is database \"direct\"");
}

static void a_server_that_cannot_be_recognized_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep)
    char *members =
        mem_printf("\"url\":\"%s user=blind\",\"expect\":{\"system_identifier\":\"%s\"}",
                   scratch_postgres(), identifier());
    CLEANUP(environments_freep) struct environments *set = read_members(members);
    must_fail(set, ROUTE_USUAL, ERROR_STALE, &err);
    assert_contains(err.message, "it cannot be seen whether this is the expected server");
    assert_contains(err.detail, "role \"blind\"");
    assert_contains(err.hint, "pg_control_system()");
}

static void a_password_reaches_the_server_from_a_command(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_server("postgres", ",\"direct_url\":\"${cmd:cat direct}\"");
    scratch_sh("printf '%%s dbname=direct\\n' '%s' > direct", scratch_postgres());
    expect_database(set, ROUTE_DIRECT, "direct");
}

static void nobody_there_is_unreachable(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep)
    char *members = mem_printf("\"url\":\"host=%s port=1 dbname=x\"", scratch_dir());
    CLEANUP(environments_freep) struct environments *set = read_members(members);
    must_fail(set, ROUTE_USUAL, ERROR_UNREACHABLE, &err);
    assert_true(text_starts(err.message, "environment \"x\": "));
}

static void no_such_database_is_unreachable(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = read_server("nowhere", "");
    must_fail(set, ROUTE_USUAL, ERROR_UNREACHABLE, &err);
    assert_string_equal(err.sqlstate, "3D000");
}

static void what_cannot_be_resolved_is_not_connected_to(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members("\"url\":\"${HEADGATE_TEST_NOT_SET}\"");
    for (int i = 0; i < 2; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        must_fail(set, ROUTE_USUAL, ERROR_CONFIG, &err);
        assert_int_equal(err.problems.n, 1);
    }
}

static void an_embedded_one_is_made_on_first_use(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"embedded:mine\",\"direct_url\":\"host=/nowhere\"");
    n_said = 0;
    expect_database(set, ROUTE_USUAL, "mine");
    assert_true(n_said > 0);
    scratch_sh("test -d state/embedded/mine/data");
    n_said = 0;
    expect_database(set, ROUTE_DIRECT, "mine");
    assert_int_equal(n_said, 0);
}

static void an_embedded_one_is_held_to_what_is_expected(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep)
    struct environments *set =
        read_members("\"url\":\"embedded:mine\",\"expect\":{\"system_identifier\":\"1\"}");
    must_fail(set, ROUTE_USUAL, ERROR_STALE, &err);
}

static void an_embedded_one_that_cannot_be_made_is_a_failure(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error read = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(environments_freep) struct environments *first = read_members("\"url\":\"embedded:y\"");
    CLEANUP(mem_freep) char *state_folder = path_join(scratch_dir(), "a-file");
    scratch_sh("touch a-file");
    assert_true(environments_read(first->path, state_folder, &set, &read));
    must_fail(set, ROUTE_USUAL, ERROR_IO, &err);
    assert_true(text_starts(err.message, "environment \"x\": "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_connected_to),
        cmocka_unit_test(a_reading_session_cannot_write),
        cmocka_unit_test(migrations_go_the_direct_way),
        cmocka_unit_test(the_expected_server_is_let_in),
        cmocka_unit_test(another_database_is_refused),
        cmocka_unit_test(another_server_is_refused),
        cmocka_unit_test(the_direct_way_is_held_to_what_is_expected),
        cmocka_unit_test(a_server_that_cannot_be_recognized_is_refused),
        cmocka_unit_test(a_password_reaches_the_server_from_a_command),
        cmocka_unit_test(nobody_there_is_unreachable),
        cmocka_unit_test(no_such_database_is_unreachable),
        cmocka_unit_test(what_cannot_be_resolved_is_not_connected_to),
        cmocka_unit_test(an_embedded_one_is_made_on_first_use),
        cmocka_unit_test(an_embedded_one_is_held_to_what_is_expected),
        cmocka_unit_test(an_embedded_one_that_cannot_be_made_is_a_failure),
    };
    return cmocka_run_group_tests_name("environment/connect", tests, start, stop);
}
