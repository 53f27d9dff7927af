/*
 * Workers: children that go on in this program.
 */
#include "running.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static struct worker start(int (*body)(void *context, int news), void *context)
{
    struct error err = ERROR_INIT;
    struct worker worker = {.pid = -1, .pidfd = -1, .news = -1};
    assert_ok(worker_start(body, context, &worker, &err));
    return worker;
}

/* What it writes up to this text, or to its end. */
static char *news_until(const struct worker *worker, const char *text)
{
    struct strbuf got = STRBUF_INIT;
    msec deadline = deadline_in(PATIENCE);
    ssize_t size = 1;
    while (size != 0 && !deadline_passed(deadline) &&
           (text == NULL || strstr(got.text, text) == NULL)) {
        struct pollfd readable = {.fd = worker->news, .events = POLLIN};
        (void)poll(&readable, 1, deadline_poll_timeout(deadline));
        size = read(worker->news, strbuf_room(&got, 1000), 1000);
        strbuf_grown(&got, size > 0 ? (size_t)size : 0);
    }
    if (text != NULL) {
        assert_contains(got.text, text);
    }
    return strbuf_take(&got);
}

/* Its status, or minus the signal that ended it. */
static int end_of(struct worker *worker)
{
    int status = 0, signal = 0;
    struct pollfd ended = {.fd = worker->pidfd, .events = POLLIN};
    assert_int_equal(poll(&ended, 1, PATIENCE), 1);
    assert_true(worker_has_ended(worker, &status, &signal));
    assert_int_equal(status == -1, signal != 0);
    worker_clear(worker);
    return signal != 0 ? -signal : status;
}

static void say(int news, const char *text)
{
    (void)!write(news, text, strlen(text));
}

static int look_around(void *context, int news)
{
    CLEANUP(mem_freep) char *input = mem_new(100, 1);
    CLEANUP(mem_freep) char *output = mem_new(100, 1);
    (void)!readlink("/proc/self/fd/0", input, 99);
    (void)!readlink("/proc/self/fd/1", output, 99);
    bool cloexec = (fcntl(news, F_GETFD) & FD_CLOEXEC) != 0;
    CLEANUP(mem_freep)
    char *text = mem_printf("%s in=%s out=%s group=%d cloexec=%d high=%d", (const char *)context,
                            input, output, getpgrp() == getpid(), cloexec, news > STDERR_FILENO);
    say(news, text);
    return 5;
}

static void a_worker_has_its_own_group_and_no_streams(void **state)
{
    (void)state;
    char greeting[] = "hello";
    struct worker worker = start(look_around, greeting);
    CLEANUP(mem_freep) char *news = news_until(&worker, NULL);
    assert_string_equal(news, "hello in=/dev/null out=/dev/null group=1 cloexec=1 high=1");
    assert_int_equal(end_of(&worker), 5);
}

static int start_without_streams(void *context, int news)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct worker worker;
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    (void)close(STDERR_FILENO);
    if (!worker_start(look_around, context, &worker, &err)) {
        return 1;
    }
    CLEANUP(mem_freep) char *text = news_until(&worker, NULL);
    say(news, text);
    return end_of(&worker);
}

static void streams_that_we_lack_ourselves_do_no_harm(void **state)
{
    (void)state;
    char greeting[] = "hello";
    struct worker worker = start(start_without_streams, greeting);
    CLEANUP(mem_freep) char *news = news_until(&worker, NULL);
    assert_string_equal(news, "hello in=/dev/null out=/dev/null group=1 cloexec=1 high=1");
    assert_int_equal(end_of(&worker), 5);
}

static int sleep_on(void *context, int news)
{
    (void)context;
    say(news, "ready");
    deadline_sleep(deadline_in(PATIENCE));
    return interrupt_pending() + (interrupt_is_wished() ? 100 : 0);
}

