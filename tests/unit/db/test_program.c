/* A connection with another database, and as variables for other programs. */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#include "headgate/db_copy.h"
#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/secret.h"

static struct conninfo *parsed(const char *url)
{
    struct error err = ERROR_INIT;
    struct conninfo *conninfo = NULL;
    assert_ok(conninfo_parse(url, &conninfo, &err));
    return conninfo;
}

/* As libpq's manual has them; NULL: it has none. */
static const struct {
    const char *keyword, *variable;
} parameters[] = {
    {"host", "PGHOST"},
    {"hostaddr", "PGHOSTADDR"},
    {"port", "PGPORT"},
    {"dbname", "PGDATABASE"},
    {"user", "PGUSER"},
    {"password", "PGPASSWORD"},
    {"passfile", "PGPASSFILE"},
    {"channel_binding", "PGCHANNELBINDING"},
    {"options", "PGOPTIONS"},
    {"application_name", "PGAPPNAME"},
    {"sslmode", "PGSSLMODE"},
    {"sslcompression", "PGSSLCOMPRESSION"},
    {"sslcert", "PGSSLCERT"},
    {"sslkey", "PGSSLKEY"},
    {"sslrootcert", "PGSSLROOTCERT"},
    {"sslcrl", "PGSSLCRL"},
    {"sslcrldir", "PGSSLCRLDIR"},
    {"sslsni", "PGSSLSNI"},
    {"requirepeer", "PGREQUIREPEER"},
    {"ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"},
    {"ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"},
    {"gssencmode", "PGGSSENCMODE"},
    {"krbsrvname", "PGKRBSRVNAME"},
    {"connect_timeout", "PGCONNECT_TIMEOUT"},
    {"client_encoding", "PGCLIENTENCODING"},
    {"target_session_attrs", "PGTARGETSESSIONATTRS"},
    {"sslpassword", NULL},
    {"fallback_application_name", NULL},
    {"keepalives", NULL},
    {"keepalives_idle", NULL},
    {"keepalives_interval", NULL},
    {"keepalives_count", NULL},
    {"tcp_user_timeout", NULL},
    {"replication", NULL},
};

/* What the tests themselves were started with must not count. */
static int forget_variables(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        if (parameters[i].variable != NULL) {
            assert_int_equal(unsetenv(parameters[i].variable), 0);
        }
    }
    assert_int_equal(unsetenv("PGSERVICE"), 0);
    return unsetenv("PGSERVICEFILE");
}

static const char *variable(const struct strlist *env, const char *name)
{
    CLEANUP(mem_freep) char *prefix = mem_printf("%s=", name);
    const char *found = NULL;
    for (size_t i = 0; i < env->n; i++) {
        if (text_starts(env->items[i], prefix)) {
            assert_null(found); /* each once */
            found = env->items[i] + strlen(prefix);
        }
    }
    return found;
}

static void expect(const struct strlist *env, const char *name, const char *wanted)
{
    const char *got = variable(env, name);
    if (!text_equal(got, wanted)) {
        fail_msg("%s is %s, wanted %s", name, got ? got : "(not set)",
                 wanted ? wanted : "(not set)");
    }
}

static void environment_of(const char *url, const char *options, struct strlist *env)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = parsed(url);
    conninfo_environment(conninfo, options, env);
}

static void every_parameter_with_a_variable_gets_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parameters); i++) {
        const char *keyword = parameters[i].keyword;
        bool is_port = text_equal(keyword, "port");
        CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
        CLEANUP(mem_freep)
        char *url = mem_printf("%s=%s", keyword, is_port ? "5433" : "'54 \\'32\\\\'");
        environment_of(url, NULL, &env);
        assert_int_equal(env.n, parameters[i].variable != NULL ? 1 : 0);
        if (parameters[i].variable != NULL) {
            expect(&env, parameters[i].variable, is_port ? "5433" : "54 '32\\");
        }
    }
}

static void a_uri_is_taken_apart_and_prismas_parameters_are_not_libpqs(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    environment_of("postgres://joe%40corp:p%2Fw%20d@db1:5433/shop%20%C3%A4?schema=app&"
                   "pgbouncer=true&connection_limit=3&sslmode=verify-full&keepalives_idle=3",
                   NULL, &env);
    expect(&env, "PGHOST", "db1");
    expect(&env, "PGPORT", "5433");
    expect(&env, "PGUSER", "joe@corp");
    expect(&env, "PGPASSWORD", "p/w d");
    expect(&env, "PGDATABASE", "shop \xC3\xA4");
    expect(&env, "PGSSLMODE", "verify-full");
    assert_int_equal(env.n, 6);
}

static void what_is_in_the_list_already_is_replaced(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    strlist_add(&env, "PATH=/bin");
    strlist_add(&env, "PGHOST=elsewhere");
    strlist_add(&env, "PGHOSTADDR=10.0.0.1");
    strlist_add(&env, "PGSERVICE=elsewhere");
    strlist_add(&env, "PGTZ=UTC");
    environment_of("host=db1 hostaddr='' dbname=shop", NULL, &env);
    expect(&env, "PATH", "/bin");
    expect(&env, "PGHOST", "db1");
    expect(&env, "PGHOSTADDR", NULL);
    expect(&env, "PGSERVICE", NULL);
    expect(&env, "PGTZ", "UTC"); /* none of a connection's */
    expect(&env, "PGDATABASE", "shop");
    assert_int_equal(env.n, 4);
}

