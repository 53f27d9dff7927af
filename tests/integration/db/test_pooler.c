/* A real pgbouncer in the path, in transaction mode: each transaction may get another backend. */
#include "sessions.h"

#include <stdlib.h>

static bool there; /* whether pgbouncer is installed */

static const char *pooled_url(void)
{
    if (!there) {
        skip();
    }
    return scratch_out("echo host=%s/bouncer port=6432 user=tester dbname=postgres", scratch_dir());
}

static int start_pooler(void **state)
{
    (void)state;
    there = system("PATH=$PATH:/usr/sbin command -v pgbouncer >/dev/null") == 0;
    if (!there) {
        print_message("pgbouncer is not installed: these tests are skipped\n");
        return 0;
    }
    scratch_postgres();
    const char *dir = scratch_dir();
    scratch_sh("mkdir -m 777 bouncer && cat > bouncer/conf <<E\n"
               "[databases]\n"
               "postgres = host=%s/pg port=5432 user=tester dbname=postgres\n"
               "gone = host=%s/nowhere port=5432 user=tester dbname=postgres\n"
               "[pgbouncer]\n"
               "listen_port = 6432\n"
               "unix_socket_dir = %s/bouncer\n"
               "auth_type = any\n"
               "pool_mode = transaction\n"
               "logfile = %s/bouncer/log\n"
               "pidfile = %s/bouncer/pid\n"
               "E\n"
               "chmod 644 bouncer/conf\n"
               "PATH=$PATH:/usr/sbin %s/pg as pgbouncer -q -d %s/bouncer/conf",
               dir, dir, dir, dir, dir, TEST_SUPPORT, dir);
    wait_until_open(pooled_url());
    return 0;
}

static int stop_pooler(void **state)
{
    (void)state;
    if (there) {
        scratch_sh("kill $(cat bouncer/pid)");
    }
    return 0;
}

static void a_pooler_is_noticed(void **state)
{
    (void)state;
    CLEANUP(db_closep) struct db *db = session(pooled_url(), false);
    assert_true(db_identity(db)->pooled);
    assert_non_null(db_identity(db)->system_identifier);
    CLEANUP(db_closep) struct db *direct = session(scratch_postgres(), false);
    assert_false(db_identity(direct)->pooled);
}

static void a_url_that_says_so_is_believed(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *url = mem_printf("postgres://tester@/postgres?host=%s/pg&pgbouncer=true", scratch_dir());
    scratch_postgres();
    CLEANUP(db_closep) struct db *db = session(url, true);
    assert_true(db_identity(db)->pooled);
    must_be(db, "show default_transaction_read_only", "off");
    must_be(db, "show transaction_read_only", "on");
}

static void read_only_holds_for_us_and_does_not_stick_to_the_backend(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = session(pooled_url(), true);
    assert_fails(db_execute(db, STATEMENT("create table nope (a int)"), DB_NO_PARAMS, SOON, &err),
                 ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "25006");
    error_clear(&err);
    assert_false(db_in_transaction(db));
    assert_ok(db_begin(db, SOON, &err));
    assert_fails(db_execute(db, STATEMENT("create table nope (a int)"), DB_NO_PARAMS, SOON, &err),
                 ERROR_DATABASE);
    error_clear(&err);
    db_rollback(db);
    CLEANUP(db_closep) struct db *other = session(pooled_url(), false);
    run(other, "create table written_by_the_next (a int)");
    must_be(other, "show default_transaction_read_only", "off");
}

static void the_schema_holds_for_us_and_does_not_stick_to_the_backend(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = session(pooled_url(), false);
    CLEANUP(db_closep) struct db *other = session(pooled_url(), false);
    run(db, "create schema tenant");
    assert_ok(db_set_schema(db, "tenant", SOON, &err));
    must_be(db, "show search_path", "tenant");
    must_be(other, "show search_path", "\"$user\", public");
    assert_ok(db_begin(db, SOON, &err));
    must_be(db, "show search_path", "tenant");
    assert_ok(db_set_schema(db, "public", SOON, &err));
    must_be(db, "show search_path", "public");
    assert_ok(db_commit(db, SOON, &err));
    must_be(db, "show search_path", "public");
    must_be(other, "show search_path", "\"$user\", public");
}

static void a_constraint_that_fails_at_the_end_of_a_statement_of_its_own_is_told(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = session(pooled_url(), false);
    run(db, "create table late (a int unique deferrable initially deferred)");
    assert_ok(db_set_schema(db, "public", SOON, &err));
    assert_fails(
        db_execute(db, STATEMENT("insert into late values (1), (1)"), DB_NO_PARAMS, SOON, &err),
        ERROR_DATABASE);
    assert_string_equal(err.sqlstate, "23505");
    error_clear(&err);
}

static void a_session_that_is_lost_cannot_begin(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = session(pooled_url(), true);
    assert_fails(
        db_execute(db, STATEMENT("select pg_sleep(600)"), DB_NO_PARAMS, deadline_in(200), &err),
        ERROR_TIMEOUT);
    error_clear(&err);
    assert_fails(db_execute(db, STATEMENT("select 1"), DB_NO_PARAMS, SOON, &err),
                 ERROR_UNREACHABLE);
    error_clear(&err);
}

static void a_pooler_without_its_server_is_unreachable(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *url = mem_printf("%s dbname=gone", pooled_url());
    struct db *db = NULL;
    CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of(url);
    struct db_options options = {.purpose = "test"};
    assert_fails(db_open(conninfo, &options, deadline_in(1500), &db, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "could not connect to ");
    assert_contains(err.message, "/bouncer:6432/gone");
    error_clear(&err);
}

/* The last test: afterwards there is no server. The pooler still lets us in, and fails the first
 * statement. */
static void a_pooler_that_lost_its_server_is_unreachable(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const char *url = pooled_url();
    scratch_sh("%s/pg stop %s/pg", TEST_SUPPORT, scratch_dir());
    for (int i = 0; i < 2; i++) {
        struct db *db = NULL;
        CLEANUP(conninfo_freep) struct conninfo *conninfo = conninfo_of(url);
        struct db_options options = {.purpose = "test"};
        assert_fails(db_open(conninfo, &options, deadline_in(1000), &db, &err), ERROR_UNREACHABLE);
        assert_contains(err.message, "could not connect to ");
        assert_null(err.detail);
        error_clear(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pooler_is_noticed),
        cmocka_unit_test(a_url_that_says_so_is_believed),
        cmocka_unit_test(read_only_holds_for_us_and_does_not_stick_to_the_backend),
        cmocka_unit_test(the_schema_holds_for_us_and_does_not_stick_to_the_backend),
        cmocka_unit_test(a_constraint_that_fails_at_the_end_of_a_statement_of_its_own_is_told),
        cmocka_unit_test(a_session_that_is_lost_cannot_begin),
        cmocka_unit_test(a_pooler_without_its_server_is_unreachable),
        cmocka_unit_test(a_pooler_that_lost_its_server_is_unreachable),
    };
    return cmocka_run_group_tests(tests, start_pooler, stop_pooler);
}
