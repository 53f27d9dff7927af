#include "headgate/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "child.h"
#include "headgate/clock.h"
#include "headgate/secret.h"

/* What a test writes, and where it goes. */
struct scene {
    int fds[2]; /* stdout and stderr; -1 is a closed one */
    child_work *work;
};

static int play(const void *context)
{
    const struct scene *scene = context;
    (void)signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < 2; i++) {
        if (scene->fds[i] < 0 ? close(i + 1) != 0 : dup2(scene->fds[i], i + 1) < 0) {
            return 99;
        }
    }
    int status = scene->work(NULL);
    (void)close(STDERR_FILENO); /* what a sanitizer or gcov may say at the end is not the work's */
    return status;
}

static int appending(const char *name)
{
    CLEANUP(mem_freep) char *path = mem_printf("%s/%s", scratch_dir(), name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

/* Runs the work with its streams going to two files, or to one where the names are the same. */
static void write_to_files(child_work *work, const char *out, const char *err, int status)
{
    scratch_sh("rm -f %s %s", out, err);
    struct scene scene = {.fds = {appending(out), appending(err)}, .work = work};
    assert_int_equal(in_child(play, &scene), status);
    fd_closep(&scene.fds[0]);
    fd_closep(&scene.fds[1]);
}

static void assert_file_is(const char *name, const char *expected)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf content = STRBUF_INIT;
    CLEANUP(mem_freep) char *path = mem_printf("%s/%s", scratch_dir(), name);
    assert_ok(file_read(path, 10000000, &content, &err));
    assert_string_equal(content.text, expected);
}

static void set_level(enum output_level level, bool json)
{
    output_set_up(&(struct output_settings){.level = level, .json = json, .color = true});
}

/* 0 where all could be written. */
static int finish(void)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    return output_finish(&err) ? 0 : 1;
}

static int write_both(const void *context)
{
    (void)context;
    output_print("result %d\n", 1);
    output_write("result 2\n", 9);
    output_progress("progress %s", "one");
    output_write("result 3", 8);
    return finish();
}

static void results_go_to_stdout_and_everything_else_to_stderr(void **state)
{
    (void)state;
    write_to_files(write_both, "out", "err", 0);
    assert_file_is("out", "result 1\nresult 2\nresult 3");
    assert_file_is("err", "progress one\n");
}

static void the_order_is_kept_where_both_go_to_one_place(void **state)
{
    (void)state;
    write_to_files(write_both, "both", "both", 0);
    assert_file_is("both", "result 1\nresult 2\nprogress one\nresult 3");
}

static int write_every_kind(void)
{
    output_progress("progress");
    output_detail("detail %d", 2);
    output_warning("too %s", "late");
    output_stderr("as ", 3);
    output_stderr("it is\n", 6);
    return finish();
}

static int write_with_nothing_set_up(const void *context)
{
    (void)context;
    return output_json() ? 2 : write_every_kind();
}

static int write_quietly(const void *context)
{
    (void)context;
    set_level(OUTPUT_QUIET, false);
    return write_every_kind();
}

static int write_verbosely(const void *context)
{
    (void)context;
    set_level(OUTPUT_VERBOSE, false);
    return write_every_kind();
}

static int write_json(const void *context)
{
    (void)context;
    set_level(OUTPUT_VERBOSE, true);
    return output_json() ? write_every_kind() : 2;
}

static void the_level_decides_what_is_shown(void **state)
{
    (void)state;
    write_to_files(write_with_nothing_set_up, "out", "err", 0);
    assert_file_is("err", "progress\nwarning: too late\nas it is\n");
    write_to_files(write_quietly, "out", "err", 0);
    assert_file_is("err", "warning: too late\nas it is\n");
    write_to_files(write_verbosely, "out", "err", 0);
    assert_file_is("err", "progress\ndetail 2\nwarning: too late\nas it is\n");
    write_to_files(write_json, "out", "err", 0);
    assert_file_is("err", "warning: too late\nas it is\n");
    assert_file_is("out", "");
}

static int write_secrets(const void *context)
{
    (void)context;
    set_level(OUTPUT_VERBOSE, false);
    output_print("before-known postgres://u:pw@h\n");
    secret_register("before-known");
    secret_register("line one\nline two");
    output_write("in pieces: before-", 18);
    output_progress("before-known");
    output_write("known\nline one\n", 15);
    output_detail("line one");
    output_write("line two\n", 9);
    output_warning("line two before-known");
    output_stderr("before-", 7);
    output_stderr("known", 5);
    output_write("line one", 8);
    return finish();
}

