#include "scratch.h"

#include <string.h>

#include "private.h"

#define RUN "20261120-190501-3f2a"

#define DOCUMENT                                                                                   \
    "{\"steps\":["                                                                                 \
    "{\"id\":\"staging\",\"kind\":\"deploy\",\"environment\":\"staging\"},"                        \
    "{\"id\":\"e2e\",\"kind\":\"hook\",\"environment\":\"staging\"},"                              \
    "{\"id\":\"go\",\"kind\":\"gate\"},"                                                           \
    "{\"id\":\"production\",\"kind\":\"deploy\",\"environment\":\"production\"},"                  \
    "{\"id\":\"tell\",\"kind\":\"hook\",\"always\":true}],"                                        \
    "\"targets\":[{\"environment\":\"staging\",\"target\":\"db1:5432/shop\","                      \
    "\"server_version\":\"15.20\",\"system_identifier\":\"771\"}]}"

struct told {
    const char *kind, *step, *data;
};

static const struct told begun = {
    "run-begun", NULL,
    "{\"plan\":\"7777777788888888\",\"pipeline\":\"promote\",\"pipeline_path\":\"p.json\","
    "\"release\":\"5b1e44c012345678\",\"author\":\"anna@build\",\"headgate\":\"0\","
    "\"policies\":[{\"environment\":\"production\",\"policy\":\"after\","
    "\"demand\":\"staging must have this release\",\"state\":\"comes\","
    "\"because\":\"will come from step 1, staging\"},"
    "{\"environment\":\"production\",\"policy\":\"approvals\"}],"
    "\"overrides\":[{\"policy\":\"windows\",\"reason\":\"hotfix | 42\"}],\"document\":" DOCUMENT
    "}"};

static const struct told deployed[] = {
    {"step-begun", "staging", "{\"attempt\":1}"},
    {"deploy-applied", "staging", "{\"migration\":\"1_users\",\"took\":3}"},
    {"deploy-applied", "staging", "{\"migration\":\"2_orders\",\"took\":3}"},
    {"step-ended", "staging", "{\"outcome\":\"done\",\"attempt\":1,\"took\":9}"},
    {"step-begun", "e2e", "{\"attempt\":1}"},
    {"step-retrying", "e2e",
     "{\"attempt\":1,\"in\":5,\"error\":{\"kind\":\"hook\",\"message\":\"e2e.sh exited with 1\","
     "\"detail\":\"It said:\\nno `luck`\"}}"},
    {"step-begun", "e2e", "{\"attempt\":2}"},
    {"step-ended", "e2e",
     "{\"outcome\":\"done\",\"attempt\":2,\"flaky\":true,\"evidence\":\"e2e\","
     "\"outputs\":{\"url\":\"https://x\"}}"},
};

static const struct told waits[] = {
    {"gate-waiting", "go", "{\"waits\":[\"1 of 2 approvals\"]}"},
    {"run-waiting", NULL, "{\"sentence\":\"gate \\\"go\\\" waits\",\"exit_status\":3}"},
};

static const struct told finished[] = {
    {"approved", "go",
     "{\"plan\":\"7\",\"step\":\"go\",\"how\":\"signature\",\"signer\":\"bob@example.net\","
     "\"reason\":\"looks good\"}"},
    {"run-resumed", NULL, "{\"plan\":\"7777\"}"},
    {"step-ended", "go", "{\"outcome\":\"done\",\"attempt\":1}"},
    {"step-begun", "production", "{\"attempt\":1}"},
    {"run-resumed", NULL, "{\"plan\":\"7777\"}"},
    {"step-begun", "production", "{\"attempt\":2}"},
    {"deploy-applied", "production", "{\"migration\":\"1_users\",\"took\":3}"},
    {"deploy-applied", "production", "{\"migration\":\"2_orders\",\"took\":3}"},
    {"step-ended", "production", "{\"outcome\":\"done\",\"attempt\":2}"},
    {"run-ended", NULL, "{\"outcome\":\"done\",\"exit_status\":0}"},
};

