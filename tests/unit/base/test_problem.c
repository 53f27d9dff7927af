/*
 * A mistake with its place: where it is, in which order, told once.
 */
#include "scratch.h"

#include <stdint.h>
#include <string.h>

#include "headgate/problem.h"

static struct source source_of(const char *text)
{
    return (struct source){"f.json", text, strlen(text)};
}

static void an_offset_is_a_line_and_a_column_in_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset, line, column;
    } rows[] = {
        {"", 0, 1, 1},
        {"", 5, 1, 1},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 0, 1, 1},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 2, 1, 3}, /* the line break itself */
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 3, 2, 1},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 4, 2, 2},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 5, 2, 2}, /* within a character */
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 6, 2, 3},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 7, 3, 1}, /* an empty line */
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 8, 4, 1},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 10, 4, 1},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 11, 4, 2},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 12, 4, 3},
        {"ab\nc\xc3\xa9\n\n\xe2\x82\xacx", 99, 4, 3}, /* beyond the end */
        {"\xf0\x9f\x98\x80z", 4, 1, 2},
        {"\xff\xfez", 2, 1, 3}, /* bytes that are no UTF-8: one character each */
        {"\x80\x80z", 2, 1, 3}, /* continuations of nothing */
        {"\xc3z", 1, 1, 2},     /* cut short by another character */
        {"\xe2\x82z", 2, 1, 3},
        {"\xe2\x82", 2, 1, 3}, /* and by the end */
        {"\xc0\xafz", 2, 1, 3},
        {"\xf5\x80\x80\x80z", 4, 1, 5},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct source source = source_of(rows[i].text);
        size_t line = 0, column = 0;
        source_locate(&source, rows[i].offset, &line, &column);
        if (line != rows[i].line || column != rows[i].column) {
            fail_msg("row %zu: %zu:%zu, not %zu:%zu", i, line, column, rows[i].line,
                     rows[i].column);
        }
    }
}

static void the_caret_stands_under_what_is_meant_and_ends_with_the_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset, width;
        size_t line, column, shown;
        const char *source_line;
    } rows[] = {
        {"one two\nthree", 4, 3, 1, 5, 3, "one two"},
        {"one two\nthree", 4, 9, 1, 5, 3, "one two"},
        {"one two\nthree", 4, SIZE_MAX, 1, 5, 3, "one two"},
        {"one two\nthree", 4, 0, 1, 5, 1, "one two"},
        {"one two\nthree", 7, 1, 1, 8, 1, "one two"},
        {"one two\nthree", 8, 5, 2, 1, 5, "three"},
        {"one two\nthree", 13, 1, 2, 6, 1, "three"},
        {"one two\nthree", 99, 5, 2, 6, 1, "three"},
        {"one\r\ntwo\r\n", 0, 99, 1, 1, 3, "one"},
        {"one\r\ntwo\r\n", 4, 1, 1, 5, 1, "one"},
        {"one\r\ntwo\r\n", 5, 3, 2, 1, 3, "two"},
        {"one\r\ntwo\r\n", 10, 1, 3, 1, 1, ""},
        {"a\rb", 0, 3, 1, 1, 3, "a\rb"},
        {"\xc3\xa9\xe2\x82\xac!", 2, 3, 1, 2, 1, "\xc3\xa9\xe2\x82\xac!"},
        {"\xc3\xa9\xe2\x82\xac!", 0, 5, 1, 1, 2, "\xc3\xa9\xe2\x82\xac!"},
        {"\xc3\xa9\xe2\x82\xac!", 2, 1, 1, 2, 1,
         "\xc3\xa9\xe2\x82\xac!"}, /* a part of a character */
        {"\xff\xfe!", 0, 2, 1, 1, 2, "\xff\xfe!"},
        {"", 0, 1, 1, 1, 1, ""},
        {"\n", 0, 1, 1, 1, 1, ""},
        {"\n\n", 1, 1, 2, 1, 1, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct source source = source_of(rows[i].text);
        CLEANUP(problems_clear) struct problems problems = {NULL, 0};
        const struct problem *problem =
            problem_add(&problems, &source, rows[i].offset, rows[i].width, "row %zu", i);
        if (problem->line != rows[i].line || problem->column != rows[i].column ||
            problem->width != rows[i].shown) {
            fail_msg("row %zu: %zu:%zu, %zu wide", i, problem->line, problem->column,
                     problem->width);
        }
        assert_string_equal(problem->source_line, rows[i].source_line);
    }
}

static void a_problem_outlives_the_text_it_was_found_in(void **state)
{
    (void)state;
    char text[] = "one\ntwo", file[] = "f.json";
    struct source source = {file, text, strlen(text)};
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    (void)problem_add(&problems, &source, 4, 3, "\"%s\" is wrong", text + 4);
    memset(text, 'x', sizeof text - 1);
    memset(file, 'x', sizeof file - 1);
    assert_string_equal(problems.items[0].source_line, "two");
    assert_string_equal(problems.items[0].file, "f.json");
    assert_string_equal(problems.items[0].message, "\"two\" is wrong");
}

