#include "a_plan.h"

#include "headgate/json_data.h"

static char *text_of(const struct a_plan *a, bool verbose)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    text_add_plan(&out, &a->plan, verbose);
    return strbuf_take(&out);
}

static void expect_text(const struct a_plan *a, const char *part)
{
    CLEANUP(mem_freep) char *text = text_of(a, false);
    assert_contains(text, part);
}

static void the_whole_plan_reads_well(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    a_finding(&a, POLICY_OK);
    CLEANUP(mem_freep) char *text = text_of(&a, false);
    CLEANUP(mem_freep)
    char *wanted = mem_printf(
        "Plan 77777777  promote  release %.8s (2 migrations)  valid until 2026-11-18 23:06 UTC\n"
        "\n"
        "  staging     db1.example.net:5432/shop  PostgreSQL 15.20  1 unfinished, 1 pending\n"
        "  production  db1.example.net:5432/shop  PostgreSQL 15.20  1 unfinished, 1 pending\n"
        "\n"
        "Steps\n"
        "   1  staging  deploy  2 to apply\n"
        "      20260102000000_index   step by step (CREATE INDEX CONCURRENTLY)  1 statement   "
        "unfinished\n"
        "      20260103000000_orders  in a transaction                          7 statements\n"
        "   2  rows     seed    seed.sql",
        a.workflow->release->digest);
    if (strncmp(text, wanted, strlen(wanted)) != 0) {
        fail_msg("wanted:\n%s\ngot:\n%s", wanted, text);
    }
    assert_contains(text, "\nPolicy of production\n  ok  window Mon-Thu 08:00-16:00  not before");
    assert_true(text_ends(text, "\n\n4 to apply. Nothing was changed.\n"));
}

static void a_hook_is_shown_with_its_arguments_terms_and_variables(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    a.steps[2].measured = 2100;
    expect_text(&a, "   3  e2e      hook    e2e.sh --level \"a b\"");
    expect_text(
        &a,
        "  beside 2  on staging, timeout 15m, 2 retries, goes on where it fails, brings evidence "
        "e2e, took 2.1 s before");
    expect_text(&a, "\n      gets DATABASE_URL, TOKEN\n");
}

static void steps_that_may_run_side_by_side_say_so(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    CLEANUP(mem_freep) char *rows = plan_step_beside(&a.plan, &a.steps[1]);
    CLEANUP(mem_freep) char *e2e = plan_step_beside(&a.plan, &a.steps[2]);
    CLEANUP(mem_freep) char *go = plan_step_beside(&a.plan, &a.steps[3]);
    CLEANUP(mem_freep) char *tell = plan_step_beside(&a.plan, &a.steps[6]);
    assert_string_equal(rows, "beside 3");
    assert_string_equal(e2e, "beside 2");
    assert_string_equal(go, "");
    assert_string_equal(tell, "");
    a.steps[1].verdict = PLAN_SKIPPED;
    CLEANUP(mem_freep) char *alone = plan_step_beside(&a.plan, &a.steps[2]);
    assert_string_equal(alone, "");
}

static void a_gate_says_all_that_it_waits_for(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    CLEANUP(mem_freep) char *what = plan_step_what(&a.plan, &a.steps[3]);
    assert_string_equal(
        what, "2 approvals, not by the author, window Mon-Thu 08:00-16:00 Europe/Berlin, or Fri "
              "08:00-12:00 Europe/Berlin, not in freeze 2026-12-20/2027-01-03, soak 1h");
    expect_text(&a, "soak 1h\n      Promote?\n");
}

static void signatures_are_asked_for_by_name(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    struct gate gate = {.approvals = 1, .approved_by = "allowed_signers"};
    struct workflow_step step = *a.steps[3].step;
    step.gate = &gate;
    a.steps[3].step = &step;
    CLEANUP(mem_freep) char *what = plan_step_what(&a.plan, &a.steps[3]);
    assert_string_equal(what, "1 approval, signed by somebody in allowed_signers");
}

