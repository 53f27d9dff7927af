/*
 * Folders: made, listed, removed as whole trees.
 */
#include "child.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "headgate/clock.h"

#define NOBODY 65534

static bool readdir_fails;   /* after the first entries */
static const char *stubborn; /* the name that cannot be unlinked: EPERM */
static int intruders;        /* how many more folders get a new file before they are removed */

struct dirent *readdir(DIR *stream)
{
    static int calls;
    struct dirent *(*real)(DIR *) = NULL;
    void *symbol = dlsym(RTLD_NEXT, "readdir");
    memcpy(&real, &symbol, sizeof real);
    if (readdir_fails && ++calls % 4 == 0) {
        errno = EIO;
        return NULL;
    }
    return real(stream);
}

int unlinkat(int fd, const char *path, int flags)
{
    if (text_equal(path, stubborn)) {
        errno = EPERM;
        return -1;
    }
    if ((flags & AT_REMOVEDIR) != 0 && intruders > 0) {
        intruders--;
        CLEANUP(mem_freep) char *name = mem_printf("%s/intruder", path);
        int intruder = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        fd_closep(&intruder);
    }
    return (int)syscall(SYS_unlinkat, fd, path, flags);
}

static int in_a_folder(void **state)
{
    (void)state;
    (void)umask(022);
    return chdir(scratch_dir());
}

/* Each test has an empty folder. */
static int tidy(void **state)
{
    (void)state;
    readdir_fails = false;
    stubborn = NULL;
    scratch_sh("chmod -R u+rwx . && find . -mindepth 1 -delete");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/");
}

static mode_t mode_of(const char *path)
{
    struct stat about = {.st_mode = 0};
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}

static void the_folders_above_are_made_too(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    scratch_sh("mkdir -m 755 there");
    assert_ok(folder_make("there/a/b/c", 0700, &err));
    assert_true(path_is_folder("there/a/b/c"));
    assert_int_equal(mode_of("there"), 0755);
    assert_int_equal(mode_of("there/a"), 0700);
    assert_int_equal(mode_of("there/a/b/c"), 0700);
    assert_ok(folder_make("x/y/", 0711, &err));
    assert_int_equal(mode_of("x/y"), 0711);
}

static void a_folder_that_exists_is_fine(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    scratch_sh("mkdir a && ln -s a link");
    static const char *const paths[] = {"a", "a/", "link", ".", "/", "/tmp"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        assert_ok(folder_make(paths[i], 0700, &err));
    }
    assert_int_equal(mode_of("a"), 0755);
}

static void assert_not_made(const char *path, int sys_errno, const char *message)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_fails(folder_make(path, 0700, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, sys_errno);
    assert_string_equal(err.message, message);
}

static void where_something_else_stands_no_folder_is_made(void **state)
{
    (void)state;
    scratch_sh("touch file && ln -s none dangling");
    assert_not_made("file", EEXIST, "could not make folder file: File exists");
    assert_not_made("dangling", EEXIST, "could not make folder dangling: File exists");
    assert_not_made("file/a", ENOTDIR, "could not make folder file/a: Not a directory");
    assert_not_made("file/a/b", ENOTDIR, "could not make folder file/a/b: Not a directory");
    assert_not_made("", ENOENT, "could not make folder : No such file or directory");
    assert_not_made("/proc/none/a", ENOENT,
                    "could not make folder /proc/none: No such file or directory");
}

static void in_a_removed_folder_nothing_is_made(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    scratch_sh("mkdir gone");
    assert_int_equal(chdir("gone"), 0);
    scratch_sh("rmdir gone");
    bool made = folder_make("a/b", 0700, &err);
    assert_int_equal(chdir(scratch_dir()), 0);
    assert_fails(made, ERROR_IO);
    assert_int_equal(err.sys_errno, ENOENT);
}

static int make_the_same(const void *path)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    return folder_make(path, 0700, &err) ? 0 : 1;
}

static void many_may_make_the_same_folder(void **state)
{
    (void)state;
    pid_t children[8];
    for (int round = 0; round < 10; round++) {
        CLEANUP(mem_freep) char *path = mem_printf("r%d/a/b/c/d/e/f", round);
        for (size_t i = 0; i < ARRAY_LEN(children); i++) {
            children[i] = child_start(make_the_same, path);
        }
        for (size_t i = 0; i < ARRAY_LEN(children); i++) {
            assert_int_equal(child_end(children[i]), 0);
        }
        assert_true(path_is_folder(path));
    }
}

