#include "../base/child.h"
#include "event_line.h"
#include "headgate/output.h"
#include "headgate/report.h"
#include "headgate/secret.h"
#include "terminal.h"

/* --- a run, by hand --- */

enum { STAGING, E2E, GO, PRODUCTION, TELL, STEPS };
#define RUN "20261120-190501-3f2a"

struct play {
    struct record_step steps[STEPS];
    struct record record;
    struct run_screen *screen;
    uint64_t number;
};

static struct play begin(enum output_level level, bool json)
{
    output_set_up(&(struct output_settings){.level = level, .json = json, .color = false});
    return (struct play){
        .steps = {{.id = "staging", .kind = "deploy", .environment = "staging"},
                  {.id = "e2e", .kind = "hook"},
                  {.id = "go", .kind = "gate"},
                  {.id = "production", .kind = "deploy", .environment = "production"},
                  {.id = "tell", .kind = "hook", .always = true}},
        .record = {.run = RUN,
                   .pipeline = "promote",
                   .release = "7237e9990000",
                   .n = STEPS,
                   .head = "abcdef"},
        .screen = run_screen_new(),
    };
}

static void happens_to(struct play *play, const char *step, const char *kind, const char *data)
{
    CLEANUP(json_data_freep) struct json_data *parsed = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    if (!json_data_parse(data, strlen(data), &parsed, &err)) {
        abort();
    }
    const struct event event = {.number = ++play->number,
                                .time = 1795201501000000,
                                .kind = kind,
                                .actor = "anna@buildhost",
                                .step = step,
                                .data = parsed,
                                .hash = "0123"};
    const struct run_news news = {.event = &event};
    play->record.steps = play->steps;
    report_run_news(play->screen, &play->record, &news);
}

static void happens(struct play *play, int step, enum step_state state, const char *kind,
                    const char *data)
{
    play->steps[step].state = state;
    happens_to(play, play->steps[step].id, kind, data);
}

static void says(struct play *play, const char *step, const char *text, bool from_hook)
{
    const struct run_news news = {.step = step,
                                  .text = text,
                                  .from_hook = from_hook,
                                  .stopping = !from_hook && text_starts(text, "stops")};
    play->record.steps = play->steps;
    report_run_news(play->screen, &play->record, &news);
}

static int end(struct play *play)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    for (size_t i = 0; i < STEPS; i++) {
        strlist_clear(&play->steps[i].applied);
    }
    run_screen_freep(&play->screen);
    return output_finish(&err) ? 0 : 1;
}

/* --- where it is shown --- */

struct show {
    struct terminal terminal;
    child_work *work;
};

static int on_terminal(const void *context)
{
    const struct show *show = context;
    if (dup2(show->terminal.screen, STDOUT_FILENO) < 0 ||
        dup2(show->terminal.screen, STDERR_FILENO) < 0) {
        return 99;
    }
    return show->work(NULL);
}

static void assert_screen_of(child_work *work, const char *expected)
{
    static struct show show;
    assert_int_equal(setenv("TERM", "xterm", 1), 0);
    show.work = work;
    terminal_open(&show.terminal, 20, 72);
    assert_int_equal(in_child(on_terminal, &show), 0);
    CLEANUP(mem_freep) char *seen = terminal_look(&show.terminal);
    terminal_close(&show.terminal);
    assert_string_equal(seen, expected);
}

static int to_files(const void *context)
{
    child_work *const *work = context;
    int out = open("out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int err = open("err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) {
        return 99;
    }
    return (*work)(NULL);
}

static void assert_output_of(child_work *work, const char *expected)
{
    assert_int_equal(chdir(scratch_dir()), 0);
    assert_int_equal(in_child(to_files, &work), 0);
    assert_string_equal(scratch_out("cat out"), expected);
}

/* --- a whole run --- */