static void the_same_migrations_are_listed_once(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    expect_text(&a, "   5  live     deploy  2 to apply to production");
    expect_text(&a, "\n      the same as in step 1\n");
    CLEANUP(mem_freep) char *verbose = text_of(&a, true);
    assert_null(strstr(verbose, "the same as"));
    struct plan_item others[2] = {a.items[0], a.items[2]};
    a.production.items = others;
    a.production.n = ARRAY_LEN(others);
    assert_null(plan_step_like(&a.plan, &a.steps[4]));
    a.production.count[MIGRATION_UNFINISHED] = 0;
    expect_text(&a, "1 to apply to production");
}

static void who_asks_for_more_gets_addresses_and_identifiers(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    CLEANUP(mem_freep) char *text = text_of(&a, true);
    assert_contains(text, "db1.example.net:5432/shop, system identifier 7710384358242300862");
}

static void what_does_not_run_says_why(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    static char has[] = "has release 12345678", only[] = "only until \"staging\"",
                before[] = "done in this run", when[] = "if steps.e2e.outcome == 'done'";
    a.steps[0].verdict = PLAN_NOTHING;
    a.steps[0].why = has;
    a.steps[1].verdict = PLAN_OPEN;
    a.steps[1].why = when;
    a.steps[2].verdict = PLAN_SKIPPED;
    a.steps[2].why = only;
    a.steps[3].verdict = PLAN_SETTLED;
    a.steps[3].why = before;
    a.plan.until = "staging";
    expect_text(&a, "\nOnly until step \"staging\".\n");
    expect_text(&a, "deploy  nothing to do: has release 12345678\n");
    expect_text(&a, "seed    seed.sql                             on staging, if "
                    "steps.e2e.outcome == 'done'");
    expect_text(&a, "hook    skipped: only until \"staging\"\n");
    expect_text(&a, "gate    done in this run\n");
    CLEANUP(mem_freep) char *text = text_of(&a, false);
    assert_null(strstr(text, "gets DATABASE_URL"));
    assert_null(strstr(text, "Promote?"));
}

static void where_nothing_runs_there_is_nothing_to_do(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    a.plan.to_apply = 0;
    for (size_t i = 0; i < a.plan.n; i++) {
        a.steps[i].verdict = PLAN_NOTHING;
    }
    CLEANUP(mem_freep) char *sum = plan_sum(&a.plan);
    assert_string_equal(sum, "Nothing to do. Nothing was changed.");
}

static void what_comes_at_the_end_stands_apart(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    expect_text(&a, "\nAlways, at the end\n   7  tell  hook  tell.sh\n");
}

/* --- what speaks against it --- */

static void refuse(struct a_plan *a, size_t step)
{
    struct error *refusal = &a->steps[step].refusal;
    const struct source source = {"migrations/a/migration.sql", "drop table x;\n", 14};
    (void)error_set(refusal, ERROR_CONFIG, "it cannot be run");
    (void)error_detail(refusal, "It is broken.");
    (void)error_hint(refusal, "Mend it.");
    (void)problem_add(&refusal->problems, &source, 5, 5, "no \"table\" here");
    (void)problem_add_plain(&refusal->problems, "migrations", "too many");
}

static void refusals_stand_at_the_end_with_their_places(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    refuse(&a, 4);
    (void)error_set(&a.plan.refusal, ERROR_CONFIG, "step \"live\": it cannot be run");
    expect_text(&a, "live     deploy  cannot be done, see below\n");
    expect_text(&a, "  --> migrations/a/migration.sql:1:6\n");
    expect_text(&a, "\nerror: step \"live\": it cannot be run\ndetail: It is broken.\nhint: Mend "
                    "it.\n\n4 to apply, 1 error. Nothing was changed.\n");
}

static void a_refusal_of_a_step_that_is_left_out_does_not_count(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    refuse(&a, 4);
    a.steps[4].verdict = PLAN_SKIPPED;
    assert_int_equal(plan_n_errors(&a.plan), 0);
    a.steps[4].verdict = PLAN_SETTLED;
    assert_int_equal(plan_n_errors(&a.plan), 0);
}

