/*
 * Runs that adopt: what a program starts stays ours, even in a session of its own.
 */
#include "running.h"

#include <sys/prctl.h>

#include "family.h"

#define HOUR ((msec)3600 * 1000)

/* A daemon as it is done by the book: forks, makes a session, forks again. Its pid stands in the
 * file `daemon` once it is there. */
static const char daemon_line[] =
    "python3 -c 'import os,time,signal,sys\n"
    "if os.fork(): os._exit(0)\n"
    "os.setsid()\n"
    "if os.fork(): os._exit(0)\n"
    "for fd in 0, 1, 2: os.close(fd)\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN if len(sys.argv) > 1 else signal.SIG_DFL)\n"
    "with open(\"daemon.new\", \"w\") as f: f.write(\"%d.\" % os.getpid())\n"
    "os.rename(\"daemon.new\", \"daemon\")\n"
    "time.sleep(1000)'";

static struct process_result run_adopting(const char *line, msec deadline)
{
    return run(&(struct process_spec){.argv = SH(line),
                                      .folder = scratch_dir(),
                                      .deadline = deadline,
                                      .grace = HOUR,
                                      .adopts = true});
}

static void stop_when_ready(void *context, int stream, const char *bytes, size_t size)
{
    (void)context;
    (void)stream;
    if (memmem(bytes, size, "ready", 5) != NULL) {
        assert_int_equal(kill(getpid(), SIGINT), 0);
    }
}

/* It is stopped as soon as it says that it is ready. */
static struct process_result stop_adopting(const char *line, msec grace)
{
    struct process_result result = run(&(struct process_spec){.argv = SH(line),
                                                              .folder = scratch_dir(),
                                                              .deadline = deadline_in(PATIENCE),
                                                              .grace = grace,
                                                              .on_output = stop_when_ready,
                                                              .adopts = true});
    assert_true(result.interrupted);
    interrupt_forget();
    return result;
}

static pid_t daemon_pid(void)
{
    return (pid_t)strtol(scratch_out("cat daemon; rm daemon"), NULL, 10);
}

static int forget_daemon(void **state)
{
    (void)state;
    scratch_sh("rm -f daemon daemon.new");
    return 0;
}

static void without_children_there_is_no_family(void **state)
{
    (void)state;
    struct process_result result = run_adopting("echo x; exit 3", deadline_in(PATIENCE));
    assert_int_equal(result.exit_status, 3);
    assert_int_equal(result.left_behind.n, 0);
    process_result_clear(&result);
}

