#include "reading.h"

static const char *variable(void *context, const char *name)
{
    (void)context;
    if (text_equal(name, "TIME")) {
        return "5m";
    }
    return text_equal(name, "WORD") ? "canary" : NULL;
}

static const struct json_sources sources = {.variable = variable};

static const char *const colours[] = {"red", "green", "blue", NULL};

static void good_scalars_are_converted(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"t\": \"a\\u00e9\\n\", \"b\": false, \"i\": -7, \"d\": "
                                        "\"90s\", \"s\": \"64kB\", \"c\": \"green\","
                                        " \"e\": \"${TIME}\", \"l\": [\"x\", \"$$y\"]}",
                                        &sources);
    struct json_object *object = &reading.object;
    size_t n;
    assert_string_equal(json_text(object, "t", JSON_REQUIRED, NULL), "a\xc3\xa9\n");
    assert_false(json_bool(object, "b", true));
    assert_int_equal(json_integer(object, "i", -7, 5, 0), -7);
    assert_int_equal(json_duration(object, "d", 0), 90000);
    assert_int_equal(json_duration(object, "e", 0), 300000);
    assert_int_equal(json_size(object, "s", 0), 64000);
    assert_int_equal(json_choice(object, "c", JSON_REQUIRED, colours, 0), 1);
    const char *const *list = json_texts(object, "l", &n);
    assert_int_equal(n, 2);
    assert_string_equal(list[0], "x");
    assert_string_equal(list[1], "$y");
    assert_null(list[2]);
    json_object_close(object);
    assert_mistakes(&reading, "");
}

static void what_is_missing_gives_the_fallback(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{}", NULL);
    struct json_object *object = &reading.object;
    size_t n = 1;
    assert_string_equal(json_text(object, "t", JSON_OPTIONAL, "T"), "T");
    assert_null(json_text(object, "u", JSON_OPTIONAL, NULL));
    assert_true(json_bool(object, "b", true));
    assert_int_equal(json_integer(object, "i", 1, 5, 3), 3);
    assert_int_equal(json_duration(object, "d", DEADLINE_NONE), DEADLINE_NONE);
    assert_int_equal(json_duration(object, "e", -1), -1);
    assert_true(json_size(object, "s", UINT64_MAX) == UINT64_MAX);
    assert_int_equal(json_choice(object, "c", JSON_OPTIONAL, colours, -1), -1);
    assert_null(json_texts(object, "l", &n)[0]);
    assert_int_equal(n, 0);
    assert_mistakes(&reading, "");
}

static void a_required_member_that_is_missing_is_told(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{}", NULL);
    struct json_object *object = &reading.object;
    assert_null(json_text(object, "name", JSON_REQUIRED, NULL));
    assert_int_equal(json_choice(object, "colour", JSON_REQUIRED, colours, 2), 2);
    assert_mistakes(&reading, "1:1+1 missing key \"colour\" in the file\n"
                              "1:1+1 missing key \"name\" in the file");
}

static void a_wrong_type_says_what_it_is(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading =
        reading_of("{\"t\": 1.0,\n\"b\": \"yes\",\n\"i\": 2.0,\n\"d\": 2,\n\"s\": null,\n"
                   "\"c\": {},\n\"l\": [1, \"ok\", true],\n\"m\": \"one\",\n\"n\": 7}",
                   NULL);
    struct json_object *object = &reading.object;
    size_t n;
    assert_string_equal(json_text(object, "t", JSON_OPTIONAL, "T"), "T");
    assert_true(json_bool(object, "b", true));
    assert_int_equal(json_integer(object, "i", INT64_MIN, INT64_MAX, 3), 3);
    assert_int_equal(json_duration(object, "d", 4), 4);
    assert_int_equal(json_size(object, "s", 5), 5);
    assert_int_equal(json_choice(object, "c", JSON_OPTIONAL, colours, 2), 2);
    assert_string_equal(json_texts(object, "l", &n)[0], "ok");
    assert_int_equal(n, 1);
    (void)json_texts(object, "m", &n);
    (void)json_texts(object, "n", &n);
    assert_mistakes(
        &reading,
        "1:7+3 \"t\" of the file must be a string, not the number 1.0\n"
        "2:6+5 \"b\" of the file must be true or false, not the string \"yes\"\n"
        "3:6+3 \"i\" of the file must be a whole number, not the number 2.0\n"
        "4:6+1 \"d\" of the file must be a duration such as \"2s\", not the number 2\n"
        "5:6+4 \"s\" of the file must be a size such as \"500MB\", not null\n"
        "6:6+1 \"c\" of the file must be \"red\", \"green\" or \"blue\", not an object\n"
        "7:7+1 item 1 of \"l\" of the file must be a string, not the number 1\n"
        "7:16+4 item 3 of \"l\" of the file must be a string, not true\n"
        "8:6+5 \"m\" of the file must be an array of strings, not the string \"one\" | write "
        "[\"one\"]\n"
        "9:6+1 \"n\" of the file must be an array, not the number 7");
}

