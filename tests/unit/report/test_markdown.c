#include "scratch.h"

#include <string.h>

#include "private.h"

static void expect_words(const char *text, const char *wanted)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    markdown_add(&out, text);
    assert_string_equal(out.text, wanted);
}

static void expect_code(const char *text, const char *wanted)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    markdown_add_code(&out, text);
    assert_string_equal(out.text, wanted);
}

static void words_are_left_alone(void **state)
{
    (void)state;
    expect_words("7 to apply, 2026-11-20 19:05 UTC: \"x\"",
                 "7 to apply, 2026-11-20 19:05 UTC: \"x\"");
    expect_words("", "");
    expect_words("größer", "größer");
}

static void nothing_becomes_markup(void **state)
{
    (void)state;
    expect_words("*a* _b_ `c` [d](e) <f> #1 ~g~ $h$ &amp; ! \\",
                 "\\*a\\* \\_b\\_ \\`c\\` \\[d\\]\\(e\\) \\<f\\> \\#1 \\~g\\~ \\$h\\$ \\&amp; \\! "
                 "\\\\");
}

static void nothing_breaks_a_table(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    markdown_add_cell(&out, "a|b\nc\r\td");
    markdown_add_code_cell(&out, "a|b\nc");
    markdown_add_cell(&out, NULL);
    markdown_add_code_cell(&out, NULL);
    assert_string_equal(out.text, " a\\|b c  d | `a\\|b c` |  |  |");
}

static void nobody_is_called(void **state)
{
    (void)state;
    expect_words("@anna and (@bob)", "@<!-- -->anna and \\(@<!-- -->bob\\)");
    expect_words("anna@buildhost", "anna@buildhost");
}

static void code_may_hold_backticks(void **state)
{
    (void)state;
    expect_code("plain_name", "`plain_name`");
    expect_code("a`b", "`` a`b ``");
    expect_code("``", "``` `` ```");
    expect_code("", "");
}

static void a_head_has_its_line_below(void **state)
{
    (void)state;
    static const char *const titles[] = {"a", "", NULL};
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    markdown_add_head(&out, titles);
    assert_string_equal(out.text, "\n| a |  |\n| --- | --- |\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_left_alone),    cmocka_unit_test(nothing_becomes_markup),
        cmocka_unit_test(nothing_breaks_a_table),  cmocka_unit_test(nobody_is_called),
        cmocka_unit_test(code_may_hold_backticks), cmocka_unit_test(a_head_has_its_line_below),
    };
    return cmocka_run_group_tests_name("report/markdown", tests, NULL, NULL);
}
