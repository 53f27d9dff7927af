/*
 * Finding server programs, with scripts in their place.
 */
#include "scratch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "headgate/cluster.h"
#include "headgate/error.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"

static const char *old_path;

/* A folder whose postgres says this when it is asked for its version. */
static const char *fake_server(const char *name, const char *version_line)
{
    scratch_sh("mkdir -p %s && cd %s && printf '#!/bin/sh\necho \"%s\"\n' >postgres && cp postgres "
               "initdb && "
               "chmod 755 postgres initdb",
               name, name, version_line);
    return scratch_out("realpath %s", name);
}

static int reset(void **state)
{
    (void)state;
    assert_int_equal(setenv("PATH", old_path, 1), 0);
    assert_int_equal(unsetenv("HEADGATE_PG_BINDIR"), 0);
    return 0;
}

static void put_in_front_of_path(const char *folder)
{
    CLEANUP(mem_freep) char *path = mem_printf("%s:%s", folder, old_path);
    assert_int_equal(setenv("PATH", path, 1), 0);
}

static void the_named_folder_comes_first(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_programs_clear) struct server_programs best = {0};
    const char *named = fake_server("named", "postgres (PostgreSQL) 99.7 (Debian 99.7-1)");
    put_in_front_of_path(fake_server("in-path", "postgres (PostgreSQL) 98.1"));
    assert_int_equal(setenv("HEADGATE_PG_BINDIR", named, 1), 0);
    assert_ok(servers_find_best(&best, &err));
    assert_string_equal(best.folder, named);
    assert_string_equal(best.version_text, "99.7");
    assert_int_equal(best.version, 990007);
}

/* One that was not heard out is not one that is not there. */
static void a_wish_to_stop_is_not_taken_for_a_missing_server(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_programs_clear) struct server_programs found = {0};
    const char *named = fake_server("slow", "postgres (PostgreSQL) 97.1");
    assert_int_equal(setenv("HEADGATE_PG_BINDIR", named, 1), 0);
    interrupt_install();
    assert_int_equal(raise(SIGTERM), 0);
    assert_fails(servers_find_major(97, &found, &err), ERROR_TERMINATED);
    interrupt_forget();
    error_clear(&err);
    assert_ok(servers_find_major(97, &found, &err));
}

static void path_comes_before_debians_folder(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_programs_clear) struct server_programs best = {0};
    const char *in_path = fake_server("beta", "postgres (PostgreSQL) 98beta1");
    put_in_front_of_path(in_path);
    assert_ok(servers_find_best(&best, &err));
    assert_string_equal(best.folder, in_path);
    assert_string_equal(best.version_text, "98beta1");
    assert_int_equal(best.version, 980000);
}

static void a_folder_is_listed_once_however_it_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_list_clear) struct server_list list = {0};
    const char *folder = fake_server("twice", "postgres (PostgreSQL) 97.2");
    scratch_sh("ln -sfn twice link-to-twice");
    assert_int_equal(setenv("HEADGATE_PG_BINDIR", scratch_out("echo $PWD/link-to-twice"), 1), 0);
    put_in_front_of_path(folder);
    assert_ok(servers_find(&list, &err));
    assert_true(list.n > 0);
    assert_string_equal(list.items[0].folder, folder);
    for (size_t i = 1; i < list.n; i++) {
        assert_string_not_equal(list.items[i].folder, folder);
    }
}

static void the_folder_of_the_programs_is_meant_not_that_of_links_to_them(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_programs_clear) struct server_programs best = {0};
    const char *folder = fake_server("whole", "postgres (PostgreSQL) 92.2");
    scratch_sh("mkdir -p links && ln -sf ../whole/postgres ../whole/initdb links/");
    put_in_front_of_path(scratch_out("echo $PWD/links"));
    assert_ok(servers_find_best(&best, &err));
    assert_string_equal(best.folder, folder);
}

