#include "files.h"

#include "private.h"

/* --- answers --- */

struct known {
    const char *name, *value; /* the value NULL: it is missing; "?": not known yet */
};

struct world {
    const struct known *known;
    char *held;
    size_t n_asked;
};

/* As in life, the value is good until the next call. */
static enum fact look_up(void *context, const char *name, const char **ret_value)
{
    struct world *world = context;
    world->n_asked++;
    mem_free(TAKE(world->held));
    for (const struct known *known = world->known; known->name != NULL; known++) {
        if (text_equal(known->name, name)) {
            if (known->value == NULL || text_equal(known->value, "?")) {
                return known->value == NULL ? FACT_MISSING : FACT_OPEN;
            }
            world->held = mem_copy(known->value);
            *ret_value = world->held;
            return FACT_KNOWN;
        }
    }
    fail_msg("somebody asked for %s", name);
    return FACT_MISSING;
}

static const struct known some[] = {
    {"env.A", "a"},
    {"env.ALSO_A", "a"},
    {"env.B", "b"},
    {"env.NO", "false"},
    {"env.ZERO", "0"},
    {"env.EMPTY", ""},
    {"env.QUOTE", "it's"},
    {"env.MISSING", NULL},
    {"env.OPEN", "?"},
    {"pending.staging", "true"},
    {"steps.e2e.outcome", "done"},
    {"steps.e2e.outputs.tests-run_2", "12"},
    {NULL, NULL},
};

static enum condition_answer answer_to(const char *text)
{
    CLEANUP(strbuf_clear) struct strbuf steps = STRBUF_INIT;
    strbuf_printf(
        &steps,
        "{\"id\":\"staging\",\"deploy\":\"staging\"},{\"id\":\"e2e\","
        "\"hook\":[\"/bin/true\"]},{\"id\":\"x\",\"hook\":[\"/bin/true\"],\"when\":\"%s\"}",
        text);
    CLEANUP(workflow_freep) struct workflow *workflow = read_steps(steps.text);
    struct world world = {.known = some};
    const struct condition_facts facts = {.fact = look_up, .context = &world};
    enum condition_answer answer = condition_answer(workflow->steps[2].when, &facts);
    mem_free(world.held);
    return answer;
}

static void expect_answer(const char *text, enum condition_answer wanted)
{
    static const char *const names[] = {"no", "yes", "open"};
    enum condition_answer answer = answer_to(text);
    if (answer != wanted) {
        fail_msg("%s: %s, not %s", text, names[answer], names[wanted]);
    }
}

static void a_value_alone_is_true_unless_it_says_no(void **state)
{
    (void)state;
    expect_answer("env.A", CONDITION_YES);
    expect_answer("env.NO", CONDITION_NO);
    expect_answer("env.ZERO", CONDITION_NO);
    expect_answer("env.EMPTY", CONDITION_NO);
    expect_answer("env.MISSING", CONDITION_NO);
    expect_answer("env.OPEN", CONDITION_OPEN);
    expect_answer("pending.staging", CONDITION_YES);
    expect_answer("steps.e2e.outcome", CONDITION_YES);
    expect_answer("steps.e2e.outputs.tests-run_2", CONDITION_YES);
    expect_answer("'text'", CONDITION_YES);
    expect_answer("''", CONDITION_NO);
    expect_answer("'0'", CONDITION_NO);
}

static void values_are_compared_as_texts(void **state)
{
    (void)state;
    expect_answer("env.A == 'a'", CONDITION_YES);
    expect_answer("env.A=='a'", CONDITION_YES);
    expect_answer("'a' == env.A", CONDITION_YES);
    expect_answer("env.A != 'a'", CONDITION_NO);
    expect_answer("env.A == 'A'", CONDITION_NO);
    expect_answer("env.A == env.ALSO_A", CONDITION_YES);
    expect_answer("env.A == env.B", CONDITION_NO);
    expect_answer("env.A != env.B", CONDITION_YES);
    expect_answer("steps.e2e.outputs.tests-run_2 == '12'", CONDITION_YES);
    expect_answer("steps.e2e.outcome == 'failed'", CONDITION_NO);
    expect_answer("env.QUOTE == 'it''s'", CONDITION_YES);
    expect_answer("env.MISSING == ''", CONDITION_YES);
    expect_answer("env.MISSING != 'x'", CONDITION_YES);
    expect_answer("env.OPEN == 'x'", CONDITION_OPEN);
    expect_answer("'x' != env.OPEN", CONDITION_OPEN);
}

