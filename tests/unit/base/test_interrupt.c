#include "headgate/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "child.h"

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

/* The signals as a shell gives them, whoever runs the tests. */
static void start_plainly(void)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++) {
        (void)signal(stop_signals[i], SIG_DFL);
    }
}

static void start_installed(void)
{
    start_plainly();
    interrupt_install();
}

static bool poll_is_interrupted(void)
{
    errno = 0;
    return interrupt_poll(NULL, 0, deadline_in(PATIENCE)) == -1 && errno == EINTR;
}

static int look_at_each_signal(const void *context)
{
    (void)context;
    start_installed();
    interrupt_install();
    bool right = interrupt_pending() == 0 && interrupt_count() == 0;
    for (size_t i = 0; i < ARRAY_LEN(stop_signals); i++) {
        (void)raise(stop_signals[i]);
        right = right && interrupt_pending() == stop_signals[i] && interrupt_count() == 1;
        right = right && poll_is_interrupted() && interrupt_pending() == stop_signals[i];
        interrupt_forget();
        right = right && interrupt_pending() == 0 && interrupt_count() == 0;
    }
    return right ? 0 : 1;
}

static void a_signal_is_noticed_without_waiting(void **state)
{
    (void)state;
    assert_int_equal(in_child(look_at_each_signal, NULL), 0);
}

static int ask_twice(const void *context)
{
    (void)context;
    start_installed();
    (void)raise(SIGINT);
    bool once = interrupt_count() == 1;
    (void)raise(SIGTERM);
    return once && interrupt_count() == 2 && interrupt_pending() == SIGINT ? 0 : 1;
}

static void a_second_signal_counts_and_the_first_one_is_named(void **state)
{
    (void)state;
    assert_int_equal(in_child(ask_twice, NULL), 0);
}

static int forget_what_is_blocked(const void *context)
{
    (void)context;
    start_installed();
    (void)raise(SIGHUP);
    interrupt_forget();
    return interrupt_pending();
}

static void a_forgotten_signal_does_not_come_back(void **state)
{
    (void)state;
    assert_int_equal(in_child(forget_what_is_blocked, NULL), 0);
}

static void wait_until_asleep(pid_t pid)
{
    char path[64], status = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    msec deadline = deadline_in(PATIENCE);
    while (status != 'S' && !deadline_passed(deadline)) {
        FILE *file = fopen(path, "re");
        if (file == NULL || fscanf(file, "%*d (%*[^)]) %c", &status) != 1) {
            status = 0;
        }
        if (file != NULL) {
            (void)fclose(file);
        }
        deadline_sleep(deadline_in(2));
    }
}

static int be_stopped_while_waiting(const void *context)
{
    const int *signal_number = context;
    start_installed();
    return poll_is_interrupted() && interrupt_pending() == *signal_number && interrupt_count() == 1
               ? 0
               : 1;
}

static int be_stopped_while_waiting_for_ever(const void *context)
{
    (void)context;
    start_installed();
    return interrupt_poll(NULL, 0, DEADLINE_NONE) == -1 && errno == EINTR ? 0 : 1;
}

static int be_stopped_though_blocked_at_the_start(const void *context)
{
    sigset_t all;
    start_plainly();
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    interrupt_install();
    interrupt_install();
    return poll_is_interrupted() && interrupt_pending() == *(const int *)context ? 0 : 1;
}

static void a_signal_ends_the_wait(void **state)
{
    (void)state;
    static child_work *const works[] = {be_stopped_while_waiting,
                                        be_stopped_though_blocked_at_the_start};
    for (size_t i = 0; i < ARRAY_LEN(stop_signals) * ARRAY_LEN(works); i++) {
        const int *signal_number = &stop_signals[i % ARRAY_LEN(stop_signals)];
        pid_t pid = child_start(works[i / ARRAY_LEN(stop_signals)], signal_number);
        wait_until_asleep(pid);
        assert_int_equal(kill(pid, *signal_number), 0);
        assert_int_equal(child_end(pid), 0);
    }
    pid_t pid = child_start(be_stopped_while_waiting_for_ever, NULL);
    wait_until_asleep(pid);
    assert_int_equal(kill(pid, SIGTERM), 0);
    assert_int_equal(child_end(pid), 0);
}

