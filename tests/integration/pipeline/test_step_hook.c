/*
 * What a hook is told, what it leaves, and how it ends.
 */
#include "hooks.h"

static void its_program_runs_in_the_project_with_its_arguments(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\necho \"args=$*, $# of them\"\necho folder=$PWD\nreadlink /proc/self/fd/0\n"
             "test $(ps -o pgid= $$) = $$ && echo own group\n");
    expect_done(hooks);
    assert_int_equal(json_data_integer(hooks->more, "exit_status", -1), 0);
    assert_null(json_data_member(hooks->more, "outputs"));
    assert_null(json_data_member(hooks->more, "left_behind"));
    assert_contains(hooks->log.text, " h out| args=one t w o, 2 of them\n");
    CLEANUP(mem_freep) char *folder = mem_printf(" h out| folder=%s\n", hooks->folder);
    assert_contains(hooks->log.text, folder);
    assert_contains(hooks->log.text, " h out| /dev/null\n");
    assert_contains(hooks->log.text, " h out| own group\n");
    assert_contains(hooks->news.text, "\"kind\":\"hook-started\"");
    assert_contains(hooks->news.text, "\"attempt\":1,\"process\":");
    assert_contains(hooks->news.text, "\"show\":\"args=one t w o, 2 of them\",\"hook\":true");
}

static void it_gets_what_is_documented_and_nothing_else(void **state)
{
    struct hooks *hooks = *state;
    assert_int_equal(setenv("HG_OTHER", "of our own", 1), 0);
    assert_int_equal(setenv("HEADGATE_STATE", "wrong", 1), 0);
    prepare_hook(hooks, ",\"env\":{\"LEVEL\":\"5\",\"LANG\":\"tlh\"}", "#!/bin/sh\nenv\n");
    hooks->work.attempt = 3;
    run_prepared(hooks);
    expect_done(hooks);
    CLEANUP(mem_freep)
    char *release = mem_printf("| HEADGATE_RELEASE=%s\n", hooks->workflow->release->digest);
    CLEANUP(mem_freep) char *kept = mem_printf("| HEADGATE_STATE=%s\n", scratch_state());
    CLEANUP(mem_freep)
    char *path = mem_printf("| HEADGATE_OUTPUT=%s/.headgate/runs/r1/output-h-3\n", hooks->folder);
    const char *const wanted[] = {"| HEADGATE_RUN=r1\n",
                                  "| HEADGATE_STEP=h\n",
                                  "| HEADGATE_ATTEMPT=3\n",
                                  release,
                                  kept,
                                  path,
                                  "| LEVEL=5\n",
                                  "| LANG=tlh\n",
                                  "| PATH=/"};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_contains(hooks->log.text, wanted[i]);
    }
    const char *const unwanted[] = {"HG_OTHER", "DATABASE_URL", "HEADGATE_ENVIRONMENT",
                                    "HEADGATE_OUTCOME"};
    for (size_t i = 0; i < ARRAY_LEN(unwanted); i++) {
        assert_null(strstr(hooks->log.text, unwanted[i]));
    }
    assert_int_equal(unsetenv("HG_OTHER"), 0);
    assert_int_equal(unsetenv("HEADGATE_STATE"), 0);
}

static void a_hook_at_the_end_learns_how_it_went(void **state)
{
    struct hooks *hooks = *state;
    write_in(hooks, "scripts/hook",
             "#!/bin/sh\necho outcome=$HEADGATE_OUTCOME failed=$HEADGATE_FAILED_STEP\n", 0755);
    look_at_pipeline(hooks, "\"steps\":[{\"id\":\"h\",\"hook\":[\"true\"]}],"
                            "\"always\":[{\"id\":\"tell\",\"hook\":[\"../scripts/hook\"]}]");
    assert_true(strlist_has(&last_step(hooks)->variables, "HEADGATE_OUTCOME"));
    hooks->work.outcome = "failed";
    hooks->work.failed_step = "e2e";
    run_prepared(hooks);
    assert_contains(hooks->log.text, " tell out| outcome=failed failed=e2e\n");
    hooks->work.outcome = "done";
    hooks->work.failed_step = NULL;
    run_prepared(hooks);
    assert_contains(hooks->log.text, " tell out| outcome=done failed=\n");
}

