#include "problems.h"

#include "private.h"

static int fresh(void **state)
{
    (void)state;
    scratch_sh("rm -rf r; mkdir r");
    return 0;
}

static struct directives read_text(const char *text)
{
    const struct source source = {"x.sql", text, strlen(text)};
    struct directives directives;
    struct problems problems = {0};
    directives_read(&source, &directives, &problems);
    for (size_t i = 0; i < problems.n; i++) {
        fail_msg("%s: %s", text, problems.items[i].message);
    }
    return directives;
}

/* The only problem of this text. */
static void expect_problem(const char *text, size_t line, size_t column, size_t width,
                           const char *message, const char *note)
{
    const struct source source = {"x.sql", text, strlen(text)};
    struct directives directives;
    struct problems problems = {0};
    directives_read(&source, &directives, &problems);
    assert_int_equal(problems.n, 1);
    assert_string_equal(problems.items[0].message, message);
    assert_int_equal(problems.items[0].line, line);
    assert_int_equal(problems.items[0].column, column);
    assert_int_equal(problems.items[0].width, width);
    if (note != NULL) {
        assert_contains(problems.items[0].notes.items[0], note);
    }
    problems_clear(&problems);
}

static void a_text_without_directives_says_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "select 1;\n",
                                        "-- a comment\n",
                                        "-- the headgate: x\n",
                                        "-- headgate\n",
                                        "select '-- headgate: x';\n",
                                        "--\n",
                                        "-",
                                        "headgate: no-transaction\n",
                                        "-- headgatex: y"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct directives directives = read_text(texts[i]);
        assert_false(directives.no_transaction);
        assert_int_equal(directives.lock_timeout, -1);
        assert_int_equal(directives.statement_timeout, -1);
    }
}

static void every_directive_is_read_wherever_its_line_is(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "-- headgate: no-transaction\n-- headgate: lock-timeout 5s\nselect 1;\n"
        "-- headgate: statement-timeout 2h",
        "\xef\xbb\xbf-- headgate: no-transaction\r\n-- headgate:lock-timeout\t5s  \r\n\r\n"
        "-- headgate:   statement-timeout   2h\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct directives directives = read_text(texts[i]);
        assert_true(directives.no_transaction);
        assert_int_equal(directives.lock_timeout, 5000);
        assert_int_equal(directives.statement_timeout, 7200000);
    }
}

static void no_timeout_at_all_is_a_duration(void **state)
{
    (void)state;
    struct directives directives =
        read_text("-- headgate: lock-timeout 0\n-- headgate: statement-timeout 0s\n");
    assert_int_equal(directives.lock_timeout, 0);
    assert_int_equal(directives.statement_timeout, 0);
}

static void a_word_that_is_none_is_told_with_its_place(void **state)
{
    (void)state;
    expect_problem("select 1;\n-- headgate: no-transactoin\n", 2, 14, 14,
                   "there is no directive \"no-transactoin\"", "did you mean \"no-transaction\"?");
    expect_problem("-- headgate: lock_timeout 5s", 1, 14, 12,
                   "there is no directive \"lock_timeout\"", "did you mean \"lock-timeout\"?");
    expect_problem("-- headgate: xyzzy and more", 1, 14, 5, "there is no directive \"xyzzy\"",
                   "it is no-transaction, lock-timeout DURATION");
    expect_problem("-- headgate:\nselect", 1, 13, 1, "there is no directive \"\"", NULL);
    expect_problem("-- headgate: No-Transaction", 1, 14, 14,
                   "there is no directive \"No-Transaction\"", "did you mean");
}

static void a_value_that_is_none_is_told_with_its_place(void **state)
{
    (void)state;
    expect_problem("-- headgate: lock-timeout soon", 1, 27, 4, "\"soon\" is no duration",
                   "such as 250ms");
    expect_problem("-- headgate: lock-timeout 5", 1, 27, 1, "\"5\" is no duration", "0 is none");
    expect_problem("-- headgate: lock-timeout 5s 6s", 1, 27, 5, "\"5s 6s\" is no duration", NULL);
    expect_problem("-- headgate: statement-timeout", 1, 14, 17,
                   "\"statement-timeout\" needs a duration", "such as 250ms");
    expect_problem("-- headgate: no-transaction please", 1, 29, 6,
                   "\"no-transaction\" takes no value", NULL);
}

static void a_directive_is_said_once(void **state)
{
    (void)state;
    expect_problem("-- headgate: lock-timeout 5s\n-- headgate: lock-timeout 5s\n", 2, 14, 12,
                   "\"lock-timeout\" is said twice", NULL);
    expect_problem("-- headgate: no-transaction\n-- headgate: no-transaction\n", 2, 14, 14,
                   "\"no-transaction\" is said twice", NULL);
}

static void what_only_looks_like_one_is_not_ignored(void **state)
{
    (void)state;
    static const char *const texts[] = {"--headgate: no-transaction",
                                        "-- Headgate: no-transaction",
                                        "-- headgate : no-transaction",
                                        "--  headgate: no-transaction",
                                        "--\theadgate: x",
                                        "  -- headgate: no-transaction"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *begin = texts[i] + strspn(texts[i], " ");
        expect_problem(texts[i], 1, (size_t)(begin - texts[i]) + 1, strlen(begin),
                       "this looks like a directive and is none", "\"-- headgate:\", exactly so");
    }
}

static void they_stand_in_the_migration_and_in_its_down(void **state)
{
    (void)state;
    migration("1_a", "-- headgate: no-transaction\\nvacuum;");
    file("1_a/down.sql", "-- headgate: lock-timeout 250ms\\nselect 2;");
    migration("2_b", "-- headgate: statement-timeout 1m\\nselect 1;");
    CLEANUP(release_freep) struct release *release = read_it();
    const struct migration *a = &release->migrations[0], *b = &release->migrations[1];
    assert_true(a->no_transaction);
    assert_int_equal(a->lock_timeout, -1);
    assert_int_equal(a->statement_timeout, -1);
    assert_false(a->down.no_transaction);
    assert_int_equal(a->down.lock_timeout, 250);
    assert_int_equal(a->down.statement_timeout, -1);
    assert_false(b->no_transaction);
    assert_int_equal(b->statement_timeout, 60000);
    assert_int_equal(b->down.lock_timeout, -1);
}

static void a_bad_one_refuses_the_release(void **state)
{
    (void)state;
    migration("1_a", "select 1;");
    file("1_a/down.sql", "select 1;\\n-- headgate: nothing");
    expect_one("there is no directive \"nothing\"", "it is no-transaction");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(a_text_without_directives_says_nothing),
        TEST(every_directive_is_read_wherever_its_line_is),
        TEST(no_timeout_at_all_is_a_duration),
        TEST(a_word_that_is_none_is_told_with_its_place),
        TEST(a_value_that_is_none_is_told_with_its_place),
        TEST(a_directive_is_said_once),
        TEST(what_only_looks_like_one_is_not_ignored),
        TEST(they_stand_in_the_migration_and_in_its_down),
        TEST(a_bad_one_refuses_the_release),
    };
    return cmocka_run_group_tests_name("release/directives", tests, NULL, NULL);
}
