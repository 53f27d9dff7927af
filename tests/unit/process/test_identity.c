/*
 * Telling one process from another that has its pid.
 */
#include <sys/prctl.h>

#include "running.h"

static void the_start_time_of_a_process_does_not_change(void **state)
{
    (void)state;
    unsigned long long first = process_start_time(getpid());
    assert_true(first > 0);
    deadline_sleep(deadline_in(30));
    assert_int_equal(process_start_time(getpid()), first);
}

static void a_later_process_has_a_later_start_time(void **state)
{
    (void)state;
    deadline_sleep(deadline_in(30)); /* more than one clock tick */
    pid_t pid = fork();
    if (pid == 0) {
        (void)pause();
    }
    unsigned long long later = process_start_time(pid);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(exit_status_of(pid), -SIGKILL);
    assert_true(later > process_start_time(getpid()));
}

static void a_name_with_parentheses_and_blanks_does_not_confuse(void **state)
{
    (void)state;
    unsigned long long before = process_start_time(getpid());
    assert_int_equal(prctl(PR_SET_NAME, "a) Z 1 (2 3"), 0);
    assert_int_equal(process_start_time(getpid()), before);
}

static void what_is_gone_has_no_start_time_and_cannot_be_opened(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        process_exit_child(0);
    }
    assert_int_equal(exit_status_of(pid), 0);
    assert_int_equal(process_start_time(pid), 0);
    assert_int_equal(process_open(pid), -1);
    assert_int_equal(process_open(0), -1);
    assert_int_equal(process_open(-1), -1);
    assert_int_equal(process_start_time(-1), 0);
}

static void a_zombie_counts_as_gone(void **state)
{
    (void)state;
    siginfo_t info;
    pid_t pid = fork();
    if (pid == 0) {
        process_exit_child(0);
    }
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_start_time(pid), 0);
    assert_int_equal(exit_status_of(pid), 0);
}

static void a_running_process_has_not_ended(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int pidfd = process_open(getpid());
    assert_true(pidfd >= 0);
    assert_false(process_has_ended(pidfd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_start_time_of_a_process_does_not_change),
        cmocka_unit_test(a_later_process_has_a_later_start_time),
        cmocka_unit_test(a_name_with_parentheses_and_blanks_does_not_confuse),
        cmocka_unit_test(what_is_gone_has_no_start_time_and_cannot_be_opened),
        cmocka_unit_test(a_zombie_counts_as_gone),
        cmocka_unit_test(a_running_process_has_not_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
