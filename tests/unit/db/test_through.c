/* Where a connection string leads, and the same servers over other ways. */
#include "scratch.h"

#include <stdlib.h>

#include "headgate/db.h"
#include "headgate/db_copy.h"
#include "headgate/mem.h"

static struct conninfo *parsed(const char *url)
{
    struct error err = ERROR_INIT;
    struct conninfo *conninfo = NULL;
    assert_ok(conninfo_parse(url, &conninfo, &err));
    return conninfo;
}

static void expect_server(const char *url, const char *name, const char *address, int port,
                          bool wants_its_name)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = parsed(url);
    struct db_server *servers = NULL;
    size_t n = 0;
    conninfo_servers(conninfo, &servers, &n);
    assert_int_equal(n, 1);
    assert_string_equal(servers[0].name, name);
    assert_string_equal(servers[0].address, address);
    assert_int_equal(servers[0].port, port);
    if (servers[0].wants_its_name != wants_its_name) {
        fail_msg("%s: wants_its_name is %d", url, servers[0].wants_its_name);
    }
    db_servers_free(servers, n);
}

static void a_server_is_where_libpq_would_go(void **state)
{
    (void)state;
    expect_server("postgresql://u:p@db1.example.net/shop", "db1.example.net", "db1.example.net",
                  5432, true);
    expect_server("host=db1 port=6000 password=p", "db1", "db1", 6000, true);
    expect_server("host=db1 hostaddr=10.0.0.7 password=p", "db1", "10.0.0.7", 5432, true);
    expect_server("hostaddr=10.0.0.7 password=p", "10.0.0.7", "10.0.0.7", 5432, true);
    expect_server("dbname=shop", "/var/run/postgresql", "/var/run/postgresql", 5432, false);
    expect_server("host=/srv/pg port=5433", "/srv/pg", "/srv/pg", 5433, false);
}

static void variables_count(void **state)
{
    (void)state;
    (void)setenv("PGHOST", "elsewhere", 1);
    (void)setenv("PGPORT", "7777", 1);
    expect_server("dbname=shop", "elsewhere", "elsewhere", 7777, true);
    expect_server("host=here dbname=shop", "here", "here", 7777, true);
    (void)unsetenv("PGHOST");
    (void)unsetenv("PGPORT");
    (void)setenv("PGHOSTADDR", "10.1.1.1", 1); /* libpq would go there, whatever socket we name */
    expect_server("host=/srv/pg", "10.1.1.1", "10.1.1.1", 5432, true);
    (void)unsetenv("PGHOSTADDR");
}

static void a_name_is_wanted_for_tls_and_for_pgpass(void **state)
{
    (void)state;
    expect_server("host=localhost password=p", "localhost", "localhost", 5432, false);
    expect_server("host=localhost", "localhost", "localhost", 5432, true); /* .pgpass */
    expect_server("host=localhost password=p sslmode=require", "localhost", "localhost", 5432,
                  true);
    expect_server("host=localhost password=p channel_binding=require", "localhost", "localhost",
                  5432, true);
    expect_server("host=db1 password=p sslmode=disable", "db1", "db1", 5432, false);
    expect_server("host=db1 password=p sslmode=prefer", "db1", "db1", 5432, true);
    expect_server("host=db1 password=p sslmode=verify-full", "db1", "db1", 5432, true);
}

static struct conninfo *through(const char *url, const struct db_way *ways, size_t n_ways)
{
    CLEANUP(conninfo_freep) struct conninfo *conninfo = parsed(url);
    struct db_server *servers = NULL;
    size_t n = 0;
    conninfo_servers(conninfo, &servers, &n);
    assert_int_equal(n, n_ways);
    struct conninfo *other = conninfo_through(conninfo, servers, ways, n, "ssh db1");
    db_servers_free(servers, n);
    return other;
}

static void expect_parameter(const struct conninfo *conninfo, const char *keyword,
                             const char *value)
{
    const char *got = conninfo_get(conninfo, keyword);
    if (!text_equal(got, value)) {
        fail_msg("%s is %s", keyword, got != NULL ? got : "not there");
    }
}

