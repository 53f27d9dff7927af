/*
 * Whose our servers are. The root half of it needs root, and is empty otherwise.
 */
#include "scratch.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "server_user.h"

#define NOBODY 65534

/* In a child that is an ordinary user while it tries. */
static bool works_without_root(bool (*try)(void))
{
    int status = -1;
    bool root = geteuid() == 0;
    pid_t child = fork();
    if (child == 0) {
        bool dropped = !root || seteuid(NOBODY) == 0;
        bool worked = dropped && try();
        process_exit_child(worked && (!root || seteuid(0) == 0) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status == 0;
}

static bool finds_itself(void)
{
    struct error err = ERROR_INIT;
    struct server_user user = {.other = true};
    return server_user_find(&user, &err) && !user.other && server_user_spec(&user) == NULL &&
           server_user_reaches(&user, "/nowhere") && server_user_become(&user);
}

static void an_ordinary_user_is_the_servers_user(void **state)
{
    (void)state;
    assert_true(works_without_root(finds_itself));
}

static bool cannot_give_a_folder_away(void)
{
    struct error err = ERROR_INIT;
    char name[] = "root";
    struct server_user user = {.other = true, .user = {.uid = 0, .gid = 0, .name = name}};
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "open/given");
    bool failed = !server_user_make_folder(&user, path, &err) && err.code == ERROR_IO;
    error_clear(&err);
    return failed;
}

static void a_folder_that_cannot_be_given_to_the_user_is_an_error(void **state)
{
    (void)state;
    scratch_sh("mkdir -p open && chmod 777 open");
    assert_true(works_without_root(cannot_give_a_folder_away));
}

static void a_folder_is_private_and_new(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_user_clear) struct server_user user = {0};
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "private");
    assert_ok(server_user_find(&user, &err));
    assert_ok(server_user_make_folder(&user, path, &err));
    assert_string_equal(scratch_out("stat -c %%a private"), "700");
    assert_fails(server_user_make_folder(&user, path, &err), ERROR_IO);
}

static void the_way_to_a_server_is_open_whatever_the_umask(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(server_user_clear) struct server_user user = {0};
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "a/b/c");
    assert_ok(server_user_find(&user, &err));
    mode_t before = umask(0077);
    assert_ok(server_way_make(path, &err));
    assert_int_equal(umask(before), 0077);
    assert_true(server_user_reaches(&user, path));
    scratch_sh("chmod 700 a/b");
    assert_int_equal(server_user_reaches(&user, path), !user.other);
    assert_true(server_user_reaches(&user, "/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_user_is_the_servers_user),
        cmocka_unit_test(a_folder_that_cannot_be_given_to_the_user_is_an_error),
        cmocka_unit_test(a_folder_is_private_and_new),
        cmocka_unit_test(the_way_to_a_server_is_open_whatever_the_umask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