static void outputs_of_earlier_steps_are_handed_on(void **state)
{
    struct hooks *hooks = *state;
    struct error err = ERROR_INIT;
    const char *text = "{\"report\":\"r 1\",\"N_2\":\"2\"}";
    struct json_data *outputs = NULL;
    assert_ok(json_data_parse(text, strlen(text), &outputs, &err));
    struct record_step earlier[] = {
        {.id = "e2e-web", .outputs = outputs}, {.id = "beside", .outputs = outputs}, {.id = "h"}};
    write_in(hooks, "scripts/hook", "#!/bin/sh\nenv | grep HEADGATE_STEP_\n", 0755);
    look_at_pipeline(hooks,
                     "\"steps\":[{\"id\":\"e2e-web\",\"hook\":[\"true\"]},"
                     "{\"id\":\"beside\",\"needs\":[],\"hook\":[\"true\"]},"
                     "{\"id\":\"h\",\"needs\":[\"e2e-web\"],\"hook\":[\"../scripts/hook\"]}]");
    assert_true(strlist_has(&last_step(hooks)->variables, "HEADGATE_STEP_*"));
    hooks->record = (struct record){.steps = earlier, .n = ARRAY_LEN(earlier)};
    run_prepared(hooks);
    hooks->record = (struct record){0};
    expect_done(hooks);
    assert_contains(hooks->log.text, "| HEADGATE_STEP_E2E_WEB_REPORT=r 1\n");
    assert_contains(hooks->log.text, "| HEADGATE_STEP_E2E_WEB_N_2=2\n");
    assert_null(strstr(hooks->log.text, "BESIDE"));
    json_data_freep(&outputs);
}

/* --- how it ends --- */

static void an_exit_status_is_told_with_the_last_words(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\nseq 1 50 >&2\necho chatter\necho 'no such thing: x' >&2\nexit 3\n");
    const struct json_data *error = expect_failure(hooks, "hook");
    assert_contains(json_data_text(error, "message"), "scripts/hook ended with exit status 3");
    assert_string_equal(json_data_text(error, "detail"),
                        "42\n43\n44\n45\n46\n47\n48\n49\n50\nno such thing: x");
    assert_string_equal(json_data_text(error, "hint"), "All that it printed: headgate logs r1");
    assert_int_equal(json_data_integer(hooks->more, "exit_status", -1), 3);
    assert_contains(hooks->log.text, " h err| 1\n");
    assert_contains(hooks->log.text, " h err| no such thing: x\n");
}

static void without_stderr_the_last_words_are_those_of_stdout(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "", "#!/bin/sh\necho '3 of 7 tests failed'\nexit 1\n");
    assert_string_equal(json_data_text(expect_failure(hooks, "hook"), "detail"),
                        "3 of 7 tests failed");
    run_hook(hooks, "", "#!/bin/sh\nexit 1\n");
    assert_null(json_data_text(expect_failure(hooks, "hook"), "detail"));
    run_hook(hooks, "", "#!/bin/sh\nhead -c 200000 /dev/zero | tr '\\0' x >&2\nexit 1\n");
    assert_null(json_data_text(expect_failure(hooks, "hook"), "detail")); /* no whole line */
    run_hook(hooks, "",
             "#!/bin/sh\nhead -c 9000 /dev/zero | tr '\\0' x >&2\nprintf 'a\\0b' >&2\nexit 1\n");
    const char *detail = json_data_text(expect_failure(hooks, "hook"), "detail");
    assert_int_equal(strlen(detail), 4000);
    assert_string_equal(detail + 4000 - 5, "xxa?b");
}

static void a_signal_is_told(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "", "#!/bin/sh\nkill -SEGV $$\n");
    assert_contains(json_data_text(expect_failure(hooks, "hook"), "message"),
                    "ended with signal 11 (Segmentation fault)");
    assert_int_equal(json_data_integer(hooks->more, "signal", 0), 11);
    assert_null(json_data_member(hooks->more, "exit_status"));
}