static void play_beginning(struct play *play)
{
    happens_to(play, NULL, "run-begun", "{\"plan\":\"77\"}");
    happens(play, STAGING, STEP_RUNNING, "step-begun", "{\"attempt\":1}");
    happens(play, STAGING, STEP_RUNNING, "deploy-began",
            "{\"migration\":\"0001_users\",\"sentence\":\"0001_users\"}");
    strlist_add(&play->steps[STAGING].applied, "0001_users");
    happens(play, STAGING, STEP_RUNNING, "deploy-applied",
            "{\"migration\":\"0001_users\",\"took\":6}");
    happens(play, STAGING, STEP_DONE, "step-ended",
            "{\"outcome\":\"done\",\"attempt\":1,\"took\":54}");
    happens(play, E2E, STEP_RUNNING, "step-begun", "{\"attempt\":1}");
    happens(play, E2E, STEP_RUNNING, "hook-started", "{\"attempt\":1,\"process\":4711}");
    says(play, "e2e", "testing the shop", true);
    happens(play, E2E, STEP_RETRYING, "step-retrying",
            "{\"attempt\":1,\"in\":5000,\"error\":{\"message\":\"exit status 1\"}}");
    happens(play, E2E, STEP_RUNNING, "step-begun", "{\"attempt\":2}");
    happens(play, E2E, STEP_DONE, "step-ended",
            "{\"outcome\":\"done\",\"attempt\":2,\"took\":1234,\"flaky\":true,"
            "\"left_behind\":[\"4712 (node)\",\"4713 (sh)\"]}");
    play->steps[GO].sentence = "0 of 1 approvals";
    happens(play, GO, STEP_WAITING, "gate-waiting", "{\"waits\":[\"0 of 1 approvals\"]}");
}

static void play_end(struct play *play)
{
    happens_to(play, NULL, "approved",
               "{\"step\":\"go\",\"how\":\"user\",\"reason\":\"all good\"}");
    happens(play, GO, STEP_DONE, "step-ended", "{\"outcome\":\"done\"}");
    happens(play, PRODUCTION, STEP_DONE, "step-ended", "{\"outcome\":\"nothing\"}");
    happens(play, TELL, STEP_SKIPPED, "step-ended",
            "{\"outcome\":\"skipped\",\"sentence\":\"nobody is to be told\"}");
    happens_to(play, NULL, "run-ended", "{\"outcome\":\"done\"}");
    play->record.state = RUN_DONE;
    play->record.begun = 1000000;
    play->record.ended = 65000000;
    report_run_end(&play->record, NULL);
}

static int run_to_a_file(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    play_beginning(&play);
    play_end(&play);
    return end(&play);
}

static void elsewhere_each_event_is_a_line(void **state)
{
    (void)state;
    assert_output_of(run_to_a_file,
                     "Run " RUN "  promote  release 7237e999\n"
                     "staging: begins\n"
                     "staging: 0001_users applied in 6 ms\n"
                     "staging: done in 54 ms: 1 applied\n"
                     "e2e: begins\n"
                     "e2e: failed: exit status 1; tried again in 5.0 s\n"
                     "e2e: begins (2nd attempt)\n"
                     "e2e: passed in 1.2 s (2nd attempt); went on in the background: "
                     "4712 (node), 4713 (sh)\n"
                     "go: waits: 0 of 1 approvals; headgate approve " RUN "\n"
                     "go: approved by anna@buildhost: all good\n"
                     "go: passed\n"
                     "production: nothing to do\n"
                     "tell: skipped: nobody is to be told\n"
                     "\n"
                     "Done in 1m 04s. staging and production have release 7237e999.\n"
                     "Next: headgate show " RUN);
}

static int run_verbosely(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_VERBOSE, false);
    play_beginning(&play);
    play.record.state = RUN_WAITING;
    report_run_end(&play.record, NULL);
    return end(&play);
}

static void verbosely_also_what_hooks_print_and_the_head(void **state)
{
    (void)state;
    assert_output_of(run_verbosely, "Run " RUN "  promote  release 7237e999\n"
                                    "staging: begins\n"
                                    "staging: 0001_users begins\n"
                                    "staging: 0001_users applied in 6 ms\n"
                                    "staging: done in 54 ms: 1 applied\n"
                                    "e2e: begins\n"
                                    "e2e: process 4711\n"
                                    "e2e | testing the shop\n"
                                    "e2e: failed: exit status 1; tried again in 5.0 s\n"
                                    "e2e: begins (2nd attempt)\n"
                                    "e2e: passed in 1.2 s (2nd attempt); went on in the "
                                    "background: 4712 (node), 4713 (sh)\n"
                                    "go: waits: 0 of 1 approvals; headgate approve " RUN "\n"
                                    "\n"
                                    "It waits: 2 of 4 steps are done.\n"
                                    "  go: 0 of 1 approvals\n"
                                    "Head of its journal: abcdef\n"
                                    "Next: headgate approve " RUN ", then headgate resume " RUN);
}

static int run_quietly(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_QUIET, false);
    play_beginning(&play);
    play_end(&play);
    return end(&play);
}

