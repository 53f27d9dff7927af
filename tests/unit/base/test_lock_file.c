/*
 * Locks that die with their holder.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "headgate/clock.h"
#include "headgate/interrupt.h"

static int removals;  /* how many more times the file vanishes between our open and our lock */
static bool replaced; /* and another one takes its place */
static int failure;   /* of the next flock */

int flock(int fd, int operation)
{
    if (failure != 0) {
        errno = failure;
        failure = 0;
        return -1;
    }
    if (removals > 0) {
        removals--;
        (void)unlink("lock");
        (void)(replaced && mknod("lock", S_IFREG | 0600, 0) == 0);
    }
    return (int)syscall(SYS_flock, fd, operation);
}

static int in_a_folder(void **state)
{
    (void)state;
    return chdir(scratch_dir());
}

static int tidy(void **state)
{
    (void)state;
    scratch_sh("find . -mindepth 1 -delete");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/");
}

static int try_lock(void)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int fd = -1;
    bool locked = false;
    assert_ok(lock_file_try("lock", &fd, &locked, &err));
    assert_int_equal(locked, fd >= 0);
    return fd;
}

struct holder {
    pid_t pid;
    int ends[2];
};

static int hold(const void *context)
{
    const struct holder *holder = context;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int fd = -1;
    bool locked = false;
    if (!lock_file_try("lock", &fd, &locked, &err) || !locked ||
        write(holder->ends[1], "x", 1) != 1) {
        return 1;
    }
    (void)poll(NULL, 0, PATIENCE);
    return 2;
}

/* Another process that holds the lock already. */
static struct holder holder_start(void)
{
    struct holder holder;
    char ready = '\0';
    assert_int_equal(pipe2(holder.ends, O_CLOEXEC), 0);
    holder.pid = child_start(hold, &holder);
    (void)close(holder.ends[1]);
    assert_int_equal(read(holder.ends[0], &ready, 1), 1);
    (void)close(holder.ends[0]);
    return holder;
}

static void holder_kill(const struct holder *holder)
{
    assert_int_equal(kill(holder->pid, SIGKILL), 0);
    assert_int_equal(child_end(holder->pid), -SIGKILL);
}

