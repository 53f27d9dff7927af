#include "headgate/json_data.h"
#include "scratch.h"

static struct json_data *parsed(const char *text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct json_data *data = NULL;
    assert_ok(json_data_parse(text, strlen(text), &data, &err));
    return data;
}

static void assert_refused(const char *text, size_t size, const char *message, const char *detail)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct json_data *data = NULL;
    assert_fails(json_data_parse(text, size, &data, &err), ERROR_CONFIG);
    assert_null(data);
    assert_string_equal(err.message, message);
    if (detail != NULL) {
        assert_contains(err.detail, detail);
    }
}

static void assert_written(const char *text, const char *wanted)
{
    CLEANUP(json_data_freep) struct json_data *data = parsed(text);
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, false);
    json_write_data(&writer, data);
    assert_string_equal(out.text, wanted);
}

static void members_are_found_by_their_names(void **state)
{
    (void)state;
    CLEANUP(json_data_freep)
    struct json_data *data = parsed("{\"b\": \"two\", \"a\": 1, \"c\": [true, {\"d\": null}], "
                                    "\"real\": 1.5, \"no\": false, \"\": \"nameless\"}");
    assert_true(json_data_is_object(data));
    assert_false(json_data_is_array(data));
    assert_int_equal(json_data_count(data), 6);
    assert_string_equal(json_data_text(data, "b"), "two");
    assert_string_equal(json_data_text(data, ""), "nameless");
    assert_int_equal(json_data_integer(data, "a", -1), 1);
    assert_true(json_data_truth(json_data_member(data, "c"), "x", true));
    assert_false(json_data_truth(data, "no", true));
    const struct json_data *list = json_data_member(data, "c");
    assert_true(json_data_is_array(list));
    assert_int_equal(json_data_count(list), 2);
    assert_int_equal(json_data_count(json_data_item(list, 0)), 0);
    assert_non_null(json_data_member(json_data_item(list, 1), "d"));
    assert_true(json_data_is_null(json_data_member(json_data_item(list, 1), "d")));
    assert_false(json_data_is_null(list));
}

static void members_keep_the_order_of_the_text(void **state)
{
    (void)state;
    CLEANUP(json_data_freep) struct json_data *data = parsed("{\"z\":1,\"a\":2,\"m\":3}");
    assert_string_equal(json_data_key(data, 0), "z");
    assert_string_equal(json_data_key(data, 1), "a");
    assert_string_equal(json_data_key(data, 2), "m");
    assert_null(json_data_key(data, 3));
}

static void what_is_missing_or_of_another_type_is_an_answer(void **state)
{
    (void)state;
    CLEANUP(json_data_freep) struct json_data *data = parsed("{\"a\":\"text\",\"n\":1.5,\"l\":[]}");
    assert_null(json_data_member(data, "b"));
    assert_null(json_data_member(data, NULL));
    assert_null(json_data_text(data, "n"));
    assert_null(json_data_text(data, "b"));
    assert_int_equal(json_data_integer(data, "a", 7), 7);
    assert_int_equal(json_data_integer(data, "n", 7), 7);
    assert_true(json_data_truth(data, "a", true));
    assert_null(json_data_item(data, 0));
    assert_null(json_data_item(json_data_member(data, "l"), 0));
    assert_null(json_data_member(json_data_member(data, "a"), "x"));
    assert_null(json_data_key(json_data_member(data, "l"), 0));
    assert_string_equal(json_data_string(json_data_member(data, "a")), "text");
}

static void a_path_is_walked_without_checks(void **state)
{
    (void)state;
    assert_null(json_data_member(json_data_item(NULL, 3), "x"));
    assert_null(json_data_text(NULL, "x"));
    assert_null(json_data_string(NULL));
    assert_null(json_data_key(NULL, 0));
    assert_int_equal(json_data_integer(NULL, "x", 5), 5);
    assert_true(json_data_truth(NULL, "x", true));
    assert_int_equal(json_data_count(NULL), 0);
    assert_false(json_data_is_object(NULL));
    assert_false(json_data_is_array(NULL));
    assert_false(json_data_is_null(NULL));
    struct json_data *none = NULL;
    json_data_freep(&none);
}