static void names_come_in_byte_order(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    static const char *const wanted[] = {"...", ".hidden", "10", "9", "B",       "_",
                                         "a",   "a b",     "aa", "b", "\xc3\xa9"};
    strlist_add(&names, "what was there before");
    scratch_sh("mkdir f f/a f/b && cd f && touch B aa .hidden 9 10 _ 'a b' ... \xc3\xa9");
    assert_ok(folder_list("f", &names, &err));
    assert_int_equal(names.n, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_string_equal(names.items[i], wanted[i]);
    }
    scratch_sh("mkdir empty");
    assert_ok(folder_list("empty", &names, &err));
    assert_int_equal(names.n, 0);
}

static void assert_unlisted(const char *path, int sys_errno)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    strlist_add(&names, "untouched");
    assert_fails(folder_list(path, &names, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, sys_errno);
    assert_true(text_starts(err.message, "could not read folder "));
    assert_int_equal(names.n, 1);
    assert_string_equal(names.items[0], "untouched");
}

static void half_a_list_is_no_list(void **state)
{
    (void)state;
    scratch_sh("mkdir f && touch file f/1 f/2 f/3 f/4 f/5");
    assert_unlisted("none", ENOENT);
    assert_unlisted("file", ENOTDIR);
    readdir_fails = true;
    assert_unlisted("f", EIO);
}

static void assert_gone(const char *path)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct stat about;
    assert_ok(folder_remove(path, &err));
    assert_int_equal(lstat(path, &about), -1);
}

static void a_tree_is_removed_with_all_that_is_in_it(void **state)
{
    (void)state;
    scratch_sh("mkdir -p t/a/b/c t/empty t/.hidden && touch t/1 t/a/2 t/a/b/3 t/.hidden/4 "
               "t/a/b/c/5 && mkfifo t/a/fifo "
               "&& chmod 000 t/a/2 && chmod 555 t/empty && touch beside");
    assert_gone("t");
    assert_gone("t"); /* which is not there */
    assert_gone("no/such/tree");
    assert_string_equal(scratch_out("ls -A"), "beside");
}

static void what_links_lead_to_survives(void **state)
{
    (void)state;
    scratch_sh("mkdir -p t/a target/sub && touch target/file target/sub/file && ln -s ../target "
               "t/folder && "
               "ln -s ../../target/file t/a/file && ln -s none t/dangling && ln -s . t/self && "
               "ln target/file t/hard");
    assert_gone("t");
    assert_string_equal(scratch_out("find target -type f | sort | tr '\\n' ' '"),
                        "target/file target/sub/file ");
}

static void what_is_no_folder_is_not_removed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    scratch_sh("mkdir target && touch file target/file && ln -s target link");
    assert_fails(folder_remove("link", &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOTDIR);
    error_clear(&err);
    assert_fails(folder_remove("file", &err), ERROR_IO);
    assert_string_equal(err.message, "could not remove file: Not a directory");
    scratch_sh("test -f target/file && test -L link && test -f file");
}

static void a_deep_tree_is_made_and_removed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf path = STRBUF_INIT;
    strbuf_add(&path, "deep");
    for (int i = 0; i < 200; i++) {
        strbuf_printf(&path, "/%d", i);
    }
    assert_ok(folder_make(path.text, 0700, &err));
    scratch_sh("touch %s/file", path.text);
    assert_gone("deep");
}

/* Removes the tree as somebody without root's rights would; the errno, or 0. */
static int remove_unprivileged(const void *path)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    bool root = geteuid() == 0;
    if (root && seteuid(NOBODY) != 0) {
        return 255;
    }
    bool removed = folder_remove(path, &err);
    if (root && seteuid(0) != 0) {
        return 254;
    }
    return removed ? 0 : err.sys_errno;
}

