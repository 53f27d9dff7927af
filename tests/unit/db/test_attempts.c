#include "scratch.h"

#include "attempts.h"
#include "headgate/mem.h"

static void expect(const char *libpq_says, enum error_code code, const char *message,
                   const char *hint, bool retryable)
{
    struct error err = ERROR_INIT;
    CLEANUP(attempts_clear) struct attempts attempts = {0};
    attempts_read(&attempts, libpq_says);
    assert_fails(attempts_fail(&attempts, "shop", &err), code);
    assert_string_equal(err.message, message);
    assert_contains(err.hint != NULL ? err.hint : "", hint);
    assert_int_equal(err.retryable, retryable);
    error_clear(&err);
}

static void the_place_and_the_reason_are_taken_from_libpqs_words(void **state)
{
    (void)state;
    expect("connection to server at \"db1\" (10.0.0.1), port 5432 failed: Connection refused\n"
           "\tIs the server running on that host and accepting TCP/IP connections?\n",
           ERROR_UNREACHABLE, "could not connect to db1:5432/shop: connection refused",
           "Check that the server runs", true);
    expect("connection to server on socket \"/run/pg/.s.PGSQL.5433\" failed: No such file or "
           "directory\n\tIs the server running locally and accepting connections on that socket?\n",
           ERROR_UNREACHABLE, "could not connect to /run/pg:5433/shop: no such file or directory",
           "socket", true);
    expect("could not translate host name \"nowhere\" to address: Name or service not known\n",
           ERROR_UNREACHABLE,
           "could not connect to nowhere/shop: could not translate host name \"nowhere\" to "
           "address: Name or service not known",
           "name service", true);
    expect("connection to server on socket \"@abstract\" failed: FATAL:  53300: sorry, too many "
           "clients already\n",
           ERROR_UNREACHABLE,
           "could not connect to @abstract/shop: sorry, too many clients already",
           "max_connections", true);
    expect(
        "connection to server at \"::1\", port 5432 failed: server does not support SSL, but "
        "SSL was required\n",
        ERROR_UNREACHABLE,
        "could not connect to [::1]:5432/shop: server does not support SSL, but SSL was required",
        "Turn on ssl", false);
}

static void each_refusal_has_its_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *sqlstate, *reason, *remedy;
        bool retryable;
    } cases[] = {
        {"28P01", "password authentication failed for user \"joe\"", ".pgpass", false},
        {"", "no password supplied", "PGPASSWORD", false},
        {"28000", "no pg_hba.conf entry for host \"10.0.0.1\"", "pg_hba.conf", false},
        {"28000", "role \"joe\" does not exist", "Check the user", false},
        {"3D000", "database \"shop\" does not exist", "Create the database", false},
        {"42501", "permission denied for database \"shop\"", "Grant", false},
        {"57P03", "the database system is starting up", "in a moment", true},
        {"", "Permission denied", "may not use", false},
        {"", "no answer within 2s", "firewall", true},
        {"", "No route to host", "network between", true},
        {"", "Network is unreachable", "this machine", true},
        {"", "root certificate file \"x\" does not exist", "sslrootcert", false},
        {"", "SSL error: certificate verify failed", "sslrootcert", false},
        {"", "SSL error: wrong version number", "sslmode", false},
        {"", "server closed the connection unexpectedly", "PostgreSQL server", true},
        {"", "received invalid response to SSL negotiation: H", "PostgreSQL server", false},
        {"", "expected authentication request from server, but received H", "PostgreSQL", false},
        {"", "session is read-only", "target_session_attrs", false},
        {"", "server is not in hot standby mode", "target_session_attrs", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool retryable = !cases[i].retryable;
        const char *remedy = attempt_remedy(cases[i].sqlstate, cases[i].reason, &retryable);
        assert_contains(remedy, cases[i].remedy);
        assert_int_equal(retryable, cases[i].retryable);
    }
    bool retryable = false;
    assert_null(attempt_remedy("57P01", "terminating connection", &retryable));
    assert_true(retryable);
    assert_null(attempt_remedy("XX000", "something else", &retryable));
    assert_false(retryable);
}

static void the_servers_detail_and_hint_are_kept(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(attempts_clear) struct attempts attempts = {0};
    attempts_read(&attempts,
                  "connection to server at \"db1\", port 5432 failed: FATAL:  57P03: not "
                  "yet\nDETAIL:  It recovers.\nHINT:  Wait.\nHINT:  Wait a moment.\n"
                  "LOCATION:  here, x.c:1\n");
    assert_fails(attempts_fail(&attempts, "", &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, "could not connect to db1:5432: not yet");
    assert_string_equal(err.sqlstate, "57P03");
    assert_string_equal(err.detail, "It recovers.");
    assert_string_equal(err.hint, "Wait a moment.");
    error_clear(&err);
}

static void it_is_said_that_the_password_came_from_a_file(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(attempts_clear) struct attempts attempts = {0};
    attempts_read(&attempts,
                  "connection to server at \"db1\", port 5432 failed: FATAL:  28P01: wrong\n"
                  "password retrieved from file \"/home/joe/.pgpass\"\n");
    assert_fails(attempts_fail(&attempts, NULL, &err), ERROR_UNREACHABLE);
    assert_string_equal(err.detail, "The password came from the file \"/home/joe/.pgpass\".");
    error_clear(&err);
}

static void of_several_hosts_an_answer_counts_more_than_a_silence(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(attempts_clear) struct attempts attempts = {0};
    attempts_add(&attempts, "db0:5432", "no answer within 2s");
    attempts_read(
        &attempts,
        "connection to server at \"db1\", port 5432 failed: FATAL:  28P01: wrong\n"
        "connection to server at \"localhost\" (::1), port 5432 failed: Connection refused\n"
        "connection to server at \"localhost\" (127.0.0.1), port 5432 failed: Connection refused\n"
        "\n");
    assert_fails(attempts_fail(&attempts, "shop", &err), ERROR_UNREACHABLE);
    assert_string_equal(err.message, "could not connect to db1:5432/shop: wrong");
    assert_string_equal(err.sqlstate, "28P01");
    assert_string_equal(err.detail, "Tried db0:5432 (no answer within 2s), db1:5432 (wrong), "
                                    "localhost:5432 (connection refused).");
    error_clear(&err);
}

static void what_libpq_cannot_even_try_is_a_mistake_in_the_configuration(void **state)
{
    (void)state;
    expect("definition of service \"nope\" not found\n", ERROR_CONFIG,
           "cannot connect with this connection string: definition of service \"nope\" not found",
           "", false);
    expect("connection to server on nothing failed: x\n", ERROR_CONFIG,
           "cannot connect with this connection string: connection to server on nothing failed: x",
           "", false);
    expect("invalid sslmode value: \"x\"\n", ERROR_CONFIG,
           "cannot connect with this connection string: invalid sslmode value: \"x\"", "", false);
    expect("", ERROR_UNREACHABLE, "could not connect: libpq does not say why", "", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_place_and_the_reason_are_taken_from_libpqs_words),
        cmocka_unit_test(each_refusal_has_its_remedy),
        cmocka_unit_test(the_servers_detail_and_hint_are_kept),
        cmocka_unit_test(it_is_said_that_the_password_came_from_a_file),
        cmocka_unit_test(of_several_hosts_an_answer_counts_more_than_a_silence),
        cmocka_unit_test(what_libpq_cannot_even_try_is_a_mistake_in_the_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
