#include "files.h"

#define HOOK "\"hook\":[\"/bin/true\"]"

static void a_step_waits_for_the_one_before_it(void **state)
{
    (void)state;
    CLEANUP(workflow_freep)
    struct workflow *workflow = read_steps("{\"id\":\"a\"," HOOK "},{\"id\":\"b\"," HOOK "},"
                                           "{\"id\":\"c\"," HOOK "}");
    assert_int_equal(workflow->steps[0].n_needs, 0);
    assert_int_equal(workflow->steps[1].n_needs, 1);
    assert_int_equal(workflow->steps[1].needs[0], 0);
    assert_int_equal(workflow->steps[2].n_needs, 1);
    assert_int_equal(workflow->steps[2].needs[0], 1);
}

static void a_step_waits_for_those_that_it_names(void **state)
{
    (void)state;
    CLEANUP(workflow_freep)
    struct workflow *workflow =
        read_steps("{\"id\":\"a\"," HOOK "},{\"id\":\"b\",\"needs\":[]," HOOK "},"
                   "{\"id\":\"c\",\"needs\":[\"b\",\"a\"]," HOOK "}");
    assert_int_equal(workflow->steps[1].n_needs, 0);
    assert_int_equal(workflow->steps[2].n_needs, 2);
    assert_int_equal(workflow->steps[2].needs[0], 1);
    assert_int_equal(workflow->steps[2].needs[1], 0);
}

static void a_step_may_wait_for_a_later_one(void **state)
{
    (void)state;
    CLEANUP(workflow_freep)
    struct workflow *workflow = read_steps("{\"id\":\"a\",\"needs\":[\"b\"]," HOOK "},"
                                           "{\"id\":\"b\",\"needs\":[]," HOOK "}");
    assert_string_equal(workflow->steps[0].id, "a");
    assert_int_equal(workflow->steps[0].needs[0], 1);
    assert_true(workflow_comes_before(workflow, &workflow->steps[1], &workflow->steps[0]));
    assert_false(workflow_comes_before(workflow, &workflow->steps[0], &workflow->steps[1]));
}

static void what_comes_before_is_found_over_others(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *text = around("{\"id\":\"a\"," HOOK "},{\"id\":\"b\",\"needs\":[\"a\"]," HOOK "},"
                        "{\"id\":\"c\",\"needs\":[\"a\"]," HOOK "},"
                        "{\"id\":\"d\",\"needs\":[\"b\",\"c\"]," HOOK "}",
                        ",\"always\":[{\"id\":\"x\"," HOOK "},{\"id\":\"y\"," HOOK "}]");
    CLEANUP(workflow_freep) struct workflow *workflow = read_text(text);
    const struct workflow_step *a = workflow_find(workflow, "a"), *b = workflow_find(workflow, "b"),
                               *c = workflow_find(workflow, "c"), *d = workflow_find(workflow, "d"),
                               *x = workflow_find(workflow, "x"), *y = workflow_find(workflow, "y");
    assert_true(workflow_comes_before(workflow, a, d));
    assert_true(workflow_comes_before(workflow, c, d));
    assert_false(workflow_comes_before(workflow, b, c));
    assert_false(workflow_comes_before(workflow, d, a));
    assert_false(workflow_comes_before(workflow, a, a));
    assert_true(workflow_comes_before(workflow, d, x));
    assert_true(workflow_comes_before(workflow, x, y));
    assert_false(workflow_comes_before(workflow, y, x));
    assert_false(workflow_comes_before(workflow, x, d));
}

/* Each waits for the two before it: there are more ways back than anybody could go. */
static void many_ways_back_are_gone_once(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf steps = STRBUF_INIT;
    strbuf_add(&steps, "{\"id\":\"s0\"," HOOK "},\n{\"id\":\"s1\"," HOOK "}");
    for (int i = 2; i < 300; i++) {
        strbuf_printf(&steps, ",\n{\"id\":\"s%d\",\"needs\":[\"s%d\",\"s%d\"]," HOOK "}", i, i - 1,
                      i - 2);
    }
    CLEANUP(workflow_freep) struct workflow *workflow = read_steps(steps.text);
    assert_int_equal(workflow->n, 300);
    assert_true(workflow_comes_before(workflow, &workflow->steps[0], &workflow->steps[299]));
    assert_false(workflow_comes_before(workflow, &workflow->steps[299], &workflow->steps[0]));
}