static void no_secret_gets_out(void **state)
{
    (void)state;
    write_to_files(write_secrets, "out", "err", 0);
    assert_file_is("out", "*** postgres://u:***@h\nin pieces: ***\n***\n***");
    assert_file_is("err", "***\n***\nwarning: *** ***\n***");
}

static int die_before_the_end(const void *context)
{
    (void)context;
    for (int i = 0; i < 7000; i++) {
        output_write("0123456789\n", 11);
    }
    output_stderr("unfinished", 10);
    output_stderr("\nline", 5);
    return 0;
}

static int fill_without_a_line_break(const void *context)
{
    (void)context;
    for (int i = 0; i < 7000; i++) {
        output_write("0123456789", 10);
    }
    return 0;
}

static int fill_less_than_gathered(const void *context)
{
    (void)context;
    for (int i = 0; i < 7000; i++) {
        output_write("0123456789\n", i < 5000 ? 11 : 0);
    }
    return 0;
}

static int fill_to_the_middle_of_a_line(const void *context)
{
    (void)context;
    for (int i = 0; i < 6000; i++) {
        output_write("9\n012345678", 11);
    }
    return 0;
}

static void stdout_is_written_in_large_pieces(void **state)
{
    (void)state;
    write_to_files(fill_less_than_gathered, "out", "err", 0);
    assert_string_equal(scratch_out("wc -c <out"), "0");
    write_to_files(fill_to_the_middle_of_a_line, "out", "err", 0);
    assert_string_equal(scratch_out("wc -c <out; tail -c 2 out"), "65529\n9");
    write_to_files(fill_without_a_line_break, "out", "err", 0);
    assert_string_equal(scratch_out("wc -c <out"), "65540");
}

static void stderr_is_written_by_line_and_after_what_was_said_on_stdout(void **state)
{
    (void)state;
    write_to_files(die_before_the_end, "out", "err", 0);
    assert_file_is("err", "unfinished\n");
    assert_string_equal(scratch_out("wc -c <out"), "77000");
}

static int write_to_a_terminal(const void *context)
{
    (void)context;
    set_level(OUTPUT_NORMAL, false);
    output_write("line\nhalf", 9);
    return output_color_stdout() && output_color_stderr() ? 0 : 1;
}

static int write_without_color(const void *context)
{
    (void)context;
    output_set_up(&(struct output_settings){.color = false});
    return output_color_stdout() || output_color_stderr() ? 1 : 0;
}

static int write_with_color_unwanted(const void *context)
{
    return setenv("NO_COLOR", "1", 1) == 0 && write_to_a_terminal(context) == 1 ? 0 : 1;
}

static int write_with_an_empty_wish(const void *context)
{
    return setenv("NO_COLOR", "", 1) == 0 ? write_to_a_terminal(context) : 2;
}

static int color_one_stream_only(const void *context)
{
    (void)context;
    set_level(OUTPUT_NORMAL, false);
    return !output_color_stdout() && output_color_stderr() ? 0 : 1;
}

static void a_terminal_gets_each_line_at_once(void **state)
{
    (void)state;
    int keyboard = -1, screen = -1;
    char seen[64] = "";
    (void)unsetenv("NO_COLOR");
    assert_int_equal(openpty(&keyboard, &screen, NULL, NULL, NULL), 0);
    struct scene scene = {.fds = {screen, screen}, .work = write_to_a_terminal};
    assert_int_equal(in_child(play, &scene), 0);
    assert_int_equal(write(screen, "|", 1), 1);
    for (size_t n = 0; memchr(seen, '|', n) == NULL;) {
        ssize_t more = read(keyboard, seen + n, sizeof seen - 1 - n);
        assert_true(more > 0);
        n += (size_t)more;
    }
    assert_string_equal(seen, "line\r\n|");
    fd_closep(&keyboard);
    fd_closep(&screen);
}

static void color_is_for_terminals_that_want_it(void **state)
{
    (void)state;
    int keyboard = -1, screen = -1;
    (void)unsetenv("NO_COLOR");
    assert_int_equal(openpty(&keyboard, &screen, NULL, NULL, NULL), 0);
    struct scene scene = {.fds = {screen, screen}};
    static child_work *const works[] = {write_without_color, write_with_color_unwanted,
                                        write_with_an_empty_wish};
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        scene.work = works[i];
        assert_int_equal(in_child(play, &scene), 0);
    }
    scene = (struct scene){.fds = {appending("out"), screen}, .work = color_one_stream_only};
    assert_int_equal(in_child(play, &scene), 0);
    fd_closep(&scene.fds[0]);
    fd_closep(&keyboard);
    fd_closep(&screen);
}

