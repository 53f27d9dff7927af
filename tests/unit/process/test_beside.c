/*
 * Programs that run beside us.
 */
#include "running.h"

#include <errno.h>

static struct process_beside start(const char *const *argv, int input, int output)
{
    struct error err = ERROR_INIT;
    struct process_beside beside = PROCESS_BESIDE_INIT;
    assert_ok(process_start(&(struct process_spec){.argv = argv}, input, output, &beside, &err));
    return beside;
}

static void what_is_fed_comes_out(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "upper");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(fd_closep) int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    CLEANUP(process_beside_clear)
    struct process_beside beside = start(ARGV("tr", "a-z", "A-Z"), ends[0], file);
    (void)close(ends[0]);
    assert_ok(fd_write_all(ends[1], "one two", 7, &err));
    (void)close(ends[1]);
    assert_ok(process_wait(&beside, deadline_in(PATIENCE), &err));
    assert_ok(file_read(path, 100, &text, &err));
    assert_string_equal(text.text, "ONE TWO");
    assert_int_equal(beside.pidfd, -1);
}

static void without_descriptors_it_has_null(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(process_beside_clear)
    struct process_beside beside =
        start(SH("[ /dev/null -ef /proc/self/fd/0 ] && [ /dev/null -ef /proc/self/fd/1 ]"), -1, -1);
    assert_ok(process_wait(&beside, deadline_in(PATIENCE), &err));
}

static void a_bad_end_is_told_with_its_last_words(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(process_beside_clear)
    struct process_beside beside =
        start(SH("seq 1 100000 >&2; echo no such key >&2; exit 3"), -1, -1);
    assert_false(process_wait(&beside, deadline_in(PATIENCE), &err));
    assert_int_equal(err.code, ERROR_IO);
    assert_string_equal(err.message, "sh ended with exit status 3");
    assert_true(text_starts(err.detail, "99992\n"));
    assert_true(text_ends(err.detail, "\nno such key"));
}

static void a_signal_is_no_good_end(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(process_beside_clear) struct process_beside beside = start(SH("kill -9 $$"), -1, -1);
    assert_false(process_wait(&beside, deadline_in(PATIENCE), &err));
    assert_contains(err.message, "sh ended with signal 9");
}

static void a_deadline_kills_it(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(process_beside_clear) struct process_beside beside = start(SH("sleep 100"), -1, -1);
    pid_t pid = beside.pid;
    assert_false(process_wait(&beside, deadline_in(50), &err));
    assert_int_equal(err.code, ERROR_TIMEOUT);
    assert_contains(err.message, "sh was still running after");
    assert_ends(pid);
}

static void who_lets_go_of_it_kills_it(void **state)
{
    (void)state;
    struct process_beside beside = start(SH("sleep 100"), -1, -1);
    pid_t pid = beside.pid;
    int before = count_descriptors();
    process_beside_clear(&beside);
    assert_ends(pid);
    assert_int_equal(count_descriptors(), before - 2);
    process_beside_clear(&beside);
}

static void it_dies_with_us(void **state)
{
    (void)state;
    int ends[2];
    pid_t grandchild = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct process_beside beside = start(SH("sleep 100"), -1, -1);
        (void)!write(ends[1], &beside.pid, sizeof beside.pid);
        _exit(0);
    }
    assert_int_equal(read(ends[0], &grandchild, sizeof grandchild), sizeof grandchild);
    assert_int_equal(exit_status_of(pid), 0);
    assert_ends(grandchild);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void what_cannot_be_executed_is_said_at_once(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct process_beside beside = PROCESS_BESIDE_INIT;
    int before = count_descriptors();
    assert_false(process_start(&(struct process_spec){.argv = ARGV("no-such-program-here")}, -1, -1,
                               &beside, &err));
    assert_int_equal(err.sys_errno, ENOENT);
    assert_int_equal(count_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_fed_comes_out),
        cmocka_unit_test(without_descriptors_it_has_null),
        cmocka_unit_test(a_bad_end_is_told_with_its_last_words),
        cmocka_unit_test(a_signal_is_no_good_end),
        cmocka_unit_test(a_deadline_kills_it),
        cmocka_unit_test(who_lets_go_of_it_kills_it),
        cmocka_unit_test(it_dies_with_us),
        cmocka_unit_test(what_cannot_be_executed_is_said_at_once),
    };
    return cmocka_run_group_tests_name("process/beside", tests, NULL, NULL);
}
