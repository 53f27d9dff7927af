#include "reading.h"

static void an_unknown_key_is_told_with_the_nearest_known_one(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading =
        reading_of("{\"steps\": [\n  {\"id\": \"e2e\", \"timout\": \"15m\", \"zzz\": 1}\n]}", NULL);
    struct json_node steps = json_member(&reading.object, "steps", JSON_REQUIRED);
    struct json_node step = json_item(&steps, 0);
    struct json_object object;
    assert_true(json_object_open(&step, &object, "step \"%s\"", "e2e"));
    assert_string_equal(object.what, "step \"e2e\"");
    (void)json_member(&object, "id", JSON_REQUIRED);
    (void)json_member(&object, "timeout", JSON_OPTIONAL);
    json_object_close(&object);
    json_object_close(&reading.object);
    assert_mistakes(&reading,
                    "2:17+8 unknown key \"timout\" in step \"e2e\" | did you mean \"timeout\"?\n"
                    "2:34+5 unknown key \"zzz\" in step \"e2e\"");
}

static void a_missing_key_is_told_at_its_object(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{\"a\": {}}", NULL);
    struct json_node a = json_member(&reading.object, "a", JSON_REQUIRED);
    struct json_object object;
    assert_true(json_object_open(&a, &object, "\"a\""));
    struct json_node missing = json_member(&object, "url", JSON_REQUIRED);
    assert_null(missing.value);
    assert_null(json_member(&object, "other", JSON_OPTIONAL).value);
    (void)json_complain_key(&missing, "it is needed");
    assert_mistakes(&reading, "1:7+1 it is needed\n1:7+1 missing key \"url\" in \"a\"");
}

static void what_is_no_object_is_told_once(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"a\": \"text\", \"b\": [[]]}", NULL);
    struct json_node a = json_member(&reading.object, "a", JSON_OPTIONAL);
    struct json_node b = json_member(&reading.object, "b", JSON_OPTIONAL);
    struct json_node item = json_item(&b, 0);
    struct json_node member;
    struct json_object object;
    assert_false(json_object_open(&a, &object, "\"a\""));
    assert_int_equal(json_integer(&object, "n", 0, 9, 5), 5);
    assert_null(json_text(&object, "t", JSON_REQUIRED, NULL));
    assert_int_equal(json_member_count(&object), 0);
    assert_false(json_member_at(&object, 0, &member));
    json_object_close(&object);
    assert_false(json_object_open(&item, &object, "an item"));
    assert_mistakes(&reading, "1:7+6 \"a\" of the file must be an object, not the string \"text\"\n"
                              "1:21+1 item 1 of \"b\" of the file must be an object, not an array");
}

static void a_root_that_is_no_object_is_told(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("[[1], 2]", NULL);
    struct json_node item = json_item(&reading.root, 1);
    struct json_object object;
    assert_false(json_object_open(&item, &object, "an item"));
    assert_mistakes(&reading, "1:1+1 the file must be an object, not an array\n"
                              "1:7+1 item 2 must be an object, not the number 2");
}

static void an_object_that_is_missing_gives_fallbacks_in_silence(void **state)
{
    (void)state;
    CLEANUP(reading_clear) struct reading reading = reading_of("{}", NULL);
    struct json_node missing = json_member(&reading.object, "deploy", JSON_OPTIONAL);
    struct json_object object;
    assert_false(json_object_open(&missing, &object, "\"deploy\""));
    assert_string_equal(json_text(&object, "mode", JSON_REQUIRED, "plain"), "plain");
    assert_true(json_bool(&object, "wait", true));
    json_object_close(&object);
    assert_mistakes(&reading, "");
}

static void members_with_names_of_the_user_are_gone_through_in_order(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"z\": 1, \"a\": 2, \"\\u00e9\": 3}", NULL);
    struct json_node member;
    assert_int_equal(json_member_count(&reading.object), 3);
    assert_true(json_member_at(&reading.object, 0, &member));
    assert_string_equal(member.key, "z");
    assert_true(json_member_at(&reading.object, 1, &member));
    assert_string_equal(member.key, "a");
    assert_true(json_member_at(&reading.object, 2, &member));
    assert_string_equal(member.key, "\xc3\xa9");
    assert_false(json_member_at(&reading.object, 3, &member));
    json_object_close(&reading.object);
    assert_mistakes(&reading, "");
}

