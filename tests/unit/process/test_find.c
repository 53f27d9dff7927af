/*
 * Programs and users by name.
 */
#include <errno.h>

#include "running.h"

static void set_path(const char *folders)
{
    assert_int_equal(setenv("PATH", folders, 1), 0);
}

static void assert_found(const char *name, const char *wanted)
{
    CLEANUP(mem_freep) char *path = process_find(name);
    assert_non_null(path);
    assert_string_equal(path, wanted);
}

static void assert_not_found(const char *name, int reason)
{
    errno = 0;
    assert_null(process_find(name));
    assert_int_equal(errno, reason);
}

/* one/prog cannot be executed, two/prog can, three/prog is a folder. */
static int make_programs(void **state)
{
    (void)state;
    scratch_sh(
        "mkdir one two three three/prog; touch one/prog; "
        "printf '#!/bin/sh\\necho found\\n' >two/prog; chmod 755 two/prog; cp two/prog two/only");
    return 0;
}

static void the_first_folder_with_the_program_counts(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *two = mem_printf("%s/two", scratch_dir());
    CLEANUP(mem_freep) char *wanted = mem_printf("%s/prog", two);
    CLEANUP(mem_freep)
    char *folders = mem_printf("%s/none:%s/one:%s/three:%s:/bin", scratch_dir(), scratch_dir(),
                               scratch_dir(), two);
    set_path(folders);
    assert_found("prog", wanted);
    assert_found("sh", "/bin/sh");
}

static void a_file_that_cannot_be_executed_is_told_from_a_missing_one(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *folders = mem_printf("%s/one:%s/none", scratch_dir(), scratch_dir());
    set_path(folders);
    assert_not_found("prog", EACCES);
    assert_not_found("no-such-program-5318", ENOENT);
    scratch_sh("PATH=/usr/bin:/bin; mkdir locked; chmod 000 locked");
    CLEANUP(mem_freep) char *locked = mem_printf("%s/locked", scratch_dir());
    set_path(locked);
    assert_not_found("no-such-program-5318", ENOENT);
    set_path("");
    assert_not_found("no-such-program-5318", ENOENT);
    assert_not_found("", ENOENT);
}

static void a_relative_part_of_path_gives_an_absolute_program(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *here = get_current_dir_name();
    CLEANUP(mem_freep) char *two = mem_printf("%s/two", scratch_dir());
    assert_int_equal(chdir(scratch_dir()), 0);
    set_path("two");
    CLEANUP(mem_freep) char *found = process_find("only");
    struct process_result result = run(&(struct process_spec){
        .argv = ARGV("only"), .folder = "/", .deadline = deadline_in(PATIENCE)});
    assert_int_equal(chdir(two), 0);
    set_path("/no/such/folder:");
    CLEANUP(mem_freep) char *found_here = process_find("only");
    assert_int_equal(chdir(here), 0);
    assert_true(found != NULL && found[0] == '/' && text_ends(found, "two/only"));
    assert_true(found_here != NULL && found_here[0] == '/' && text_ends(found_here, "/only"));
    assert_string_equal(result.out.text, "found\n");
    process_result_clear(&result);
}

static void a_name_with_a_slash_is_not_looked_up(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *good = mem_printf("%s/two/prog", scratch_dir());
    CLEANUP(mem_freep) char *bad = mem_printf("%s/one/prog", scratch_dir());
    set_path("/no/such/folder");
    assert_found(good, good);
    assert_not_found(bad, EACCES);
    assert_not_found("/no/such/program", ENOENT);
}

static void without_path_the_usual_folders_are_searched(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("PATH"), 0);
    CLEANUP(mem_freep) char *path = process_find("sh");
    assert_non_null(path);
    assert_true(text_ends(path, "/bin/sh"));
}

static void a_user_is_found_by_name(void **state)
{
    (void)state;
    struct process_user user = {.name = NULL};
    assert_true(process_user_find("root", &user));
    assert_int_equal(user.uid, 0);
    assert_int_equal(user.gid, 0);
    assert_string_equal(user.name, "root");
    assert_string_equal(user.home, "/root");
    process_user_clear(&user);
    assert_null(user.name);
    assert_false(process_user_find("no-such-user-5318", &user));
    assert_null(user.name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_folder_with_the_program_counts),
        cmocka_unit_test(a_file_that_cannot_be_executed_is_told_from_a_missing_one),
        cmocka_unit_test(a_relative_part_of_path_gives_an_absolute_program),
        cmocka_unit_test(a_name_with_a_slash_is_not_looked_up),
        cmocka_unit_test(without_path_the_usual_folders_are_searched),
        cmocka_unit_test(a_user_is_found_by_name),
    };
    return cmocka_run_group_tests(tests, make_programs, NULL);
}
