#include "sessions.h"

#include <stdlib.h>

static const char *server(void)
{
    return scratch_postgres();
}

static char *server_as(const char *parameters)
{
    return mem_printf("%s %s", server(), parameters);
}

static void the_identity_says_who_answered(void **state)
{
    (void)state;
    CLEANUP(db_closep) struct db *db = session(server(), false);
    const struct db_identity *identity = db_identity(db);
    CLEANUP(mem_freep) char *folder = mem_printf("%s/pg", scratch_dir());
    CLEANUP(mem_freep) char *display = mem_printf("%s/pg:5432/postgres", scratch_dir());
    CLEANUP(mem_freep) char *version = value(db, "select current_setting('server_version_num')");
    assert_string_equal(identity->host, folder);
    assert_string_equal(identity->port, "5432");
    assert_string_equal(identity->database, "postgres");
    assert_string_equal(identity->user, "tester");
    assert_int_equal(identity->version, atoi(version));
    assert_true(identity->version >= 120000);
    assert_int_equal(strtol(identity->version_text, NULL, 10), identity->version / 10000);
    assert_false(identity->in_recovery);
    assert_false(identity->pooled);
    must_be(db, "select system_identifier from pg_control_system()", identity->system_identifier);
    assert_string_equal(db_display(db), display);
    assert_true(db_is_alive(db));
    assert_false(db_in_transaction(db));
}

static void the_session_has_the_settings_that_we_need_and_the_users_others(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *url = server_as("application_name=mine client_encoding=LATIN1 "
                          "options='-c standard_conforming_strings=off -c TimeZone=Asia/Tokyo'");
    CLEANUP(db_closep) struct db *db = session(url, false);
    must_be(db, "select current_setting('application_name')", "headgate test");
    must_be(db, "select current_setting('client_encoding')", "UTF8");
    must_be(db, "select current_setting('standard_conforming_strings')", "on");
    must_be(db, "select current_setting('TimeZone')", "Asia/Tokyo");
    must_be(db, "select current_setting('default_transaction_read_only')", "off");
}

static void a_read_only_session_refuses_to_write(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = session(server(), true);
    must_be(db, "select 1", "1");
    assert_fails(
        db_execute(db, STATEMENT("create table written (a int)"), DB_NO_PARAMS, SOON, &err),
        ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "25006");
    error_clear(&err);
    assert_ok(db_begin(db, SOON, &err));
    assert_fails(
        db_execute(db, STATEMENT("create table written (a int)"), DB_NO_PARAMS, SOON, &err),
        ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "25006");
    error_clear(&err);
}

static void where_the_system_identifier_is_forbidden_it_is_left_out(void **state)
{
    (void)state;
    CLEANUP(db_closep) struct db *owner = session(server(), false);
    run(owner, "create role humble login");
    run(owner, "revoke execute on function pg_control_system() from public");
    CLEANUP(mem_freep) char *url = server_as("user=humble");
    CLEANUP(db_closep) struct db *db = session(url, true);
    assert_null(db_identity(db)->system_identifier);
    assert_string_equal(db_identity(db)->user, "humble");
    run(owner, "grant execute on function pg_control_system() to public");
}

static void the_search_path_is_set_for_any_name(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = session(server(), false);
    run(db, "create schema \"We\"\"ird, schema\"");
    run(db, "create table \"We\"\"ird, schema\".here as select 'found' as a");
    assert_ok(db_set_schema(db, "We\"ird, schema", SOON, &err));
    must_be(db, "select a from here", "found");
}

static void users_with_passwords(struct db *db)
{
    run(db, "set password_encryption = 'scram-sha-256'");
    run(db, "create role pw login password 'canary-of-pw'");
    CLEANUP(mem_freep) char *hba = value(db, "show hba_file");
    scratch_sh("{ echo 'local all pw scram-sha-256'; echo 'local all all trust'; } |"
               " %s/pg as tee %s >/dev/null && %s/pg restart %s/pg",
               TEST_SUPPORT, hba, TEST_SUPPORT, scratch_dir());
}

static void expect_whoami(const char *url, const char *wanted)
{
    CLEANUP(db_closep) struct db *db = session(url, false);
    must_be(db, "select current_user::text", wanted);
}

