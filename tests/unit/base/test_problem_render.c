/*
 * A problem as people see it, to the letter.
 */
#include "scratch.h"

#include <string.h>

#include "headgate/problem.h"

/* The rendering of one problem in this text; the test frees it. */
static char *render_at(const char *text, size_t offset, size_t width)
{
    struct source source = {"pipelines/promote.json", text, strlen(text)};
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    problem_render(problem_add(&problems, &source, offset, width, "wrong"), false, &out);
    return strbuf_take(&out);
}

static void assert_rendered(const char *text, size_t offset, size_t width, const char *wanted)
{
    CLEANUP(mem_freep) char *rendered = render_at(text, offset, width);
    assert_string_equal(rendered, wanted);
}

static void a_mistake_stands_over_its_line(void **state)
{
    (void)state;
    static const char text[] =
        "{\n  \"steps\": [\n    { \"id\": \"e2e\", \"timout\": \"15m\" },\n  ]\n}\n";
    struct source source = {"pipelines/promote.json", text, strlen(text)};
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct problem *problem =
        problem_add(&problems, &source, (size_t)(strstr(text, "\"timout") - text), 8,
                    "unknown key \"timout\" in step \"e2e\"");
    problem_note(problem, "did you mean \"timeout\"?");
    problem_note(problem, "a step knows \"id\" and \"timeout\"");
    problem_render(problem, false, &out);
    assert_string_equal(out.text, "error: unknown key \"timout\" in step \"e2e\"\n"
                                  "  --> pipelines/promote.json:3:20\n"
                                  "   |\n"
                                  " 3 |     { \"id\": \"e2e\", \"timout\": \"15m\" },\n"
                                  "   |                    ^^^^^^^^\n"
                                  "   = did you mean \"timeout\"?\n"
                                  "   = a step knows \"id\" and \"timeout\"\n");
}

static void longer_line_numbers_move_the_gutter(void **state)
{
    (void)state;
    assert_rendered("\n\n\n\n\n\n\n\n\n  x", 11, 1,
                    "error: wrong\n"
                    "   --> pipelines/promote.json:10:3\n"
                    "    |\n"
                    " 10 |   x\n"
                    "    |   ^\n");
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add_repeated(&text, '\n', 122);
    strbuf_add(&text, "abc");
    assert_rendered(text.text, 123, 2,
                    "error: wrong\n"
                    "    --> pipelines/promote.json:123:2\n"
                    "     |\n"
                    " 123 | abc\n"
                    "     |  ^^\n");
}

static void rule_and_caret_note_have_their_places(void **state)
{
    (void)state;
    static const char text[] = "\n\nalter table orders drop column legacy cascade;\n";
    struct source source = {"m.sql", text, strlen(text)};
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct problem *problem =
        problem_add(&problems, &source, (size_t)(strstr(text, "legacy") - text), 6,
                    "column \"legacy\" still holds data");
    problem->rule = mem_copy("drop-column");
    problem->caret_note = mem_copy("1,204,118 non-null values");
    problem_note(problem, "safer: rename it now");
    problem_render(problem, false, &out);
    assert_string_equal(out.text,
                        "error[drop-column]: column \"legacy\" still holds data\n"
                        "  --> m.sql:3:32\n"
                        "   |\n"
                        " 3 | alter table orders drop column legacy cascade;\n"
                        "   |                                ^^^^^^ 1,204,118 non-null values\n"
                        "   = safer: rename it now\n");
}

static void colours_wrap_what_they_mark(void **state)
{
    (void)state;
    struct source source = {"a.json", "abc", 3};
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct problem *problem = problem_add(&problems, &source, 1, 1, "wrong");
    problem->rule = mem_copy("rule");
    problem->caret_note = mem_copy("here");
    problem_note(problem, "note");
    problem_render(problem, true, &out);
    assert_string_equal(out.text, "\033[1;31merror[rule]\033[0m: wrong\n"
                                  "  \033[1;34m-->\033[0m a.json:1:2\n"
                                  "\033[1;34m   |\033[0m\n"
                                  "\033[1;34m 1 |\033[0m abc\n"
                                  "\033[1;34m   |\033[0m \033[1;31m ^ here\033[0m\n"
                                  "   \033[1;34m=\033[0m note\n");
}

