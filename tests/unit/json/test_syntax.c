#include "reading.h"

static void assert_refused(const char *text, const char *wanted)
{
    CLEANUP(reading_clear) struct reading reading = reading_of(text, NULL);
    assert_null(reading.document);
    assert_mistakes(&reading, wanted);
    assert_string_equal(reading.err.message, "a.json has 1 mistake");
}

static void assert_accepted(const char *text)
{
    CLEANUP(reading_clear) struct reading reading = reading_of(text, NULL);
    assert_non_null(reading.document);
}

static void good_json_is_accepted(void **state)
{
    (void)state;
    assert_accepted("{}");
    assert_accepted(" [ ] \r\n");
    assert_accepted("\"text\"");
    assert_accepted("[0, -0, 12, -1.5, 1e5, 1E+5, 0.25e-3, true, false, null]");
    assert_accepted("{\"a\": {\"b\": [[], {}, [{}]]}, \"c\": \"\"}");
    assert_accepted(
        "[\"\\\" \\\\ \\/ \\b\\f\\n\\r\\t \\u00e9 \\uD83D\\uDE00 \xf0\x9f\x98\x80 \x7f\"]");
    assert_accepted("[\"// no comment\", \"{[,:\"]");
}

static void a_missing_mark_is_named_where_the_next_word_stands(void **state)
{
    (void)state;
    assert_refused("{\"a\": 1 \"b\": 2}", "1:9+3 expected \",\" or \"}\"");
    assert_refused("[1 2]", "1:4+1 expected \",\" or \"]\"");
    assert_refused("{\"a\" 1}", "1:6+1 expected \":\" after the key");
    assert_refused("{\"a\": 1]", "1:8+1 expected \",\" or \"}\"");
    assert_refused("{\"a\": }", "1:7+1 expected a value");
    assert_refused("[,1]", "1:2+1 expected a value");
    assert_refused("{,}", "1:2+1 expected a key in double quotes");
    assert_refused("{[]: 1}", "1:2+1 expected a key in double quotes");
    assert_refused("[1, @]", "1:5+1 expected a value");
    assert_refused("{\n  \"\xc3\xa4\": \"\xc3\xb6\" \"b\"\n}", "2:12+3 expected \",\" or \"}\"");
}

static void an_unexpected_end_names_what_is_open(void **state)
{
    (void)state;
    assert_refused(
        "{\n  \"a\": [1, 2\n",
        "2:13+1 unexpected end of the file, expected \",\" or \"]\" | the \"[\" in line 2 "
        "is not closed");
    assert_refused("{\"a\": 1",
                   "1:8+1 unexpected end of the file, expected \",\" or \"}\" | the \"{\" in "
                   "line 1 is not closed");
    assert_refused(
        "{", "1:2+1 unexpected end of the file, expected a key in double quotes | the \"{\" in "
             "line 1 is not closed");
    assert_refused("{\"a\":",
                   "1:6+1 unexpected end of the file, expected a value | the \"{\" in line 1 "
                   "is not closed");
}

static void an_empty_file_is_refused(void **state)
{
    (void)state;
    assert_refused("", "1:1+1 the file is empty");
    assert_refused(" \n\t\n", "1:1+1 the file is empty");
}

static void trailing_commas_are_named(void **state)
{
    (void)state;
    assert_refused("{\"a\": 1,}", "1:8+1 trailing comma before \"}\"");
    assert_refused("[1,\n]", "1:3+1 trailing comma before \"]\"");
}

static void trailing_garbage_is_refused(void **state)
{
    (void)state;
    assert_refused("{} x", "1:4+1 expected the end of the file");
    assert_refused("{}}", "1:3+1 expected the end of the file");
    assert_refused("{}\n// end", "2:1+6 JSON has no comments");
}

static void comments_are_named(void **state)
{
    (void)state;
    assert_refused("{\n  // why\n  \"a\": 1}", "2:3+6 JSON has no comments");
    assert_refused("{\"a\": /* why */ 1}", "1:7+9 JSON has no comments");
    assert_refused("{\"a\": 1 # why\r\n}", "1:9+5 JSON has no comments");
    assert_refused("[/* open", "1:2+7 JSON has no comments");
    assert_refused("[/]", "1:2+1 expected a value");
}