static void quietly_only_the_end(void **state)
{
    (void)state;
    assert_output_of(run_quietly,
                     "\nDone in 1m 04s. staging and production have release 7237e999.\n"
                     "Next: headgate show " RUN);
}

static int run_as_json(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, true);
    happens(&play, E2E, STEP_RUNNING, "step-begun", "{\"attempt\":1}");
    says(&play, "e2e", "not shown", true);
    happens_to(&play, NULL, "run-ended", "{\"outcome\":\"failed\"}");
    play.record.state = RUN_FAILED;
    play.record.sentence = "step \"e2e\" failed";
    play.record.n_events = 2;
    report_run_end(&play.record, NULL);
    return end(&play);
}

static int run_as_json_verbosely(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_VERBOSE, true);
    says(&play, "e2e", "shown", true);
    says(&play, "e2e", "not shown", false);
    return end(&play);
}

static void as_json_each_event_is_an_object_on_one_line(void **state)
{
    (void)state;
    assert_output_of(run_as_json,
                     "{\"format\":1,\"run\":\"" RUN "\",\"number\":1,"
                     "\"time\":\"2026-11-20T19:05:01.000000Z\",\"kind\":\"step-begun\","
                     "\"actor\":\"anna@buildhost\",\"step\":\"e2e\",\"data\":{\"attempt\":1},"
                     "\"hash\":\"0123\"}\n"
                     "{\"format\":1,\"run\":\"" RUN "\",\"number\":2,"
                     "\"time\":\"2026-11-20T19:05:01.000000Z\",\"kind\":\"run-ended\","
                     "\"actor\":\"anna@buildhost\",\"data\":{\"outcome\":\"failed\"},"
                     "\"hash\":\"0123\"}\n"
                     "{\"format\":1,\"run\":\"" RUN "\",\"state\":\"failed\","
                     "\"sentence\":\"step \\\"e2e\\\" failed\",\"events\":2,\"head\":\"abcdef\","
                     "\"next\":[\"headgate logs " RUN "\",\"headgate resume " RUN "\"]}");
    assert_output_of(run_as_json_verbosely,
                     "{\"format\":1,\"run\":\"" RUN "\",\"step\":\"e2e\",\"output\":\"shown\"}");
}

/* --- single events --- */

static int show_odd_events(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    happens_to(&play, NULL, "run-resumed", "{}");
    happens_to(&play, NULL, "cancel-asked", "{\"reason\":\"wrong release\"}");
    happens_to(&play, NULL, "rejected", "{\"signer\":\"alice@example.net\"}");
    happens_to(&play, NULL, "something-new", "{}");
    happens(&play, E2E, STEP_FAILED, "step-ended",
            "{\"outcome\":\"failed\",\"attempt\":11,\"took\":100,\"went_on\":true,"
            "\"error\":{\"message\":\"exit status 3\"}}");
    happens(&play, E2E, STEP_FAILED, "step-ended",
            "{\"outcome\":\"failed\",\"attempt\":23,\"took\":100,\"sentence\":\"gone\"}");
    happens(&play, STAGING, STEP_DONE, "step-ended",
            "{\"outcome\":\"done\",\"took\":9,\"sentence\":\"all 7 applied\"}");
    happens_to(&play, "later", "step-ended", "{\"outcome\":\"done\",\"took\":9}");
    happens(&play, STAGING, STEP_RUNNING, "deploy-waiting",
            "{\"sentence\":\"waits for a dump\",\"migration\":\"0001_users\"}");
    happens(&play, STAGING, STEP_RUNNING, "deploy-lost", "{\"sentence\":\"lost the server\"}");
    happens(&play, STAGING, STEP_RUNNING, "deploy-statement", "{\"migration\":\"0001_users\"}");
    happens(&play, GO, STEP_OPEN, "gate-waiting", "{}");
    play.steps[GO].sentence = NULL;
    happens(&play, GO, STEP_WAITING, "gate-waiting", "{}");
    return end(&play);
}

static void every_kind_of_event_has_its_words(void **state)
{
    (void)state;
    assert_output_of(show_odd_events,
                     "Run " RUN " goes on  promote  release 7237e999\n"
                     "anna@buildhost asks to cancel the run: wrong release\n"
                     "run: rejected by alice@example.net\n"
                     "e2e: failed after 100 ms (11th attempt): exit status 3; the run goes on\n"
                     "e2e: failed after 100 ms (23rd attempt): gone\n"
                     "staging: done in 9 ms: all 7 applied\n"
                     "later: passed in 9 ms\n"
                     "staging: 0001_users: waits for a dump\n"
                     "staging: lost the server\n"
                     "go: waits: ");
}

