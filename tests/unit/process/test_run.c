/*
 * Running programs to their end: how they ended and what they wrote.
 */
#include "running.h"

#define MEGA 1000000

static void the_exit_status_is_an_answer(void **state)
{
    (void)state;
    struct process_result result = run_sh("echo out; echo err >&2; exit 3");
    assert_int_equal(result.exit_status, 3);
    assert_int_equal(result.signal, 0);
    assert_string_equal(result.out.text, "out\n");
    assert_string_equal(result.err.text, "err\n");
    assert_false(result.timed_out || result.interrupted || result.out_cut || result.err_cut);
    process_result_clear(&result);
}

static void a_signal_is_an_answer(void **state)
{
    (void)state;
    struct process_result result = run_sh("kill -USR1 $$");
    assert_int_equal(result.exit_status, -1);
    assert_int_equal(result.signal, SIGUSR1);
    process_result_clear(&result);
}

static void three_megabytes_on_each_stream_do_not_deadlock(void **state)
{
    (void)state;
    struct process_result result = run(&(struct process_spec){
        .argv = SH("head -c 3000000 /dev/zero >&2 & head -c 3000000 /dev/zero; wait"),
        .deadline = deadline_in(PATIENCE),
        .keep = 4 * MEGA,
    });
    assert_int_equal(result.exit_status, 0);
    assert_int_equal(result.out.size, 3 * MEGA);
    assert_int_equal(result.err.size, 3 * MEGA);
    process_result_clear(&result);
}

static void five_megabytes_of_input_come_back_from_cat(void **state)
{
    (void)state;
    size_t size = 5 * MEGA;
    char *input = mem_new(size, 1);
    for (size_t i = 0; i < size; i++) {
        input[i] = (char)(i * 31 % 251);
    }
    struct process_result result = run(&(struct process_spec){.argv = ARGV("cat"),
                                                              .input = input,
                                                              .input_size = size,
                                                              .deadline = deadline_in(PATIENCE),
                                                              .keep = size});
    assert_int_equal(result.exit_status, 0);
    assert_int_equal(result.out.size, size);
    assert_memory_equal(result.out.text, input, size);
    assert_false(result.out_cut);
    process_result_clear(&result);
    mem_free(input);
}

static void input_that_nobody_reads_is_no_failure(void **state)
{
    (void)state;
    size_t size = MEGA;
    char *input = mem_new(size, 1);
    struct process_spec spec = {.argv = SH("exec <&-; sleep 0.1; exit 4"),
                                .input = input,
                                .input_size = size,
                                .deadline = deadline_in(PATIENCE)};
    struct process_result result = run(&spec);
    assert_int_equal(result.exit_status, 4);
    process_result_clear(&result);

    spec.argv = SH("sleep 0.1; exit 5");
    result = run(&spec);
    assert_int_equal(result.exit_status, 5);
    process_result_clear(&result);
    mem_free(input);
}

static void without_input_stdin_is_at_its_end(void **state)
{
    (void)state;
    struct process_result result = run_sh("cat; readlink /proc/self/fd/0");
    assert_string_equal(result.out.text, "/dev/null\n");
    process_result_clear(&result);
}

static void input_shows_up_in_no_command_line(void **state)
{
    (void)state;
    const char *line = "cat /proc/$$/cmdline /proc/$$/environ | tr '\\0' ' '; read secret; "
                       "test \"$secret\" = canary-5318 && echo received";
    struct process_result result = run(&(struct process_spec){.argv = SH(line),
                                                              .input = "canary-5318\n",
                                                              .input_size = 12,
                                                              .deadline = deadline_in(PATIENCE)});
    assert_contains(result.out.text, "received");
    assert_null(strstr(strstr(result.out.text, "PATH="), "canary-5318"));
    process_result_clear(&result);
}