static void a_policy_that_fails_is_an_error_with_a_way_out(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    refuse(&a, 0);
    a_finding(&a, POLICY_FAILS);
    expect_text(&a, "  fails  window Mon-Thu 08:00-16:00  not before 2026-11-23 08:00 UTC\n");
    expect_text(&a, "\nerror: policy of \"production\": window Mon-Thu 08:00-16:00: not before "
                    "2026-11-23 08:00 UTC\nhint: Wait for Monday. Or go past it, on the record: "
                    "--override windows --reason TEXT\n");
    expect_text(&a, "4 to apply, 2 errors. Nothing was changed.\n");
}

static void an_override_is_shown_with_its_reason(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    a_finding(&a, POLICY_OVERRIDDEN);
    expect_text(&a, "  overridden  window Mon-Thu 08:00-16:00  not before 2026-11-23 08:00 UTC  "
                    "because: hotfix | of ticket 42\n");
    assert_int_equal(plan_n_errors(&a.plan), 0);
}

static void what_speaks_against_the_whole_is_told_where_nothing_else_is(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    (void)error_set(&a.plan.refusal, ERROR_REFUSED, "not on a Sunday");
    expect_text(&a, "\nerror: not on a Sunday\n\n4 to apply, 1 error. Nothing was changed.\n");
}

/* --- for programs --- */

static struct json_data *json_of(const struct a_plan *a)
{
    struct error err = ERROR_INIT;
    struct json_data *data = NULL;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, true);
    json_write_object(&writer);
    write_pipeline_plan(&writer, &a->plan);
    json_write_object_end(&writer);
    assert_ok(json_data_parse(out.text, out.size, &data, &err));
    return data;
}

static void programs_get_the_document_and_what_is_beside_it(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    static char run[] = "20261120-190501-3f2a";
    a.steps[2].measured = 2100;
    a.steps[2].measured_in = run;
    a_finding(&a, POLICY_COMES);
    CLEANUP(json_data_freep) struct json_data *data = json_of(&a);
    assert_string_equal(json_data_text(data, "plan"), a.plan.id);
    assert_string_equal(json_data_text(data, "valid_until"), "2026-11-18T23:06:40.000000Z");
    assert_int_equal(json_data_integer(data, "to_apply", 0), 4);
    assert_true(json_data_truth(data, "changes", false));
    assert_int_equal(json_data_integer(json_data_member(data, "release"), "migrations", 0), 2);
    assert_int_equal(json_data_count(json_data_member(data, "targets")), 1);
    const struct json_data *steps = json_data_member(data, "steps");
    assert_int_equal(json_data_count(steps), 7);
    assert_string_equal(json_data_text(json_data_item(steps, 2), "id"), "e2e");
    assert_int_equal(json_data_integer(json_data_item(steps, 2), "measured_milliseconds", 0), 2100);
    assert_string_equal(json_data_text(json_data_item(steps, 2), "measured_in"), run);
    assert_null(json_data_text(json_data_item(steps, 1), "measured_in"));
    const struct json_data *policy = json_data_item(json_data_member(data, "policies"), 0);
    assert_string_equal(json_data_text(policy, "state"), "comes");
    assert_string_equal(json_data_text(policy, "environment"), "production");
    assert_int_equal(json_data_count(json_data_member(data, "refusals")), 0);
}

static void programs_get_every_refusal(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    refuse(&a, 4);
    a_finding(&a, POLICY_FAILS);
    CLEANUP(json_data_freep) struct json_data *data = json_of(&a);
    const struct json_data *refusals = json_data_member(data, "refusals");
    assert_int_equal(json_data_count(refusals), 2);
    assert_int_equal(json_data_integer(data, "errors", 0), 2);
    const struct json_data *first = json_data_member(json_data_item(refusals, 0), "error");
    assert_string_equal(json_data_text(first, "message"), "it cannot be run");
    assert_int_equal(json_data_count(json_data_member(first, "problems")), 2);
    assert_string_equal(json_data_text(json_data_item(refusals, 1), "step"), "live");
}

