/*
 * What programs get of our environment.
 */
#include "headgate/secret.h"
#include "running.h"

static const char *const plain_names[] = {"PATH",   "HOME", "USER",   "LOGNAME", "LANG",
                                          "LC_ALL", "TZ",   "TMPDIR", "TERM"};

static void set(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

static void the_plain_environment_is_what_a_program_needs(void **state)
{
    (void)state;
    struct strlist env = STRLIST_INIT;
    set("PGPASSWORD", "canary");
    for (size_t i = 1; i < ARRAY_LEN(plain_names); i++) {
        set(plain_names[i], "some value");
    }
    process_plain_environment(NULL, &env);
    assert_int_equal(env.n, ARRAY_LEN(plain_names));
    for (size_t i = 0; i < env.n; i++) {
        CLEANUP(mem_freep)
        char *variable = mem_printf("%s=%s", plain_names[i], getenv(plain_names[i]));
        assert_string_equal(env.items[i], variable);
    }
    assert_null(env.items[env.n]);
    strlist_clear(&env);
}

static void what_we_do_not_have_is_not_made_up(void **state)
{
    (void)state;
    struct strlist env = STRLIST_INIT;
    assert_int_equal(unsetenv("TERM"), 0);
    set("TZ", "");
    process_plain_environment(NULL, &env);
    assert_int_equal(env.n, ARRAY_LEN(plain_names) - 1);
    assert_true(strlist_has(&env, "TZ="));
    strlist_clear(&env);
}

static void another_user_has_a_home_and_name_of_its_own(void **state)
{
    (void)state;
    struct strlist env = STRLIST_INIT;
    char name[] = "other", home[] = "/home/other";
    set("LANG", "C.UTF-8");
    assert_int_equal(unsetenv("LOGNAME"), 0);
    process_plain_environment(&(struct process_user){.uid = 5, .name = name, .home = home}, &env);
    assert_true(strlist_has(&env, "HOME=/home/other"));
    assert_true(strlist_has(&env, "USER=other"));
    assert_true(strlist_has(&env, "LOGNAME=other"));
    assert_true(strlist_has(&env, "LANG=C.UTF-8"));
    strlist_clear(&env);
}

static void known_secrets_are_left_out_of_the_users_environment(void **state)
{
    (void)state;
    struct strlist env = STRLIST_INIT;
    secret_register("canary-5318-secret");
    set("APP_URL", "https://example.net");
    set("APP_TOKEN", "canary-5318-secret");
    set("APP_DATABASE", "postgres://app:canary-5318-secret@db/shop");
    process_user_environment(&env);
    assert_true(strlist_has(&env, "APP_URL=https://example.net"));
    for (size_t i = 0; i < env.n; i++) {
        assert_false(text_starts(env.items[i], "APP_TOKEN="));
        assert_null(strstr(env.items[i], "canary-5318-secret"));
    }
    strlist_clear(&env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plain_environment_is_what_a_program_needs),
        cmocka_unit_test(what_we_do_not_have_is_not_made_up),
        cmocka_unit_test(another_user_has_a_home_and_name_of_its_own),
        cmocka_unit_test(known_secrets_are_left_out_of_the_users_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