static volatile sig_atomic_t other_signals;

static void count_other(int signal_number)
{
    (void)signal_number;
    other_signals = other_signals + 1;
}

struct waiting {
    bool install;
    int pipe[2];
};

static int wait_for_a_byte(const void *context)
{
    const struct waiting *waiting = context;
    struct pollfd readable = {.fd = waiting->pipe[0], .events = POLLIN};
    start_plainly();
    if (waiting->install) {
        interrupt_install();
    }
    (void)signal(SIGUSR1, count_other);
    int ready = interrupt_poll(&readable, 1, deadline_in(PATIENCE));
    return ready == 1 && readable.revents == POLLIN && other_signals == 1 ? 0 : 1;
}

static void another_signal_does_not_end_the_wait(void **state)
{
    (void)state;
    for (int install = 0; install <= 1; install++) {
        struct waiting waiting = {.install = install == 1};
        assert_int_equal(pipe2(waiting.pipe, O_CLOEXEC), 0);
        pid_t pid = child_start(wait_for_a_byte, &waiting);
        wait_until_asleep(pid);
        assert_int_equal(kill(pid, SIGUSR1), 0);
        wait_until_asleep(pid);
        assert_int_equal(write(waiting.pipe[1], "x", 1), 1);
        assert_int_equal(child_end(pid), 0);
        fd_closep(&waiting.pipe[0]);
        fd_closep(&waiting.pipe[1]);
    }
}

static void without_installation_it_is_a_plain_poll(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    struct pollfd writable = {.fd = fds[1], .events = POLLOUT};
    assert_int_equal(interrupt_pending(), 0);
    assert_int_equal(interrupt_count(), 0);
    assert_int_equal(interrupt_poll(&writable, 1, DEADLINE_NONE), 1);
    assert_int_equal(interrupt_poll(NULL, 0, clock_now() - 5), 0);
    fd_closep(&fds[0]);
    fd_closep(&fds[1]);
}

static void the_wait_ends_at_its_deadline_not_before(void **state)
{
    (void)state;
    msec deadline = deadline_in(30);
    assert_int_equal(interrupt_poll(NULL, 0, deadline), 0);
    assert_true(clock_now() >= deadline);
}

static void what_cannot_be_polled_is_reported(void **state)
{
    (void)state;
    errno = 0;
    assert_int_equal(interrupt_poll(NULL, UINT_MAX, deadline_in(PATIENCE)), -1);
    assert_int_equal(errno, EINVAL);
}

static int hang_up_under_nohup(const void *context)
{
    (void)context;
    start_plainly();
    (void)signal(SIGHUP, SIG_IGN);
    interrupt_install();
    (void)raise(SIGHUP);
    return interrupt_pending() + interrupt_poll(NULL, 0, deadline_in(1));
}

static void a_signal_that_was_ignored_stays_ignored(void **state)
{
    (void)state;
    assert_int_equal(in_child(hang_up_under_nohup, NULL), 0);
}

static int write_to_nobody(const void *context)
{
    (void)context;
    int fds[2];
    start_installed();
    if (pipe2(fds, O_CLOEXEC) != 0 || close(fds[0]) != 0) {
        return 2;
    }
    return write(fds[1], "x", 1) == -1 && errno == EPIPE ? 0 : 1;
}

static void a_broken_pipe_does_not_kill(void **state)
{
    (void)state;
    assert_int_equal(in_child(write_to_nobody, NULL), 0);
}

static int be_killed_after_the_reset(const void *context)
{
    const int *signal_number = context;
    start_installed();
    interrupt_reset_in_child();
    (void)raise(*signal_number);
    return 1;
}

