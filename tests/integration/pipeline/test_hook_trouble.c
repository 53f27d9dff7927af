/*
 * Hooks that do what programs do: flood, hide, fork, ignore us.
 */
#include "hooks.h"

#define DAEMON                                                                                     \
    "python3 -c 'import os,time\n"                                                                 \
    "if os.fork(): os._exit(0)\n"                                                                  \
    "os.setsid()\n"                                                                                \
    "if os.fork(): os._exit(0)\n"                                                                  \
    "for fd in 0, 1, 2: os.close(fd)\n"                                                            \
    "with open(\"daemon.new\", \"w\") as f: f.write(\"%d\\n\" % os.getpid())\n"                    \
    "os.rename(\"daemon.new\", \"daemon\")\n"                                                      \
    "time.sleep(1000)'\nuntil test -e daemon; do sleep 0.01; done\n"

static void a_daemon_is_named(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "", "#!/bin/sh\n" DAEMON);
    pid_t pid = pid_in(hooks, "daemon");
    CLEANUP(mem_freep) char *name = mem_printf("%ld (python3)", (long)pid);
    expect_done(hooks);
    const struct json_data *left = json_data_member(hooks->more, "left_behind");
    assert_int_equal(json_data_count(left), 1);
    assert_string_equal(json_data_string(json_data_item(left, 0)), name);
    assert_contains(json_data_text(hooks->end, "sentence"), name);
    assert_contains(hooks->log.text, "headgate| warning: it left behind in the background");
    assert_true(lives(pid));
    assert_int_equal(kill(pid, SIGKILL), 0);
}

static void a_daemon_is_stopped_with_its_hook(void **state)
{
    struct hooks *hooks = *state;
    prepare_hook(hooks, "", "#!/bin/sh\n" DAEMON "echo ready\nexec sleep 1000\n");
    start_hook(hooks);
    hear_until(hooks, "ready");
    worker_signal(&hooks->worker, SIGTERM);
    end_hook(hooks);
    (void)expect_failure(hooks, "terminated");
    assert_false(lives(pid_in(hooks, "daemon")));
}

static void children_in_its_group_do_not_outlive_it(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\n(trap '' TERM HUP; while :; do sleep 1; done) >/dev/null 2>&1 &\n"
             "echo $! >child\n");
    expect_done(hooks);
    assert_false(lives(pid_in(hooks, "child")));
    assert_null(json_data_member(hooks->more, "left_behind"));
}

static void closed_streams_do_not_hide_it(void **state)
{
    struct hooks *hooks = *state;
    prepare_hook(hooks, "", "#!/bin/sh\nexec >&- 2>&- <&-\necho $$ >pid\nexec sleep 1000\n");
    start_hook(hooks);
    pid_t pid = pid_in(hooks, "pid");
    assert_true(lives(pid));
    worker_signal(&hooks->worker, SIGTERM);
    end_hook(hooks);
    (void)expect_failure(hooks, "terminated");
    assert_int_equal(json_data_integer(hooks->more, "signal", 0), SIGTERM);
    assert_false(lives(pid));
}

static void one_that_ignores_term_is_killed(void **state)
{
    struct hooks *hooks = *state;
    prepare_hook(hooks, "",
                 "#!/bin/sh\ntrap 'echo not me >&2' TERM\necho $$ >pid\necho ready\n"
                 "while :; do sleep 0.05; done\n");
    start_hook(hooks);
    hear_until(hooks, "ready");
    worker_signal(&hooks->worker, SIGTERM);
    hear_until(hooks, "not me");
    worker_signal(&hooks->worker, SIGTERM);
    end_hook(hooks);
    assert_contains(json_data_text(expect_failure(hooks, "terminated"), "detail"), "not me");
    assert_int_equal(json_data_integer(hooks->more, "signal", 0), SIGKILL);
    assert_false(lives(pid_in(hooks, "pid")));
}

static void a_gentle_wish_lets_it_finish(void **state)
{
    struct hooks *hooks = *state;
    prepare_hook(hooks, "",
                 "#!/bin/sh\necho ready\nuntil test -e go; do sleep 0.01; done\necho k=v "
                 ">$HEADGATE_OUTPUT\n");
    start_hook(hooks);
    hear_until(hooks, "ready");
    worker_signal(&hooks->worker, SIGUSR1);
    write_in(hooks, "go", "", 0644);
    end_hook(hooks);
    expect_done(hooks);
    assert_string_equal(output(hooks, "k"), "v");
}

