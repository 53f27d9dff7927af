/*
 * Programs that are stopped: by their deadline, by the wish of a user, by our death.
 */
#include "running.h"

#define HOUR ((msec)3600 * 1000)

static void a_program_past_its_deadline_is_terminated(void **state)
{
    (void)state;
    msec began = clock_now();
    struct process_result result = run(&(struct process_spec){
        .argv = ARGV("sleep", "1000"), .deadline = deadline_in(50), .grace = HOUR});
    assert_true(clock_now() - began >= 50);
    assert_true(result.timed_out);
    assert_false(result.interrupted);
    assert_int_equal(result.exit_status, -1);
    assert_int_equal(result.signal, SIGTERM);
    process_result_clear(&result);
}

static void closed_streams_do_not_hide_from_the_deadline(void **state)
{
    (void)state;
    struct process_result result = run(&(struct process_spec){
        .argv = SH("exec sleep 1000 >&- 2>&-"), .deadline = deadline_in(50), .grace = HOUR});
    assert_true(result.timed_out);
    assert_int_equal(result.signal, SIGTERM);
    process_result_clear(&result);
}

/* Asks us to stop as soon as the program has written one of these texts. */
struct asking {
    const char *when[2];
    int signal[2];
};

static void ask_to_stop(void *context, int stream, const char *bytes, size_t size)
{
    struct asking *asking = context;
    CLEANUP(mem_freep) char *text = mem_copy_n(bytes, size);
    (void)stream;
    for (size_t i = 0; i < ARRAY_LEN(asking->when); i++) {
        if (asking->when[i] != NULL && strstr(text, asking->when[i]) != NULL) {
            asking->when[i] = NULL;
            assert_int_equal(kill(getpid(), asking->signal[i]), 0);
        }
    }
}

static struct process_result run_and_ask(const char *line, struct asking asking, msec grace)
{
    interrupt_install();
    struct process_result result = run(&(struct process_spec){
        .argv = SH(line),
        .deadline = deadline_in(PATIENCE),
        .grace = grace,
        .on_output = ask_to_stop,
        .context = &asking,
    });
    return result;
}

static void a_wish_to_stop_terminates_the_program(void **state)
{
    (void)state;
    struct process_result result =
        run_and_ask("echo ready; exec sleep 1000", (struct asking){{"ready"}, {SIGINT}}, HOUR);
    assert_true(result.interrupted);
    assert_false(result.timed_out);
    assert_int_equal(result.signal, SIGTERM);
    assert_int_equal(interrupt_pending(), SIGINT);
    process_result_clear(&result);
    interrupt_forget();
}

static void a_program_may_wind_up(void **state)
{
    (void)state;
    struct process_result result =
        run_and_ask("trap 'echo wound up; exit 5' TERM; echo ready; while :; do sleep 0.05; done",
                    (struct asking){{"ready"}, {SIGTERM}}, HOUR);
    assert_true(result.interrupted);
    assert_int_equal(result.exit_status, 5);
    assert_string_equal(result.out.text, "ready\nwound up\n");
    process_result_clear(&result);
    interrupt_forget();
}

static void what_a_program_started_may_wind_up_too(void **state)
{
    (void)state;
    struct process_result result = run_and_ask("(trap 'sleep 0.7; echo wound up; exit' TERM; echo "
                                               "ready; while :; do sleep 0.05; done) & wait",
                                               (struct asking){{"ready"}, {SIGHUP}}, HOUR);
    assert_true(result.interrupted);
    assert_int_equal(result.signal, SIGTERM);
    assert_string_equal(result.out.text, "ready\nwound up\n");
    process_result_clear(&result);
    interrupt_forget();
}

static void what_ignores_sigterm_is_killed_after_the_grace(void **state)
{
    (void)state;
    struct process_result result =
        run_and_ask("trap '' TERM; echo ready; while :; do sleep 1000; done",
                    (struct asking){{"ready"}, {SIGINT}}, 50);
    assert_true(result.interrupted);
    assert_int_equal(result.signal, SIGKILL);
    process_result_clear(&result);
    interrupt_forget();
}