static void a_worker_goes_on_until_it_ends(void **state)
{
    (void)state;
    struct worker worker = start(sleep_on, NULL);
    int status = 7, signal = 7;
    assert_false(worker_has_ended(&worker, &status, &signal));
    assert_int_equal(status, 7);
    char byte;
    CLEANUP(mem_freep) char *news = news_until(&worker, "ready");
    assert_string_equal(news, "ready");
    assert_int_equal(read(worker.news, &byte, 1), -1); /* it does not block */
    worker_kill(&worker);
    assert_int_equal(end_of(&worker), -SIGKILL);
    assert_false(worker_has_ended(&worker, &status, &signal));
    worker_signal(&worker, SIGKILL);
    worker_kill(&worker);
}

static void a_wish_reaches_it_however_early_it_comes(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct worker worker = start(sleep_on, NULL);
        worker_signal(&worker, SIGTERM);
        assert_int_equal(end_of(&worker), 100 + SIGTERM);
    }
}

static void a_gentle_wish_reaches_it_however_early_it_comes(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct worker worker = start(sleep_on, NULL);
        worker_signal(&worker, SIGUSR1);
        assert_int_equal(end_of(&worker), 100);
    }
}

static int tell_wishes(void *context, int news)
{
    (void)context;
    (void)news;
    return interrupt_pending() + (interrupt_is_wished() ? 100 : 0);
}

static void our_own_wish_is_not_its_own(void **state)
{
    (void)state;
    assert_int_equal(kill(getpid(), SIGINT), 0);
    assert_int_equal(interrupt_pending(), SIGINT);
    struct worker worker = start(tell_wishes, NULL);
    assert_int_equal(end_of(&worker), 0);
    assert_int_equal(interrupt_pending(), SIGINT);
    interrupt_forget();
}

static void we_take_gentle_signals_as_before(void **state)
{
    (void)state;
    sigset_t mask;
    struct worker worker = start(tell_wishes, NULL);
    (void)sigprocmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGUSR1), 0);
    assert_int_equal(end_of(&worker), 0);
}

static int wind_up(void *context, int news)
{
    (void)news;
    FILE *file = fopen(context, "we");
    (void)fprintf(file, "up.");
    (void)fflush(file);
    deadline_sleep(deadline_in(PATIENCE));
    (void)fprintf(file, "signal %d.", interrupt_pending());
    (void)fclose(file);
    return 0;
}

/* Starts a worker, tells its pid, and waits to be killed. */
static int be_an_engine(void *context, int news)
{
    struct error err = ERROR_INIT;
    struct worker worker;
    if (!worker_start(wind_up, context, &worker, &err)) {
        return 1;
    }
    CLEANUP(mem_freep) char *pid = mem_printf("%ld.", (long)worker.pid);
    say(news, pid);
    deadline_sleep(deadline_in(PATIENCE));
    return 0;
}

static void a_worker_hears_of_our_death(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "last-words");
    struct worker engine = start(be_an_engine, path);
    CLEANUP(mem_freep) char *pid = news_until(&engine, ".");
    wait_for_text(path, "up.");
    worker_signal(&engine, SIGKILL);
    assert_int_equal(end_of(&engine), -SIGKILL);
    wait_for_text(path, "signal 15.");
    assert_ends((pid_t)strtol(pid, NULL, 10));
}

/* Two children in a group of their own, one of them with a child in a third; and one in a session
 * of its own. */
static int have_a_family(void *context, int news)
{
    (void)context;
    (void)news;
    const char *line = "sh -c 'echo $$; exec sleep 1000 >/dev/null' & setsid sh -c 'echo $$; exec "
                       "sleep 1000 >/dev/null' & echo $$; wait";
    CLEANUP(mem_freep) char *all = mem_printf("exec >&%d; trap '' TERM; %s", news, line);
    (void)fcntl(news, F_SETFD, 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)setpgid(0, 0);
        (void)execlp("sh", "sh", "-c", all, NULL);
        _exit(127);
    }
    deadline_sleep(deadline_in(PATIENCE));
    deadline_sleep(deadline_in(PATIENCE));
    return 0;
}