static void what_is_no_json_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_refused("{\n \"a\": }", 9, "this is no valid JSON: line 2, column 7", "The parser says");
    assert_refused("{\"a\":1,\"a\":2}", 13, "this is no valid JSON: line 1, column 10",
                   "duplicate object key");
    assert_refused("", 0, "this is no valid JSON: line 1, column 0", NULL);
    assert_refused("1 2", 3, "this is no valid JSON: line 1, column 3", NULL);
    assert_refused("\"\\u0000\"", 8, "this is no valid JSON: line 1, column 8", NULL);
    assert_refused("\"a\0b\"", 5, "this is no valid JSON: line 1, column 2", NULL);
    assert_refused("\"\xff\"", 3, "this is no valid JSON: line 1, column 1", NULL);
    assert_refused("99999999999999999999", 20, "this is no valid JSON: line 1, column 20", NULL);
}

static char *nested(int levels, const char *open, const char *close)
{
    struct strbuf text = STRBUF_INIT;
    for (int i = 0; i < levels; i++) {
        strbuf_add(&text, open);
    }
    strbuf_add(&text, "1");
    for (int i = 0; i < levels; i++) {
        strbuf_add(&text, close);
    }
    return strbuf_take(&text);
}

static void sixty_four_levels_are_the_limit(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *arrays = nested(64, "[", "]");
    CLEANUP(mem_freep) char *objects = nested(64, "{\"a\":", "}");
    CLEANUP(mem_freep) char *deep_arrays = nested(65, "[", "]");
    CLEANUP(mem_freep) char *deep_objects = nested(65, "{\"a\":", "}");
    assert_written(arrays, arrays);
    assert_written(objects, objects);
    assert_refused(deep_arrays, strlen(deep_arrays), "this JSON is nested deeper than 64 levels",
                   NULL);
    assert_refused(deep_objects, strlen(deep_objects), "this JSON is nested deeper than 64 levels",
                   NULL);
}

static void the_same_facts_give_the_same_bytes(void **state)
{
    (void)state;
    assert_written(" { \"b\" : [ ] , \"a\" : { \"d\" : 1 , \"c\" : null } } ",
                   "{\"a\":{\"c\":null,\"d\":1},\"b\":[]}");
    assert_written("[5.0, 5, -0.0, 1e3, 1.5, 1e300, 12345678901234567890.0, 9223372036854775807]",
                   "[5,5,0,1000,1.5,1e+300,1.2345678901234567e+19,9223372036854775807]");
    assert_written("[true,false,\"\\u00e9\\n\"]", "[true,false,\"\xc3\xa9\\n\"]");
    assert_written("{}", "{}");
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&out, false);
    json_write_data(&writer, NULL);
    assert_string_equal(out.text, "null");
}

static bool are_equal(const char *a, const char *b)
{
    CLEANUP(json_data_freep) struct json_data *left = parsed(a);
    CLEANUP(json_data_freep) struct json_data *right = parsed(b);
    assert_int_equal(json_data_equal(left, right), json_data_equal(right, left));
    return json_data_equal(left, right);
}

static void what_says_the_same_is_equal(void **state)
{
    (void)state;
    assert_true(are_equal("{\"a\":1,\"b\":[null,true,1.5,\"x\"]}",
                          "{\"b\":[null,true,1.5,\"x\"],\"a\":1.0}"));
    assert_false(are_equal("{\"a\":1}", "{\"b\":1}"));
    assert_false(are_equal("{\"a\":1}", "{\"a\":1,\"b\":1}"));
    assert_false(are_equal("[1,2]", "[2,1]"));
    assert_false(are_equal("true", "false"));
    assert_false(are_equal("1", "\"1\""));
    assert_false(are_equal("1", "2"));
    assert_false(are_equal("1.5", "2.5"));
    assert_false(are_equal("\"a\"", "\"b\""));
    assert_true(json_data_equal(NULL, NULL));
    CLEANUP(json_data_freep) struct json_data *data = parsed("null");
    assert_false(json_data_equal(NULL, data));
    assert_false(json_data_equal(data, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_by_their_names),
        cmocka_unit_test(members_keep_the_order_of_the_text),
        cmocka_unit_test(what_is_missing_or_of_another_type_is_an_answer),
        cmocka_unit_test(a_path_is_walked_without_checks),
        cmocka_unit_test(what_is_no_json_is_refused_with_its_place),
        cmocka_unit_test(sixty_four_levels_are_the_limit),
        cmocka_unit_test(the_same_facts_give_the_same_bytes),
        cmocka_unit_test(what_says_the_same_is_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