/* --- its output --- */

static size_t count_in(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        n++;
    }
    return n;
}

static void a_flood_costs_bounded_memory_and_log(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\necho first\necho half of an error >&2\nyes 'a line like any other' | "
             "head -c 1G\necho\necho last one\necho 'error at the end' >&2\n");
    expect_done(hooks);
    assert_in_range(hooks->log.size, HOOK_LOG_LIMIT, HOOK_LOG_LIMIT + 1000000);
    assert_contains(hooks->log.text, " h out| first\n");
    assert_non_null(strstr(hooks->log.text, " h headgate| from here on 1.1 GB (10"));
    assert_contains(hooks->log.text, " h out| last one\n");
    assert_contains(hooks->log.text, " h err| error at the end\n");
    assert_in_range(count_in(hooks->news.text, "\"hook\":true"), 20, 20 + 20 * 60);
#ifndef __SANITIZE_ADDRESS__
    assert_in_range(hooks->memory, 1, 30000);
#endif
}

static void a_flood_of_long_lines_is_bounded_too(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\nhead -c 200M /dev/zero | tr '\\0' x\necho\necho after it\n"
             "head -c 70000 /dev/zero | tr '\\0' y\n");
    expect_done(hooks);
    CLEANUP(mem_freep)
    char *cut = mem_printf(" [... and %ld bytes more]\n", 200L * 1024 * 1024 - 64 * 1024);
    assert_contains(hooks->log.text, cut);
    assert_contains(hooks->log.text, " h out| after it\n");
    assert_contains(hooks->log.text, "y [... and 4464 bytes more]\n");
    assert_true(hooks->log.size < 200000);
#ifndef __SANITIZE_ADDRESS__
    assert_in_range(hooks->memory, 1, 30000);
#endif
}

static void garbage_is_logged_as_it_is(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "",
             "#!/bin/sh\nhead -c 300000 /dev/urandom\nhead -c 300000 /dev/urandom >&2\n"
             "printf '\\nnul\\0here\\377\\n\\nwindows\\r\\n'\nexit 9\n");
    assert_int_equal(json_data_integer(hooks->more, "exit_status", -1), 9);
    const char wanted[] = " h out| nul\0here\377\n";
    assert_non_null(memmem(hooks->log.text, hooks->log.size, wanted, sizeof wanted - 1));
    assert_non_null(memmem(hooks->log.text, hooks->log.size, " h out| \n", 9));
    assert_non_null(memmem(hooks->log.text, hooks->log.size, " h out| windows\n", 16));
}

static void a_last_line_without_an_end_is_logged(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, "", "#!/bin/sh\nprintf 'no end'\nprintf 'nor here' >&2\n");
    assert_contains(hooks->log.text, " h out| no end\n");
    assert_contains(hooks->log.text, " h err| nor here\n");
}

static void a_secret_in_pieces_is_hidden(void **state)
{
    struct hooks *hooks = *state;
    assert_int_equal(setenv("HG_TOKEN", "swordfish-4711", 1), 0);
    run_hook(hooks, ",\"env\":{\"TOKEN\":\"${HG_TOKEN}\"}",
             "#!/bin/sh\ntest $TOKEN = sword'fish'-4711 && echo it has it\n"
             "printf 'token is swor'; sleep 0.2; printf 'dfish-47'; sleep 0.2; echo 11.\n"
             "echo token=$TOKEN >$HEADGATE_OUTPUT\necho $TOKEN no key >>$HEADGATE_OUTPUT\n"
             "echo \"bad token $TOKEN\" >&2\nexit 1\n");
    assert_contains(hooks->log.text, " h out| it has it\n");
    assert_contains(hooks->log.text, " h out| token is ***.\n");
    assert_contains(hooks->log.text, "warning: token in $HEADGATE_OUTPUT holds a secret");
    assert_string_equal(json_data_text(expect_failure(hooks, "hook"), "detail"), "bad token ***");
    assert_string_equal(output(hooks, "token"), "***");
    assert_null(strstr(hooks->log.text, "swordfish"));
    assert_null(strstr(hooks->news.text, "swordfish"));
    assert_int_equal(unsetenv("HG_TOKEN"), 0);
}