static void a_script_that_names_no_interpreter_cannot_be_executed(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "", "echo x\n");
    const struct json_data *error = expect_failure(hooks, "hook");
    assert_contains(json_data_text(error, "message"), "could not execute");
    assert_contains(json_data_text(error, "hint"), "#!/bin/sh");
    run_hook(hooks, "", "#!/no/such/interpreter\n");
    error = expect_failure(hooks, "hook");
    assert_contains(json_data_text(error, "detail"), "interpreter");
    assert_null(strstr(hooks->news.text, "hook-started"));
}

static void what_was_changed_since_the_plan_is_not_executed(void **state)
{
    struct hooks *hooks = *state;
    prepare_hook(hooks, "", "#!/bin/sh\ntouch ran\n");
    write_in(hooks, "scripts/hook", "#!/bin/sh\ntouch ran # and more\n", 0755);
    run_prepared(hooks);
    assert_contains(json_data_text(expect_failure(hooks, "stale"), "message"),
                    "scripts/hook was changed since the plan was made");
    scratch_sh("rm %s/scripts/hook", hooks->folder);
    run_prepared(hooks);
    assert_contains(json_data_text(expect_failure(hooks, "io"), "message"), "scripts/hook");
    scratch_sh("test ! -e %s/ran", hooks->folder);
}

static void a_state_that_cannot_be_written_fails_it(void **state)
{
    struct hooks *hooks = *state;
    prepare_hook(hooks, "", "#!/bin/sh\ntouch ran\n");
    write_in(hooks, ".headgate/runs/r1", "in the way\n", 0644);
    run_prepared(hooks);
    (void)expect_failure(hooks, "io");
    scratch_sh("rm %s/.headgate/runs/r1 && mkdir -p %s/.headgate/runs/r1/output-h-1", hooks->folder,
               hooks->folder);
    run_prepared(hooks);
    assert_contains(json_data_text(expect_failure(hooks, "io"), "message"), "output-h-1");
    scratch_sh("test ! -e %s/ran", hooks->folder);
}

/* --- outputs --- */

static void outputs_are_read(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\nprintf 'url=http://x/?a=b\\nempty=\\n\\nurl2=crlf\\r\\n"
             "twice=1\\ntwice=2\\n_k9=last without end' >\"$HEADGATE_OUTPUT\"\n");
    expect_done(hooks);
    assert_int_equal(json_data_count(json_data_member(hooks->more, "outputs")), 5);
    assert_string_equal(output(hooks, "url"), "http://x/?a=b");
    assert_string_equal(output(hooks, "empty"), "");
    assert_string_equal(output(hooks, "url2"), "crlf");
    assert_string_equal(output(hooks, "twice"), "2");
    assert_string_equal(output(hooks, "_k9"), "last without end");
    assert_null(strstr(hooks->log.text, "warning"));
    scratch_sh("test ! -e %s/.headgate/runs/r1/output-h-1", hooks->folder);
}

static void outputs_of_a_failed_hook_count_as_well(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "", "#!/bin/sh\necho report=x >>\"$HEADGATE_OUTPUT\"\nexit 1\n");
    (void)expect_failure(hooks, "hook");
    assert_string_equal(output(hooks, "report"), "x");
}

static void bad_lines_are_told_and_ignored(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\nprintf 'no equals\\n=x\\n9k=x\\na-b=x\\ngood=1\\n a=x\\nnul\\0=x\\n' "
             ">\"$HEADGATE_OUTPUT\"\n");
    expect_done(hooks);
    assert_int_equal(json_data_count(json_data_member(hooks->more, "outputs")), 1);
    const char *const wanted[] = {"line 1 ", "line 2 ", "line 3 ", "line 4 ", "line 6 ", "line 7 "};
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_contains(hooks->log.text, wanted[i]);
    }
    assert_contains(hooks->log.text, " h headgate| warning: line 1 of $HEADGATE_OUTPUT is ignored, "
                                     "it is not KEY=VALUE: no equals\n");
}