static void servers_that_are_broken_or_too_old_are_passed_over(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_list_clear) struct server_list list = {0};
    fake_server("speechless", "hello");
    fake_server("endless", "postgres (PostgreSQL) 123456789012.1");
    fake_server("old", "postgres (PostgreSQL) 9.6.24");
    fake_server("good", "postgres (PostgreSQL) 96.3");
    scratch_sh("mkdir -p half && cp good/postgres half/");
    put_in_front_of_path(
        scratch_out("echo $PWD/speechless:$PWD/endless:$PWD/old:$PWD/half:relative::$PWD/good"));
    assert_ok(servers_find(&list, &err));
    assert_true(list.n > 0);
    assert_string_equal(list.items[0].version_text, "96.3");
}

static void a_server_is_found_by_its_major_version(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_programs_clear) struct server_programs server = {0};
    put_in_front_of_path(fake_server("first", "postgres (PostgreSQL) 95.1"));
    assert_int_equal(
        setenv("HEADGATE_PG_BINDIR", fake_server("second", "postgres (PostgreSQL) 94.2"), 1), 0);
    assert_ok(servers_find_major(95, &server, &err));
    assert_string_equal(server.version_text, "95.1");
    server_programs_clear(&server);
    assert_fails(servers_find_major(77, &server, &err), ERROR_IO);
    assert_contains(err.hint, "postgresql-77");
    assert_null(server.folder);
}

static void a_named_folder_without_a_server_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_programs_clear) struct server_programs best = {0};
    CLEANUP(server_list_clear) struct server_list list = {0};
    assert_int_equal(setenv("HEADGATE_PG_BINDIR", scratch_dir(), 1), 0);
    assert_fails(servers_find_best(&best, &err), ERROR_CONFIG);
    assert_contains(err.message, scratch_dir());
    error_clear(&err);
    assert_fails(servers_find(&list, &err), ERROR_CONFIG);
    error_clear(&err);
    assert_fails(servers_find_major(15, &best, &err), ERROR_CONFIG);
}

static void a_best_server_that_cannot_say_its_version_is_an_error(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_programs_clear) struct server_programs best = {0};
    assert_int_equal(setenv("HEADGATE_PG_BINDIR", fake_server("mute", "something else"), 1), 0);
    assert_fails(servers_find_best(&best, &err), ERROR_IO);
    assert_contains(err.message, "mute/postgres");
    error_clear(&err);
    scratch_sh("printf '#!/bin/sh\necho torn library >&2; exit 3\n' >mute/postgres");
    assert_fails(servers_find_best(&best, &err), ERROR_IO);
}

/* Debian's own folder is only looked into here; that there is one is the machine's affair. */
static void pg_config_is_asked_when_path_has_no_server(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_programs_clear) struct server_programs best = {0};
    const char *hidden = fake_server("hidden", "postgres (PostgreSQL) 93.3");
    scratch_sh("mkdir -p configured && printf '#!/bin/sh\necho %s\n' >configured/pg_config && "
               "chmod 755 configured/pg_config",
               hidden);
    assert_int_equal(setenv("PATH", scratch_out("echo $PWD/configured:/bin"), 1), 0);
    assert_ok(servers_find_best(&best, &err));
    assert_string_equal(best.version_text, "93.3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_named_folder_comes_first, reset, reset),
        cmocka_unit_test_setup_teardown(a_wish_to_stop_is_not_taken_for_a_missing_server, reset,
                                        reset),
        cmocka_unit_test_setup_teardown(path_comes_before_debians_folder, reset, reset),
        cmocka_unit_test_setup_teardown(a_folder_is_listed_once_however_it_is_named, reset, reset),
        cmocka_unit_test_setup_teardown(
            the_folder_of_the_programs_is_meant_not_that_of_links_to_them, reset, reset),
        cmocka_unit_test_setup_teardown(servers_that_are_broken_or_too_old_are_passed_over, reset,
                                        reset),
        cmocka_unit_test_setup_teardown(a_server_is_found_by_its_major_version, reset, reset),
        cmocka_unit_test_setup_teardown(a_named_folder_without_a_server_is_refused, reset, reset),
        cmocka_unit_test_setup_teardown(a_best_server_that_cannot_say_its_version_is_an_error,
                                        reset, reset),
        cmocka_unit_test_setup_teardown(pg_config_is_asked_when_path_has_no_server, reset, reset),
    };
    old_path = strdup(getenv("PATH"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