static void only_the_last_bytes_are_kept(void **state)
{
    (void)state;
    struct process_result result = run(&(struct process_spec){
        .argv = SH("seq 1 400000; seq 1 3 >&2"), .deadline = deadline_in(PATIENCE), .keep = 21});
    assert_string_equal(result.out.text, "399998\n399999\n400000\n");
    assert_true(result.out_cut);
    assert_string_equal(result.err.text, "1\n2\n3\n");
    assert_false(result.err_cut);
    process_result_clear(&result);
}

static void output_that_just_fits_is_not_cut(void **state)
{
    (void)state;
    struct process_spec spec = {
        .argv = ARGV("printf", "12345"), .deadline = deadline_in(PATIENCE), .keep = 5};
    struct process_result result = run(&spec);
    assert_string_equal(result.out.text, "12345");
    assert_false(result.out_cut);
    process_result_clear(&result);

    spec.keep = 4;
    result = run(&spec);
    assert_string_equal(result.out.text, "2345");
    assert_true(result.out_cut);
    process_result_clear(&result);
}

static void a_megabyte_is_kept_where_nothing_else_is_said(void **state)
{
    (void)state;
    struct process_result result = run_sh("head -c 2500000 /dev/zero");
    assert_int_equal(result.out.size, 1024 * 1024);
    assert_true(result.out_cut);
    process_result_clear(&result);
}

struct heard {
    size_t size[3];
    char first[3];
};

static void hear(void *context, int stream, const char *bytes, size_t size)
{
    struct heard *heard = context;
    if (heard->size[stream] == 0) {
        heard->first[stream] = bytes[0];
    }
    heard->size[stream] += size;
}

static void every_byte_is_handed_on_also_what_is_not_kept(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct process_result result = run(&(struct process_spec){
        .argv = SH("echo x >&2; head -c 2000000 /dev/zero | tr '\\0' y"),
        .deadline = deadline_in(PATIENCE),
        .on_output = hear,
        .context = &heard,
        .keep = 10,
    });
    assert_int_equal(heard.size[STDOUT_FILENO], 2000000);
    assert_int_equal(heard.size[STDERR_FILENO], 2);
    assert_int_equal(heard.first[STDOUT_FILENO], 'y');
    assert_int_equal(heard.first[STDERR_FILENO], 'x');
    assert_string_equal(result.out.text, "yyyyyyyyyy");
    assert_true(result.out.capacity < MEGA);
    process_result_clear(&result);
}

static void a_program_that_closed_its_streams_is_waited_for(void **state)
{
    (void)state;
    struct process_result result = run_sh("echo said; exec >&- 2>&-; sleep 0.2; exit 7");
    assert_int_equal(result.exit_status, 7);
    assert_string_equal(result.out.text, "said\n");
    process_result_clear(&result);
}

static void a_grandchild_that_holds_a_stream_does_not_hold_us(void **state)
{
    (void)state;
    struct process_result result = run_sh("sleep 1000 & echo $!; exit 6");
    assert_int_equal(result.exit_status, 6);
    assert_false(result.timed_out);
    assert_true(result.elapsed >= 500); /* it had time to say a last word */
    assert_ends((pid_t)strtol(result.out.text, NULL, 10));
    process_result_clear(&result);
}

static void a_grandchild_that_holds_no_stream_is_ended_too(void **state)
{
    (void)state;
    struct process_result result = run_sh("sleep 1000 >/dev/null 2>&1 & echo $!");
    assert_int_equal(result.exit_status, 0);
    assert_ends((pid_t)strtol(result.out.text, NULL, 10));
    process_result_clear(&result);
}

static void somebody_who_escaped_and_goes_on_writing_does_not_hold_us(void **state)
{
    (void)state;
    struct process_result result = run_sh("setsid yes & echo $! >&2");
    assert_int_equal(result.exit_status, 0);
    assert_true(result.out_cut);
    assert_ends((pid_t)strtol(result.err.text, NULL, 10));
    process_result_clear(&result);
}