static int fail_once(const char *message, int sys_errno)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error again = ERROR_INIT;
    output_print("more than nothing\n");
    bool failed = !output_finish(&err) && err.code == ERROR_IO && err.sys_errno == sys_errno &&
                  text_equal(err.message, message);
    output_print("dropped\n");
    return failed && output_finish(&again) ? 0 : 1;
}

static int fail_on_a_full_disk(const void *context)
{
    (void)context;
    return fail_once("could not write the output: No space left on device", ENOSPC);
}

static int fail_on_a_closed_stream(const void *context)
{
    (void)context;
    return fail_once("could not write the output: Bad file descriptor", EBADF);
}

static int fail_on_full_stderr(const void *context)
{
    (void)context;
    output_warning("nobody will read this");
    return finish();
}

static void a_full_disk_does_not_look_like_success(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int err = appending("err");
    assert_true(full >= 0);
    struct scene scene = {.fds = {full, err}, .work = fail_on_a_full_disk};
    assert_int_equal(in_child(play, &scene), 0);
    scene = (struct scene){.fds = {-1, err}, .work = fail_on_a_closed_stream};
    assert_int_equal(in_child(play, &scene), 0);
    scene = (struct scene){.fds = {err, full}, .work = fail_on_full_stderr};
    assert_int_equal(in_child(play, &scene), 1);
    fd_closep(&full);
    fd_closep(&err);
}

static int write_nothing(const void *context)
{
    (void)context;
    return finish();
}

static void a_closed_stream_that_nothing_is_written_to_is_no_failure(void **state)
{
    (void)state;
    struct scene scene = {.fds = {-1, -1}, .work = write_nothing};
    assert_int_equal(in_child(play, &scene), 0);
}

static int write_much(const void *context)
{
    (void)context;
    for (int i = 0; i < 30000; i++) {
        output_print("%05d 0123456789\n", i);
    }
    output_progress("done");
    return finish();
}

static void a_reader_that_went_away_is_no_failure(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    fd_closep(&fds[0]);
    scratch_sh("rm -f err");
    struct scene scene = {.fds = {fds[1], appending("err")}, .work = write_much};
    assert_int_equal(in_child(play, &scene), 0);
    assert_file_is("err", "done\n");
    fd_closep(&fds[1]);
    fd_closep(&scene.fds[1]);
}

static void a_slow_reader_gets_everything_from_a_stream_that_does_not_block(void **state)
{
    (void)state;
    int fds[2];
    char bytes[256];
    size_t size = 0;
    int in_pipe = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    struct scene scene = {.fds = {fds[1], appending("err")}, .work = write_much};
    pid_t pid = child_start(play, &scene);
    fd_closep(&fds[1]);
    struct pollfd readable = {.fd = fds[0], .events = POLLIN};
    for (msec deadline = deadline_in(PATIENCE); in_pipe < 60000 && !deadline_passed(deadline);) {
        assert_int_equal(ioctl(fds[0], FIONREAD, &in_pipe), 0);
    }
    for (ssize_t n = -1; n != 0; size += n > 0 ? (size_t)n : 0) {
        assert_int_equal(poll(&readable, 1, PATIENCE), 1);
        n = read(fds[0], bytes, sizeof bytes);
    }
    assert_int_equal(child_end(pid), 0);
    assert_int_equal(size, 30000 * 17);
    fd_closep(&fds[0]);
    fd_closep(&scene.fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_go_to_stdout_and_everything_else_to_stderr),
        cmocka_unit_test(the_order_is_kept_where_both_go_to_one_place),
        cmocka_unit_test(the_level_decides_what_is_shown),
        cmocka_unit_test(no_secret_gets_out),
        cmocka_unit_test(stdout_is_written_in_large_pieces),
        cmocka_unit_test(stderr_is_written_by_line_and_after_what_was_said_on_stdout),
        cmocka_unit_test(a_terminal_gets_each_line_at_once),
        cmocka_unit_test(color_is_for_terminals_that_want_it),
        cmocka_unit_test(a_full_disk_does_not_look_like_success),
        cmocka_unit_test(a_closed_stream_that_nothing_is_written_to_is_no_failure),
        cmocka_unit_test(a_reader_that_went_away_is_no_failure),
        cmocka_unit_test(a_slow_reader_gets_everything_from_a_stream_that_does_not_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