static void what_is_open_leaves_open_what_it_decides(void **state)
{
    (void)state;
    static const char *const values[] = {"env.NO", "env.A", "env.OPEN"}; /* as the answers go */
    static const enum condition_answer both[3][3] = {
        {CONDITION_NO, CONDITION_NO, CONDITION_NO},
        {CONDITION_NO, CONDITION_YES, CONDITION_OPEN},
        {CONDITION_NO, CONDITION_OPEN, CONDITION_OPEN},
    };
    static const enum condition_answer either[3][3] = {
        {CONDITION_NO, CONDITION_YES, CONDITION_OPEN},
        {CONDITION_YES, CONDITION_YES, CONDITION_YES},
        {CONDITION_OPEN, CONDITION_YES, CONDITION_OPEN},
    };
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            CLEANUP(mem_freep) char *and = mem_printf("%s and %s", values[i], values[k]);
            CLEANUP(mem_freep) char * or = mem_printf("%s or %s", values[i], values[k]);
            expect_answer(and, both[i][k]);
            expect_answer(or, either[i][k]);
        }
    }
    expect_answer("not env.A", CONDITION_NO);
    expect_answer("not env.NO", CONDITION_YES);
    expect_answer("not env.OPEN", CONDITION_OPEN);
    expect_answer("not not env.A", CONDITION_YES);
}

static void not_binds_before_and_and_and_before_or(void **state)
{
    (void)state;
    expect_answer("env.A or env.NO and env.NO", CONDITION_YES);
    expect_answer("(env.A or env.NO) and env.NO", CONDITION_NO);
    expect_answer("env.NO and env.NO or env.A", CONDITION_YES);
    expect_answer("env.NO and (env.NO or env.A)", CONDITION_NO);
    expect_answer("not env.NO and env.A", CONDITION_YES);
    expect_answer("not (env.NO and env.A)", CONDITION_YES);
    expect_answer("not env.A or env.A", CONDITION_YES);
    expect_answer("not (env.A or env.A)", CONDITION_NO);
    expect_answer("not env.A == 'b'", CONDITION_YES);
    expect_answer(" ( ( env.A ) ) ", CONDITION_YES);
    expect_answer("env.A\\tand\\n(not(env.NO))", CONDITION_YES);
}

static void a_long_condition_is_answered(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "env.NO");
    for (int i = 0; i < 5000; i++) {
        strbuf_add(&text, " or env.NO");
    }
    expect_answer(text.text, CONDITION_NO);
    strbuf_add(&text, " or env.A");
    expect_answer(text.text, CONDITION_YES);
}

/* --- refusals: "@" stands before the place --- */

struct wrong {
    const char *text, *message, *note;
};

static void expect_wrong(const struct wrong *wrong)
{
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"id\":\"staging\",\"deploy\":\"staging\"},{\"id\":\"look\","
                            "\"check\":\"production\"},{\"id\":\"e2e\",\"hook\":[\"/bin/true\"]},\n"
                            "{\"id\":\"x\",\"hook\":[\"/bin/true\"],\"when\":\"%s\"},"
                            "{\"id\":\"later\",\"hook\":[\"/bin/true\"]}",
                            wrong->text);
    const struct refusal refusal = {text, {wrong->message}, wrong->note};
    expect_all_refused(&refusal, 1);
}