static void grandchildren_are_ended_too(void **state)
{
    (void)state;
    struct process_result result =
        run_and_ask("sleep 1000 >/dev/null 2>&1 & echo $!; echo ready; sleep 1000",
                    (struct asking){{"ready"}, {SIGINT}}, HOUR);
    assert_int_equal(result.signal, SIGTERM);
    assert_ends((pid_t)strtol(result.out.text, NULL, 10));
    process_result_clear(&result);
    interrupt_forget();
}

static void a_second_wish_kills_at_once(void **state)
{
    (void)state;
    struct process_result result =
        run_and_ask("trap 'echo no' TERM; echo ready; while :; do sleep 0.05; done",
                    (struct asking){{"ready", "no"}, {SIGINT, SIGINT}}, HOUR);
    assert_true(result.interrupted);
    assert_int_equal(result.signal, SIGKILL);
    process_result_clear(&result);
    interrupt_forget();
}

/* The program says its pid and freezes itself; only then do we ask. */
static void ask_once_frozen(void *context, int stream, const char *bytes, size_t size)
{
    CLEANUP(mem_freep) char *text = mem_copy_n(bytes, size);
    CLEANUP(mem_freep) char *path = mem_printf("/proc/%ld/stat", strtol(text, NULL, 10));
    (void)context;
    (void)stream;
    wait_for_text(path, ") T ");
    assert_int_equal(kill(getpid(), SIGINT), 0);
}

static void a_frozen_program_is_terminated(void **state)
{
    (void)state;
    interrupt_install();
    struct process_result result =
        run(&(struct process_spec){.argv = SH("echo $$; kill -STOP $$; sleep 1000"),
                                   .deadline = deadline_in(PATIENCE),
                                   .grace = HOUR,
                                   .on_output = ask_once_frozen});
    assert_int_equal(result.signal, SIGTERM);
    process_result_clear(&result);
    interrupt_forget();
}

static void a_flood_of_output_does_not_drown_the_wish(void **state)
{
    (void)state;
    struct process_result result = run_and_ask("yes", (struct asking){{"y"}, {SIGINT}}, HOUR);
    assert_true(result.interrupted);
    process_result_clear(&result);
    interrupt_forget();
}

static void a_flood_of_output_does_not_drown_the_deadline(void **state)
{
    (void)state;
    struct process_result result =
        run(&(struct process_spec){.argv = ARGV("yes"), .deadline = deadline_in(100)});
    assert_true(result.timed_out);
    assert_true(result.out_cut);
    process_result_clear(&result);
}

static void a_program_dies_with_us(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "orphan");
    pid_t parent = fork();
    if (parent == 0) {
        CLEANUP(mem_freep) char *line = mem_printf("echo $$. >%s; exec sleep 1000", path);
        struct process_result result = run(&(struct process_spec){.argv = SH(line)});
        process_exit_child(result.exit_status);
    }
    wait_for_text(path, ".");
    pid_t pid = (pid_t)strtol(scratch_out("cat orphan"), NULL, 10);
    assert_int_not_equal(process_start_time(pid), 0);
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(exit_status_of(parent), -SIGKILL);
    assert_ends(pid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_past_its_deadline_is_terminated),
        cmocka_unit_test(closed_streams_do_not_hide_from_the_deadline),
        cmocka_unit_test(what_ignores_sigterm_is_killed_after_the_grace),
        cmocka_unit_test(grandchildren_are_ended_too),
        cmocka_unit_test(a_wish_to_stop_terminates_the_program),
        cmocka_unit_test(a_program_may_wind_up),
        cmocka_unit_test(what_a_program_started_may_wind_up_too),
        cmocka_unit_test(a_second_wish_kills_at_once),
        cmocka_unit_test(a_frozen_program_is_terminated),
        cmocka_unit_test(a_flood_of_output_does_not_drown_the_wish),
        cmocka_unit_test(a_flood_of_output_does_not_drown_the_deadline),
        cmocka_unit_test(a_program_dies_with_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
