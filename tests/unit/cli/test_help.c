#include "scratch.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/process.h"
#include "private.h"

#define WIDEST 100

static bool is_installed(const char *program)
{
    CLEANUP(mem_freep) char *path = process_find(program);
    return path != NULL;
}

static void expect_narrow(const char *text)
{
    assert_true(text_ends(text, "\n"));
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        if (n >= WIDEST || (n > 0 && text[n - 1] == ' ') || memchr(text, '\t', n) != NULL) {
            fail_msg("too wide, or blanks at its end: \"%.*s\"", (int)n, text);
        }
        text += n + 1;
    }
}

static void expect_options(const char *text, const struct option *options)
{
    for (; options != NULL && options->name != NULL; options++) {
        CLEANUP(mem_freep)
        char *shown = mem_printf("--%s%s%s ", options->name, options->argument != NULL ? " " : "",
                                 options->argument != NULL ? options->argument : "");
        assert_contains(text, shown);
    }
}

static void every_command_has_help_that_fits(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        CLEANUP(mem_freep) char *text = help_for(commands[i]);
        CLEANUP(mem_freep)
        char *usage = mem_printf("\n\nUsage: headgate %s%s%s [OPTIONS]\n\n", commands[i]->name,
                                 commands[i]->arguments != NULL ? " " : "",
                                 commands[i]->arguments != NULL ? commands[i]->arguments : "");
        expect_narrow(text);
        assert_contains(text, usage);
        assert_contains(text, commands[i]->summary);
        expect_options(text, commands[i]->options);
        expect_options(text, common_options);
    }
}

static void the_overview_names_every_command(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *text = help_overview();
    expect_narrow(text);
    for (size_t i = 0; commands[i] != NULL; i++) {
        CLEANUP(mem_freep) char *row = mem_printf("\n  %s ", commands[i]->name);
        assert_contains(text, row);
        assert_contains(text, commands[i]->summary);
    }
    expect_options(text, common_options);
}

/* 40 words of a letter fill a line of 79 characters. */
static void long_texts_are_broken_at_blanks(void **state)
{
    (void)state;
    static const struct option options[] = {
        {.name = "short",
         .letter = 's',
         .help =
             "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"},
        {.name = "a-name-that-is-longer-than-its-column", .argument = "VALUE", .help = "help"},
        {.name = NULL}};
    const struct command command = {
        .name = "probe",
        .summary = "a summary",
        .description = "one\ntwo  three:\n  a line\n  another\n\nfour",
        .options = options,
    };
    CLEANUP(mem_freep) char *text = help_for(&command);
    expect_narrow(text);
    assert_contains(text,
                    "headgate probe: a summary\n\nUsage: headgate probe [OPTIONS]\n\n"
                    "one two three:\n  a line\n  another\n\nfour\n\nOptions\n"
                    "  -s, --short            one two three four five six seven eight nine ten "
                    "eleven twelve thirteen\n"
                    "                         fourteen\n"
                    "  --a-name-that-is-longer-than-its-column VALUE help\n");
}

static void texts_in_the_table_are_in_shape(void **state)
{
    (void)state;
    for (size_t i = 0; commands[i] != NULL; i++) {
        const struct command *command = commands[i];
        assert_true(strlen(command->name) <= 18);
        assert_null(strchr(command->summary, '\n'));
        assert_false(text_ends(command->summary, "."));
        assert_true(text_ends(command->description, "."));
        assert_true(command->least <= command->most);
        assert_int_equal(command->arguments == NULL, command->most == 0);
    }
}

/* --- the man page --- */

static void write_man(void)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *text = help_man();
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "headgate.1");
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
}

static void mandoc_has_nothing_to_say(void **state)
{
    (void)state;
    if (!is_installed("mandoc")) {
        skip();
    }
    write_man();
    scratch_sh("mandoc -T lint -W warning headgate.1 >lint || { cat lint >&2; false; }");
    assert_string_equal(scratch_out("cat lint"), "");
}

static void the_man_page_says_everything(void **state)
{
    (void)state;
    if (!is_installed("mandoc")) {
        skip();
    }
    write_man();
    const char *text =
        scratch_out("mandoc -T ascii headgate.1 | sed 's/.\\x08//g' | tr -s ' \\n' ' '");
    for (size_t i = 0; commands[i] != NULL; i++) {
        CLEANUP(mem_freep) char *head = mem_printf("headgate %s", commands[i]->name);
        assert_contains(text, head);
        assert_contains(text, commands[i]->summary + 1); /* it begins with a capital there */
        for (const struct option *o = commands[i]->options; o != NULL && o->name != NULL; o++) {
            assert_contains(text, o->name);
            assert_contains(text, o->help);
        }
    }
    for (size_t i = 0; exit_codes[i].meaning != NULL; i++) {
        assert_contains(text, exit_codes[i].meaning);
    }
    assert_contains(text, "-q, --quiet");
    assert_contains(text, "--release PATH");
    assert_contains(text, "HEADGATE_PG_BINDIR");
}

/* Each line of roff that is not a request begins with neither a dot nor a quote. */
static void no_line_of_text_is_taken_for_a_request(void **state)
{
    (void)state;
    static const char *const requests[] = {".TH ", ".SH ", ".SS ", ".PP",
                                           ".TP",  ".B ",  ".BR ", ".I "};
    CLEANUP(mem_freep) char *text = help_man();
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        bool known = *line != '.' && *line != '\'';
        for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
            known = known || text_starts(line, requests[i]);
        }
        if (!known) {
            fail_msg("%.*s", (int)strcspn(line, "\n"), line);
        }
    }
}

static void exit_codes_are_those_of_errors(void **state)
{
    (void)state;
    for (int code = ERROR_NONE; code < ERROR_CODE_MAX; code++) {
        bool found = false;
        for (size_t i = 0; exit_codes[i].meaning != NULL; i++) {
            found = found || exit_codes[i].status == error_exit_status((enum error_code)code);
        }
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_help_that_fits),
        cmocka_unit_test(the_overview_names_every_command),
        cmocka_unit_test(long_texts_are_broken_at_blanks),
        cmocka_unit_test(texts_in_the_table_are_in_shape),
        cmocka_unit_test(mandoc_has_nothing_to_say),
        cmocka_unit_test(the_man_page_says_everything),
        cmocka_unit_test(no_line_of_text_is_taken_for_a_request),
        cmocka_unit_test(exit_codes_are_those_of_errors),
    };
    return cmocka_run_group_tests_name("cli/help", tests, NULL, NULL);
}