static void without_a_place_there_is_only_the_sentence(void **state)
{
    (void)state;
    CLEANUP(problems_clear) struct problems problems = {NULL, 0};
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    problem_render(problem_add_plain(&problems, NULL, "wrong"), false, &out);
    struct problem *problem = problem_add_plain(&problems, "migrations/0001", "empty");
    problem_note(problem, "remove it");
    problem_render(problem, false, &out); /* behind what is there */
    assert_string_equal(out.text, "error: wrong\n"
                                  "error: empty\n"
                                  "  --> migrations/0001\n"
                                  "   = remove it\n");
}

static void tabs_stay_tabs_under_the_line(void **state)
{
    (void)state;
    assert_rendered("\t\"a\"\t: 1", 5, 1,
                    "error: wrong\n"
                    "  --> pipelines/promote.json:1:6\n"
                    "   |\n"
                    " 1 | \t\"a\"\t: 1\n"
                    "   | \t   \t^\n");
}

static void a_character_is_one_caret_whatever_its_bytes(void **state)
{
    (void)state;
    assert_rendered("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80: \xc3\xa4\xc3\xb6", 11, 4,
                    "error: wrong\n"
                    "  --> pipelines/promote.json:1:6\n"
                    "   |\n"
                    " 1 | \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80: \xc3\xa4\xc3\xb6\n"
                    "   |      ^^\n");
}

static void what_a_terminal_would_obey_is_not_shown(void **state)
{
    (void)state;
    /* escape, a C1 control sequence introducer, delete, bytes that are no UTF-8; U+00A0 is harmless
     */
    assert_rendered("\033[2J\xc2\x9b"
                    "5m\x7f\xff\x80\xc2\xa0x",
                    13, 1,
                    "error: wrong\n"
                    "  --> pipelines/promote.json:1:12\n"
                    "   |\n"
                    " 1 | ?[2J?5m???\xc2\xa0x\n"
                    "   |            ^\n");
}

static void a_caret_may_stand_at_the_end_of_the_line(void **state)
{
    (void)state;
    assert_rendered("{\n  \"a\": 1", 10, 1,
                    "error: wrong\n"
                    "  --> pipelines/promote.json:2:9\n"
                    "   |\n"
                    " 2 |   \"a\": 1\n"
                    "   |         ^\n");
    assert_rendered("", 0, 1,
                    "error: wrong\n"
                    "  --> pipelines/promote.json:1:1\n"
                    "   |\n"
                    " 1 | \n"
                    "   | ^\n");
}

/* A line of n characters, "0123456789" again and again. */
static void add_digits(struct strbuf *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        strbuf_add_char(text, (char)('0' + i % 10));
    }
}

static char *wanted_window(size_t column, const char *lead, const char *shown, const char *tail,
                           size_t blanks, size_t carets)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    strbuf_printf(&out,
                  "error: wrong\n  --> pipelines/promote.json:1:%zu\n   |\n 1 | %s%s%s\n   | ",
                  column, lead, shown, tail);
    strbuf_add_repeated(&out, ' ', blanks);
    strbuf_add_repeated(&out, '^', carets);
    strbuf_add_char(&out, '\n');
    return strbuf_take(&out);
}

static void a_line_of_160_characters_is_shown_whole(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    add_digits(&text, 160);
    CLEANUP(mem_freep) char *middle = wanted_window(101, "", text.text, "", 100, 60);
    CLEANUP(mem_freep) char *end = wanted_window(161, "", text.text, "", 160, 1);
    assert_rendered(text.text, 100, 1000, middle);
    assert_rendered(text.text, 160, 1, end);
}

