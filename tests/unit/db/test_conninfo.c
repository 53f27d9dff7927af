#include "scratch.h"

#include <string.h>

#include "headgate/db.h"
#include "headgate/mem.h"
#include "headgate/secret.h"

static struct conninfo *parsed(const char *url)
{
    struct error err = ERROR_INIT;
    struct conninfo *conninfo = NULL;
    assert_ok(conninfo_parse(url, &conninfo, &err));
    return conninfo;
}

static void expect(const char *url, const char *keyword, const char *value)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = parsed(url);
    const char *got = conninfo_get(conninfo, keyword);
    if (!text_equal(got, value)) {
        fail_msg("%s: %s is %s, wanted %s", url, keyword, got ? got : "(null)",
                 value ? value : "(null)");
    }
}

static void expect_display(const char *url, const char *wanted)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = parsed(url);
    CLEANUP(mem_freep) char *display = conninfo_display(conninfo);
    assert_string_equal(display, wanted);
}

/* Refused; and no text of the error holds "canary". */
static void expect_refused(const char *url, const char *message, const char *hint)
{
    struct error err = ERROR_INIT;
    struct conninfo *untouched = (struct conninfo *)&err, *conninfo = untouched;
    assert_fails(conninfo_parse(url, &conninfo, &err), ERROR_CONFIG);
    assert_ptr_equal(conninfo, untouched);
    assert_contains(err.message, message);
    assert_null(strstr(err.message, "canary"));
    if (hint != NULL) {
        assert_contains(err.hint, hint);
    }
    assert_true(err.hint == NULL || strstr(err.hint, "canary") == NULL);
    assert_null(err.detail);
    error_clear(&err);
}

static void both_forms_are_read(void **state)
{
    (void)state;
    const char *uri = "postgresql://joe:pw@db1.example.net:5433/shop?sslmode=verify-full";
    const char *pairs = "host=db1.example.net port=5433 dbname=shop user=joe password='pw' "
                        "sslmode=verify-full";
    const char *const keywords[] = {"host", "port", "dbname", "user", "sslmode"};
    const char *const values[] = {"db1.example.net", "5433", "shop", "joe", "verify-full"};
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        expect(uri, keywords[i], values[i]);
        expect(pairs, keywords[i], values[i]);
    }
    expect(pairs, "hostaddr", NULL);
    expect(pairs, "no_such_keyword", NULL);
}

static void percent_encoding_and_sockets_are_read(void **state)
{
    (void)state;
    expect("postgres://%2Frun%2Fpostgresql/shop", "host", "/run/postgresql");
    expect("postgres:///shop?host=/run/postgresql&port=5433", "host", "/run/postgresql");
    expect("postgres://joe%40corp:p%2Fw@db/shop", "user", "joe@corp");
    expect("postgres://joe:a?b@db/shop?connect_timeout=3", "connect_timeout", "3");
    expect("  host=db user=joe\n", "user", "joe");
    expect("\tpostgres://db/shop\n", "dbname", "shop");
    expect("service=shop_production", "service", "shop_production");
}

static void a_password_is_never_given_out_and_becomes_known_to_the_redactor(void **state)
{
    (void)state;
    const char *url = "postgres://joe:hunter2-of-joe@db/shop?sslpassword=key-pass-1";
    CLEANUP(conninfo_freep) struct conninfo *conninfo = parsed(url);
    assert_null(conninfo_get(conninfo, "password"));
    assert_null(conninfo_get(conninfo, "sslpassword"));
    assert_true(redact_needed("hunter2-of-joe", strlen("hunter2-of-joe")));
    assert_true(redact_needed("key-pass-1", strlen("key-pass-1")));
    CLEANUP(mem_freep) char *redacted = redact_copy(url);
    assert_null(strstr(redacted, "hunter2"));
    assert_false(redact_needed("shop", 4));
}

static void public_values_are_told_from_secret_ones(void **state)
{
    (void)state;
    CLEANUP(conninfo_freep)
    struct conninfo *conninfo =
        parsed("postgres://joe:hush-hush@db:5433/shop?schema=tenant&options=-cgeqo%3Doff");
    const char *const public[] = {"joe", "db", "5433", "shop", "tenant", "-cgeqo=off"};
    for (size_t i = 0; i < ARRAY_LEN(public); i++) {
        assert_true(conninfo_is_public_value(conninfo, public[i]));
    }
    assert_false(conninfo_is_public_value(conninfo, "hush-hush"));
    assert_false(conninfo_is_public_value(conninfo, "jo"));
    assert_false(conninfo_is_public_value(conninfo, ""));
}

static void what_prisma_adds_is_understood(void **state)
{
    (void)state;
    CLEANUP(conninfo_freep)
    struct conninfo *conninfo =
        parsed("postgres://joe@db/shop?connection_limit=5&schema=my%20shop&pool_timeout=2&"
               "sslmode=require&socket_timeout=1&statement_cache_size=0&pgbouncer=true&"
               "max_connection_lifetime=1&max_idle_connection_lifetime=1&single_use_connections=1");
    assert_string_equal(conninfo_schema(conninfo), "my shop");
    assert_true(conninfo_says_pooler(conninfo));
    assert_string_equal(conninfo_get(conninfo, "sslmode"), "require");
    assert_string_equal(conninfo_get(conninfo, "dbname"), "shop");
}

