/*
 * Files: read whole, written so that a crash leaves the old or the new one.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "headgate/clock.h"

#define MUCH ((size_t)1 << 20)

static int syncs, failing_sync; /* how many there were; which of them fails, from 1 */

int fsync(int fd)
{
    if (++syncs == failing_sync) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
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
    syncs = 0;
    failing_sync = 0;
    scratch_sh("find . -mindepth 1 -delete");
    return 0;
}

static int leave(void **state)
{
    (void)state;
    return chdir("/");
}

static void assert_content(const char *path, const char *wanted)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    assert_ok(file_read(path, MUCH, &text, &err));
    assert_string_equal(text.text, wanted);
    assert_int_equal(text.size, strlen(wanted));
}

/* The folder has these files and no others, say a temporary one. */
static void assert_files(const char *wanted)
{
    assert_string_equal(scratch_out("ls -A | tr '\\n' ' '"), wanted);
}

static void assert_unreadable(const char *path, size_t limit, int sys_errno, const char *message)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "untouched");
    assert_fails(file_read(path, limit, &text, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, sys_errno);
    assert_string_equal(err.message, message);
    assert_string_equal(text.text, "untouched");
}

static void a_file_is_read_whole(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "what was there before");
    scratch_sh(
        "printf 'a\\000b\\n' >bytes; : >empty; head -c 300000 /dev/zero | tr '\\000' x >large");
    assert_ok(file_read("bytes", MUCH, &text, &err));
    assert_int_equal(text.size, 4);
    assert_memory_equal(text.text, "a\0b\n", 5);
    assert_ok(file_read("empty", MUCH, &text, &err));
    assert_string_equal(text.text, "");
    assert_ok(file_read("large", MUCH, &text, &err));
    assert_int_equal(text.size, 300000);
    assert_int_equal(strspn(text.text, "x"), 300000);
}

static void what_cannot_be_read_is_told(void **state)
{
    (void)state;
    scratch_sh("mkdir folder; ln -s none dangling; ln -s loop loop; touch file");
    assert_unreadable("none", MUCH, ENOENT, "could not read none: No such file or directory");
    assert_unreadable("no/ne", MUCH, ENOENT, "could not read no/ne: No such file or directory");
    assert_unreadable("folder", MUCH, EISDIR, "could not read folder: Is a directory");
    assert_unreadable("dangling", MUCH, ENOENT,
                      "could not read dangling: No such file or directory");
    assert_unreadable("loop", MUCH, ELOOP,
                      "could not read loop: Too many levels of symbolic links");
    assert_unreadable("file/x", MUCH, ENOTDIR, "could not read file/x: Not a directory");
}

static void a_file_may_be_as_large_as_the_limit_and_no_larger(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    scratch_sh("printf 12345 >five; : >empty");
    assert_ok(file_read("five", 5, &text, &err));
    assert_string_equal(text.text, "12345");
    assert_ok(file_read("empty", 0, &text, &err));
    assert_ok(file_read("five", SIZE_MAX, &text, &err));
    assert_unreadable("five", 4, 0, "five is larger than 4 bytes");
    assert_unreadable("five", 0, 0, "five is larger than 0 bytes");
    assert_unreadable("/dev/zero", 100000, 0, "/dev/zero is larger than 100000 bytes");
    scratch_sh("truncate -s 1T huge 2>/dev/null || truncate -s 1G huge");
    assert_unreadable("huge", MUCH, 0, "huge is larger than 1048576 bytes");
}

static void what_the_kernel_makes_up_is_read_too(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    assert_ok(file_read("/proc/self/status", MUCH, &text, &err));
    assert_contains(text.text, "Name:\t");
    strbuf_clear(&text);
    assert_ok(file_read("/proc/self/smaps", MUCH, &text, &err)); /* which comes a page at a time */
    assert_contains(text.text, "[stack]");
    assert_unreadable("/proc/self/status", 10, 0, "/proc/self/status is larger than 10 bytes");
    assert_ok(file_read("/dev/null", 0, &text, &err));
    assert_int_equal(text.size, 0);
}

static int write_to_fifo(const void *context)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int fd = open("fifo", O_WRONLY | O_CLOEXEC);
    const struct strbuf *text = context;
    return fd < 0 || !fd_write_all(fd, text->text, text->size, &err);
}

static void a_pipe_is_read_to_its_end(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf sent = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (int i = 0; i < 50000; i++) {
        strbuf_printf(&sent, "%d ", i);
    }
    assert_int_equal(mkfifo("fifo", 0600), 0);
    pid_t writer = child_start(write_to_fifo, &sent);
    assert_ok(file_read("fifo", MUCH, &text, &err));
    assert_int_equal(child_end(writer), 0);
    assert_string_equal(text.text, sent.text);
    writer = child_start(write_to_fifo, &sent);
    assert_unreadable("fifo", 100, 0, "fifo is larger than 100 bytes");
    assert_int_equal(child_end(writer), -SIGPIPE);
}