static const struct told failed[] = {
    {"step-begun", "production", "{\"attempt\":1}"},
    {"step-ended", "production",
     "{\"outcome\":\"failed\",\"attempt\":1,\"error\":{\"kind\":\"database\",\"message\":\"no such "
     "table\",\"detail\":\"Line 3.\",\"hint\":\"Mend it.\"}}"},
    {"step-begun", "tell", "{\"attempt\":1}"},
    {"step-ended", "tell",
     "{\"outcome\":\"failed\",\"attempt\":1,\"went_on\":true,\"error\":{\"kind\":\"hook\","
     "\"message\":\"tell.sh exited with 1\"}}"},
    {"run-ended", NULL,
     "{\"outcome\":\"failed\",\"sentence\":\"\\\"production\\\" failed\","
     "\"exit_status\":1}"},
};

/* --- a run that has really been written --- */

struct a_run {
    struct state *state;
    struct journal *journal;
    struct record *record;
};

static void tell(struct a_run *run, const struct told *told, size_t n)
{
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < n; i++) {
        bool approves = text_equal(told[i].kind, "approved");
        const struct entry entry = {.kind = told[i].kind,
                                    .actor = approves ? "bob@desk" : "anna@build",
                                    .step = told[i].step,
                                    .data = told[i].data};
        assert_ok(journal_append(run->journal, NULL, &entry, &err));
    }
}

static void a_run_begin(struct a_run *run)
{
    struct error err = ERROR_INIT;
    scratch_sh("rm -rf state");
    CLEANUP(mem_freep) char *folder = mem_printf("%s/state", scratch_dir());
    *run = (struct a_run){0};
    assert_ok(state_open(folder, &run->state, &err));
    assert_ok(journal_create(run->state, RUN, &run->journal, &err));
    tell(run, &begun, 1);
}

static void a_run_read(struct a_run *run)
{
    struct error err = ERROR_INIT;
    record_freep(&run->record);
    assert_ok(record_read(run->state, RUN, &run->record, &err));
}

static void a_run_clear(struct a_run *run)
{
    record_freep(&run->record);
    journal_freep(&run->journal);
    state_freep(&run->state);
}

static void expect_text(const struct a_run *run, const char *part)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    text_add_record(&out, run->record);
    assert_contains(out.text, part);
}

/* --- text --- */

static void a_finished_run_is_told_whole(void **state)
{
    (void)state;
    CLEANUP(a_run_clear) struct a_run run;
    a_run_begin(&run);
    tell(&run, deployed, ARRAY_LEN(deployed));
    tell(&run, waits, ARRAY_LEN(waits));
    tell(&run, finished, ARRAY_LEN(finished));
    a_run_read(&run);
    expect_text(&run, "Run " RUN "  promote  done\n\n  release  5b1e44c0\n  plan     77777777\n");
    expect_text(&run, " by anna@build\n");
    expect_text(&run, "\n  resumed  2 times\n");
    expect_text(&run, "\nDatabases\n  staging  db1:5432/shop  PostgreSQL 15.20  system identifier "
                      "771\n");
    expect_text(&run, "2 applied\n      1_users\n      2_orders\n");
    expect_text(&run, "evidence e2e, flaky: tried 2 times\n      url=https://x\n      had failed: "
                      "e2e.sh exited with 1\n      detail: It said:\n      no `luck`\n");
    expect_text(&run, "cut off 1 time and gone on with\n      the same as staging\n");
    expect_text(&run, "\nPolicy, as it was planned\n  production  staging must have this release  "
                      "comes  will come from step 1, staging\n  production  approvals\n");
    expect_text(&run, "\nApprovals\n  go  approved, signed  bob@example.net  ");
    expect_text(&run, "  looks good\n");
    expect_text(&run, "\nOverridden by anna@build\n  windows  hotfix | 42\n");
    expect_text(&run, "  anna@build  waiting: gate \"go\" waits\n");
    CLEANUP(mem_freep) char *last = mem_printf("events, head %s\n", run.record->head);
    expect_text(&run, last);
}

