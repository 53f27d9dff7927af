/* Names, versions, checksums. */
#include "theirs.h"

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void versions_compare_by_value(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } cases[] = {
        {"1", "2", -1},       {"10", "9", 1},    {"1.10", "1.9", 1}, {"1.0", "1", 0},
        {"007", "7", 0},      {"1_2", "1.2", 0}, {"1.0.1", "1", 1},  {"2", "1.9.9", 1},
        {"0", "0.0", 0},      {"1", "1.0.0", 0}, {"a", "b", -1},     {"a", "a", 0},
        {"20240131", "9", 1}, {"", "", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(sign(version_compare(cases[i].a, cases[i].b)), cases[i].order);
        assert_int_equal(sign(version_compare(cases[i].b, cases[i].a)), -cases[i].order);
    }
}

static void the_digits_after_a_time_are_a_second_later(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    assert_string_equal(digits_after(arena, "20231231235959"), "20240101000000");
    assert_string_equal(digits_after(arena, "00000000000009"), "00000000000010");
    assert_string_equal(digits_after(arena, "20231331235959"), "20231331235960");
    assert_true(digits_are_time("20240229000000"));
    assert_false(digits_are_time("20230229000000"));
    assert_false(digits_are_time("2024022900000"));
    assert_false(digits_are_time("00000000000001"));
}

static void expect_numbers(const char *const *numbers, size_t n, const char *wanted)
{
    CLEANUP(their_folder_clear) struct their_folder folder = empty_folder();
    for (size_t i = 0; i < n; i++) {
        their_add(&folder, "v", "T", "f")->number = numbers[i];
    }
    expect_names(&folder, wanted);
}
#define EXPECT_NUMBERS(wanted, ...)                                                                \
    expect_numbers((const char *const[]){__VA_ARGS__},                                             \
                   sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *), (wanted))

static void numbers_are_kept_where_all_of_them_can_be(void **state)
{
    (void)state;
    EXPECT_NUMBERS("00000000000003_t|01494538273000_t|20240131000000_t", "3", "1494538273000",
                   "20240131000000");
    EXPECT_NUMBERS("00000000000001_t|00000000000002_t", "2", "1");
    EXPECT_NUMBERS("00000000000001_t|00000000000002_t", "1", "1");
    EXPECT_NUMBERS("00000000000001_t|00000000000002_t", "1", "99999999999999");
    EXPECT_NUMBERS("00000000000001_t|00000000000002_t", "1", "123456789012345");
    EXPECT_NUMBERS("00000000000005_t|00000000000006_t", "5", NULL);
    EXPECT_NUMBERS("00000000000001_t|00000000000002_t", NULL, NULL);
}

static void titles_take_the_shape_that_create_gives(void **state)
{
    (void)state;
    CLEANUP(their_folder_clear) struct their_folder folder = empty_folder();
    static const char *const titles[] = {"Add Users' e-mail", "__a__b__", "\xc3\xa4\xc3\xb6",
                                         "x/y.z"};
    for (size_t i = 0; i < ARRAY_LEN(titles); i++) {
        (void)their_add(&folder, "v", titles[i], "f");
    }
    expect_names(&folder, "00000000000001_add_users_e_mail|00000000000002_a_b|"
                          "00000000000003_migration|00000000000004_x_y_z");
}

static void texts_are_never_empty_and_say_their_switch_first(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool no_transaction;
        const char *wanted;
    } cases[] = {
        {"\n\n  select 1;\n\n", false, "  select 1;\n"},
        {"select 1;", true, "-- headgate: no-transaction\nselect 1;\n"},
        {" \n", false, "-- nothing is done in f\n"},
        {"", true, "-- headgate: no-transaction\n-- nothing is done in f\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(their_folder_clear) struct their_folder folder = empty_folder();
        struct adoption adoption = {0};
        struct their_migration *added = their_add(&folder, "v", "t", "f");
        added->text = cases[i].text;
        added->no_transaction = cases[i].no_transaction;
        added->down = i == 0 ? "\n" : cases[i].text;
        name_all(&folder, &adoption);
        assert_string_equal(adoption.items[0].text, cases[i].wanted);
        assert_int_equal(adoption.items[0].down_text != NULL, i == 1);
        mem_free(adoption.items);
    }
}

static void checksums_are_those_of_the_tools(void **state)
{
    (void)state;
    CLEANUP(arena_freep) struct arena *arena = arena_new();
    static const char *const same[] = {"123456789", "1234\n56789\n", "1234\r\n56789",
                                       "1\r23456789"};
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        struct source source = source_of(same[i]);
        assert_string_equal(checksum_flyway(arena, &source), "-873187034");
    }
    struct source empty = source_of("");
    assert_string_equal(checksum_flyway(arena, &empty), "0");
    assert_string_equal(checksum_sha1(arena, "abc", 3), "a9993e364706816aba3e25717850c26c9cd0d89d");
    assert_string_equal(checksum_sha1(arena, "", 0), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    for (int n = 54; n <= 130; n++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        strbuf_add_repeated(&text, 'a', (size_t)n);
        assert_string_equal(checksum_sha1(arena, text.text, text.size),
                            scratch_out("printf %%s %s | sha1sum | cut -c-40", text.text));
    }
}

static void only_utf8_is_taken(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"plain", true},
        {"\xc3\xa4", true},
        {"\xe2\x82\xac", true},
        {"\xf0\x9f\x98\x80", true},
        {"\xc3", false},
        {"\xe2\x82", false},
        {"\x80", false},
        {"\xc0\x80", false},
        {"\xe0\x80\x80", false},
        {"\xed\xa0\x80", false},
        {"\xf0\x80\x80\x80", false},
        {"\xf4\x90\x80\x80", false},
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(text_is_utf8(cases[i].text, strlen(cases[i].text)), cases[i].good);
    }
    assert_false(text_is_utf8("a\0b", 3));
}

static void an_unknown_tool_is_refused_with_a_near_name(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct tool *tool = NULL;
    assert_ok(tool_find("goose", &tool, &err));
    assert_ptr_equal(tool, &tool_goose);
    assert_fails(tool_find("flywya", &tool, &err), ERROR_USAGE);
    assert_contains(err.hint, "flyway");
    error_clear(&err);
    assert_fails(tool_find("prisma-of-old", &tool, &err), ERROR_USAGE);
    assert_contains(err.detail, "\"liquibase\" and \"sqitch\"");
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_compare_by_value),
        cmocka_unit_test(the_digits_after_a_time_are_a_second_later),
        cmocka_unit_test(numbers_are_kept_where_all_of_them_can_be),
        cmocka_unit_test(titles_take_the_shape_that_create_gives),
        cmocka_unit_test(texts_are_never_empty_and_say_their_switch_first),
        cmocka_unit_test(checksums_are_those_of_the_tools),
        cmocka_unit_test(only_utf8_is_taken),
        cmocka_unit_test(an_unknown_tool_is_refused_with_a_near_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
