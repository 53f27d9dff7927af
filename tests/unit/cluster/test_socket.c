/*
 * Socket folders: what fits, what is trusted, how they are named in a connection string.
 */
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "headgate/mem.h"
#include "socket.h"

static void a_path_that_is_too_long_or_holds_a_comma_does_not_fit(void **state)
{
    (void)state;
    char folder[SOCKET_PATH_MAX + 2];
    memset(folder, 'x', sizeof folder);
    folder[0] = '/';
    folder[SOCKET_PATH_MAX - strlen("/.s.PGSQL.5432") + 1] = '\0';
    assert_false(socket_folder_fits(folder));
    folder[strlen(folder) - 1] = '\0';
    assert_true(socket_folder_fits(folder));
    assert_false(socket_folder_fits("/tmp/a,b"));
}

static void values_in_a_connection_string_are_quoted(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *plain = socket_conninfo("/run/x", "dev");
    CLEANUP(mem_freep) char *odd = socket_conninfo("/a b/it's\\", "dev");
    assert_string_equal(plain, "host='/run/x' port=5432 dbname=dev user=postgres");
    assert_string_equal(odd, "host='/a b/it\\'s\\\\' port=5432 dbname=dev user=postgres");
}

static void a_socket_answers_while_somebody_listens(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.5432", scratch_dir());
    assert_false(socket_answers(scratch_dir()));
    CLEANUP(fd_closep) int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_false(socket_answers(scratch_dir()));
    assert_int_equal(listen(listener, 0), 0);
    for (int i = 0; i < 8; i++) { /* more than may wait: that it is busy shows that it lives */
        assert_true(socket_answers(scratch_dir()));
    }
    scratch_sh("touch .s.PGSQL.5432.lock");
    socket_remove(scratch_dir());
    assert_false(socket_answers(scratch_dir()));
    scratch_sh("test ! -e .s.PGSQL.5432 && test ! -e .s.PGSQL.5432.lock");
}

static void a_path_beyond_any_socket_does_not_answer(void **state)
{
    (void)state;
    char folder[300];
    memset(folder, 'x', sizeof folder - 1);
    folder[0] = '/';
    folder[sizeof folder - 1] = '\0';
    assert_false(socket_answers(folder));
}

static void the_runtime_folder_must_be_ours_alone(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *folder = runtime_folder(scratch_dir());
    assert_fails(runtime_folder_check(folder, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOENT);
    error_clear(&err);
    assert_ok(runtime_folder_make(folder, &err));
    assert_ok(runtime_folder_make(folder, &err));
    assert_int_equal(chmod(folder, 0777), 0);
    assert_fails(runtime_folder_make(folder, &err), ERROR_IO);
    assert_contains(err.message, "cannot be trusted");
    error_clear(&err);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(symlink("/tmp", folder), 0);
    assert_fails(runtime_folder_make(folder, &err), ERROR_IO);
    error_clear(&err);
    assert_fails(runtime_folder_make("/proc/nowhere", &err), ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_that_is_too_long_or_holds_a_comma_does_not_fit),
        cmocka_unit_test(values_in_a_connection_string_are_quoted),
        cmocka_unit_test(a_socket_answers_while_somebody_listens),
        cmocka_unit_test(a_path_beyond_any_socket_does_not_answer),
        cmocka_unit_test(the_runtime_folder_must_be_ours_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