static void an_escaped_process_keeps_running(void **state)
{
    (void)state;
    struct process_result result =
        run_sh("setsid sleep 1000 >/dev/null 2>&1 & echo $!; "
               "while test $(cut -d' ' -f6 /proc/$!/stat) != $!; do :; done");
    pid_t pid = (pid_t)strtol(result.out.text, NULL, 10);
    assert_true(process_start_time(pid) != 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    process_result_clear(&result);
}

static void what_a_program_used_is_counted(void **state)
{
    (void)state;
    struct process_result result = run_sh("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done");
    assert_true(result.usage.ru_maxrss > 0);
    assert_true(result.usage.ru_utime.tv_sec > 0 || result.usage.ru_utime.tv_usec > 0);
    assert_true(result.elapsed >= 0 && result.elapsed < PATIENCE);
    process_result_clear(&result);
}

static void an_ignored_sigchld_does_not_hide_the_status(void **state)
{
    (void)state;
    (void)signal(SIGCHLD, SIG_IGN);
    struct process_result result = run_sh("exit 9");
    assert_int_equal(result.exit_status, 9);
    process_result_clear(&result);
    (void)signal(SIGCHLD, SIG_DFL);
}

struct wanted {
    size_t bytes;
    bool enough;
};

static void want_little(void *context, int stream, const char *bytes, size_t size)
{
    struct wanted *wanted = context;
    (void)stream;
    (void)bytes;
    wanted->bytes += size;
    wanted->enough = true;
}

static void a_program_that_has_said_enough_is_stopped(void **state)
{
    (void)state;
    struct wanted wanted = {0};
    struct process_result result =
        run(&(struct process_spec){.argv = SH("echo x; exec cat /dev/zero"),
                                   .on_output = want_little,
                                   .enough = &wanted.enough,
                                   .context = &wanted});
    assert_int_equal(result.signal, SIGTERM);
    assert_false(result.timed_out || result.interrupted);
    assert_true(wanted.bytes > 0);
    process_result_clear(&result);
}

static void one_that_ends_before_it_has_said_enough_ends_as_ever(void **state)
{
    (void)state;
    const bool enough = false;
    struct process_result result =
        run(&(struct process_spec){.argv = SH("echo x; exit 3"), .enough = &enough});
    assert_int_equal(result.exit_status, 3);
    process_result_clear(&result);
}

static void nothing_stays_open_or_unreaped(void **state)
{
    (void)state;
    int before = count_descriptors();
    for (int i = 0; i < 20; i++) {
        struct process_result result = run_sh("echo x; cat");
        process_result_clear(&result);
    }
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_exit_status_is_an_answer),
        cmocka_unit_test(a_signal_is_an_answer),
        cmocka_unit_test(three_megabytes_on_each_stream_do_not_deadlock),
        cmocka_unit_test(five_megabytes_of_input_come_back_from_cat),
        cmocka_unit_test(input_that_nobody_reads_is_no_failure),
        cmocka_unit_test(without_input_stdin_is_at_its_end),
        cmocka_unit_test(input_shows_up_in_no_command_line),
        cmocka_unit_test(only_the_last_bytes_are_kept),
        cmocka_unit_test(output_that_just_fits_is_not_cut),
        cmocka_unit_test(a_megabyte_is_kept_where_nothing_else_is_said),
        cmocka_unit_test(every_byte_is_handed_on_also_what_is_not_kept),
        cmocka_unit_test(a_program_that_closed_its_streams_is_waited_for),
        cmocka_unit_test(a_grandchild_that_holds_a_stream_does_not_hold_us),
        cmocka_unit_test(a_grandchild_that_holds_no_stream_is_ended_too),
        cmocka_unit_test(somebody_who_escaped_and_goes_on_writing_does_not_hold_us),
        cmocka_unit_test(an_escaped_process_keeps_running),
        cmocka_unit_test(what_a_program_used_is_counted),
        cmocka_unit_test(an_ignored_sigchld_does_not_hide_the_status),
        cmocka_unit_test(a_program_that_has_said_enough_is_stopped),
        cmocka_unit_test(one_that_ends_before_it_has_said_enough_ends_as_ever),
        cmocka_unit_test(nothing_stays_open_or_unreaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