static void many_keys_can_be_asked_for(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"key99\": 1, \"key100\": 2}", NULL);
    for (int i = 0; i < 100; i++) {
        CLEANUP(mem_freep) char *key = mem_printf("key%d", i);
        (void)json_member(&reading.object, key, JSON_OPTIONAL);
    }
    assert_int_equal(reading.object.n_asked, 100);
    assert_string_equal(reading.object.asked[7], "key7");
    assert_null(reading.object.asked[100]);
    json_object_close(&reading.object);
    assert_mistakes(&reading,
                    "1:14+8 unknown key \"key100\" in the file | did you mean \"key10\"?");
}

static void a_long_unknown_key_is_cut_between_characters(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "{\"");
    for (int i = 0; i < 40; i++) {
        strbuf_add(&text, "\xc3\xa9");
    }
    strbuf_add(&text, "\": 1}");
    CLEANUP(reading_clear) struct reading reading = reading_of(text.text, NULL);
    json_object_close(&reading.object);
    assert_mistakes(
        &reading, "1:2+42 unknown key \"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                  "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                  "\xc3\xa9\xc3\xa9... in the file");
}

/* Environments are kept for later and opened again, long after the object that they are members of.
 */
static void a_node_outlives_the_object_it_was_read_from(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"list\": {\"one\": {\"n\": 1}}}", NULL);
    struct json_object *list = mem_new(1, sizeof *list);
    struct json_node node = json_member(&reading.object, "list", JSON_REQUIRED), one;
    assert_true(json_object_open(&node, list, "the list"));
    assert_true(json_member_at(list, 0, &one));
    mem_free(list);
    memset(&node, 0xff, sizeof node);
    struct json_object object;
    assert_true(json_object_open(&one, &object, "one"));
    struct json_node n = json_member(&object, "n", JSON_REQUIRED);
    assert_string_equal(n.path, "list.one.n");
    (void)json_complain(&n, "here");
    assert_mistakes(&reading, "1:24+1 here");
}

static void kinds_are_told_apart(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"v\": [null, \"t\", 1, 1.5, true, [], {}]}", NULL);
    struct json_node list = json_member(&reading.object, "v", JSON_REQUIRED);
    static bool (*const predicates[])(const struct json_node *node) = {
        json_is_null, json_is_text,  json_is_number, json_is_number,
        json_is_bool, json_is_array, json_is_object};
    for (size_t i = 0; i < ARRAY_LEN(predicates); i++) {
        struct json_node item = json_item(&list, i);
        for (size_t k = 0; k < ARRAY_LEN(predicates); k++) {
            assert_int_equal(predicates[k](&item), predicates[k] == predicates[i]);
        }
    }
    struct json_node missing = json_member(&reading.object, "none", JSON_OPTIONAL);
    assert_false(json_is_null(&missing));
    assert_false(json_is_number(&missing));
}

static void an_array_is_read_item_by_item(void **state)
{
    (void)state;
    CLEANUP(reading_clear)
    struct reading reading = reading_of("{\"list\": [\"a\", 2], \"text\": \"x\"}", NULL);
    struct json_node list = json_member(&reading.object, "list", JSON_REQUIRED);
    struct json_node text = json_member(&reading.object, "text", JSON_REQUIRED);
    struct json_node missing = json_member(&reading.object, "none", JSON_OPTIONAL);
    size_t n = 77;
    assert_false(json_array(&missing, &n));
    assert_false(json_array(&text, &n));
    assert_int_equal(n, 77);
    assert_true(json_array(&list, &n));
    assert_int_equal(n, 2);
    assert_string_equal(json_item_text(&list, 0), "a");
    assert_null(json_item_text(&list, 1));
    struct json_node item = json_item(&list, 1);
    assert_int_equal(item.index, 1);
    assert_string_equal(item.path, "list[1]");
    assert_mistakes(&reading,
                    "1:16+1 item 2 of \"list\" of the file must be a string, not the number 2\n"
                    "1:28+3 \"text\" of the file must be an array, not the string \"x\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_key_is_told_with_the_nearest_known_one),
        cmocka_unit_test(a_missing_key_is_told_at_its_object),
        cmocka_unit_test(what_is_no_object_is_told_once),
        cmocka_unit_test(a_root_that_is_no_object_is_told),
        cmocka_unit_test(an_object_that_is_missing_gives_fallbacks_in_silence),
        cmocka_unit_test(members_with_names_of_the_user_are_gone_through_in_order),
        cmocka_unit_test(many_keys_can_be_asked_for),
        cmocka_unit_test(a_long_unknown_key_is_cut_between_characters),
        cmocka_unit_test(a_node_outlives_the_object_it_was_read_from),
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(an_array_is_read_item_by_item),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