static void foreign_quotes_are_named(void **state)
{
    (void)state;
    assert_refused("{'a': 1}", "1:2+3 strings must be in double quotes (\")");
    assert_refused("{\"a\": 'b c'}", "1:7+5 strings must be in double quotes (\")");
    assert_refused("[\xe2\x80\x9c"
                   "a b\xe2\x80\x9d]",
                   "1:2+5 strings must be in double quotes (\")");
    assert_refused("['open]\n", "1:2+6 strings must be in double quotes (\")");
}

static void words_without_quotes_are_named(void **state)
{
    (void)state;
    assert_refused("{timeout: 1}", "1:2+7 a key must be in double quotes: \"timeout\"");
    assert_refused("{1: 1}", "1:2+1 a key must be in double quotes: \"1\"");
    assert_refused("[staging]",
                   "1:2+7 staging is not a JSON value | a string must be in double quotes");
    assert_refused("[True]", "1:2+4 True is not a JSON value | did you mean true?");
    assert_refused("[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]",
                   "1:2+71 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa... is not a JSON value | a "
                   "string must be in double quotes");
}

static void numbers_of_other_languages_are_refused(void **state)
{
    static const char *const numbers[] = {"01",        "-",     "+1",  ".5",   "1.",
                                          "1.e5",      "1e",    "1e+", "0x1f", "1_000",
                                          "-Infinity", "1.2.3", "00"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        CLEANUP(mem_freep) char *text = mem_printf("[%s]", numbers[i]);
        CLEANUP(mem_freep)
        char *wanted = mem_printf("1:2+%zu %s is not a number as JSON writes it",
                                  strlen(numbers[i]), numbers[i]);
        assert_refused(text, wanted);
    }
}

static void numbers_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    assert_accepted("[9223372036854775807, -9223372036854775808]");
    assert_refused("[\"\xc3\xa9\", 9223372036854775808 ]", "1:7+19 this number is out of range");
    assert_refused("[1e999]", "1:2+5 this number is out of range");
    assert_refused("123456789012345678901234567890", "1:1+30 this number is out of range");
}

static void strings_are_checked_to_their_end(void **state)
{
    (void)state;
    assert_refused("{\"a\": \"open}\n", "1:7+6 this string has no closing quote");
    assert_refused("[\"open\\\"", "1:2+7 this string has no closing quote");
    assert_refused("[\"open\\\n\"]", "1:2+6 this string has no closing quote");
    assert_refused("[\"a\tb\"]", "1:4+1 a tab in a string must be written as \\t");
    assert_refused("[\"a\x01\"]",
                   "1:4+1 this control character in a string must be written as \\u0001");
    assert_refused("[\"\\x41\"]",
                   "1:3+2 \\x is not an escape that JSON has | a backslash itself is written \\\\");
    assert_refused("[\"\\\xc3\xa9\"]",
                   "1:3+2 \\\xc3\xa9 is not an escape that JSON has | a backslash itself "
                   "is written \\\\");
    assert_refused("[\"\\\x01\"]",
                   "1:3+1 \\ is not an escape that JSON has | a backslash itself is written \\\\");
    assert_refused("[\"\\u12\"]", "1:3+4 \\u must be followed by four hexadecimal digits");
    assert_refused("[\"\\u12x4\"]", "1:3+4 \\u must be followed by four hexadecimal digits");
    assert_refused("[\"a\\u0000\"]", "1:4+6 a string cannot hold the character \\u0000");
    assert_refused("{\"\\q\": 1}",
                   "1:3+2 \\q is not an escape that JSON has | a backslash itself is written \\\\");
}

static void lone_surrogates_are_refused(void **state)
{
    (void)state;
    assert_refused("[\"\\ud800\"]", "1:3+6 \\ud800 is half a surrogate pair");
    assert_refused("[\"\\udc00\"]", "1:3+6 \\udc00 is half a surrogate pair");
    assert_refused("[\"\\ud800\\ud800\"]", "1:3+6 \\ud800 is half a surrogate pair");
    assert_refused("[\"\\ud83dx\"]", "1:3+6 \\ud83d is half a surrogate pair");
}