static void of_a_long_line_a_window_around_the_caret_is_shown(void **state)
{
    (void)state;
    static const struct {
        size_t length, offset, width;
        size_t first, shown; /* of the line's characters */
        bool lead, tail;
        size_t blanks, carets;
    } rows[] = {
        {1000, 0, 3, 0, 160, false, true, 0, 3},   /* left */
        {1000, 60, 3, 0, 160, false, true, 60, 3}, /* as far right as the beginning is shown */
        {1000, 61, 3, 1, 160, true, true, 63, 3},
        {1000, 500, 3, 440, 160, true, true, 63, 3},  /* middle */
        {1000, 900, 3, 840, 160, true, false, 63, 3}, /* exactly to the end */
        {1000, 899, 3, 839, 160, true, true, 63, 3},
        {1000, 999, 1, 939, 61, true, false, 63, 1},  /* right */
        {1000, 1000, 1, 940, 60, true, false, 63, 1}, /* behind the end */
        {1000, 0, 900, 0, 160, false, true, 0, 160},  /* carets end with the window */
        {1000, 50, 900, 0, 160, false, true, 50, 110},
        {1000, 500, 400, 440, 160, true, true, 63, 100},
        {161, 3, 1, 0, 160, false, true, 3, 1},
        {161, 100, 1, 40, 121, true, false, 63, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
        add_digits(&text, rows[i].length);
        CLEANUP(mem_freep) char *shown = mem_copy_n(text.text + rows[i].first, rows[i].shown);
        CLEANUP(mem_freep)
        char *wanted = wanted_window(rows[i].offset + 1, rows[i].lead ? "..." : "", shown,
                                     rows[i].tail ? "..." : "", rows[i].blanks, rows[i].carets);
        assert_rendered(text.text, rows[i].offset, rows[i].width, wanted);
    }
}

static void a_window_does_not_cut_a_character(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf shown = STRBUF_INIT;
    for (size_t i = 0; i < 500; i++) {
        strbuf_add(&text, "\xe2\x82\xac");
        strbuf_add(&shown, i < 160 ? "\xe2\x82\xac" : "");
    }
    CLEANUP(mem_freep) char *wanted = wanted_window(251, "...", shown.text, "...", 63, 2);
    assert_rendered(text.text, 750, 6, wanted);
}

static void a_place_that_somebody_made_up_is_rendered_too(void **state)
{
    (void)state;
    char message[] = "wrong", file[] = "x", line[] = "abc";
    struct problem problem = {
        .message = message, .file = file, .line = 7, .width = 500, .source_line = line};
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    CLEANUP(strbuf_clear) struct strbuf wanted = STRBUF_INIT;
    problem_render(&problem, false, &out);
    strbuf_add(&wanted, "error: wrong\n  --> x:7:0\n   |\n 7 | abc\n   | ");
    strbuf_add_repeated(&wanted, '^', 160);
    strbuf_add_char(&wanted, '\n');
    assert_string_equal(out.text, wanted.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_stands_over_its_line),
        cmocka_unit_test(longer_line_numbers_move_the_gutter),
        cmocka_unit_test(rule_and_caret_note_have_their_places),
        cmocka_unit_test(colours_wrap_what_they_mark),
        cmocka_unit_test(without_a_place_there_is_only_the_sentence),
        cmocka_unit_test(tabs_stay_tabs_under_the_line),
        cmocka_unit_test(a_character_is_one_caret_whatever_its_bytes),
        cmocka_unit_test(what_a_terminal_would_obey_is_not_shown),
        cmocka_unit_test(a_caret_may_stand_at_the_end_of_the_line),
        cmocka_unit_test(a_line_of_160_characters_is_shown_whole),
        cmocka_unit_test(of_a_long_line_a_window_around_the_caret_is_shown),
        cmocka_unit_test(a_window_does_not_cut_a_character),
        cmocka_unit_test(a_place_that_somebody_made_up_is_rendered_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