static void a_secret_in_a_flood_is_hidden(void **state)
{
    struct hooks *hooks = *state;
    assert_int_equal(setenv("HG_TOKEN", "swordfish-4711", 1), 0);
    run_hook(hooks, ",\"env\":{\"TOKEN\":\"${HG_TOKEN}\"}",
             "#!/bin/sh\nyes \"$TOKEN $TOKEN $TOKEN\" | head -c 60M\n");
    expect_done(hooks);
    assert_contains(hooks->log.text, "bytes) of output were dropped");
    assert_null(strstr(hooks->log.text, "swordfish"));
    assert_null(strstr(hooks->news.text, "swordfish"));
    assert_int_equal(unsetenv("HG_TOKEN"), 0);
}

/* --- deaths --- */

/* An engine that only starts the step's process, and tells who it is. */
static int be_an_engine(void *context, int news)
{
    struct hooks *hooks = context;
    struct error err = ERROR_INIT;
    struct worker worker;
    (void)news;
    if (!worker_start(work_body, &hooks->work, &worker, &err)) {
        return 1;
    }
    deadline_sleep(deadline_in(PATIENCE));
    return 0;
}

static void nothing_of_it_outlives_the_engine(void **state)
{
    struct hooks *hooks = *state;
    struct error err = ERROR_INIT;
    prepare_hook(hooks, "",
                 "#!/bin/sh\necho $PPID >worker\nsleep 1000 >/dev/null 2>&1 &\necho $! >child\n"
                 "echo $$ >pid\n" DAEMON "echo ready >ready\nwait\n");
    struct worker engine;
    assert_ok(worker_start(be_an_engine, hooks, &engine, &err));
    static const char *const names[] = {"pid", "child", "daemon", "worker"};
    pid_t pids[ARRAY_LEN(names)];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        pids[i] = pid_in(hooks, names[i]);
        assert_true(lives(pids[i]));
    }
    scratch_sh("until test -e %s/ready; do sleep 0.01; done", hooks->folder);
    worker_signal(&engine, SIGKILL);
    msec killed = clock_now();
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_ends_within(pids[i], PATIENCE);
    }
    assert_true(clock_now() - killed < PROCESS_GRACE);
    int status, number;
    assert_true(worker_has_ended(&engine, &status, &number));
    worker_clear(&engine);
}

static void nothing_in_its_session_outlives_its_process(void **state)
{
    struct hooks *hooks = *state;
    prepare_hook(hooks, "",
                 "#!/bin/sh\nsleep 1000 >/dev/null 2>&1 &\necho $! >child\necho $$ >pid\n"
                 "echo ready\nwait\n");
    start_hook(hooks);
    hear_until(hooks, "ready");
    pid_t pid = pid_in(hooks, "pid"), child = pid_in(hooks, "child");
    worker_kill(&hooks->worker);
    assert_ends_within(pid, PATIENCE);
    assert_ends_within(child, PATIENCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOOKS(a_daemon_is_named),
        WITH_HOOKS(a_daemon_is_stopped_with_its_hook),
        WITH_HOOKS(children_in_its_group_do_not_outlive_it),
        WITH_HOOKS(closed_streams_do_not_hide_it),
        WITH_HOOKS(one_that_ignores_term_is_killed),
        WITH_HOOKS(a_gentle_wish_lets_it_finish),
        WITH_HOOKS(a_flood_costs_bounded_memory_and_log),
        WITH_HOOKS(a_flood_of_long_lines_is_bounded_too),
        WITH_HOOKS(garbage_is_logged_as_it_is),
        WITH_HOOKS(a_last_line_without_an_end_is_logged),
        WITH_HOOKS(a_secret_in_pieces_is_hidden),
        WITH_HOOKS(a_secret_in_a_flood_is_hidden),
        WITH_HOOKS(nothing_of_it_outlives_the_engine),
        WITH_HOOKS(nothing_in_its_session_outlives_its_process),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