static int show_ends(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    static const enum run_state states[] = {RUN_STOPPED, RUN_CANCELED, RUN_FAILED, RUN_CUT,
                                            RUN_WAITING};
    play.record.steps = play.steps;
    play.steps[STAGING].state = STEP_DONE;
    play.steps[GO].state = STEP_WAITING;
    play.steps[GO].sentence = "window Mon-Thu opens at 08:00";
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        play.record.state = states[i];
        report_run_end(&play.record, NULL);
    }
    play.record.state = RUN_STOPPED;
    play.steps[E2E].state = STEP_CUT;
    report_run_end(&play.record, NULL);
    play.record.state = RUN_DONE;
    play.record.begun = play.record.ended = 1000000;
    report_run_end(&play.record, NULL);
    play.steps[STAGING].state = STEP_SKIPPED;
    play.record.release = NULL;
    play.record.begun = 9000000; /* the clock was set back */
    report_run_end(&play.record, NULL);
    return end(&play);
}

static void every_end_says_what_comes_next(void **state)
{
    (void)state;
    assert_output_of(show_ends,
                     "\nStopped at a safe point: 1 of 4 steps is done.\nNext: headgate resume " RUN
                     "\n"
                     "\nCanceled: 1 of 4 steps is done.\nNext: headgate show " RUN "\n"
                     "\nFailed: 1 of 4 steps is done.\nNext: headgate logs " RUN
                     ", then headgate resume " RUN "\n"
                     "\nStopped half-way: 1 of 4 steps is done.\nNext: headgate resume " RUN "\n"
                     "\nIt waits: 1 of 4 steps is done.\n  go: window Mon-Thu opens at 08:00\n"
                     "Next: headgate resume " RUN "\n"
                     "\nStopped: 1 of 4 steps is done.\nNext: headgate resume " RUN "\n"
                     "\nDone in 0 ms. staging has release 7237e999.\nNext: headgate show " RUN "\n"
                     "\nDone in 0 ms.\nNext: headgate show " RUN);
}

/* --- on a terminal --- */

static int die_in_the_middle(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    secret_register("very-secret-password");
    happens_to(&play, NULL, "run-begun", "{}");
    play.steps[STAGING].begun = wall_now_usec() - 4500000;
    happens(&play, STAGING, STEP_RUNNING, "step-begun", "{}");
    happens(&play, STAGING, STEP_RUNNING, "deploy-applied",
            "{\"migration\":\"0001_users\",\"took\":6}");
    says(&play, "staging", "0002_orders: line 3, CREATE TABLE", false);
    play.steps[E2E].begun = wall_now_usec() - 65500000;
    happens(&play, E2E, STEP_RUNNING, "step-begun", "{}");
    says(&play, "e2e", "gone by now", true);
    says(&play, "e2e", "one", true);
    says(&play, "e2e", "two is a line that has to be cut, with a very-secret-password in it", true);
    says(&play, "e2e", "three", true);
    play.steps[GO].sentence = "0 of 1 approvals";
    happens(&play, GO, STEP_WAITING, "gate-waiting", "{}");
    report_run_tick(play.screen, &play.record);
    return 0;
}

static void a_terminal_shows_what_happens_at_the_moment(void **state)
{
    (void)state;
    assert_screen_of(die_in_the_middle,
                     "Run " RUN "  promote  release 7237e999\n"
                     "staging: 0001_users applied in 6 ms\n"
                     "  staging  running      4 s  0002_orders: line 3, CREATE TABLE\n"
                     "  e2e      running   1m 05s\n"
                     "    | one\n"
                     "    | two is a line that has to be cut, with a *** in it\n"
                     "    | three\n"
                     "  go       waiting      0 s  waits: 0 of 1 approvals; headgate approve \n"
                     "  then production, tell\n"
                     "Ctrl-C stops at the next safe point\n"
                     "_\n");
}

static int retry_on_a_terminal(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    says(&play, "e2e", "a line of the first attempt", true);
    happens(&play, E2E, STEP_RETRYING, "step-retrying", "{\"in\":5000}");
    happens(&play, PRODUCTION, STEP_RUNNING, "deploy-progress", "{\"sentence\":\"42 %\"}");
    report_run_tick(play.screen, &play.record);
    return 0;
}