static int reset_never_installed(const void *context)
{
    (void)context;
    struct sigaction action;
    (void)signal(SIGPIPE, SIG_IGN);
    interrupt_reset_in_child();
    (void)sigaction(SIGPIPE, NULL, &action);
    return action.sa_handler == SIG_DFL ? 0 : 1;
}

static void a_child_has_its_signals_back(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        assert_int_equal(in_child(be_killed_after_the_reset, &signals[i]), -signals[i]);
    }
    assert_int_equal(in_child(reset_never_installed, NULL), 0);
}

static int reset_under_nohup(const void *context)
{
    (void)context;
    struct sigaction action;
    sigset_t mask;
    start_plainly();
    (void)signal(SIGHUP, SIG_IGN);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGUSR2);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    interrupt_install();
    interrupt_reset_in_child();
    (void)sigaction(SIGHUP, NULL, &action);
    (void)sigprocmask(SIG_SETMASK, NULL, &mask);
    return action.sa_handler == SIG_IGN && sigismember(&mask, SIGUSR2) == 1 &&
                   sigismember(&mask, SIGINT) == 0
               ? 0
               : 1;
}

static void a_child_inherits_what_we_inherited(void **state)
{
    (void)state;
    assert_int_equal(in_child(reset_under_nohup, NULL), 0);
}

static bool sleeps_until(msec deadline)
{
    return interrupt_poll(NULL, 0, deadline) == 0 && clock_now() >= deadline;
}

/* A gentle wish ends one wait and stays known. */
static int be_asked_gently(const void *context)
{
    bool install = *(const bool *)context;
    start_plainly();
    if (install) {
        interrupt_install();
    }
    interrupt_accept_gentle();
    bool right = !interrupt_is_wished();
    (void)raise(SIGUSR1);
    right = right && interrupt_is_wished() && interrupt_pending() == 0 && interrupt_count() == 0;
    msec deadline = deadline_in(PATIENCE);
    right = right && interrupt_poll(NULL, 0, deadline) == 0 && clock_now() < deadline;
    right = right && interrupt_is_wished() && sleeps_until(deadline_in(5));
    (void)raise(SIGTERM);
    right = right && interrupt_pending() == SIGTERM && interrupt_is_wished();
    interrupt_forget();
    return right && !interrupt_is_wished() && sleeps_until(deadline_in(5)) ? 0 : 1;
}

static void a_gentle_wish_is_known_and_ends_one_wait(void **state)
{
    (void)state;
    for (int install = 0; install <= 1; install++) {
        bool installs = install == 1;
        assert_int_equal(in_child(be_asked_gently, &installs), 0);
    }
}

static int be_roused(const void *context)
{
    (void)context;
    start_installed();
    interrupt_accept_gentle();
    deadline_sleep(DEADLINE_NONE);
    return interrupt_is_wished() && interrupt_pending() == 0 ? 0 : 1;
}

static void a_gentle_wish_ends_the_wait_that_it_comes_in(void **state)
{
    (void)state;
    pid_t pid = child_start(be_roused, NULL);
    wait_until_asleep(pid);
    assert_int_equal(kill(pid, SIGUSR1), 0);
    assert_int_equal(child_end(pid), 0);
}

static int wait_on_for_a_byte(const void *context)
{
    const struct waiting *waiting = context;
    struct pollfd readable = {.fd = waiting->pipe[0], .events = POLLIN};
    start_installed();
    interrupt_accept_gentle();
    int ready = interrupt_poll(&readable, 1, deadline_in(PATIENCE));
    return ready == 1 && readable.revents == POLLIN && interrupt_is_wished() ? 0 : 1;
}