/* The second half comes when the first has been read. */
static int write_in_halves(const void *context)
{
    (void)context;
    CLEANUP(fd_closep) int fd = open("fifo", O_WRONLY | O_CLOEXEC);
    int64_t deadline = deadline_in(PATIENCE);
    int unread = 1;
    if (fd < 0 || write(fd, "12345", 5) != 5) {
        return 1;
    }
    while (unread > 0 && ioctl(fd, FIONREAD, &unread) == 0 && !deadline_passed(deadline)) {
        (void)poll(NULL, 0, 1);
    }
    return write(fd, "67890", 5) == 5 ? 0 : 2;
}

static void what_comes_behind_the_limit_is_not_left_out(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("fifo", 0600), 0);
    pid_t writer = child_start(write_in_halves, NULL);
    assert_unreadable("fifo", 5, 0, "fifo is larger than 5 bytes");
    assert_int_equal(child_end(writer), 0);
}

static void a_file_is_made_and_replaced(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct stat about;
    assert_ok(file_write("x", "one", 3, 0640, &err));
    assert_content("x", "one");
    assert_ok(file_write("x", "the second", 10, 0600, &err));
    assert_content("x", "the second");
    assert_int_equal(stat("x", &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_ok(file_write("x", NULL, 0, 0600, &err));
    assert_content("x", "");
    assert_files("x ");
}

static void file_and_folder_are_synced(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(file_write("x", "one", 3, 0600, &err));
    assert_int_equal(syncs, 2);
    assert_ok(file_create("y", "one", 3, 0600, &err));
    assert_int_equal(syncs, 4);
    assert_ok(file_sync_folder(".", &err));
    assert_int_equal(syncs, 5);
}

static void a_file_that_could_not_be_synced_is_not_there(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    assert_ok(file_write("x", "old", 3, 0600, &err));
    syncs = 0;
    failing_sync = 1;
    assert_fails(file_write("x", "new", 3, 0600, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, EIO);
    assert_true(text_starts(err.message, "x.") &&
                text_ends(err.message, ".tmp: could not sync: Input/output error"));
    assert_content("x", "old");
    error_clear(&err);
    syncs = 0;
    assert_fails(file_create("y", "new", 3, 0600, &err), ERROR_IO);
    assert_string_equal(err.message, "y: could not sync: Input/output error");
    assert_files("x ");
}

static void a_folder_that_could_not_be_synced_is_told(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    failing_sync = 2;
    assert_fails(file_write("x", "new", 3, 0600, &err), ERROR_IO);
    assert_string_equal(err.message, "could not sync folder .: Input/output error");
    assert_files("x ");
    error_clear(&err);
    assert_fails(file_sync_folder("none", &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOENT);
    error_clear(&err);
    assert_fails(file_sync_folder("x", &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOTDIR);
}

static void a_file_that_could_not_be_replaced_leaves_nothing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    scratch_sh("mkdir folder");
    assert_fails(file_write("folder", "new", 3, 0600, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, EISDIR);
    assert_string_equal(err.message, "could not replace folder: Is a directory");
    assert_files("folder ");
    error_clear(&err);
    assert_fails(file_write("none/x", "new", 3, 0600, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_true(text_starts(err.message, "could not make none/x."));
    error_clear(&err);
    assert_fails(file_create("none/x", "new", 3, 0600, &err), ERROR_IO);
    assert_string_equal(err.message, "could not make none/x: No such file or directory");
}

static void a_new_file_takes_no_others_place(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct stat about;
    assert_ok(file_create("x", "one", 3, 0604, &err));
    assert_int_equal(stat("x", &about), 0);
    assert_int_equal(about.st_mode & 07777, 0604);
    scratch_sh("ln -s none dangling; mkdir folder");
    static const char *const taken[] = {"x", "dangling", "folder", "/dev/full"};
    for (size_t i = 0; i < ARRAY_LEN(taken); i++) {
        assert_fails(file_create(taken[i], "two", 3, 0600, &err), ERROR_IO);
        assert_int_equal(err.sys_errno, EEXIST);
        error_clear(&err);
    }
    assert_content("x", "one");
    assert_false(path_exists("none"));
}

static int write_more_than_fits(const void *context)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct rlimit old, small;
    const struct strbuf *text = context;
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 100000;
    (void)setrlimit(RLIMIT_FSIZE, &small);
    bool replaced = file_write("x", text->text, text->size, 0600, &err);
    bool right =
        !replaced && err.sys_errno == EFBIG && strstr(err.message, "could not write: ") != NULL;
    error_clear(&err);
    bool made = file_create("y", text->text, text->size, 0600, &err);
    right = right && !made && text_equal(err.message, "y: could not write: File too large");
    (void)setrlimit(RLIMIT_FSIZE, &old);
    return right ? 0 : 1;
}

static void when_there_is_no_room_the_old_file_stays(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add_repeated(&text, 'n', 200000); /* the first write is a short one */
    assert_ok(file_write("x", "old", 3, 0600, &err));
    assert_int_equal(in_child(write_more_than_fits, &text), 0);
    assert_content("x", "old");
    assert_files("x ");
}

static void a_full_device_is_told(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_ok(fd_write_all(fd, "", 0, &err));
    assert_fails(fd_write_all(fd, "x", 1, &err), ERROR_IO);
    assert_int_equal(err.sys_errno, ENOSPC);
    assert_string_equal(err.message, "could not write: No space left on device");
}

static int write_letters_for_ever(const void *letters)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    for (const char *letter = letters;; letter = letter[1] != '\0' ? letter + 1 : letters) {
        strbuf_cut(&text, 0);
        strbuf_add_repeated(&text, *letter, 100000);
        if (!file_write("x", text.text, text.size, 0600, &err)) {
            return 1;
        }
    }
}

static void who_reads_while_it_is_written_sees_the_old_or_the_new(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add_repeated(&text, 'a', 100000);
    assert_ok(file_write("x", text.text, text.size, 0600, &err));
    pid_t writer = child_start(write_letters_for_ever, "abc");
    int64_t deadline = deadline_in(PATIENCE);
    char last = 'a';
    int changes = 0, reads = 0;
    while ((changes < 10 || reads < 200) && !deadline_passed(deadline)) {
        assert_ok(file_read("x", MUCH, &text, &err));
        const char letter[] = {text.text[0], '\0'};
        assert_int_equal(text.size, 100000);
        assert_int_equal(strspn(text.text, letter), 100000);
        changes += letter[0] != last;
        reads++;
        last = letter[0];
    }
    assert_int_equal(kill(writer, SIGKILL), 0);
    assert_int_equal(child_end(writer), -SIGKILL);
    assert_true(changes >= 10);
}

struct pipe_work {
    int fd;
    size_t size;
};

static void wake_up(int number)
{
    (void)number;
}

/* Begins when the writer has been stopped by a full pipe for a while. */
static int read_late(const void *context)
{
    const struct pipe_work *pipe_work = context;
    char bytes[4096];
    size_t at = 0;
    (void)poll(NULL, 0, 50);
    for (ssize_t n = 1; n > 0; at += n > 0 ? (size_t)n : 0) {
        n = read(pipe_work->fd, bytes, sizeof bytes);
        for (ssize_t i = 0; i < n; i++) {
            if (bytes[i] != (char)('a' + (at + (size_t)i) % 26)) {
                return 1;
            }
        }
    }
    return at == pipe_work->size ? 0 : 2;
}

static void a_slow_reader_and_signals_lose_nothing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    struct sigaction waking = {.sa_handler = wake_up}; /* without SA_RESTART */
    struct itimerval often = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
    int ends[2];
    for (size_t i = 0; i < 300000; i++) {
        strbuf_add_char(&text, (char)('a' + i % 26));
    }
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct pipe_work work = {ends[0], text.size};
    assert_int_equal(fcntl(ends[1], F_SETFD, FD_CLOEXEC), 0);
    pid_t reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        (void)close(ends[1]);
        child_exit(read_late(&work));
    }
    (void)close(ends[0]);
    assert_int_equal(sigaction(SIGALRM, &waking, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    bool written = fd_write_all(ends[1], text.text, text.size, &err);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    (void)close(ends[1]);
    assert_ok(written);
    assert_int_equal(child_end(reader), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_file_is_read_whole, tidy),
        cmocka_unit_test_setup(what_cannot_be_read_is_told, tidy),
        cmocka_unit_test_setup(a_file_may_be_as_large_as_the_limit_and_no_larger, tidy),
        cmocka_unit_test_setup(what_the_kernel_makes_up_is_read_too, tidy),
        cmocka_unit_test_setup(a_pipe_is_read_to_its_end, tidy),
        cmocka_unit_test_setup(what_comes_behind_the_limit_is_not_left_out, tidy),
        cmocka_unit_test_setup(a_file_is_made_and_replaced, tidy),
        cmocka_unit_test_setup(file_and_folder_are_synced, tidy),
        cmocka_unit_test_setup(a_file_that_could_not_be_synced_is_not_there, tidy),
        cmocka_unit_test_setup(a_folder_that_could_not_be_synced_is_told, tidy),
        cmocka_unit_test_setup(a_file_that_could_not_be_replaced_leaves_nothing, tidy),
        cmocka_unit_test_setup(a_new_file_takes_no_others_place, tidy),
        cmocka_unit_test_setup(when_there_is_no_room_the_old_file_stays, tidy),
        cmocka_unit_test_setup(a_full_device_is_told, tidy),
        cmocka_unit_test_setup(who_reads_while_it_is_written_sees_the_old_or_the_new, tidy),
        cmocka_unit_test_setup(a_slow_reader_and_signals_lose_nothing, tidy),
    };
    return cmocka_run_group_tests(tests, in_a_folder, leave);
}
