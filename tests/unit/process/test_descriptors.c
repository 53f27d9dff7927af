/*
 * What a forked child keeps of its parent's descriptors.
 */
#include "running.h"

#include <dirent.h>
#include <sys/mman.h>

static int count_open(void)
{
    int n = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL) {
        n++;
    }
    closedir(folder);
    return n - 3; /* ".", ".." and the folder's own */
}

static bool says(int fd, const char *text)
{
    char got[10] = "";
    return pread(fd, got, sizeof got, 0) == (ssize_t)strlen(text) && text_equal(got, text);
}

static int file_with(const char *text)
{
    int fd = memfd_create("kept", MFD_CLOEXEC);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    return fd;
}

static bool streams_are_null(void)
{
    bool null = true;
    for (int stream = 0; stream < 3; stream++) {
        char target[20] = "";
        CLEANUP(mem_freep) char *path = mem_printf("/proc/self/fd/%d", stream);
        null = null && readlink(path, target, sizeof target - 1) > 0 &&
               text_equal(target, "/dev/null");
    }
    return null;
}

/* The end that a child of ours comes to with what it finds. */
static int in_a_child(int (*body)(int a, int b), int a, int b)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        process_exit_child(body(a, b));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int keep_two(int a, int b)
{
    process_keep_only((int *const[]){&a, &b}, 2);
    return !says(a, "first") ? 1 : !says(b, "second") ? 2 : !streams_are_null() ? 3 : count_open();
}

static int keep_one_and_none(int a, int b)
{
    int none = -1;
    process_keep_only((int *const[]){&none, &b}, 2);
    return a == b || none != -1 ? 1 : !says(b, "second") ? 2 : count_open();
}

static void what_is_kept_moves_and_all_else_is_closed(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int a = file_with("first");
    CLEANUP(fd_closep) int between = file_with("between");
    CLEANUP(fd_closep) int b = file_with("second");
    CLEANUP(fd_closep) int behind = file_with("behind");
    assert_true(a < between && between < b && b < behind);
    assert_int_equal(in_a_child(keep_two, a, b), 5);
    assert_int_equal(in_a_child(keep_two, a, b), 5);
    assert_true(says(a, "first") && says(behind, "behind"));
}

static void their_order_does_not_matter(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int b = file_with("second");
    CLEANUP(fd_closep) int a = file_with("first");
    assert_true(b < a);
    assert_int_equal(in_a_child(keep_two, a, b), 5);
}

static void what_is_none_stays_none(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int a = file_with("first");
    CLEANUP(fd_closep) int b = file_with("second");
    assert_int_equal(in_a_child(keep_one_and_none, a, b), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_kept_moves_and_all_else_is_closed),
        cmocka_unit_test(their_order_does_not_matter),
        cmocka_unit_test(what_is_none_stays_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