static void a_socket_stands_in_for_the_server(void **state)
{
    (void)state;
    const struct db_way way = {"/run/x/w1", 5432, true};
    CLEANUP(conninfo_freep)
    struct conninfo *other =
        through("postgresql://u:p@localhost:6000/shop?requirepeer=pg&schema=app", &way, 1);
    expect_parameter(other, "host", "/run/x/w1");
    expect_parameter(other, "hostaddr", NULL);
    expect_parameter(other, "port", "5432");
    expect_parameter(other, "dbname", "shop");
    expect_parameter(other, "requirepeer", NULL);
    assert_string_equal(conninfo_schema(other), "app");
    CLEANUP(mem_freep) char *uri = conninfo_uri(other); /* not the one that was written */
    assert_contains(uri, "%2Frun%2Fx%2Fw1");
}

static void an_address_leaves_the_server_its_name(void **state)
{
    (void)state;
    const struct db_way way = {"127.3.4.5", 6000, false};
    CLEANUP(conninfo_freep)
    struct conninfo *other = through("host=db1 port=6000 sslmode=verify-full", &way, 1);
    expect_parameter(other, "host", "db1");
    expect_parameter(other, "hostaddr", "127.3.4.5");
    expect_parameter(other, "port", "6000");
    expect_parameter(other, "sslmode", "verify-full");
}

static void several_servers_have_a_way_each(void **state)
{
    (void)state;
    const struct db_way ways[] = {{"127.3.4.5", 5432, false}, {"127.3.4.5", 6001, false}};
    CLEANUP(conninfo_freep)
    struct conninfo *other = through("host=db1,db2 port=5432,6000", ways, 2);
    expect_parameter(other, "host", "db1,db2");
    expect_parameter(other, "hostaddr", "127.3.4.5,127.3.4.5");
    expect_parameter(other, "port", "5432,6001");
    const struct db_way mixed[] = {{"/run/x/w1", 5432, true}, {"127.3.4.5", 6001, false}};
    CLEANUP(conninfo_freep)
    struct conninfo *both = through("host=/srv/pg,db2 port=5432 password=p", mixed, 2);
    expect_parameter(both, "host", "/run/x/w1,db2");
    expect_parameter(both, "hostaddr", ",127.3.4.5");
}

/* Nobody listens there: it is told of the server, with what was to lead to it. */
static void messages_name_the_server(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = NULL;
    const struct db_options options = {.purpose = "test"};
    CLEANUP(mem_freep) char *folder = mem_printf("%s/none", scratch_dir());
    const struct db_way way = {folder, 5432, true};
    CLEANUP(conninfo_freep)
    struct conninfo *other = through("host=localhost port=6000 password=p dbname=shop", &way, 1);
    CLEANUP(conninfo_freep) struct conninfo *another = conninfo_with_database(other, "postgres");
    assert_fails(db_open(another, &options, deadline_in(5000), &db, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "localhost:6000/postgres via ssh db1");
    assert_null(strstr(err.message, "none"));
}

/* libpq says the address where the server's name is one. */
static void messages_name_an_address_too(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(db_closep) struct db *db = NULL;
    const struct db_options options = {.purpose = "test"};
    const struct db_way way = {"127.3.4.5", 1, false};
    CLEANUP(conninfo_freep) struct conninfo *other = through("host=10.0.0.7 dbname=shop", &way, 1);
    assert_fails(db_open(other, &options, deadline_in(5000), &db, &err), ERROR_UNREACHABLE);
    assert_contains(err.message, "10.0.0.7:5432/shop via ssh db1");
}

int main(void)
{
    static const char *const variables[] = {"PGHOST",          "PGHOSTADDR", "PGPORT",
                                            "PGPASSWORD",      "PGSERVICE",  "PGSSLMODE",
                                            "PGCHANNELBINDING"};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_where_libpq_would_go),
        cmocka_unit_test(variables_count),
        cmocka_unit_test(a_name_is_wanted_for_tls_and_for_pgpass),
        cmocka_unit_test(a_socket_stands_in_for_the_server),
        cmocka_unit_test(an_address_leaves_the_server_its_name),
        cmocka_unit_test(several_servers_have_a_way_each),
        cmocka_unit_test(messages_name_the_server),
        cmocka_unit_test(messages_name_an_address_too),
    };
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        (void)unsetenv(variables[i]);
    }
    return cmocka_run_group_tests_name("db/through", tests, NULL, NULL);
}