static void without_prismas_parameters_there_is_no_schema_and_no_pooler(void **state)
{
    (void)state;
    const char *const urls[] = {"postgres://db/shop", "postgres://db/shop?schema=&pgbouncer=false",
                                "postgres://db/shop?schema", "host=db"};
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        CLEANUP(conninfo_freep) struct conninfo *conninfo = parsed(urls[i]);
        assert_null(conninfo_schema(conninfo));
        assert_false(conninfo_says_pooler(conninfo));
    }
}

static void prismas_parameters_count_in_a_uri_only(void **state)
{
    (void)state;
    expect_refused("host=db schema=canary", "a parameter that libpq does not know", NULL);
}

static void prismas_way_to_check_certificates_is_refused_with_libpqs(void **state)
{
    (void)state;
    expect_refused("postgres://joe:canary@db/shop?sslaccept=strict", "sslaccept",
                   "sslmode=verify-full with sslrootcert");
    expect_refused("postgres://joe:canary@db/shop?ssl%69dentity=canary.p12", "sslidentity",
                   "sslmode=verify-full with sslrootcert");
}

static void urls_of_other_things_are_refused(void **state)
{
    (void)state;
    expect_refused("prisma://accelerate.prisma-data.net/?api_key=canary", "Prisma's service",
                   "direct URL");
    expect_refused("prisma+postgres://localhost:51213/?api_key=canary", "Prisma's service",
                   "direct URL");
    expect_refused("mysql://joe:canary@db/shop", "not one of PostgreSQL's", "postgres://");
    expect_refused("", "empty", NULL);
    expect_refused(" \n", "empty", NULL);
}

static void an_unescaped_character_in_a_password_does_not_leak_it(void **state)
{
    (void)state;
    expect_refused("postgres://joe:can@canary@db/shop", "\"@\" where none may stand", "%40");
    expect_refused("postgres://joe:12/canary@db/shop", "\"@\" where none may stand", "%2F");
    expect_refused("postgres://joe:canary/x", "port in the connection string is not a number",
                   "%2F");
    expect_refused("host=db port=canary", "not a number", NULL);
    expect_refused("postgres://joe:ca%zzcanary@db/shop", "percent-encoded", NULL);
    expect_refused("postgres://[::1:canary/shop", "IPv6", NULL);
    expect_refused("postgres://[::1]canary/shop", "host:port", NULL);
}

static void libpqs_complaint_is_said_without_its_quotes(void **state)
{
    (void)state;
    expect_refused("host=db password=x \"canary", "\"=\" is missing", NULL);
    expect_refused("host=db password='canary", "quoted value does not end", NULL);
    expect_refused("postgres://db/shop?user=a=canary", "two \"=\"", NULL);
    expect_refused("postgres://db/shop?canary", "\"=\" is missing", NULL);
    expect_refused("postgres://db/shop?canary=1", "libpq does not know", NULL);
    expect_refused("host=db \"canary\"=1", "libpq does not know", NULL);
}

static void a_keyword_that_was_probably_meant_is_named(void **state)
{
    (void)state;
    expect_refused("host=db ssl_mode=require", "libpq does not know", "sslmode");
    expect_refused("postgres://db/shop?sslmod=require", "libpq does not know", "sslmode");
}

static void a_url_that_cannot_be_read_is_redacted_as_a_whole(void **state)
{
    (void)state;
    const char *url = "host=db passwort=swordfish-of-joe";
    expect_refused(url, "libpq does not know", "password");
    assert_true(redact_needed(url, strlen(url)));
}

static void the_display_says_where_it_leads(void **state)
{
    (void)state;
    expect_display("postgres://joe:pw-of-joe@db1.example.net:5432/shop",
                   "db1.example.net:5432/shop");
    expect_display("host=/run/postgresql port=5432 dbname=shop", "/run/postgresql:5432/shop");
    expect_display("postgres://[::1]:5433/shop", "[::1]:5433/shop");
    expect_display("hostaddr=10.0.0.1 dbname=shop", "10.0.0.1/shop");
    expect_display("host=a,b port=1,2 dbname=shop", "a:1,b:2/shop");
    expect_display("host=a,b,c port=1,2", "a:1,b:2,c");
    expect_display("host=a,b port=5432 dbname=shop", "a:5432,b:5432/shop");
    expect_display("service=prod", "service prod");
    expect_display("port=5433 dbname=shop", "default host:5433/shop");
    expect_display("user=joe", "default host");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_read),
        cmocka_unit_test(percent_encoding_and_sockets_are_read),
        cmocka_unit_test(a_password_is_never_given_out_and_becomes_known_to_the_redactor),
        cmocka_unit_test(public_values_are_told_from_secret_ones),
        cmocka_unit_test(what_prisma_adds_is_understood),
        cmocka_unit_test(without_prismas_parameters_there_is_no_schema_and_no_pooler),
        cmocka_unit_test(prismas_parameters_count_in_a_uri_only),
        cmocka_unit_test(prismas_way_to_check_certificates_is_refused_with_libpqs),
        cmocka_unit_test(urls_of_other_things_are_refused),
        cmocka_unit_test(an_unescaped_character_in_a_password_does_not_leak_it),
        cmocka_unit_test(libpqs_complaint_is_said_without_its_quotes),
        cmocka_unit_test(a_keyword_that_was_probably_meant_is_named),
        cmocka_unit_test(a_url_that_cannot_be_read_is_redacted_as_a_whole),
        cmocka_unit_test(the_display_says_where_it_leads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