static void a_waiting_run_says_for_what_and_how_to_go_on(void **state)
{
    (void)state;
    CLEANUP(a_run_clear) struct a_run run;
    a_run_begin(&run);
    tell(&run, waits, ARRAY_LEN(waits));
    a_run_read(&run);
    expect_text(&run, "\n  says     gate \"go\" waits\n");
    expect_text(&run, "\n  next     headgate approve " RUN
                      " where that is missing, then headgate resume " RUN "\n");
    expect_text(&run, "  1 of 2 approvals\n");
}

static void a_failed_run_shows_the_error_and_the_way_out(void **state)
{
    (void)state;
    CLEANUP(a_run_clear) struct a_run run;
    a_run_begin(&run);
    tell(&run, failed, ARRAY_LEN(failed));
    a_run_read(&run);
    expect_text(&run, "  promote  failed\n");
    expect_text(&run,
                "\n      error: no such table\n      detail: Line 3.\n      hint: Mend it.\n");
    expect_text(&run, "the run was to go on all the same\n");
    expect_text(&run, "\n  next     headgate resume " RUN ", or headgate cancel " RUN "\n");
}

static void a_run_that_was_cut_off_has_not_ended(void **state)
{
    (void)state;
    CLEANUP(a_run_clear) struct a_run run;
    a_run_begin(&run);
    tell(&run, deployed, 2);
    a_run_read(&run);
    expect_text(&run, "  promote  cut off\n");
    expect_text(&run, "\n  ended    not yet, since ");
    expect_text(&run, "1 applied, cut off 1 time\n");
}

static void a_running_run_names_who_works_on_it(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(a_run_clear) struct a_run run;
    CLEANUP(lease_freep) struct lease *lease = NULL;
    struct lease_holder holder = {0};
    a_run_begin(&run);
    assert_ok(state_lease(run.state, "run/" RUN, "anna, process 4711", &lease, &holder, &err));
    assert_non_null(lease);
    a_run_read(&run);
    expect_text(&run, "  promote  running\n");
    expect_text(&run, "\n  worked on  anna, process 4711\n");
    expect_text(&run, "\n  next       headgate logs " RUN " -f\n");
}

static void a_rejection_is_told_with_who_it_was(void **state)
{
    (void)state;
    static const struct told rejected = {
        "rejected", "go", "{\"plan\":\"7\",\"step\":\"go\",\"how\":\"user\",\"reason\":\"no\"}"};
    CLEANUP(a_run_clear) struct a_run run;
    a_run_begin(&run);
    tell(&run, &rejected, 1);
    a_run_read(&run);
    expect_text(&run, "  go  rejected, by the author  anna@build  ");
}

static void a_canceled_run_says_why_and_nothing_is_next(void **state)
{
    (void)state;
    static const struct told canceled[] = {
        {"cancel-asked", NULL, "{\"reason\":\"wrong release\"}"},
        {"run-canceled", NULL, "{\"reason\":\"wrong release\"}"}};
    CLEANUP(a_run_clear) struct a_run run;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    a_run_begin(&run);
    tell(&run, canceled, ARRAY_LEN(canceled));
    a_run_read(&run);
    text_add_record(&out, run.record);
    assert_contains(out.text, "  asked to stop for good: wrong release\n");
    assert_contains(out.text, "  canceled: wrong release\n");
    assert_null(strstr(out.text, "  next"));
}

/* --- for programs --- */