static void a_number_out_of_range_names_the_range(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"a\": 0,\n\"b\": 65536,\n\"c\": -1,\n\"d\": 9}", NULL);
    struct json_object *object = &reading.object;
    assert_int_equal(json_integer(object, "a", 1, 65535, 22), 22);
    assert_int_equal(json_integer(object, "b", 1, 65535, 22), 22);
    assert_int_equal(json_integer(object, "c", 0, INT64_MAX, 1), 1);
    assert_int_equal(json_integer(object, "d", INT64_MIN, 8, 1), 1);
    assert_mistakes(
        &reading,
        "1:7+1 \"a\" of the file must be a whole number from 1 to 65535, not the number 0\n"
        "2:6+5 \"b\" of the file must be a whole number from 1 to 65535, not the number 65536\n"
        "3:6+2 \"c\" of the file must be a whole number of at least 0, not the number -1\n"
        "4:6+1 \"d\" of the file must be a whole number of at most 8, not the number 9");
}

static void a_text_that_means_nothing_is_told(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of(
        "{\"d\": \"2 sec\",\n\"s\": \"big\",\n\"c\": \"gren\",\n\"e\": \"violet\"}", NULL);
    struct json_object *object = &reading.object;
    assert_int_equal(json_duration(object, "d", 4), 4);
    assert_int_equal(json_size(object, "s", 5), 5);
    assert_int_equal(json_choice(object, "c", JSON_OPTIONAL, colours, 2), 2);
    assert_int_equal(json_choice(object, "e", JSON_OPTIONAL, colours, -1), -1);
    assert_mistakes(
        &reading,
        "1:7+7 \"d\" of the file must be a duration such as \"2s\", not the string \"2 sec\"\n"
        "2:6+5 \"s\" of the file must be a size such as \"500MB\", not the string \"big\"\n"
        "3:6+6 \"c\" of the file must be \"red\", \"green\" or \"blue\", not the string "
        "\"gren\" | did you mean \"green\"?\n"
        "4:6+8 \"e\" of the file must be \"red\", \"green\" or \"blue\", not the string "
        "\"violet\"");
}

/* What came from outside may be a secret: a message shows what the file says, and where the value
 * is from. */
static void a_value_from_outside_is_not_repeated(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{\"d\": \"${WORD}\"}", &sources);
    assert_int_equal(json_duration(&reading.object, "d", 4), 4);
    assert_mistakes(&reading,
                    "1:7+9 \"d\" of the file must be a duration such as \"2s\", not the string "
                    "\"${WORD}\" | its value comes from environment variable WORD");
    assert_null(strstr(reading.told, "canary"));
}

static void in_a_check_open_texts_are_not_converted(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"d\": \"${NOBODY}\", \"e\": \"5s\", \"f\": \"5\", "
                                        "\"c\": \"${X:-red}\", \"l\": [\"${Y}\"],"
                                        "\"o\": {\"t\": \"${Z}\"}}",
                                        &sources);
    struct json_object *object = &reading.object, inner;
    size_t n;
    json_object_check_only(object, true);
    assert_int_equal(json_duration(object, "d", 4), 4);
    assert_int_equal(json_duration(object, "e", 4), 5000);
    assert_int_equal(json_duration(object, "f", 4), 4);
    assert_int_equal(json_choice(object, "c", JSON_OPTIONAL, colours, 2), 2);
    assert_string_equal(json_texts(object, "l", &n)[0], "${Y}");
    struct json_node o = json_member(object, "o", JSON_REQUIRED);
    assert_true(json_object_open(&o, &inner, "\"o\""));
    assert_string_equal(json_text(&inner, "t", JSON_REQUIRED, NULL), "${Z}");
    assert_mistakes(
        &reading,
        "1:36+3 \"f\" of the file must be a duration such as \"2s\", not the string \"5\"");
}

static void a_long_text_is_cut_in_a_message(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of(
        "{\"b\": \"0123456789012345678901234567890123456789012345678901234567890\"}", NULL);
    assert_true(json_bool(&reading.object, "b", true));
    assert_mistakes(&reading, "1:7+63 \"b\" of the file must be true or false, not the string "
                              "\"012345678901234567890123456789012345678...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_scalars_are_converted),
        cmocka_unit_test(what_is_missing_gives_the_fallback),
        cmocka_unit_test(a_required_member_that_is_missing_is_told),
        cmocka_unit_test(a_wrong_type_says_what_it_is),
        cmocka_unit_test(a_number_out_of_range_names_the_range),
        cmocka_unit_test(a_text_that_means_nothing_is_told),
        cmocka_unit_test(a_value_from_outside_is_not_repeated),
        cmocka_unit_test(in_a_check_open_texts_are_not_converted),
        cmocka_unit_test(a_long_text_is_cut_in_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