static void one_has_the_lock_until_it_closes_it(void **state)
{
    (void)state;
    struct stat about;
    CLEANUP(fd_closep) int first = try_lock();
    assert_true(first >= 0);
    assert_int_equal(try_lock(), -1);
    assert_int_equal(fcntl(first, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(stat("lock", &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    fd_closep(&first);
    CLEANUP(fd_closep) int second = try_lock();
    assert_true(second >= 0);
}

static void a_lock_ends_with_its_holder_however_it_dies(void **state)
{
    (void)state;
    struct holder holder = holder_start();
    for (int i = 0; i < 5; i++) {
        assert_int_equal(try_lock(), -1);
    }
    holder_kill(&holder);
    CLEANUP(fd_closep) int fd = try_lock();
    assert_true(fd >= 0);
}

static void a_try_that_fails_keeps_no_descriptor(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int held = try_lock();
    int before = dup(held);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(try_lock(), -1);
    }
    int after = dup(held);
    assert_int_equal(after, before + 1);
    (void)close(before);
    (void)close(after);
}

static void lock_while_it_is_removed(bool and_replaced)
{
    struct stat held, there;
    removals = 3;
    replaced = and_replaced;
    CLEANUP(fd_closep) int fd = try_lock();
    assert_int_equal(removals, 0);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &held), 0);
    assert_int_equal(stat("lock", &there), 0);
    assert_true(held.st_ino == there.st_ino);
    assert_int_equal(try_lock(), -1);
}

static void a_lock_on_a_file_that_was_removed_is_worth_nothing(void **state)
{
    (void)state;
    lock_while_it_is_removed(false);
    lock_while_it_is_removed(true);
}

static void a_file_that_somebody_put_in_its_place_is_another_lock(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int old = try_lock();
    assert_int_equal(unlink("lock"), 0);
    CLEANUP(fd_closep) int fd = try_lock();
    assert_true(old >= 0 && fd >= 0);
}

static void what_cannot_be_locked_is_told(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int fd = -7;
    bool locked = true;
    assert_fails(lock_file_try("none/lock", &fd, &locked, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_string_equal(err.message,
                        "could not open lock file none/lock: No such file or directory");
    error_clear(&err);
    failure = ENOLCK;
    assert_fails(lock_file_try("lock", &fd, &locked, &err), ERROR_IO);
    assert_string_equal(err.message, "could not lock lock: No locks available");
    error_clear(&err);
    assert_fails(lock_file_wait("none/lock", deadline_in(PATIENCE), &fd, &err), ERROR_IO);
    assert_int_equal(fd, -7);
    assert_true(locked);
}

static void a_free_lock_needs_no_waiting(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int fd = -1;
    assert_ok(lock_file_wait("lock", 0, &fd, &err)); /* a deadline long ago */
    assert_true(fd >= 0);
    assert_int_equal(try_lock(), -1);
}

static void waiting_ends_at_the_deadline(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int held = try_lock();
    int fd = -7;
    assert_true(held >= 0);
    msec deadline = deadline_in(50);
    assert_fails(lock_file_wait("lock", deadline, &fd, &err), ERROR_TIMEOUT);
    assert_true(deadline_passed(deadline));
    assert_string_equal(err.message, "another process holds lock");
    assert_int_equal(fd, -7);
}

static int kill_later(const void *pid)
{
    (void)poll(NULL, 0, 60);
    return kill(*(const pid_t *)pid, SIGKILL) == 0 ? 0 : 1;
}

static void who_waits_gets_it_when_the_holder_is_killed(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int fd = -1;
    struct holder holder = holder_start();
    pid_t killer = child_start(kill_later, &holder.pid);
    assert_ok(lock_file_wait("lock", deadline_in(PATIENCE), &fd, &err));
    assert_true(fd >= 0);
    assert_int_equal(child_end(holder.pid), -SIGKILL);
    assert_int_equal(child_end(killer), 0);
}

/* Reads a number, waits a little, writes the next one: whoever is not alone loses some. */
static int count_up(const void *context)
{
    (void)context;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    for (int i = 0; i < 10; i++) {
        CLEANUP(fd_closep) int fd = -1;
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        if (!lock_file_wait("lock", deadline_in(PATIENCE), &fd, &err) ||
            !file_read("count", 100, &text, &err)) {
            return 1;
        }
        CLEANUP(mem_freep) char *next = mem_printf("%ld", strtol(text.text, NULL, 10) + 1);
        CLEANUP(fd_closep) int count = open("count", O_WRONLY | O_CLOEXEC);
        (void)poll(NULL, 0, 1);
        if (!fd_write_all(count, next, strlen(next), &err)) {
            return 2;
        }
        (void)unlink("lock"); /* as a last act, which those who wait must notice */
    }
    return 0;
}

static void only_one_at_a_time_is_inside(void **state)
{
    (void)state;
    pid_t children[4];
    scratch_sh("echo 0 >count");
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        children[i] = child_start(count_up, NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(children); i++) {
        assert_int_equal(child_end(children[i]), 0);
    }
    assert_string_equal(scratch_out("cat count"), "40");
}

static int wait_although_told_to_stop(const void *context)
{
    (void)context;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    int fd = -7;
    (void)alarm(PATIENCE / 1000);
    interrupt_install();
    if (raise(SIGTERM) != 0 || lock_file_wait("lock", DEADLINE_NONE, &fd, &err)) {
        return 1;
    }
    return err.code == ERROR_TERMINATED && fd == -7 ? 0 : 2;
}

static void a_wish_to_stop_ends_the_waiting(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int held = try_lock();
    assert_true(held >= 0);
    assert_int_equal(in_child(wait_although_told_to_stop, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_has_the_lock_until_it_closes_it, tidy),
        cmocka_unit_test_setup(a_lock_ends_with_its_holder_however_it_dies, tidy),
        cmocka_unit_test_setup(a_try_that_fails_keeps_no_descriptor, tidy),
        cmocka_unit_test_setup(a_lock_on_a_file_that_was_removed_is_worth_nothing, tidy),
        cmocka_unit_test_setup(a_file_that_somebody_put_in_its_place_is_another_lock, tidy),
        cmocka_unit_test_setup(what_cannot_be_locked_is_told, tidy),
        cmocka_unit_test_setup(a_free_lock_needs_no_waiting, tidy),
        cmocka_unit_test_setup(waiting_ends_at_the_deadline, tidy),
        cmocka_unit_test_setup(who_waits_gets_it_when_the_holder_is_killed, tidy),
        cmocka_unit_test_setup(only_one_at_a_time_is_inside, tidy),
        cmocka_unit_test_setup(a_wish_to_stop_ends_the_waiting, tidy),
    };
    return cmocka_run_group_tests(tests, in_a_folder, leave);
}