static void
a_password_is_taken_from_the_url_the_environment_the_passfile_and_the_service(void **state)
{
    (void)state;
    CLEANUP(db_closep) struct db *owner = session(server(), false);
    users_with_passwords(owner);
    const char *folder = scratch_dir();
    CLEANUP(mem_freep) char *plain = server_as("user=pw");
    CLEANUP(mem_freep) char *with = server_as("user=pw password=canary-of-pw");
    expect_whoami(with, "pw");

    assert_int_equal(setenv("PGPASSWORD", "canary-of-pw", 1), 0);
    expect_whoami(plain, "pw");
    unsetenv("PGPASSWORD");

    CLEANUP(mem_freep) char *passfile = mem_printf("%s/passfile", folder);
    scratch_sh("umask 077; echo '*:*:*:pw:canary-of-pw' > %s", passfile);
    assert_int_equal(setenv("PGPASSFILE", passfile, 1), 0);
    expect_whoami(plain, "pw");
    unsetenv("PGPASSFILE");

    CLEANUP(mem_freep) char *services = mem_printf("%s/services", folder);
    scratch_sh("printf '[shop]\\nhost=%s/pg\\nport=5432\\nuser=pw\\npassword=canary-of-pw\\n"
               "dbname=postgres\\n' > %s",
               folder, services);
    assert_int_equal(setenv("PGSERVICEFILE", services, 1), 0);
    expect_whoami("service=shop", "pw");
    unsetenv("PGSERVICEFILE");
}

static void expect_no_canary(const struct error *err)
{
    const char *const texts[] = {err->message, err->detail, err->hint};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_true(texts[i] == NULL || strstr(texts[i], "canary") == NULL);
    }
}

/* Runs after the test above, which makes the role. */
static void a_wrong_password_is_unreachable_with_a_hint_and_is_not_shown(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *wrong = server_as("user=pw password=canary-wrong");
    expect_open_fails(wrong, SOON, ERROR_UNREACHABLE, "28P01", &err);
    assert_contains(err.message, "password authentication failed for user \"pw\"");
    assert_contains(err.hint, "PGPASSWORD");
    assert_false(err.retryable);
    expect_no_canary(&err);
    error_clear(&err);

    CLEANUP(mem_freep) char *none = server_as("user=pw passfile=/dev/null");
    expect_open_fails(none, SOON, ERROR_UNREACHABLE, "", &err);
    assert_contains(err.message, "no password supplied");
    error_clear(&err);

    CLEANUP(mem_freep) char *passfile = mem_printf("%s/wrong-passfile", scratch_dir());
    scratch_sh("umask 077; echo '*:*:*:pw:canary-wrong-2' > %s", passfile);
    CLEANUP(mem_freep) char *from_file = mem_printf("%s user=pw passfile=%s", server(), passfile);
    expect_open_fails(from_file, SOON, ERROR_UNREACHABLE, "28P01", &err);
    assert_contains(err.detail, passfile);
    expect_no_canary(&err);
    error_clear(&err);
}

static void each_refusal_of_the_server_has_its_sqlstate(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *owner = session(server(), false);
    run(owner, "create role crowd login connection limit 0");
    run(owner, "create database locked allow_connections false");

    CLEANUP(mem_freep) char *nowhere = server_as("dbname=nowhere");
    expect_open_fails(nowhere, SOON, ERROR_UNREACHABLE, "3D000", &err);
    assert_contains(err.message, "/nowhere: database \"nowhere\" does not exist");
    assert_contains(err.hint, "Create the database");
    error_clear(&err);

    CLEANUP(mem_freep) char *crowd = server_as("user=crowd");
    expect_open_fails(crowd, SOON, ERROR_UNREACHABLE, "53300", &err);
    assert_true(err.retryable);
    error_clear(&err);

    CLEANUP(mem_freep) char *nobody = server_as("user=no_such_role");
    expect_open_fails(nobody, SOON, ERROR_UNREACHABLE, "28000", &err);
    assert_contains(err.hint, "user");
    error_clear(&err);

    CLEANUP(mem_freep) char *locked = server_as("dbname=locked");
    expect_open_fails(locked, SOON, ERROR_UNREACHABLE, "55000", &err);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_identity_says_who_answered),
        cmocka_unit_test(the_session_has_the_settings_that_we_need_and_the_users_others),
        cmocka_unit_test(a_read_only_session_refuses_to_write),
        cmocka_unit_test(where_the_system_identifier_is_forbidden_it_is_left_out),
        cmocka_unit_test(the_search_path_is_set_for_any_name),
        cmocka_unit_test(
            a_password_is_taken_from_the_url_the_environment_the_passfile_and_the_service),
        cmocka_unit_test(a_wrong_password_is_unreachable_with_a_hint_and_is_not_shown),
        cmocka_unit_test(each_refusal_of_the_server_has_its_sqlstate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
