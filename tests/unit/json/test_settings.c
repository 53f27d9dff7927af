#include "reading.h"

static const char *variable(void *context, const char *name)
{
    (void)context;
    return text_equal(name, "SET") ? "value" : NULL;
}

static const struct json_sources sources = {.variable = variable};

static const char *settings_of(struct reading *reading)
{
    struct strbuf told = STRBUF_INIT;
    size_t n;
    const struct json_setting *settings = json_settings(reading->document, &n);
    for (size_t i = 0; i < n; i++) {
        strbuf_printf(&told, "%s%s = %s (%s)", i > 0 ? "\n" : "", settings[i].path,
                      settings[i].value, settings[i].origin);
    }
    mem_free(reading->told);
    reading->told = strbuf_take(&told);
    return reading->told;
}

static void settings_are_told_with_their_place_in_the_order_of_asking(void **state)
{
    static const char *const words[] = {"red", "green", NULL};
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\n \"b\": true, \"i\": -5,\n \"deploy\": {\"d\": \"2s\", "
                                        "\"s\": \"1MB\", \"c\": \"red\"},\n"
                                        " \"l\": [\"x\", \"\\u00e9\"]}",
                                        &sources);
    struct json_object *object = &reading.object, deploy;
    size_t n;
    (void)json_texts(object, "l", &n);
    struct json_node node = json_member(object, "deploy", JSON_REQUIRED);
    assert_true(json_object_open(&node, &deploy, "\"deploy\""));
    (void)json_duration(&deploy, "d", 0);
    (void)json_size(&deploy, "s", 0);
    (void)json_choice(&deploy, "c", JSON_OPTIONAL, words, 1);
    (void)json_bool(object, "b", false);
    (void)json_integer(object, "i", -5, 5, 0);
    assert_string_equal(settings_of(&reading), "l[0] = x (a.json:4:8)\n"
                                               "l[1] = \\u00e9 (a.json:4:13)\n"
                                               "deploy.d = 2s (a.json:3:18)\n"
                                               "deploy.s = 1MB (a.json:3:29)\n"
                                               "deploy.c = red (a.json:3:41)\n"
                                               "b = true (a.json:2:7)\n"
                                               "i = -5 (a.json:2:18)");
}

static void fallbacks_are_told_in_the_form_the_file_would_have(void **state)
{
    static const char *const words[] = {"red", "green", NULL};
    static const uint64_t sizes[] = {0,         1,          1000,       1024, 500000000,
                                     16u << 20, 2000000000, 3221225472, 1500};
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{}", NULL);
    struct json_object *object = &reading.object;
    (void)json_text(object, "t", JSON_OPTIONAL, "plain");
    (void)json_text(object, "none", JSON_OPTIONAL, NULL);
    (void)json_bool(object, "b", false);
    (void)json_integer(object, "i", 0, 5, 3);
    (void)json_duration(object, "d", 90000);
    (void)json_duration(object, "never", DEADLINE_NONE);
    (void)json_choice(object, "c", JSON_OPTIONAL, words, 1);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        CLEANUP(mem_freep) char *key = mem_printf("s%zu", i);
        (void)json_size(object, key, sizes[i]);
    }
    assert_string_equal(
        settings_of(&reading),
        "t = plain (default)\nb = false (default)\ni = 3 (default)\nd = 90s (default)\n"
        "c = green (default)\ns0 = 0B (default)\ns1 = 1B (default)\ns2 = 1kB (default)\n"
        "s3 = 1KiB (default)\ns4 = 500MB (default)\ns5 = 16MiB (default)\n"
        "s6 = 2GB (default)\ns7 = 3GiB (default)\ns8 = 1500B (default)");
}

static void a_default_size_reads_back_as_itself(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{}", NULL);
    static const uint64_t sizes[] = {0,         7,          1000,       1024, 500000000,
                                     16u << 20, 2000000000, 3221225472, 1500};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *key = mem_printf("s%zu", i);
        size_t n;
        uint64_t bytes = 1;
        (void)json_size(&reading.object, key, sizes[i]);
        assert_ok(size_parse(json_settings(reading.document, &n)[i].value, &bytes, &err));
        assert_true(bytes == sizes[i]);
    }
}

static void a_value_names_the_variables_that_supplied_it(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of(
        "{\"a\": \"${SET}${SET}\", \"b\": \"${NO:-x}\", \"c\": \"${NO:-${SET}}\"}", &sources);
    (void)json_text(&reading.object, "a", JSON_OPTIONAL, NULL);
    (void)json_text(&reading.object, "b", JSON_OPTIONAL, NULL);
    (void)json_text(&reading.object, "c", JSON_OPTIONAL, NULL);
    assert_string_equal(settings_of(&reading),
                        "a = ${SET}${SET} (a.json:1:7, environment variable SET)\n"
                        "b = ${NO:-x} (a.json:1:28)\n"
                        "c = ${NO:-${SET}} (a.json:1:45, environment variable SET)");
}

static void in_a_check_a_value_names_all_its_variables(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"a\": \"${SET:-${NO}}${SET}\"}", &sources);
    json_object_check_only(&reading.object, true);
    (void)json_text(&reading.object, "a", JSON_OPTIONAL, NULL);
    assert_string_equal(
        settings_of(&reading),
        "a = ${SET:-${NO}}${SET} (a.json:1:7, environment variable SET, environment "
        "variable NO)");
    json_object_check_only(&reading.object, false);
    (void)json_text(&reading.object, "a", JSON_OPTIONAL, NULL);
    assert_string_equal(settings_of(&reading),
                        "a = ${SET:-${NO}}${SET} (a.json:1:7, environment variable SET)");
}

static void many_settings_are_each_told_once(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{}", NULL);
    size_t n;
    for (int i = 0; i < 2000; i++) {
        CLEANUP(mem_freep) char *key = mem_printf("key%d", i % 1000);
        (void)json_integer(&reading.object, key, 0, 5000, i);
    }
    const struct json_setting *settings = json_settings(reading.document, &n);
    assert_int_equal(n, 1000);
    assert_string_equal(settings[999].path, "key999");
    assert_string_equal(settings[999].value, "1999");
    assert_string_equal(settings[0].value, "1000");
}

static void an_unread_document_has_no_settings(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{}", NULL);
    size_t n = 1;
    (void)json_settings(reading.document, &n);
    assert_int_equal(n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_told_with_their_place_in_the_order_of_asking),
        cmocka_unit_test(fallbacks_are_told_in_the_form_the_file_would_have),
        cmocka_unit_test(a_default_size_reads_back_as_itself),
        cmocka_unit_test(a_value_names_the_variables_that_supplied_it),
        cmocka_unit_test(in_a_check_a_value_names_all_its_variables),
        cmocka_unit_test(many_settings_are_each_told_once),
        cmocka_unit_test(an_unread_document_has_no_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
