#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/json_write.h"
#include "reading.h"

static void write_sample(struct json_writer *writer)
{
    json_write_object(writer);
    json_write_member_integer(writer, "format", 1);
    json_write_key(writer, "steps");
    json_write_array(writer);
    json_write_text(writer, "a");
    json_write_object(writer);
    json_write_member_bool(writer, "done", true);
    json_write_member_text(writer, "why", NULL);
    json_write_object_end(writer);
    json_write_array_end(writer);
    json_write_key(writer, "none");
    json_write_array(writer);
    json_write_array_end(writer);
    json_write_key(writer, "empty");
    json_write_object(writer);
    json_write_object_end(writer);
    json_write_object_end(writer);
}

static void one_line_has_no_blanks(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, false);
    write_sample(&writer);
    assert_string_equal(out.text,
                        "{\"format\":1,\"steps\":[\"a\",{\"done\":true,\"why\":null}],\"none\":[],"
                        "\"empty\":{}}");
}

static void pretty_is_two_spaces_a_level(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, true);
    write_sample(&writer);
    assert_string_equal(
        out.text, "{\n  \"format\": 1,\n  \"steps\": [\n    \"a\",\n    {\n      \"done\": "
                  "true,\n      \"why\": null\n    }\n  ],\n  \"none\": [],\n  \"empty\": {}\n}");
}

static void assert_text(const char *text, const char *wanted)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, false);
    json_write_text(&writer, text);
    assert_string_equal(out.text, wanted);
}

static void texts_are_escaped(void **state)
{
    (void)state;
    assert_text("plain / \xc3\xa9 \xf0\x9f\x98\x80 \x7f",
                "\"plain / \xc3\xa9 \xf0\x9f\x98\x80 \x7f\"");
    assert_text("\" \\ \b\f\n\r\t", "\"\\\" \\\\ \\b\\f\\n\\r\\t\"");
    assert_text("\x01\x1f", "\"\\u0001\\u001f\"");
    assert_text("", "\"\"");
    assert_text(NULL, "null");
}

static void broken_bytes_become_replacement_characters(void **state)
{
    (void)state;
    assert_text("a\xff"
                "b",
                "\"a\xef\xbf\xbd"
                "b\"");
    assert_text("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_text("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_text("\xc3\xc3\xa9", "\"\xef\xbf\xbd\xc3\xa9\"");
}

static void assert_number(double number, const char *wanted)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, false);
    json_write_number(&writer, number);
    assert_string_equal(out.text, wanted);
    assert_true(strtod(out.text, NULL) == number);
}

static void numbers_are_as_short_as_they_can_be(void **state)
{
    (void)state;
    assert_number(0, "0");
    assert_number(0.1, "0.1");
    assert_number(-2.5, "-2.5");
    assert_number(1.0 / 3, "0.3333333333333333");
    assert_number(0.1 + 0.2, "0.30000000000000004");
    assert_number(1e300, "1e+300");
    assert_number(5e-324, "5e-324");
}

static void whole_numbers_are_exact(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, false);
    json_write_array(&writer);
    json_write_integer(&writer, INT64_MIN);
    json_write_integer(&writer, INT64_MAX);
    json_write_bool(&writer, false);
    json_write_array_end(&writer);
    assert_string_equal(out.text, "[-9223372036854775808,9223372036854775807,false]");
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    const char *const text = "\x01\"\\/\n\xc3\xa9 $$ {}";
    struct json_writer writer = json_writer_start(&out, true);
    json_write_object(&writer);
    json_write_member_text(&writer, text, text);
    json_write_object_end(&writer);
    CLEANUP(reading_clear) struct reading reading = reading_of(out.text, NULL);
    json_object_check_only(&reading.object, true);
    assert_string_equal(json_text(&reading.object, text, JSON_REQUIRED, NULL), text);
}

static void a_value_without_a_key(struct json_writer *writer)
{
    json_write_object(writer);
    json_write_integer(writer, 1);
}

static void two_keys_in_a_row(struct json_writer *writer)
{
    json_write_object(writer);
    json_write_key(writer, "a");
    json_write_key(writer, "b");
}

static void a_key_in_an_array(struct json_writer *writer)
{
    json_write_array(writer);
    json_write_key(writer, "a");
}

static void two_values_at_the_root(struct json_writer *writer)
{
    json_write_integer(writer, 1);
    json_write_integer(writer, 2);
}

static void an_end_of_the_other_kind(struct json_writer *writer)
{
    json_write_array(writer);
    json_write_object_end(writer);
}

static void an_end_after_a_key(struct json_writer *writer)
{
    json_write_object(writer);
    json_write_key(writer, "a");
    json_write_object_end(writer);
}

static void an_end_too_many(struct json_writer *writer)
{
    json_write_array(writer);
    json_write_array_end(writer);
    json_write_array_end(writer);
}

static void not_a_number(struct json_writer *writer)
{
    json_write_number(writer, (double)NAN);
}

static void endless(struct json_writer *writer)
{
    json_write_number(writer, (double)INFINITY);
}

static void too_many_levels(struct json_writer *writer)
{
    for (int i = 0; i < JSON_WRITE_LEVELS; i++) {
        json_write_array(writer);
    }
}

static bool aborts(void (*misuse)(struct json_writer *writer))
{
    pid_t child = fork();
    if (child == 0) {
        struct rlimit no_core = {0, 0};
        struct strbuf out = STRBUF_INIT;
        struct json_writer writer = json_writer_start(&out, false);
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        misuse(&writer);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void nothing_wrong(struct json_writer *writer)
{
    for (int i = 0; i < JSON_WRITE_LEVELS - 1; i++) {
        json_write_array(writer);
    }
}

static void misuse_asserts(void **state)
{
    (void)state;
    assert_false(aborts(nothing_wrong));
    assert_true(aborts(a_value_without_a_key));
    assert_true(aborts(two_keys_in_a_row));
    assert_true(aborts(a_key_in_an_array));
    assert_true(aborts(two_values_at_the_root));
    assert_true(aborts(an_end_of_the_other_kind));
    assert_true(aborts(an_end_after_a_key));
    assert_true(aborts(an_end_too_many));
    assert_true(aborts(not_a_number));
    assert_true(aborts(endless));
    assert_true(aborts(too_many_levels));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_has_no_blanks),
        cmocka_unit_test(pretty_is_two_spaces_a_level),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(broken_bytes_become_replacement_characters),
        cmocka_unit_test(numbers_are_as_short_as_they_can_be),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(misuse_asserts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
