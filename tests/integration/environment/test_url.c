/*
 * The URL of an environment, for another program.
 */
#include "scratch.h"

#include <stdlib.h>
#include <string.h>

#include "headgate/environment.h"
#include "headgate/file.h"
#include "headgate/mem.h"

#define SOON deadline_in(60000)

/* The URL of an environment "x" with these members. */
static bool url_of(const char *members, char **ret_url, struct error *err)
{
    struct error failure = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"environments\":{\"x\":{\"kind\":\"test\",%s}}}", members);
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "e.json");
    assert_true(file_write(path, text, strlen(text), 0644, &failure));
    assert_true(environments_read(path, scratch_state(), &set, &failure));
    return environment_url(&set->items[0], SOON, ret_url, err);
}

static void a_uri_is_handed_on_as_it_is(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *url = NULL;
    CLEANUP(mem_freep) char *written = NULL;
    assert_ok(url_of("\"url\":\"postgres://anna@db1/shop?schema=app\"", &url, &err));
    assert_string_equal(url, "postgres://anna@db1/shop?schema=app");
    assert_ok(url_of("\"url\":\"host=db1 dbname=shop\"", &written, &err));
    assert_string_equal(written, "postgresql://db1/shop");
}

static void each_route_has_its_place(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    const char *const text =
        "{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"postgres://anna@pool/shop\","
        "\"direct_url\":\"postgres://anna@db1/shop\","
        "\"replica_url\":\"postgres://anna@db2/shop\"},"
        "\"y\":{\"kind\":\"test\",\"url\":\"host=db3\"}}}";
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "routes.json");
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
    assert_ok(environments_read(path, scratch_state(), &set, &err));
    const struct {
        size_t environment;
        enum environment_route route;
        const char *host;
    } wanted[] = {{0, ROUTE_USUAL, "pool"},
                  {0, ROUTE_DIRECT, "db1"},
                  {0, ROUTE_REPLICA, "db2"},
                  {1, ROUTE_USUAL, "db3"},
                  {1, ROUTE_DIRECT, "db3"}};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        CLEANUP(conninfo_freep) struct conninfo *conninfo = NULL;
        assert_ok(environment_conninfo(&set->items[wanted[i].environment], wanted[i].route, SOON,
                                       &conninfo, &err));
        assert_string_equal(conninfo_get(conninfo, "host"), wanted[i].host);
    }
}

static void what_cannot_be_reached_has_none(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char *url = NULL;
    assert_fails(url_of("\"url\":\"host=db1\",\"ssh\":{\"host\":\"h\"}", &url, &err),
                 ERROR_UNREACHABLE);
    assert_contains(err.message, "environment \"x\"");
    error_clear(&err);
    assert_fails(url_of("\"url\":\"${HG_NO_SUCH_VARIABLE}\"", &url, &err), ERROR_CONFIG);
    error_clear(&err);
    assert_int_equal(setenv("PGHOSTADDR", "127.0.0.1", 1), 0);
    assert_fails(url_of("\"url\":\"embedded:mine\"", &url, &err), ERROR_CONFIG);
    assert_contains(err.message, "environment \"x\"");
    assert_int_equal(unsetenv("PGHOSTADDR"), 0);
    assert_null(url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_uri_is_handed_on_as_it_is),
        cmocka_unit_test(each_route_has_its_place),
        cmocka_unit_test(what_cannot_be_reached_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