static void programs_get_all_of_it(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(a_run_clear) struct a_run run;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(json_data_freep) struct json_data *data = NULL;
    a_run_begin(&run);
    tell(&run, deployed, ARRAY_LEN(deployed));
    tell(&run, waits, ARRAY_LEN(waits));
    tell(&run, finished, ARRAY_LEN(finished));
    a_run_read(&run);
    struct json_writer writer = json_writer_start(&out, true);
    json_write_object(&writer);
    write_record(&writer, run.record);
    json_write_object_end(&writer);
    assert_ok(json_data_parse(out.text, out.size, &data, &err));
    assert_string_equal(json_data_text(data, "run"), RUN);
    assert_string_equal(json_data_text(data, "state"), "done");
    assert_false(json_data_truth(data, "open", true));
    assert_int_equal(json_data_integer(data, "exit_status", -1), 0);
    assert_true(json_data_integer(data, "milliseconds", -1) >= 0);
    assert_string_equal(json_data_text(data, "head"), run.record->head);
    const struct json_data *steps = json_data_member(data, "steps");
    assert_int_equal(json_data_count(steps), 5);
    const struct json_data *e2e = json_data_item(steps, 1);
    assert_true(json_data_truth(e2e, "flaky", false));
    assert_int_equal(json_data_integer(e2e, "attempts", 0), 2);
    assert_string_equal(json_data_text(json_data_member(e2e, "outputs"), "url"), "https://x");
    assert_null(json_data_text(json_data_item(steps, 4), "begun"));
    assert_int_equal(json_data_count(json_data_member(json_data_item(steps, 3), "applied")), 2);
    assert_int_equal(json_data_count(json_data_member(data, "approvals")), 1);
    assert_int_equal(json_data_count(json_data_member(data, "overrides")), 1);
    assert_int_equal(json_data_count(json_data_member(data, "policies")), 2);
    assert_int_equal(json_data_count(json_data_member(data, "targets")), 1);
    assert_int_equal(json_data_count(json_data_member(data, "course")), 5);
}

/* --- for tickets --- */

static void tickets_get_tables(void **state)
{
    (void)state;
    CLEANUP(a_run_clear) struct a_run run;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    a_run_begin(&run);
    tell(&run, deployed, ARRAY_LEN(deployed));
    tell(&run, waits, ARRAY_LEN(waits));
    tell(&run, finished, ARRAY_LEN(finished));
    a_run_read(&run);
    markdown_add_record(&out, run.record);
    assert_contains(out.text, "## Run `" RUN "` of `promote`: done\n");
    assert_contains(out.text, "\n| Release | 5b1e44c012345678 |\n");
    assert_contains(out.text, "\n| `staging` | `db1:5432/shop` | 15.20 | `771` |\n");
    assert_contains(out.text, "\n| `staging` | deploy | done | ");
    assert_contains(out.text, "\nApplied by `staging`:\n\n- `1_users`\n- `2_orders`\n");
    assert_contains(out.text, "\nApplied by `production`: the same as by `staging`\n");
    assert_contains(out.text, "\nOutputs of `e2e`:\n\n- `url=https://x`\n");
    assert_contains(out.text, "\nError of `e2e`, before it was tried again: e2e.sh exited with 1. "
                              "It said: no \\`luck\\`\n");
    assert_contains(out.text, "\n| `production` | staging must have this release | comes | "
                              "will come from step 1, staging |\n");
    assert_contains(out.text, "\n| `go` | approved, signed | `bob@example.net` | ");
    assert_contains(out.text, "\n### Overridden by `anna@build`\n");
    assert_contains(out.text, "\n| `windows` | hotfix \\| 42 |\n");
    assert_contains(out.text, " | `anna@build` | ended |\n");
}

static void tickets_get_the_error_of_a_failed_step(void **state)
{
    (void)state;
    CLEANUP(a_run_clear) struct a_run run;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    a_run_begin(&run);
    tell(&run, failed, ARRAY_LEN(failed));
    a_run_read(&run);
    markdown_add_record(&out, run.record);
    assert_contains(out.text, "\nError of `production`: no such table. Line 3.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_run_is_told_whole),
        cmocka_unit_test(a_waiting_run_says_for_what_and_how_to_go_on),
        cmocka_unit_test(a_failed_run_shows_the_error_and_the_way_out),
        cmocka_unit_test(a_run_that_was_cut_off_has_not_ended),
        cmocka_unit_test(a_running_run_names_who_works_on_it),
        cmocka_unit_test(a_rejection_is_told_with_who_it_was),
        cmocka_unit_test(a_canceled_run_says_why_and_nothing_is_next),
        cmocka_unit_test(programs_get_all_of_it),
        cmocka_unit_test(tickets_get_tables),
        cmocka_unit_test(tickets_get_the_error_of_a_failed_step),
    };
    return cmocka_run_group_tests_name("report/record", tests, NULL, NULL);
}
