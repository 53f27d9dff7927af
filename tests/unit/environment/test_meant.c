#include "scratch.h"

#include <stdlib.h>

#include "headgate/environment.h"

static int fresh(void **state)
{
    (void)state;
    (void)unsetenv("DATABASE_ENV");
    (void)unsetenv("NODE_ENV");
    return 0;
}

static void expect(const char *named, const char *wanted, const char *wanted_origin)
{
    const char *origin = NULL;
    assert_string_equal(environment_meant(named, &origin), wanted);
    assert_string_equal(origin, wanted_origin);
}

static void development_is_the_default(void **state)
{
    (void)state;
    expect(NULL, "development", "the default");
}

static void what_is_named_counts_most(void **state)
{
    (void)state;
    (void)setenv("DATABASE_ENV", "staging", 1);
    (void)setenv("NODE_ENV", "test", 1);
    expect("production", "production", "the command line");
}

static void database_env_counts_before_node_env(void **state)
{
    (void)state;
    (void)setenv("NODE_ENV", "test", 1);
    expect(NULL, "test", "NODE_ENV");
    (void)setenv("DATABASE_ENV", "staging", 1);
    expect(NULL, "staging", "DATABASE_ENV");
}

static void an_empty_variable_counts_as_none(void **state)
{
    (void)state;
    (void)setenv("DATABASE_ENV", "", 1);
    expect(NULL, "development", "the default");
    (void)setenv("NODE_ENV", "test", 1);
    expect(NULL, "test", "NODE_ENV");
}

static void kinds_have_names(void **state)
{
    (void)state;
    assert_string_equal(environment_kind_name(KIND_DEVELOPMENT), "development");
    assert_string_equal(environment_kind_name(KIND_TEST), "test");
    assert_string_equal(environment_kind_name(KIND_STAGING), "staging");
    assert_string_equal(environment_kind_name(KIND_PRODUCTION), "production");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(development_is_the_default),
        TEST(what_is_named_counts_most),
        TEST(database_env_counts_before_node_env),
        TEST(an_empty_variable_counts_as_none),
        TEST(kinds_have_names),
    };
    return cmocka_run_group_tests_name("environment/meant", tests, NULL, NULL);
}