static void a_daemon_is_named_and_left_alone(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *line = mem_printf("%s; until test -e daemon; do sleep 0.01; done; exit 4", daemon_line);
    struct process_result result = run_adopting(line, deadline_in(PATIENCE));
    pid_t pid = daemon_pid();
    CLEANUP(mem_freep) char *name = mem_printf("%ld (python3)", (long)pid);
    assert_int_equal(result.exit_status, 4);
    assert_int_equal(result.left_behind.n, 1);
    assert_string_equal(result.left_behind.items[0], name);
    assert_int_not_equal(process_start_time(pid), 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(exit_status_of(pid), -SIGKILL); /* it is our child by now */
    process_result_clear(&result);
}

static void a_daemon_is_stopped_with_its_program(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *line = mem_printf("%s; until test -e daemon; do sleep 0.01; done; echo ready; "
                            "exec sleep 1000",
                            daemon_line);
    struct process_result result = stop_adopting(line, HOUR);
    assert_int_equal(process_start_time(daemon_pid()), 0);
    assert_int_equal(result.left_behind.n, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    process_result_clear(&result);
}

static void a_daemon_that_ignores_us_is_killed(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *line = mem_printf("%s ignore; until test -e daemon; do sleep 0.01; done; echo ready; "
                            "exec sleep 1000",
                            daemon_line);
    struct process_result result = stop_adopting(line, 50);
    assert_int_equal(result.signal, SIGTERM);
    assert_int_equal(process_start_time(daemon_pid()), 0);
    assert_int_equal(result.left_behind.n, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    process_result_clear(&result);
}

static void a_wish_to_stop_reaches_a_daemon_and_it_may_wind_up(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *line = mem_printf(
        "setsid sh -c 'trap \"sleep 0.3; echo wound up >daemon; exit\" TERM; exec >/dev/null 2>&1; "
        "kill -INT %d; while :; do sleep 0.05; done' & sleep 1000",
        (int)getpid());
    struct process_result result = run_adopting(line, deadline_in(PATIENCE));
    assert_true(result.interrupted);
    assert_string_equal(scratch_out("cat daemon"), "wound up");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    process_result_clear(&result);
    interrupt_forget();
}

static void the_program_itself_gets_one_signal_only(void **state)
{
    (void)state;
    struct process_result result =
        stop_adopting("n=0; trap 'n=$((n+1))' TERM; echo ready; while test $n = 0; do sleep 0.05; "
                      "done; sleep 0.2; echo $n",
                      HOUR);
    assert_string_equal(result.out.text, "ready\n1\n");
    process_result_clear(&result);
}

static void another_group_of_our_session_does_not_outlive_the_program(void **state)
{
    (void)state;
    struct process_result result =
        run_adopting("python3 -c 'import os,time\n"
                     "if os.fork(): os._exit(0)\n"
                     "os.setpgid(0, 0)\n"
                     "with open(\"daemon\", \"w\") as f: f.write(str(os.getpid()))\n"
                     "for fd in 0, 1, 2: os.close(fd)\n"
                     "time.sleep(1000)'; until test -s daemon; do sleep 0.01; done",
                     deadline_in(PATIENCE));
    assert_int_equal(result.exit_status, 0);
    assert_int_equal(process_start_time(daemon_pid()), 0);
    assert_int_equal(result.left_behind.n, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    process_result_clear(&result);
}

static void orphans_that_end_are_reaped_meanwhile(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *line = mem_printf("for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.01 &) ; done; sleep 0.3; "
                            "echo now; sleep 0.1; for s in /proc/[0-9]*/stat; do cat $s; done "
                            "2>/dev/null | grep -c '(sleep) Z %d '; :",
                            (int)getpid());
    struct process_result result = run_adopting(line, deadline_in(PATIENCE));
    assert_string_equal(result.out.text, "now\n0\n");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    process_result_clear(&result);
}

/* A child that we had before, with a child of its own. */
static void children_that_we_had_before_are_left_alone(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        (void)execlp("sh", "sh", "-c", "sleep 1000 & wait", NULL);
        _exit(127);
    }
    struct process_result result = run_adopting("exec sleep 1000", deadline_in(200));
    assert_true(result.timed_out);
    assert_int_not_equal(process_start_time(pid), 0);
    assert_int_equal(result.left_behind.n, 0);
    process_result_clear(&result);

    result = run_adopting("setsid sleep 1000 >/dev/null 2>&1 & echo $!; "
                          "while test $(cut -d' ' -f6 /proc/$!/stat) != $!; do :; done",
                          deadline_in(PATIENCE));
    pid_t left = (pid_t)strtol(result.out.text, NULL, 10);
    assert_int_equal(result.left_behind.n, 1);
    process_result_clear(&result);
    CLEANUP(kinfolk_clear) struct kinfolk kinfolk = {0};
    kinfolk_find(getpid(), NULL, &kinfolk);
    assert_int_equal(kinfolk.n, 3);
    for (size_t i = 0; i < kinfolk.n; i++) {
        kin_signal(&kinfolk.items[i], SIGKILL);
    }
    assert_int_equal(exit_status_of(pid), -SIGKILL);
    assert_int_equal(exit_status_of(left), -SIGKILL);
}

static void somebody_else_with_its_number_is_not_signalled(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        deadline_sleep(deadline_in(PATIENCE));
        process_exit_child(0);
    }
    struct kin kin = {.pid = pid, .start = process_start_time(pid) + 1};
    kin_signal(&kin, SIGTERM);
    assert_int_not_equal(process_start_time(pid), 0);
    kin.start--;
    kin_signal(&kin, SIGKILL);
    assert_int_equal(exit_status_of(pid), -SIGKILL);
    kin_signal(&kin, SIGKILL);
}

static void at_most_twenty_are_named(void **state)
{
    (void)state;
    struct process_result result = run_adopting(
        "for i in $(seq 25); do setsid sleep 1000 >/dev/null 2>&1 & pids=\"$pids $!\"; "
        "while test $(cut -d' ' -f6 /proc/$!/stat) != $!; do :; done; done; echo $pids",
        deadline_in(PATIENCE));
    assert_int_equal(result.left_behind.n, PROCESS_TOLD);
    scratch_sh("kill -9 %s", result.out.text);
    while (waitpid(-1, NULL, 0) > 0) {
    }
    process_result_clear(&result);
}

static void we_are_a_subreaper_only_meanwhile(void **state)
{
    (void)state;
    int is_one = 1;
    struct process_result result = run_adopting("true", deadline_in(PATIENCE));
    process_result_clear(&result);
    assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &is_one), 0);
    assert_int_equal(is_one, 0);

    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    result = run_adopting("true", deadline_in(PATIENCE));
    process_result_clear(&result);
    assert_int_equal(prctl(PR_GET_CHILD_SUBREAPER, &is_one), 0);
    assert_int_equal(is_one, 1);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void note_group(void *context, pid_t group)
{
    *(pid_t *)context = getpgid(group) == group ? group : -1;
}

static void its_group_is_told_when_it_runs(void **state)
{
    (void)state;
    pid_t group = 0;
    struct process_result result = run(&(struct process_spec){.argv = SH("echo $$"),
                                                              .deadline = deadline_in(PATIENCE),
                                                              .context = &group,
                                                              .on_start = note_group});
    assert_int_equal(strtol(result.out.text, NULL, 10), group);
    process_result_clear(&result);

    CLEANUP(error_clear) struct error err = ERROR_INIT;
    group = 0;
    struct process_spec none = {
        .argv = ARGV("/no/such"), .context = &group, .on_start = note_group, .adopts = true};
    assert_fails(process_run(&none, &result, &err), ERROR_IO);
    assert_int_equal(group, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_children_there_is_no_family),
        cmocka_unit_test_setup(a_daemon_is_named_and_left_alone, forget_daemon),
        cmocka_unit_test_setup(a_daemon_is_stopped_with_its_program, forget_daemon),
        cmocka_unit_test_setup(a_daemon_that_ignores_us_is_killed, forget_daemon),
        cmocka_unit_test_setup(a_wish_to_stop_reaches_a_daemon_and_it_may_wind_up, forget_daemon),
        cmocka_unit_test_setup(the_program_itself_gets_one_signal_only, forget_daemon),
        cmocka_unit_test_setup(another_group_of_our_session_does_not_outlive_the_program,
                               forget_daemon),
        cmocka_unit_test(orphans_that_end_are_reaped_meanwhile),
        cmocka_unit_test(children_that_we_had_before_are_left_alone),
        cmocka_unit_test(somebody_else_with_its_number_is_not_signalled),
        cmocka_unit_test(at_most_twenty_are_named),
        cmocka_unit_test(we_are_a_subreaper_only_meanwhile),
        cmocka_unit_test(its_group_is_told_when_it_runs),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