static void what_a_worker_runs_is_killed_with_it(void **state)
{
    (void)state;
    struct worker worker = start(have_a_family, NULL);
    CLEANUP(strbuf_clear) struct strbuf pids = STRBUF_INIT;
    size_t lines = 0;
    while (lines < 3) {
        CLEANUP(mem_freep) char *news = news_until(&worker, "\n");
        strbuf_add(&pids, news);
        lines = 0;
        for (const char *c = pids.text; *c != '\0'; c++) {
            lines += *c == '\n';
        }
    }
    worker_kill(&worker);
    assert_int_equal(end_of(&worker), -SIGKILL);
    size_t living = 0;
    char *rest = pids.text;
    for (size_t i = 0; i < 3; i++) {
        pid_t pid = (pid_t)strtol(rest, &rest, 10);
        assert_true(pid > 0);
        if (getsid(pid) == pid) { /* it made a session of its own: it was to go on */
            living++;
            assert_int_equal(kill(pid, SIGKILL), 0);
        }
        assert_ends(pid);
    }
    assert_int_equal(living, 1);
}

static void nothing_stays_open(void **state)
{
    (void)state;
    int before = count_descriptors();
    for (int i = 0; i < 10; i++) {
        struct worker worker = start(tell_wishes, NULL);
        assert_int_equal(end_of(&worker), 0);
    }
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static int use_up_descriptors(void *context, int news)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct worker worker = {.pid = 4711};
    (void)context;
    (void)news;
    while (dup(news) >= 0) {
    }
    bool refused = !worker_start(tell_wishes, NULL, &worker, &err) && err.code == ERROR_IO;
    (void)close(news); /* one is enough for nothing, two for a pipe that cannot be moved */
    error_clear(&err);
    refused = refused && !worker_start(tell_wishes, NULL, &worker, &err) && err.code == ERROR_IO;
    (void)close(news + 1);
    error_clear(&err);
    refused = refused && !worker_start(tell_wishes, NULL, &worker, &err) && err.code == ERROR_IO;
    return refused && worker.pid == 4711 ? 0 : 1;
}

static void a_lack_of_descriptors_is_an_error(void **state)
{
    (void)state;
    struct worker worker = start(use_up_descriptors, NULL);
    assert_int_equal(end_of(&worker), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Root may always fork, so it is somebody else meanwhile. */
static int use_up_processes(void *context, int news)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct worker worker = {.pid = 4711};
    struct rlimit none = {0, 0};
    bool root = geteuid() == 0;
    (void)context;
    (void)news;
    if (setrlimit(RLIMIT_NPROC, &none) != 0 || (root && setresuid(65534, 65534, 0) != 0)) {
        return 2;
    }
    bool refused = !worker_start(tell_wishes, NULL, &worker, &err) && err.sys_errno == EAGAIN;
    return (!root || setresuid(0, 0, 0) == 0) && refused && worker.pid == 4711 ? 0 : 1;
}

static void a_lack_of_processes_is_an_error(void **state)
{
    (void)state;
    struct worker worker = start(use_up_processes, NULL);
    assert_int_equal(end_of(&worker), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_wish_is_not_its_own),
        cmocka_unit_test(a_worker_has_its_own_group_and_no_streams),
        cmocka_unit_test(streams_that_we_lack_ourselves_do_no_harm),
        cmocka_unit_test(a_worker_goes_on_until_it_ends),
        cmocka_unit_test(a_wish_reaches_it_however_early_it_comes),
        cmocka_unit_test(a_gentle_wish_reaches_it_however_early_it_comes),
        cmocka_unit_test(we_take_gentle_signals_as_before),
        cmocka_unit_test(a_worker_hears_of_our_death),
        cmocka_unit_test(what_a_worker_runs_is_killed_with_it),
        cmocka_unit_test(nothing_stays_open),
        cmocka_unit_test(a_lack_of_descriptors_is_an_error),
        cmocka_unit_test(a_lack_of_processes_is_an_error),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