static void a_gentle_wish_ends_no_wait_for_an_answer(void **state)
{
    (void)state;
    struct waiting waiting = {.install = true};
    assert_int_equal(pipe2(waiting.pipe, O_CLOEXEC), 0);
    pid_t pid = child_start(wait_on_for_a_byte, &waiting);
    wait_until_asleep(pid);
    assert_int_equal(kill(pid, SIGUSR1), 0);
    wait_until_asleep(pid);
    assert_int_equal(write(waiting.pipe[1], "x", 1), 1);
    assert_int_equal(child_end(pid), 0);
    fd_closep(&waiting.pipe[0]);
    fd_closep(&waiting.pipe[1]);
}

static int disown(const void *context)
{
    (void)context;
    start_installed();
    interrupt_accept_gentle();
    (void)raise(SIGINT);
    (void)raise(SIGUSR1);
    bool right = interrupt_pending() == SIGINT;
    (void)raise(SIGTERM);
    interrupt_disown();
    return right && interrupt_pending() == SIGTERM && interrupt_count() == 1 ? 0 : 1;
}

static void what_was_not_noted_yet_is_not_disowned(void **state)
{
    (void)state;
    assert_int_equal(in_child(disown, NULL), 0);
}

static int be_killed_gently_after_the_reset(const void *context)
{
    (void)context;
    start_installed();
    interrupt_accept_gentle();
    interrupt_reset_in_child();
    (void)raise(SIGUSR1);
    return 1;
}

static void a_program_gets_the_gentle_signal_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(in_child(be_killed_gently_after_the_reset, NULL), -SIGUSR1);
}

struct expectation {
    int signal_number;
    enum error_code code;
    const char *message;
};

static int raise_an_error(const void *context)
{
    const struct expectation *expected = context;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    start_installed();
    (void)raise(expected->signal_number);
    return !interrupt_error(&err) && err.code == expected->code &&
                   text_equal(err.message, expected->message)
               ? 0
               : 1;
}

static void the_error_names_the_signal(void **state)
{
    (void)state;
    static const struct expectation all[] = {
        {SIGINT, ERROR_INTERRUPTED, "stopped by SIGINT"},
        {SIGTERM, ERROR_TERMINATED, "stopped by SIGTERM"},
        {SIGHUP, ERROR_TERMINATED, "stopped by SIGHUP"},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(in_child(raise_an_error, &all[i]), 0);
    }
}

static int raise_an_error_for_no_reason(const void *context)
{
    (void)context;
    struct error err = ERROR_INIT;
    return interrupt_error(&err) ? 0 : 1;
}

static void an_error_without_a_signal_is_a_bug(void **state)
{
    (void)state;
    assert_aborts(raise_an_error_for_no_reason, NULL, "nobody asked to stop");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_is_noticed_without_waiting),
        cmocka_unit_test(a_second_signal_counts_and_the_first_one_is_named),
        cmocka_unit_test(a_forgotten_signal_does_not_come_back),
        cmocka_unit_test(a_signal_ends_the_wait),
        cmocka_unit_test(another_signal_does_not_end_the_wait),
        cmocka_unit_test(without_installation_it_is_a_plain_poll),
        cmocka_unit_test(the_wait_ends_at_its_deadline_not_before),
        cmocka_unit_test(what_cannot_be_polled_is_reported),
        cmocka_unit_test(a_signal_that_was_ignored_stays_ignored),
        cmocka_unit_test(a_broken_pipe_does_not_kill),
        cmocka_unit_test(a_child_has_its_signals_back),
        cmocka_unit_test(a_child_inherits_what_we_inherited),
        cmocka_unit_test(the_error_names_the_signal),
        cmocka_unit_test(an_error_without_a_signal_is_a_bug),
        cmocka_unit_test(a_gentle_wish_is_known_and_ends_one_wait),
        cmocka_unit_test(a_gentle_wish_ends_the_wait_that_it_comes_in),
        cmocka_unit_test(a_gentle_wish_ends_no_wait_for_an_answer),
        cmocka_unit_test(what_was_not_noted_yet_is_not_disowned),
        cmocka_unit_test(a_program_gets_the_gentle_signal_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
