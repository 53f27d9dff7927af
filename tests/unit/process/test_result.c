/*
 * How a program ended, in words.
 */
#include "running.h"

static void assert_described(struct process_result result, const char *wanted)
{
    CLEANUP(mem_freep) char *text = process_result_describe(&result);
    assert_string_equal(text, wanted);
}

static void every_end_has_its_words(void **state)
{
    (void)state;
    assert_described((struct process_result){.exit_status = 3}, "exit status 3");
    assert_described((struct process_result){.exit_status = -1, .signal = SIGKILL},
                     "signal 9 (Killed)");
    assert_described((struct process_result){.exit_status = -1, .signal = 40},
                     "signal 40 (real-time)");
    assert_described(
        (struct process_result){.signal = SIGTERM, .timed_out = true, .elapsed = 30012},
        "still running after 30s");
    assert_described((struct process_result){.timed_out = true, .elapsed = 250},
                     "still running after 250ms");
    assert_described((struct process_result){.signal = SIGTERM, .interrupted = true},
                     "interrupted");
}

static struct error must_fail(const struct process_spec *spec, enum error_code code)
{
    struct error err = ERROR_INIT;
    char *out = NULL;
    assert_fails(process_must_run(spec, &out, &err), code);
    assert_null(out);
    return err;
}

static void a_program_that_must_run_gives_its_output(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *out = NULL;
    struct process_spec spec = {.argv = SH("echo fine; echo noise >&2"),
                                .deadline = deadline_in(PATIENCE)};
    assert_ok(process_must_run(&spec, &out, &err));
    assert_string_equal(out, "fine\n");
    assert_ok(process_must_run(&spec, NULL, &err));
}

static void another_exit_status_is_an_error_with_the_last_lines(void **state)
{
    (void)state;
    struct error err =
        must_fail(&(struct process_spec){.argv = SH("seq 1 25 >&2; echo >&2; exit 4"),
                                         .deadline = deadline_in(PATIENCE)},
                  ERROR_IO);
    assert_string_equal(err.message, "sh ended with exit status 4");
    assert_string_equal(err.detail, "16\n17\n18\n19\n20\n21\n22\n23\n24\n25");
    error_clear(&err);
}

static void few_lines_are_shown_from_the_first(void **state)
{
    (void)state;
    struct error err =
        must_fail(&(struct process_spec){.argv = SH("echo one >&2; echo two >&2; exit 1"),
                                         .deadline = deadline_in(PATIENCE)},
                  ERROR_IO);
    assert_string_equal(err.detail, "one\ntwo");
    error_clear(&err);
}

static void half_a_line_is_not_shown(void **state)
{
    (void)state;
    struct process_spec spec = {.argv = SH("echo abcdefghij >&2; echo two >&2; exit 1"),
                                .deadline = deadline_in(PATIENCE),
                                .keep = 8};
    struct error err = must_fail(&spec, ERROR_IO);
    assert_string_equal(err.detail, "two");
    error_clear(&err);

    spec.argv = SH("echo abcdefghij >&2; exit 1");
    err = must_fail(&spec, ERROR_IO);
    assert_null(err.detail);
    error_clear(&err);
}

static void its_arguments_are_not_in_the_message(void **state)
{
    (void)state;
    struct error err = must_fail(&(struct process_spec){.argv = ARGV("false", "canary-5318"),
                                                        .deadline = deadline_in(PATIENCE)},
                                 ERROR_IO);
    assert_string_equal(err.message, "false ended with exit status 1");
    assert_null(err.detail);
    assert_null(err.hint);
    error_clear(&err);
}

static void a_signal_is_an_error(void **state)
{
    (void)state;
    struct error err = must_fail(
        &(struct process_spec){.argv = SH("kill -9 $$"), .deadline = deadline_in(PATIENCE)},
        ERROR_IO);
    assert_string_equal(err.message, "sh ended with signal 9 (Killed)");
    error_clear(&err);
}

static void a_passed_deadline_is_a_timeout(void **state)
{
    (void)state;
    struct error err = must_fail(
        &(struct process_spec){.argv = SH("exec sleep 1000"), .deadline = deadline_in(30)},
        ERROR_TIMEOUT);
    assert_contains(err.message, "sh was still running after ");
    error_clear(&err);
}

static void a_program_that_cannot_start_is_an_error(void **state)
{
    (void)state;
    struct error err =
        must_fail(&(struct process_spec){.argv = ARGV("no-such-program-5318")}, ERROR_IO);
    assert_contains(err.message, "could not execute");
    error_clear(&err);
}

static void output_without_its_beginning_is_no_output(void **state)
{
    (void)state;
    struct error err = must_fail(&(struct process_spec){.argv = ARGV("echo", "long"),
                                                        .deadline = deadline_in(PATIENCE),
                                                        .keep = 2},
                                 ERROR_IO);
    assert_string_equal(err.message, "echo printed more than was expected");
    error_clear(&err);
}

static void a_wish_to_stop_is_told_as_one(void **state)
{
    (void)state;
    interrupt_install();
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    struct error err =
        must_fail(&(struct process_spec){.argv = ARGV("sleep", "1000")}, ERROR_TERMINATED);
    error_clear(&err);
    interrupt_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_has_its_words),
        cmocka_unit_test(a_program_that_must_run_gives_its_output),
        cmocka_unit_test(another_exit_status_is_an_error_with_the_last_lines),
        cmocka_unit_test(few_lines_are_shown_from_the_first),
        cmocka_unit_test(half_a_line_is_not_shown),
        cmocka_unit_test(its_arguments_are_not_in_the_message),
        cmocka_unit_test(a_signal_is_an_error),
        cmocka_unit_test(a_passed_deadline_is_a_timeout),
        cmocka_unit_test(a_program_that_cannot_start_is_an_error),
        cmocka_unit_test(output_without_its_beginning_is_no_output),
        cmocka_unit_test(a_wish_to_stop_is_told_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