static void a_step_that_is_tried_again_says_so(void **state)
{
    (void)state;
    assert_screen_of(retry_on_a_terminal, "e2e: failed; tried again in 5.0 s\n"
                                          "  e2e         retrying     0 s  tried again in 5.0 s\n"
                                          "    | a line of the first attempt\n"
                                          "  production  running      0 s  42 %\n"
                                          "  then staging, go, tell\n"
                                          "Ctrl-C stops at the next safe point\n"
                                          "_\n");
}

static int finish_on_a_terminal(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    play_beginning(&play);
    play_end(&play);
    return end(&play);
}

static void what_is_finished_stays_as_lines_and_the_block_goes(void **state)
{
    (void)state;
    assert_screen_of(finish_on_a_terminal,
                     "Run " RUN "  promote  release 7237e999\n"
                     "staging: 0001_users applied in 6 ms\n"
                     "staging: done in 54 ms: 1 applied\n"
                     "e2e: failed: exit status 1; tried again in 5.0 s\n"
                     "e2e: passed in 1.2 s (2nd attempt); went on in the background: 4712 (nod\n"
                     "e), 4713 (sh)\n"
                     "go: approved by anna@buildhost: all good\n"
                     "go: passed\n"
                     "production: nothing to do\n"
                     "tell: skipped: nobody is to be told\n"
                     "\n"
                     "Done in 1m 04s. staging and production have release 7237e999.\n"
                     "Next: headgate show " RUN "\n"
                     "_\n");
}

static int stop_on_a_terminal(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    happens(&play, E2E, STEP_RUNNING, "step-begun", "{}");
    says(&play, "e2e", "stops nothing", true);
    says(&play, "e2e", "stops when it has ended; Ctrl-C again stops it now", false);
    report_run_tick(play.screen, &play.record);
    return 0;
}

static int stop_without_a_terminal(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    says(&play, "staging", "0002_orders: line 3", false);
    says(&play, "e2e", "stops when it has ended", false);
    says(&play, NULL, "stops", false);
    says(&play, NULL, "something else", false);
    return end(&play);
}

static void a_wish_to_stop_is_answered(void **state)
{
    (void)state;
    assert_screen_of(stop_on_a_terminal, "e2e: stops when it has ended; Ctrl-C again stops it now\n"
                                         "  e2e  running      0 s\n"
                                         "    | stops nothing\n"
                                         "  then staging, go, production, tell\n"
                                         "stopping at the next safe point; Ctrl-C again stops now\n"
                                         "_\n");
    assert_output_of(stop_without_a_terminal, "");
    assert_string_equal(scratch_out("cat err"), "e2e: stops when it has ended\nthe run: stops");
}

static int end_with_an_error(const void *context)
{
    (void)context;
    struct play play = begin(OUTPUT_NORMAL, false);
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    play.record.steps = play.steps;
    play.record.state = RUN_STOPPED;
    (void)error_set(&failure, ERROR_INTERRUPTED, "the run was stopped");
    report_run_end(&play.record, &failure);
    (void)error_hint(&failure, "Go on with it: headgate resume " RUN);
    report_run_end(&play.record, &failure);
    play.record.state = RUN_FAILED;
    failure.code = ERROR_UNREACHABLE;
    (void)error_hint(&failure, "Check that the server runs.");
    report_run_end(&play.record, &failure);
    (void)error_hint(&failure, "Correct it, then go on: headgate run promote");
    report_run_end(&play.record, &failure);
    return end(&play);
}

static void what_comes_next_is_said_once(void **state)
{
    (void)state;
    assert_output_of(end_with_an_error,
                     "\nStopped at a safe point: 0 of 4 steps are done.\nNext: headgate resume " RUN
                     "\n"
                     "\nStopped at a safe point: 0 of 4 steps are done.\n"
                     "\nFailed: 0 of 4 steps are done.\nNext: headgate resume " RUN "\n"
                     "\nFailed: 0 of 4 steps are done.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elsewhere_each_event_is_a_line),
        cmocka_unit_test(verbosely_also_what_hooks_print_and_the_head),
        cmocka_unit_test(quietly_only_the_end),
        cmocka_unit_test(as_json_each_event_is_an_object_on_one_line),
        cmocka_unit_test(every_kind_of_event_has_its_words),
        cmocka_unit_test(every_end_says_what_comes_next),
        cmocka_unit_test(a_terminal_shows_what_happens_at_the_moment),
        cmocka_unit_test(a_step_that_is_tried_again_says_so),
        cmocka_unit_test(what_is_finished_stays_as_lines_and_the_block_goes),
        cmocka_unit_test(a_wish_to_stop_is_answered),
        cmocka_unit_test(what_comes_next_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