static void options_are_added_to_those_of_the_connection(void **state)
{
    (void)state;
    CLEANUP(strlist_clear)
    struct strlist both = STRLIST_INIT, ours = STRLIST_INIT, theirs = STRLIST_INIT,
                   inherited = STRLIST_INIT;
    environment_of("options='-c geqo=off'", "-c timezone=UTC", &both);
    environment_of("host=db1", "-c timezone=UTC", &ours);
    environment_of("options='-c geqo=off'", NULL, &theirs);
    expect(&both, "PGOPTIONS", "-c geqo=off -c timezone=UTC");
    expect(&ours, "PGOPTIONS", "-c timezone=UTC");
    expect(&theirs, "PGOPTIONS", "-c geqo=off");
    assert_int_equal(setenv("PGOPTIONS", "-c jit=off", 1), 0);
    environment_of("host=db1", "-c timezone=UTC", &inherited);
    assert_int_equal(unsetenv("PGOPTIONS"), 0);
    expect(&inherited, "PGOPTIONS", "-c jit=off -c timezone=UTC");
}

static void our_own_variables_count_where_the_connection_says_nothing(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    assert_int_equal(setenv("PGPASSWORD", "swordfish-of-env", 1), 0);
    assert_int_equal(setenv("PGHOST", "elsewhere", 1), 0);
    environment_of("host=db1 dbname=shop", NULL, &env);
    assert_int_equal(unsetenv("PGPASSWORD"), 0);
    assert_int_equal(unsetenv("PGHOST"), 0);
    expect(&env, "PGHOST", "db1");
    expect(&env, "PGPASSWORD", "swordfish-of-env");
    assert_true(redact_needed("swordfish-of-env", strlen("swordfish-of-env")));
}

/* libpq gives its values more weight than variables. */
static void a_service_is_resolved_into_its_values(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const char *const text = "[shop]\nhost=192.0.2.7\nport=6000\ndbname=of_the_service\nuser=anna\n"
                             "password=key-of-anna\ngssencmode=disable\nsslmode=disable\n";
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "services");
    assert_ok(file_write(path, text, strlen(text), 0600, &err));
    assert_int_equal(setenv("PGSERVICEFILE", path, 1), 0);
    CLEANUP(strlist_clear)
    struct strlist named = STRLIST_INIT, inherited = STRLIST_INIT, unknown = STRLIST_INIT;
    CLEANUP(conninfo_freep) struct conninfo *shop = parsed("service=shop user=bert");
    CLEANUP(conninfo_freep) struct conninfo *other = conninfo_with_database(shop, "other");
    conninfo_environment(other, NULL, &named);
    expect(&named, "PGSERVICE", NULL);
    expect(&named, "PGHOST", "192.0.2.7");
    expect(&named, "PGPORT", "6000");
    expect(&named, "PGUSER", "bert");
    expect(&named, "PGDATABASE", "other");
    expect(&named, "PGPASSWORD", "key-of-anna");
    expect(&named, "PGGSSENCMODE", "disable");
    expect(&named, "PGSSLMODE", "disable");
    assert_true(redact_needed("key-of-anna", strlen("key-of-anna")));
    assert_int_equal(setenv("PGSERVICE", "shop", 1), 0);
    environment_of("dbname=mine", NULL, &inherited);
    assert_int_equal(unsetenv("PGSERVICE"), 0);
    expect(&inherited, "PGSERVICE", NULL);
    expect(&inherited, "PGHOST", "192.0.2.7");
    expect(&inherited, "PGDATABASE", "mine");
    environment_of("service=unknown dbname=mine", NULL, &unknown);
    assert_int_equal(unsetenv("PGSERVICEFILE"), 0);
    expect(&unknown, "PGSERVICE", "unknown"); /* for the program to complain of */
}

static void another_database_is_all_that_differs(void **state)
{
    (void)state;
    CLEANUP(conninfo_freep)
    struct conninfo *shop =
        parsed("postgres://joe:pw-of-joe@db1:5433/shop?schema=my%20app&pgbouncer=true");
    CLEANUP(conninfo_freep) struct conninfo *other = conninfo_with_database(shop, "a b/c");
    assert_string_equal(conninfo_get(other, "dbname"), "a b/c");
    assert_string_equal(conninfo_get(shop, "dbname"), "shop");
    assert_string_equal(conninfo_get(other, "host"), "db1");
    assert_string_equal(conninfo_schema(other), "my app");
    assert_true(conninfo_says_pooler(other));
    CLEANUP(mem_freep) char *uri = conninfo_uri(other);
    CLEANUP(conninfo_freep) struct conninfo *again = parsed(uri);
    assert_string_equal(conninfo_get(again, "dbname"), "a b/c");
    assert_string_equal(conninfo_get(again, "port"), "5433");
    assert_string_equal(conninfo_schema(again), "my app");
    assert_true(conninfo_says_pooler(again));
    assert_contains(uri, "joe:pw-of-joe@");
    assert_true(redact_needed(uri, strlen(uri)));
}

static void a_copy_outlives_what_it_was_made_of(void **state)
{
    (void)state;
    struct conninfo *shop = parsed("postgres://joe@db1/shop?schema=app");
    CLEANUP(conninfo_freep) struct conninfo *copy = conninfo_copy(shop);
    conninfo_free(shop);
    CLEANUP(mem_freep) char *uri = conninfo_uri(copy);
    assert_string_equal(uri, "postgres://joe@db1/shop?schema=app");
    assert_string_equal(conninfo_get(copy, "user"), "joe");
}

#define TEST(name) cmocka_unit_test_setup(name, forget_variables)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_parameter_with_a_variable_gets_it),
        TEST(a_uri_is_taken_apart_and_prismas_parameters_are_not_libpqs),
        TEST(what_is_in_the_list_already_is_replaced),
        TEST(options_are_added_to_those_of_the_connection),
        TEST(our_own_variables_count_where_the_connection_says_nothing),
        TEST(a_service_is_resolved_into_its_values),
        TEST(another_database_is_all_that_differs),
        TEST(a_copy_outlives_what_it_was_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