static void mistakes_in_the_grammar_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {"env.A and @", "\"when\" of step \"x\": a value is missing at the end", NULL},
        {"@and env.A", "a value should stand where \"and\" does", NULL},
        {"env.A or @or env.B", "a value should stand where \"or\" does", NULL},
        {"not @", "a value is missing at the end", NULL},
        {"env.A == @", "a value is missing at the end", NULL},
        {"env.A @env.B", "\"and\" or \"or\" should stand where \"env.B\" does", NULL},
        {"env.A @AND env.B", "\"and\" or \"or\" should stand where \"AND\" does",
         "did you mean \"and\"?"},
        {"env.A @'b'", "\"and\" or \"or\" should stand where \"'b'\" does", NULL},
        {"@(env.A", "this ( has no closing )", NULL},
        {"env.A@)", "\"and\" or \"or\" should stand where \")\" does", NULL},
        {"(env.A @env.B)", "\"and\", \"or\" or \")\" should stand where \"env.B\" does", NULL},
        {"(env.A) @== 'a'", "\"and\" or \"or\" should stand where \"==\" does", NULL},
        {"env.A == @(env.B)", "a value should stand where \"(\" does", NULL},
        {"(@)", "a value should stand where \")\" does", NULL},
        {"env.A @= 'a'", "\"=\" means nothing in a condition", "equal is written =="},
        {"env.A @&& env.B", "\"&\" means nothing", "write \"and\""},
        {"env.A @|| env.B", "\"|\" means nothing", "write \"or\""},
        {"@!env.A", "\"!\" means nothing", "write \"not\""},
        {"env.A @> '3'", "\">\" means nothing", "only == and != compare"},
        {"env.A == @\xe2\x80\x9cx'", "\"\xe2\x80\x9c\" means nothing", NULL},
        {"env.A == @'a", "this text has no closing '", NULL},
        {"env.A == @'a''", "this text has no closing '", NULL},
        {"'\xc3\xa4\xc3\xb6' == @,", "\",\" means nothing", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        expect_wrong(&wrongs[i]);
    }
}

static void names_that_mean_nothing_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct wrong wrongs[] = {
        {"@weekday", "\"weekday\" is nothing that can be asked for", "pending.ENVIRONMENT"},
        {"@true", "\"true\" is nothing", "texts and numbers are written in '...'"},
        {"env.A == @3", "\"3\" is nothing", "texts and numbers are written in '...'"},
        {"@step.e2e.outcome", "\"step.e2e.outcome\" is nothing",
         "did you mean \"steps.e2e.outcome\"?"},
        {"@steps.e2e", "\"steps.e2e\" is nothing", NULL},
        {"@steps.e2e.outcom", "\"steps.e2e.outcom\" is nothing", NULL},
        {"@steps.e2e.outputs", "is nothing", NULL},
        {"@steps.e2e.outputs.", "is nothing", NULL},
        {"@steps.e2e.outputs.a.b", "is nothing", NULL},
        {"@steps..outcome", "is nothing", NULL},
        {"@env.", "is nothing", NULL},
        {"@env.1A", "is nothing", NULL},
        {"@env.A.B", "is nothing", NULL},
        {"@pending.", "is nothing", NULL},
        {"@pending.staging.x", "is nothing", NULL},
        {"pending.@stagin", "no step deploys to \"stagin\" or checks it",
         "did you mean \"staging\"?"},
        {"pending.@development", "no step deploys to \"development\" or checks it", NULL},
        {"env.A and not steps.@e3e.outcome", "there is no step \"e3e\"", "did you mean \"e2e\"?"},
        {"steps.@nobody.outcome", "there is no step \"nobody\"", NULL},
        {"steps.@x.outcome", "the step asks for itself", NULL},
        {"steps.@later.outcome", "\"later\" does not come before it",
         "add \"later\" to its \"needs\""},
        {"steps.@staging.outputs.n", "\"staging\" has no outputs", "only hooks write them"},
        {"@steps.e2e.outcome == 'success'", "the outcome of a step is never 'success'",
         "it is 'done', 'failed' or 'skipped'"},
        {"@'fail' != steps.e2e.outcome", "the outcome of a step is never 'fail'", NULL},
        {"@steps.e2e.outcome == 'skiped'", "is never 'skiped'", "did you mean 'skipped'?"},
    };
    for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
        expect_wrong(&wrongs[i]);
    }
}