static void duplicate_keys_are_refused_however_they_are_written(void **state)
{
    (void)state;
    assert_refused("{\n  \"a\": 1,\n  \"b\": {\"a\": [\"a\", {}]},\n  \"a\": 2\n}",
                   "4:3+3 duplicate key \"a\" | the first one is at 2:3");
    assert_refused("{\"x\": [{}, {\"\xc3\xa9\": 1, \"\\u00e9\": 2}]}",
                   "1:21+8 duplicate key \"\\u00e9\" | the first one is at 1:13");
    assert_refused("{\"b\": {\"a\": [\"a\"]}, \"a\": 2, \"a\": 3}",
                   "1:29+3 duplicate key \"a\" | the first one is at 1:21");
    assert_refused("[[], {\"k\": [1, [2]], \"k\": {}}]",
                   "1:22+3 duplicate key \"k\" | the first one is at 1:7");
}

static void the_65th_level_is_refused(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add_repeated(&text, '[', 64);
    strbuf_add_repeated(&text, ']', 64);
    assert_accepted(text.text);
    strbuf_cut(&text, 0);
    strbuf_add_repeated(&text, '[', 65);
    strbuf_add_repeated(&text, ']', 65);
    assert_refused(text.text, "1:65+1 nested deeper than 64 levels");
}

static void a_million_brackets_do_no_harm(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add_repeated(&text, '[', 1000000);
    assert_refused(text.text, "1:65+1 nested deeper than 64 levels");
    strbuf_cut(&text, 0);
    for (int i = 0; i < 1000; i++) {
        strbuf_add(&text, "{\"a\":");
    }
    assert_refused(text.text, "1:321+1 nested deeper than 64 levels");
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    assert_refused("\xef\xbb\xbf{}",
                   "1:1+1 the file begins with a byte order mark | save it as UTF-8 without one");
    assert_refused("{\"a\":\n\"\xff\"}", "2:2+1 the byte 0xff is not UTF-8 here");
    assert_refused("[\"\xc0\xaf\"]", "1:3+1 the byte 0xc0 is not UTF-8 here");
    assert_refused("[\"\xed\xa0\x80\"]", "1:3+1 the byte 0xed is not UTF-8 here");
    assert_refused("[\"\xe0\x80\x80\"]", "1:3+1 the byte 0xe0 is not UTF-8 here");
    assert_refused("[\"\xf0\x80\x80\x80\"]", "1:3+1 the byte 0xf0 is not UTF-8 here");
    assert_refused("[\"\xf4\x90\x80\x80\"]", "1:3+1 the byte 0xf4 is not UTF-8 here");
    assert_refused("[\"\xc3", "1:3+1 the byte 0xc3 is not UTF-8 here");
    assert_refused("[\"\xe2\x82\"]", "1:3+1 the byte 0xe2 is not UTF-8 here");
}

static void a_nul_byte_is_refused(void **state)
{
    struct json_document *document = NULL;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)state;
    assert_fails(json_parse("a.json", "{\"a\0\": 1}", 9, NULL, &document, &err), ERROR_CONFIG);
    assert_int_equal(err.problems.n, 1);
    assert_string_equal(err.problems.items[0].message, "the file holds a NUL byte");
    assert_int_equal(err.problems.items[0].column, 4);
    assert_null(document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_json_is_accepted),
        cmocka_unit_test(a_missing_mark_is_named_where_the_next_word_stands),
        cmocka_unit_test(an_unexpected_end_names_what_is_open),
        cmocka_unit_test(an_empty_file_is_refused),
        cmocka_unit_test(trailing_commas_are_named),
        cmocka_unit_test(trailing_garbage_is_refused),
        cmocka_unit_test(comments_are_named),
        cmocka_unit_test(foreign_quotes_are_named),
        cmocka_unit_test(words_without_quotes_are_named),
        cmocka_unit_test(numbers_of_other_languages_are_refused),
        cmocka_unit_test(numbers_that_do_not_fit_are_refused),
        cmocka_unit_test(strings_are_checked_to_their_end),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(duplicate_keys_are_refused_however_they_are_written),
        cmocka_unit_test(the_65th_level_is_refused),
        cmocka_unit_test(a_million_brackets_do_no_harm),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(a_nul_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