static void a_plain_problem_has_no_place_in_a_text(void **state)
{
    (void)state;
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    const struct problem *problem =
        problem_add_plain(&problems, "x.sql", "the file is %s", "empty");
    assert_string_equal(problem->file, "x.sql");
    assert_string_equal(problem->message, "the file is empty");
    assert_int_equal(problem->line, 0);
    assert_int_equal(problem->width, 1);
    assert_null(problem->source_line);
    assert_null(problem_add_plain(&problems, NULL, "x")->file);
}

static void notes_are_kept_in_their_order(void **state)
{
    (void)state;
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    struct problem *problem = problem_add_plain(&problems, NULL, "x");
    problem_note(problem, "did you mean \"%s\"?", "timeout");
    problem_note(problem, "or not");
    assert_int_equal(problem->notes.n, 2);
    assert_string_equal(problem->notes.items[0], "did you mean \"timeout\"?");
    assert_string_equal(problem->notes.items[1], "or not");
}

static void assert_messages(const struct problems *problems, const char *const *messages)
{
    for (size_t i = 0; messages[i] != NULL; i++) {
        assert_true(i < problems->n);
        assert_string_equal(problems->items[i].message, messages[i]);
    }
}

static void they_are_sorted_by_file_line_column_and_message(void **state)
{
    (void)state;
    struct source a = {"a.json", "1234567\n1234567", 15}, b = {"b.json", "1234567\n1234567", 15};
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    (void)problem_add(&problems, &b, 0, 1, "6");
    (void)problem_add(&problems, &a, 10, 1, "5");
    (void)problem_add(&problems, &a, 3, 1, "4");
    (void)problem_add(&problems, &a, 3, 1, "3");
    (void)problem_add(&problems, &a, 2, 1, "with the smallest column");
    (void)problem_add_plain(&problems, "a.json", "1");
    (void)problem_add_plain(&problems, NULL, "0");
    problems_sort(&problems);
    assert_int_equal(problems.n, 7);
    assert_messages(&problems, (const char *const[]){"0", "1", "with the smallest column", "3", "4",
                                                     "5", "6", NULL});
}

static void what_was_found_twice_is_told_once(void **state)
{
    (void)state;
    struct source source = source_of("one two");
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    for (int i = 0; i < 3; i++) {
        problem_note(problem_add(&problems, &source, 4, 3, "second"), "again");
        problem_note(problem_add(&problems, &source, 0, 3, "first"), "again");
    }
    problems_sort(&problems);
    assert_int_equal(problems.n, 2);
    for (int i = 0; i < 20; i++) { /* and there is room for more */
        (void)problem_add(&problems, &source, 4, 3, "third %d", i % 10);
    }
    problems_sort(&problems);
    assert_int_equal(problems.n, 12);
    assert_messages(&problems,
                    (const char *const[]){"first", "second", "third 0", "third 1", NULL});
    assert_int_equal(problems.items[0].notes.n, 1);
}

static void nothing_can_be_sorted_moved_and_cleared(void **state)
{
    (void)state;
    struct problems none = {NULL, 0}, other = {NULL, 0};
    problems_sort(&none);
    problems_move(&none, &other);
    problems_clear(&none);
    assert_int_equal(none.n, 0);
}

static void moved_problems_stand_behind_those_that_are_there(void **state)
{
    (void)state;
    CLEANUP(problems_clear) struct problems to = {NULL, 0};
    struct problems from = {NULL, 0};
    (void)problem_add_plain(&to, NULL, "a");
    (void)problem_add_plain(&from, NULL, "b");
    (void)problem_add_plain(&from, NULL, "c");
    problems_move(&to, &from);
    assert_int_equal(from.n, 0);
    assert_null(from.items);
    assert_int_equal(to.n, 3);
    assert_messages(&to, (const char *const[]){"a", "b", "c", NULL});
}

static void everything_it_owns_is_cleared(void **state)
{
    (void)state;
    struct source source = source_of("text");
    struct problems problems = {NULL, 0};
    struct problem *problem = problem_add(&problems, &source, 0, 1, "x");
    problem->rule = mem_copy("drop-column");
    problem->caret_note = mem_copy("here");
    problem_note(problem, "note");
    problems_clear(&problems);
    assert_int_equal(problems.n, 0);
    assert_null(problems.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_offset_is_a_line_and_a_column_in_characters),
        cmocka_unit_test(the_caret_stands_under_what_is_meant_and_ends_with_the_line),
        cmocka_unit_test(a_problem_outlives_the_text_it_was_found_in),
        cmocka_unit_test(a_plain_problem_has_no_place_in_a_text),
        cmocka_unit_test(notes_are_kept_in_their_order),
        cmocka_unit_test(they_are_sorted_by_file_line_column_and_message),
        cmocka_unit_test(what_was_found_twice_is_told_once),
        cmocka_unit_test(nothing_can_be_sorted_moved_and_cleared),
        cmocka_unit_test(moved_problems_stand_behind_those_that_are_there),
        cmocka_unit_test(everything_it_owns_is_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