static void what_a_plan_knows_may_be_asked(void **state)
{
    (void)state;
    CLEANUP(workflow_freep)
    struct workflow *workflow =
        read_steps("{\"id\":\"a\",\"check\":\"production\"},"
                   "{\"id\":\"b\",\"hook\":[\"/bin/true\"],\"when\":\"pending.production\"}");
    assert_non_null(workflow->steps[1].when);
    assert_string_equal(workflow->steps[1].when_text, "pending.production");
    assert_null(workflow->steps[0].when);
}

static void several_names_are_told_at_once(void **state)
{
    (void)state;
    static const struct refusal refusal = {
        "{\"id\":\"x\",\"hook\":[\"/bin/true\"],"
        "\"when\":\"@a or steps.@b.outcome and pending.@c == @d\"}",
        {"\"a\" is nothing", "there is no step \"b\"", "no step deploys to \"c\"",
         "\"d\" is nothing"},
        NULL};
    expect_all_refused(&refusal, 1);
}

static void an_empty_condition_is_none(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"id\":\"x\",\"hook\":[\"/bin/true\"],\"when\":@\"\"}",
         {"\"when\" of step \"x\" is empty"},
         NULL},
        {"{\"id\":\"x\",\"hook\":[\"/bin/true\"],\"when\":@\" \\t\"}",
         {"\"when\" of step \"x\" is empty"},
         NULL},
        {"{\"id\":\"x\",\"hook\":[\"/bin/true\"],\"when\":@true}",
         {"\"when\" of step \"x\" must be a string, not true"},
         NULL},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
}

/* The place in the file is not where it is in the text. */
static void a_text_with_escapes_is_underlined_whole(void **state)
{
    (void)state;
    static const struct refusal refusal = {
        "{\"id\":\"x\",\"hook\":[\"/bin/true\"],\"when\":@\"env.A\\nand oops\"}",
        {"\"oops\" is nothing"},
        "this is character 11 of the condition"};
    expect_all_refused(&refusal, 1);
}

static void a_condition_is_nested_so_deep_and_no_deeper(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add_repeated(&text, '(', 32);
    strbuf_add(&text, "env.A");
    strbuf_add_repeated(&text, ')', 32);
    expect_answer(text.text, CONDITION_YES);
    strbuf_cut(&text, 0);
    strbuf_add_repeated(&text, '(', 32);
    strbuf_add(&text, "@not env.A");
    strbuf_add_repeated(&text, ')', 32);
    expect_wrong(&(struct wrong){text.text, "the condition is nested deeper than 32 levels", NULL});
}

static void steps_of_always_ask_how_it_went(void **state)
{
    (void)state;
    CLEANUP(mem_freep)
    char *text = around("{\"id\":\"a\",\"needs\":[],\"hook\":[\"/bin/true\"]},"
                        "{\"id\":\"b\",\"needs\":[],\"hook\":[\"/bin/true\"]}",
                        ",\"always\":[{\"id\":\"c\",\"hook\":[\"/bin/true\"],\"when\":"
                        "\"steps.a.outcome != 'done' or steps.b.outputs.n\"}]");
    CLEANUP(workflow_freep) struct workflow *workflow = read_text(text);
    assert_non_null(workflow->steps[2].when);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_alone_is_true_unless_it_says_no),
        cmocka_unit_test(values_are_compared_as_texts),
        cmocka_unit_test(what_is_open_leaves_open_what_it_decides),
        cmocka_unit_test(not_binds_before_and_and_and_before_or),
        cmocka_unit_test(a_long_condition_is_answered),
        cmocka_unit_test(mistakes_in_the_grammar_are_told_with_their_place),
        cmocka_unit_test(names_that_mean_nothing_are_told_with_their_place),
        cmocka_unit_test(what_a_plan_knows_may_be_asked),
        cmocka_unit_test(several_names_are_told_at_once),
        cmocka_unit_test(an_empty_condition_is_none),
        cmocka_unit_test(a_text_with_escapes_is_underlined_whole),
        cmocka_unit_test(a_condition_is_nested_so_deep_and_no_deeper),
        cmocka_unit_test(steps_of_always_ask_how_it_went),
    };
    return cmocka_run_group_tests(tests, make_project, NULL);
}
