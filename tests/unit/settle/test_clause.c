/* The words of a statement. */
#include "clause.h"

#include "headgate/mem.h"
#include "scratch.h"

static struct clause clause(const char *text)
{
    return clause_of(text, strlen(text));
}

static void blanks_and_comments_are_skipped(void **state)
{
    (void)state;
    struct clause c = clause(" -- a\n /* b /* c */ ) */ create\t-- d\n table");
    assert_true(clause_take(&c, "CREATE"));
    assert_false(clause_take(&c, "TAB"));
    assert_true(clause_take(&c, "TABLE"));
    assert_true(clause_at_end(&c));
    c = clause("/* never ends");
    assert_true(clause_at_end(&c));
}

static void a_phrase_is_taken_as_a_whole_or_not_at_all(void **state)
{
    (void)state;
    struct clause c = clause("If not existing");
    assert_false(clause_take(&c, "IF NOT EXISTS"));
    assert_true(clause_take(&c, "IF NOT"));
}

static void names_are_as_the_catalog_has_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"Users (", "users"},
        {"\"Users\" (", "Users"},
        {"\"a\"\"b\"", "a\"b"},
        {"größe", "größe"},
        {"a$1", "a$1"},
        {"1a", NULL},
        {"$1", NULL},
        {"'a'", NULL},
        {"", NULL},
        {"x234567890123456789012345678901234567890123456789012345678901234567890",
         "x23456789012345678901234567890123456789012345678901234567890123"},
        {"x2345678901234567890123456789012345678901234567890123456789012ö",
         "x2345678901234567890123456789012345678901234567890123456789012"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct clause c = clause(cases[i].text);
        CLEANUP(mem_freep) char *name = clause_take_name(&c);
        if (cases[i].name == NULL) {
            assert_null(name);
            assert_int_equal(c.at, 0);
        } else {
            assert_string_equal(name, cases[i].name);
        }
    }
}

static void of_several_parts_the_last_two_count(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *schema = NULL;
    CLEANUP(mem_freep) char *name = NULL;
    struct clause c = clause("db . \"S\" .t rest");
    assert_true(clause_take_qualified(&c, &schema, &name));
    assert_string_equal(schema, "S");
    assert_string_equal(name, "t");
    assert_true(clause_take(&c, "REST"));
    c = clause("a.");
    assert_false(clause_take_qualified(&c, &schema, &name));
}

static void what_is_quoted_hides_its_commas_and_parentheses(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a ',)' , b",       "a E'\\',' , b",        "a $$,($$ , b", "a $x$,$$,$x$ , b",
        "a (1, (2, 3)), b", "a \",(\" /* , */ , b", "a 'x'',' , b", "a $1 - 5 , b",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct clause c = clause(texts[i]);
        assert_true(clause_skip_to_comma(&c));
        assert_true(clause_take(&c, "B"));
        assert_false(clause_skip_to_comma(&c));
    }
}

static void the_inside_of_parentheses_ends_where_they_do(void **state)
{
    (void)state;
    struct clause inside;
    struct clause c = clause("(a, ')', (b)) -- )\n rest");
    assert_true(clause_take_parentheses(&c, &inside));
    assert_int_equal(inside.size, strlen("a, ')', (b)"));
    assert_true(clause_take(&c, "REST"));
    assert_false(clause_take_parentheses(&c, &inside));
    c = clause("()");
    assert_true(clause_take_parentheses(&c, &inside));
    assert_true(clause_at_end(&inside));
}

static void what_has_no_end_ends_with_the_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"(a, b",  "'abc",  "\"abc", "$$abc",
                                        "$x$abc", "E'a\\", "/* ("};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct clause c = clause(texts[i]);
        clause_skip(&c);
        assert_true(clause_at_end(&c));
        assert_int_equal(c.at, c.size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_and_comments_are_skipped),
        cmocka_unit_test(a_phrase_is_taken_as_a_whole_or_not_at_all),
        cmocka_unit_test(names_are_as_the_catalog_has_them),
        cmocka_unit_test(of_several_parts_the_last_two_count),
        cmocka_unit_test(what_is_quoted_hides_its_commas_and_parentheses),
        cmocka_unit_test(the_inside_of_parentheses_ends_where_they_do),
        cmocka_unit_test(what_has_no_end_ends_with_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