static void programs_get_a_refusal_of_the_whole(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    a_plan_make(&a);
    (void)error_set(&a.plan.refusal, ERROR_REFUSED, "not on a Sunday");
    CLEANUP(json_data_freep) struct json_data *data = json_of(&a);
    const struct json_data *refusal = json_data_item(json_data_member(data, "refusals"), 0);
    assert_null(json_data_text(refusal, "step"));
    assert_string_equal(json_data_text(json_data_member(refusal, "error"), "kind"), "refused");
}

/* --- for tickets --- */

static void tickets_get_tables(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    a_plan_make(&a);
    a.plan.until = "live";
    a_finding(&a, POLICY_OVERRIDDEN);
    a_finding(&a, POLICY_FAILS);
    refuse(&a, 5);
    markdown_add_plan(&out, &a.plan);
    assert_contains(out.text, "## Plan `77777777` of `promote`\n");
    assert_contains(out.text, "\nOnly until step `live`.\n");
    assert_contains(out.text, "\n| 3 | `e2e` | hook | e2e.sh --level \"a b\" |");
    assert_contains(out.text, "\n| `20260103000000_orders` | in a transaction | 7 | pending |\n");
    assert_contains(out.text, "Overridden: hotfix \\| of ticket 42 |\n");
    assert_contains(out.text,
                    "\n- **error** `look`: it cannot be run\n  - no \"table\" here: "
                    "`migrations/a/migration.sql:1:6`\n  - too many: `migrations`\n  - It "
                    "is broken.\n  - hint: Mend it.\n- **error** `production`: window");
    assert_true(text_ends(out.text, "\n\n4 to apply, 2 errors. Nothing was changed.\n"));
}

static void tickets_get_a_refusal_of_the_whole(void **state)
{
    (void)state;
    CLEANUP(a_plan_clear) struct a_plan a;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    a_plan_make(&a);
    (void)error_set(&a.plan.refusal, ERROR_REFUSED, "not on a Sunday");
    markdown_add_plan(&out, &a.plan);
    assert_contains(out.text, "\n### What speaks against it\n\n- **error** not on a Sunday\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_plan_reads_well),
        cmocka_unit_test(a_hook_is_shown_with_its_arguments_terms_and_variables),
        cmocka_unit_test(steps_that_may_run_side_by_side_say_so),
        cmocka_unit_test(a_gate_says_all_that_it_waits_for),
        cmocka_unit_test(signatures_are_asked_for_by_name),
        cmocka_unit_test(the_same_migrations_are_listed_once),
        cmocka_unit_test(who_asks_for_more_gets_addresses_and_identifiers),
        cmocka_unit_test(what_does_not_run_says_why),
        cmocka_unit_test(where_nothing_runs_there_is_nothing_to_do),
        cmocka_unit_test(what_comes_at_the_end_stands_apart),
        cmocka_unit_test(refusals_stand_at_the_end_with_their_places),
        cmocka_unit_test(a_refusal_of_a_step_that_is_left_out_does_not_count),
        cmocka_unit_test(a_policy_that_fails_is_an_error_with_a_way_out),
        cmocka_unit_test(an_override_is_shown_with_its_reason),
        cmocka_unit_test(what_speaks_against_the_whole_is_told_where_nothing_else_is),
        cmocka_unit_test(programs_get_the_document_and_what_is_beside_it),
        cmocka_unit_test(programs_get_every_refusal),
        cmocka_unit_test(programs_get_a_refusal_of_the_whole),
        cmocka_unit_test(tickets_get_tables),
        cmocka_unit_test(tickets_get_a_refusal_of_the_whole),
    };
    return cmocka_run_group_tests_name("report/pipeline_plan", tests, NULL, NULL);
}