static void names_that_are_wrong_are_told(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"id\":\"alpha\"," HOOK "},{\"id\":\"b\",\"needs\":[@\"alhpa\"]," HOOK "}",
         {"step \"b\" needs \"alhpa\", which does not exist"},
         "did you mean \"alpha\"?"},
        {"{\"id\":\"a\"," HOOK "},\n{\"id\":\"b\",\"needs\":[\"a\",@\"nowhere\"]," HOOK "}",
         {"step \"b\" needs \"nowhere\", which does not exist"},
         NULL},
        {"{\"id\":\"a\",\"needs\":[@\"a\"]," HOOK "}", {"step \"a\" needs itself"}, NULL},
        {"{\"id\":\"a\"," HOOK "},{\"id\":\"b\",\"needs\":[\"a\",@\"a\"]," HOOK "}",
         {"step \"b\" needs \"a\" twice"},
         NULL},
        {"{\"id\":\"a\"," HOOK "},{\"id\":\"b\",\"needs\":@\"a\"," HOOK "}",
         {"\"needs\" of step \"b\" must be an array of strings, not the string \"a\""},
         "write [\"a\"]"},
        {"{\"id\":\"a\"," HOOK "},{\"id\":\"b\",\"needs\":[@1]," HOOK "}",
         {"item 1 of \"needs\" of step \"b\" must be a string, not the number 1"},
         NULL},
        {"{\"id\":\"a\",\"needs\":[@\"\"]," HOOK "}",
         {"step \"a\" needs \"\", which does not exist"},
         NULL},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
}

static void a_step_that_runs_at_the_end_cannot_be_waited_for(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *text = around("{\"id\":\"a\",\"needs\":[@\"tell\"]," HOOK "}",
                        ",\"always\":[{\"id\":\"tell\"," HOOK "}]");
    static const char *const messages[] = {
        "step \"a\" needs \"tell\", which runs when all others have ended", NULL};
    expect_refused(text, messages, "it is one of the steps of \"always\"");
}

static void circles_are_told_with_their_path(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"id\":\"a\",\"needs\":[@\"b\"]," HOOK "},{\"id\":\"b\",\"needs\":[\"a\"]," HOOK "}",
         {"steps wait for each other: \"a\" -> \"b\" -> \"a\""},
         NULL},
        {"{\"id\":\"a\",\"needs\":[@\"c\"]," HOOK "},{\"id\":\"b\"," HOOK "},{\"id\":\"c\"," HOOK
         "}",
         {"steps wait for each other: \"a\" -> \"c\" -> \"b\" -> \"a\""},
         "\"c\" has no \"needs\", so it waits for the step before it"},
        /* the way into the circle is none of it */
        {"{\"id\":\"in\",\"needs\":[\"c\"]," HOOK "},\n{\"id\":\"b\",\"needs\":[@\"c\"]," HOOK
         "},\n{\"id\":\"c\",\"needs\":[\"b\"]," HOOK "}",
         {"steps wait for each other: \"b\" -> \"c\" -> \"b\""},
         NULL},
        /* two of them */
        {"{\"id\":\"a\",\"needs\":[@\"b\"]," HOOK "},{\"id\":\"b\",\"needs\":[\"a\"]," HOOK
         "},\n{\"id\":\"c\",\"needs\":[@\"d\"]," HOOK "},{\"id\":\"d\"," HOOK "}",
         {"steps wait for each other: \"a\" -> \"b\" -> \"a\"",
          "steps wait for each other: \"c\" -> \"d\" -> \"c\""},
         NULL},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_waits_for_the_one_before_it),
        cmocka_unit_test(a_step_waits_for_those_that_it_names),
        cmocka_unit_test(a_step_may_wait_for_a_later_one),
        cmocka_unit_test(what_comes_before_is_found_over_others),
        cmocka_unit_test(many_ways_back_are_gone_once),
        cmocka_unit_test(names_that_are_wrong_are_told),
        cmocka_unit_test(a_step_that_runs_at_the_end_cannot_be_waited_for),
        cmocka_unit_test(circles_are_told_with_their_path),
    };
    return cmocka_run_group_tests(tests, make_project, NULL);
}