static void too_many_outputs_are_cut_off(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\nfor i in $(seq 102); do echo k$i=$i; done >$HEADGATE_OUTPUT\n"
             "echo k1=again >>$HEADGATE_OUTPUT\n");
    expect_done(hooks);
    assert_int_equal(json_data_count(json_data_member(hooks->more, "outputs")), 100);
    assert_string_equal(output(hooks, "k1"), "again");
    assert_contains(hooks->log.text, "warning: k101 in $HEADGATE_OUTPUT is ignored");
    assert_contains(hooks->log.text, "warning: k102 in $HEADGATE_OUTPUT is ignored");

    run_hook(hooks, "", "#!/bin/sh\nyes long=0123456789 | head -c 10000000 >$HEADGATE_OUTPUT\n");
    expect_done(hooks);
    assert_string_equal(output(hooks, "long"), "0123456789");
    assert_contains(hooks->log.text, "$HEADGATE_OUTPUT is longer than 64 kB");

    run_hook(hooks, "", "#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x >$HEADGATE_OUTPUT\n");
    expect_done(hooks);
    assert_null(json_data_member(hooks->more, "outputs"));
}

static void whatever_stands_in_the_place_of_its_file_does_no_harm(void **state)
{
    struct hooks *hooks = *state;
    write_in(hooks, "other", "key=of somebody else\n", 0644);
    static const char *const scripts[] = {
        "#!/bin/sh\nrm $HEADGATE_OUTPUT\n",
        "#!/bin/sh\nrm $HEADGATE_OUTPUT; ln -s $PWD/other $HEADGATE_OUTPUT\n",
        "#!/bin/sh\nrm $HEADGATE_OUTPUT; mkfifo $HEADGATE_OUTPUT\n",
        "#!/bin/sh\nrm $HEADGATE_OUTPUT; mkdir $HEADGATE_OUTPUT\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        prepare_hook(hooks, "", scripts[i]);
        hooks->work.attempt = i + 1;
        run_prepared(hooks);
        expect_done(hooks);
        assert_null(json_data_member(hooks->more, "outputs"));
    }
    assert_contains(hooks->log.text, "it is no file any more");
}

static void an_earlier_attempt_leaves_nothing_to_the_next(void **state)
{
    struct hooks *hooks = *state;
    write_in(hooks, ".headgate/runs/r1/output-h-1", "old=1\n", 0600);
    run_hook(hooks, "", "#!/bin/sh\ntest ! -s $HEADGATE_OUTPUT && echo new=1 >$HEADGATE_OUTPUT\n");
    expect_done(hooks);
    assert_null(output(hooks, "old"));
    assert_string_equal(output(hooks, "new"), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOOKS(its_program_runs_in_the_project_with_its_arguments),
        WITH_HOOKS(it_gets_what_is_documented_and_nothing_else),
        WITH_HOOKS(a_hook_at_the_end_learns_how_it_went),
        WITH_HOOKS(outputs_of_earlier_steps_are_handed_on),
        WITH_HOOKS(an_exit_status_is_told_with_the_last_words),
        WITH_HOOKS(without_stderr_the_last_words_are_those_of_stdout),
        WITH_HOOKS(a_signal_is_told),
        WITH_HOOKS(a_script_that_names_no_interpreter_cannot_be_executed),
        WITH_HOOKS(what_was_changed_since_the_plan_is_not_executed),
        WITH_HOOKS(a_state_that_cannot_be_written_fails_it),
        WITH_HOOKS(outputs_are_read),
        WITH_HOOKS(outputs_of_a_failed_hook_count_as_well),
        WITH_HOOKS(bad_lines_are_told_and_ignored),
        WITH_HOOKS(too_many_outputs_are_cut_off),
        WITH_HOOKS(whatever_stands_in_the_place_of_its_file_does_no_harm),
        WITH_HOOKS(an_earlier_attempt_leaves_nothing_to_the_next),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