static void what_may_not_be_removed_is_told_and_the_rest_goes(void **state)
{
    (void)state;
    scratch_sh("mkdir -m 777 t t/a t/c && mkdir t/b && touch t/a/1 t/b/2 t/c/3 && chmod 555 t/b");
    assert_int_equal(in_child(remove_unprivileged, "t"), EACCES);
    assert_string_equal(scratch_out("find t | sort | tr '\\n' ' '"), "t t/b t/b/2 ");
    scratch_sh("chmod 000 t/b");
    assert_int_equal(in_child(remove_unprivileged, "t"), EACCES);
    scratch_sh("chmod 755 t/b");
    assert_gone("t");
}

static void the_first_reason_is_told(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    scratch_sh("mkdir -p t/a && touch t/a/file t/z");
    stubborn = "file";
    assert_fails(folder_remove("t", &err), ERROR_IO);
    assert_string_equal(err.message, "could not remove t: Operation not permitted");
    assert_string_equal(scratch_out("find t | sort | tr '\\n' ' '"), "t t/a t/a/file ");
    error_clear(&err);
    stubborn = NULL;
    readdir_fails = true;
    scratch_sh("touch t/1 t/2 t/3 t/4 t/5");
    assert_fails(folder_remove("t", &err), ERROR_IO);
    assert_int_equal(err.sys_errno, EIO);
}

/* Puts files into the tree until it is gone: many at first, then fewer and fewer. */
static int keep_writing(const void *context)
{
    (void)context;
    for (int i = 0; i < 5000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "t/a/%d", i);
        int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0) {
            return errno == ENOENT ? 0 : 1;
        }
        (void)close(fd);
        (void)poll(NULL, 0, i < 200 ? 0 : 5);
    }
    return 2;
}

static void a_tree_is_removed_while_somebody_writes_into_it(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        scratch_sh("mkdir -p t/a");
        pid_t writer = child_start(keep_writing, NULL);
        msec deadline = deadline_in(PATIENCE);
        while (!path_exists("t/a/20") && !deadline_passed(deadline)) {
            (void)poll(NULL, 0, 1);
        }
        assert_gone("t");
        assert_int_equal(child_end(writer), 0);
    }
}

static void what_came_meanwhile_is_removed_with_the_next_try(void **state)
{
    (void)state;
    scratch_sh("mkdir -p t/a/b t/c && touch t/a/b/file");
    intruders = 6;
    assert_gone("t");
    assert_int_equal(intruders, 0);
}

static void no_descriptor_stays_open(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist before = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist after = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    assert_ok(folder_list("/proc/self/fd", &before, &err));
    scratch_sh("mkdir -p t/a/b t/c/d && touch t/a/b/file");
    assert_ok(folder_list("t", &names, &err));
    assert_gone("t");
    assert_ok(folder_list("/proc/self/fd", &after, &err));
    assert_int_equal(after.n, before.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_folders_above_are_made_too, tidy),
        cmocka_unit_test_setup(a_folder_that_exists_is_fine, tidy),
        cmocka_unit_test_setup(where_something_else_stands_no_folder_is_made, tidy),
        cmocka_unit_test_setup(in_a_removed_folder_nothing_is_made, tidy),
        cmocka_unit_test_setup(many_may_make_the_same_folder, tidy),
        cmocka_unit_test_setup(names_come_in_byte_order, tidy),
        cmocka_unit_test_setup(half_a_list_is_no_list, tidy),
        cmocka_unit_test_setup(a_tree_is_removed_with_all_that_is_in_it, tidy),
        cmocka_unit_test_setup(what_links_lead_to_survives, tidy),
        cmocka_unit_test_setup(what_is_no_folder_is_not_removed, tidy),
        cmocka_unit_test_setup(a_deep_tree_is_made_and_removed, tidy),
        cmocka_unit_test_setup(what_may_not_be_removed_is_told_and_the_rest_goes, tidy),
        cmocka_unit_test_setup(the_first_reason_is_told, tidy),
        cmocka_unit_test_setup(a_tree_is_removed_while_somebody_writes_into_it, tidy),
        cmocka_unit_test_setup(what_came_meanwhile_is_removed_with_the_next_try, tidy),
        cmocka_unit_test_setup(no_descriptor_stays_open, tidy),
    };
    return cmocka_run_group_tests(tests, in_a_folder, leave);
}
