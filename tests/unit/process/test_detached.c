/*
 * Programs that go on without us, and how they are stopped.
 */
#include <errno.h>

#include "running.h"

/* Starts a shell line whose output goes to a log of this name in the scratch folder. */
static pid_t start(const char *line, const char *name, int *ret_pidfd)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *log = path_join(scratch_dir(), name);
    pid_t pid = 0;
    assert_ok(process_start_detached(&(struct process_spec){.argv = SH(line)}, log, &pid, ret_pidfd,
                                     &err));
    return pid;
}

static void wait_for_log(const char *name, const char *text)
{
    CLEANUP(mem_freep) char *log = path_join(scratch_dir(), name);
    wait_for_text(log, text);
}

static void wait_for_the_end(int pidfd)
{
    msec deadline = deadline_in(PATIENCE);
    while (!process_has_ended(pidfd) && !deadline_passed(deadline)) {
        deadline_sleep(deadline_in(5));
    }
    assert_true(process_has_ended(pidfd));
}

static void it_goes_on_after_our_end(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    (void)scratch_dir(); /* one for both */
    pid_t parent = fork();
    if (parent == 0) {
        int pidfd = -1;
        (void)start("echo $$.; exec sleep 1000", "goes-on", &pidfd);
        process_exit_child(0);
    }
    assert_int_equal(exit_status_of(parent), 0);
    wait_for_log("goes-on", ".");
    pid_t pid = (pid_t)strtol(scratch_out("cat goes-on"), NULL, 10);
    CLEANUP(fd_closep) int pidfd = process_open(pid);
    assert_true(pidfd >= 0);
    assert_false(process_has_ended(pidfd));
    assert_int_equal(getsid(pid), pid);
    assert_ok(process_stop(pidfd, SIGTERM, deadline_in(PATIENCE), &err));
    assert_true(process_has_ended(pidfd));
    assert_ends(pid);
}

static void its_output_is_appended_to_the_log(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int pidfd = -1;
    scratch_sh("echo before >appended");
    (void)start("echo out; echo err >&2; cat", "appended", &pidfd);
    wait_for_the_end(pidfd);
    assert_string_equal(scratch_out("cat appended"), "before\nout\nerr");
}

static void its_log_is_not_for_others(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int pidfd = -1;
    (void)start("true", "private", &pidfd);
    wait_for_the_end(pidfd);
    assert_string_equal(scratch_out("stat -c %%a private"), "600");
}

static void a_program_that_is_missing_is_an_error(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    pid_t pid = 7;
    int pidfd = 7;
    CLEANUP(mem_freep) char *log = path_join(scratch_dir(), "never");
    assert_fails(process_start_detached(&(struct process_spec){.argv = ARGV("/no/such/program")},
                                        log, &pid, &pidfd, &err),
                 ERROR_IO);
    assert_int_equal(err.sys_errno, ENOENT);
    assert_int_equal(pid, 7);
    assert_int_equal(pidfd, 7);
    error_clear(&err);
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    pid_t pid = 0;
    int pidfd = -1;
    assert_fails(process_start_detached(&(struct process_spec){.argv = ARGV("true")},
                                        "/no/such/folder/log", &pid, &pidfd, &err),
                 ERROR_IO);
    assert_contains(err.message, "/no/such/folder/log");
    error_clear(&err);
}

static void the_end_of_a_child_is_noticed_and_it_is_reaped(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int pidfd = -1;
    pid_t pid = start("exit 3", "short", &pidfd);
    wait_for_the_end(pidfd);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void the_first_signal_is_the_one_that_was_asked_for(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int pidfd = -1;
    (void)start("trap 'echo quit; exit' QUIT; echo ready; while :; do sleep 0.05; done", "quit",
                &pidfd);
    wait_for_log("quit", "ready");
    assert_ok(process_stop(pidfd, SIGQUIT, deadline_in(PATIENCE), &err));
    assert_string_equal(scratch_out("cat quit"), "ready\nquit");
}

static void what_ignores_the_signal_is_killed_at_the_deadline(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int pidfd = -1;
    pid_t pid = start("trap '' TERM; echo ready; while :; do sleep 0.05; done", "stubborn", &pidfd);
    wait_for_log("stubborn", "ready");
    assert_ok(process_stop(pidfd, SIGTERM, deadline_in(50), &err));
    assert_true(process_has_ended(pidfd));
    assert_int_equal(process_start_time(pid), 0);
}

static void stopping_what_has_ended_is_success(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int pidfd = -1;
    (void)start("true", "ended", &pidfd);
    wait_for_the_end(pidfd);
    assert_ok(process_stop(pidfd, SIGTERM, deadline_in(PATIENCE), &err));
}

static void a_signal_that_does_not_exist_is_an_error(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int pidfd = process_open(getpid());
    assert_fails(process_stop(pidfd, 9999, deadline_in(PATIENCE), &err), ERROR_IO);
    assert_int_equal(err.sys_errno, EINVAL);
    error_clear(&err);
}

static int try_to_stop(pid_t pid)
{
    struct error err = ERROR_INIT;
    CLEANUP(fd_closep) int pidfd = process_open(pid);
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
        return 10;
    }
    bool refused = !process_stop(pidfd, SIGTERM, deadline_in(PATIENCE), &err);
    bool right = refused && err.code == ERROR_IO && err.sys_errno == EPERM;
    error_clear(&err);
    return right ? 0 : 11;
}

static void a_process_of_another_user_cannot_be_stopped(void **state)
{
    (void)state;
    pid_t somebody_elses = geteuid() == 0 ? getpid() : 1;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(try_to_stop(somebody_elses)); /* as another user it cannot write coverage */
    }
    assert_int_equal(exit_status_of(pid), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_on_after_our_end),
        cmocka_unit_test(its_output_is_appended_to_the_log),
        cmocka_unit_test(its_log_is_not_for_others),
        cmocka_unit_test(a_program_that_is_missing_is_an_error),
        cmocka_unit_test(a_log_that_cannot_be_opened_is_an_error),
        cmocka_unit_test(the_end_of_a_child_is_noticed_and_it_is_reaped),
        cmocka_unit_test(the_first_signal_is_the_one_that_was_asked_for),
        cmocka_unit_test(what_ignores_the_signal_is_killed_at_the_deadline),
        cmocka_unit_test(stopping_what_has_ended_is_success),
        cmocka_unit_test(a_signal_that_does_not_exist_is_an_error),
        cmocka_unit_test(a_process_of_another_user_cannot_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
