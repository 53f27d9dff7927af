/*
 * Connection strings as URIs for other programs.
 */
#include "scratch.h"

#include "headgate/db.h"
#include "headgate/secret.h"

static void expect_uri(const char *text, const char *wanted)
{
    struct error err = ERROR_INIT;
    struct conninfo *conninfo = NULL, *again = NULL;
    assert_ok(conninfo_parse(text, &conninfo, &err));
    CLEANUP(mem_freep) char *uri = conninfo_uri(conninfo);
    assert_string_equal(uri, wanted);
    assert_ok(conninfo_parse(uri, &again, &err)); /* libpq takes it */
    static const char *const keywords[] = {"host", "port", "dbname", "user", "sslmode"};
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        assert_true(
            text_equal(conninfo_get(conninfo, keywords[i]), conninfo_get(again, keywords[i])));
    }
    conninfo_free(conninfo);
    conninfo_free(again);
}

static void parameters_become_a_uri(void **state)
{
    (void)state;
    expect_uri("host=db1 port=5433 dbname=shop user=anna sslmode=require",
               "postgresql://anna@db1:5433/shop?sslmode=require");
    expect_uri("dbname=shop", "postgresql:///shop");
    expect_uri("service=shop", "postgresql:///?service=shop");
    expect_uri("host=::1 port=5432", "postgresql://[::1]:5432/");
    expect_uri("port=5433 dbname=shop", "postgresql://:5433/shop");
    expect_uri("host=a,b port=1,2 dbname=shop", "postgresql:///shop?host=a%2Cb&port=1%2C2");
    expect_uri("host=db1 port=5433, dbname=''", "postgresql://db1/?port=5433%2C");
    expect_uri("user='a b/c@d' dbname='x y' options='-c a=b'",
               "postgresql://a%20b%2Fc%40d@/x%20y?options=-c%20a%3Db");
}

static void a_socket_has_a_host_for_those_who_want_one(void **state)
{
    (void)state;
    expect_uri("host=/run/my.sock user=me dbname=shop port=5433",
               "postgresql://me@localhost:5433/shop?host=%2Frun%2Fmy.sock");
    expect_uri("host=@abstract", "postgresql://localhost/?host=%40abstract");
}

static void a_uri_stays_as_it_was_written(void **state)
{
    (void)state;
    expect_uri("  postgres://anna@db1/shop?schema=app&connection_limit=5&pgbouncer=true \n",
               "postgres://anna@db1/shop?schema=app&connection_limit=5&pgbouncer=true");
}

static void its_password_is_known_to_the_redactor(void **state)
{
    (void)state;
    expect_uri("host=db1 user=anna password='open se$ame'",
               "postgresql://anna:open%20se%24ame@db1/");
    CLEANUP(mem_freep) char *shown = redact_copy("at postgresql://anna:open%20se%24ame@db1/.");
    assert_string_equal(shown, "at ***.");
    expect_uri("host=db1 password=alone-5318", "postgresql://:alone-5318@db1/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_become_a_uri),
        cmocka_unit_test(a_socket_has_a_host_for_those_who_want_one),
        cmocka_unit_test(a_uri_stays_as_it_was_written),
        cmocka_unit_test(its_password_is_known_to_the_redactor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
