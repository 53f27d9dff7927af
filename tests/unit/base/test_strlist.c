/*
 * A list of texts.
 */
#include "child.h"

#include <string.h>

#include "headgate/strlist.h"

static void an_empty_list_has_nothing(void **state)
{
    (void)state;
    struct strlist list = STRLIST_INIT;
    strlist_sort(&list);
    assert_false(strlist_has(&list, "a"));
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&list);
    assert_string_equal(sentence, "");
    strlist_clear(&list);
    assert_int_equal(list.n, 0);
}

static void every_way_of_adding_copies_or_takes(void **state)
{
    (void)state;
    char text[] = "abc";
    CLEANUP(strlist_clear) struct strlist list = STRLIST_INIT;
    char *taken = mem_copy("taken");
    strlist_add(&list, text);
    strlist_add_n(&list, text + 1, 1);
    strlist_printf(&list, "%s=%d", "n", 3);
    strlist_take(&list, taken);
    memset(text, 'x', 3);
    assert_int_equal(list.n, 4);
    assert_string_equal(list.items[0], "abc");
    assert_string_equal(list.items[1], "b");
    assert_string_equal(list.items[2], "n=3");
    assert_ptr_equal(list.items[3], taken);
}

static void it_ends_in_null_at_every_length(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist list = STRLIST_INIT;
    for (size_t i = 0; i < 1000; i++) {
        strlist_printf(&list, "%zu", i);
        assert_int_equal(list.n, i + 1);
        assert_null(list.items[i + 1]);
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(strtoul(list.items[i], NULL, 10), i);
    }
}

static int execute(const void *context)
{
    const struct strlist *lists = context;
    (void)execve(lists[0].items[0], lists[0].items, lists[1].items);
    return 9;
}

static void it_serves_as_argv_and_envp(void **state)
{
    (void)state;
    struct strlist lists[2] = {STRLIST_INIT, STRLIST_INIT};
    strlist_add(&lists[0], "/bin/sh");
    strlist_add(&lists[0], "-c");
    strlist_add(&lists[0],
                "test $# = 2 && test \"$2\" = 'a b' && test \"$WORD\" = hello && exit 42");
    strlist_add(&lists[0], "name");
    strlist_add(&lists[0], "");
    strlist_add(&lists[0], "a b");
    strlist_add(&lists[1], "WORD=hello");
    assert_int_equal(in_child(execute, lists), 42);
    strlist_clear(&lists[0]);
    strlist_clear(&lists[1]);
}

static void it_is_sorted_by_bytes(void **state)
{
    (void)state;
    static const char *const sorted[] = {"",  "10",  "9",  "B", "_",
                                         "a", "a b", "aa", "b", "\xc3\xa9"};
    CLEANUP(strlist_clear) struct strlist list = STRLIST_INIT;
    for (size_t i = ARRAY_LEN(sorted); i > 0; i--) {
        strlist_add(&list, sorted[i - 1]);
    }
    strlist_sort(&list);
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
        assert_string_equal(list.items[i], sorted[i]);
    }
    assert_null(list.items[list.n]);
}

static void what_it_has_is_found_whole(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist list = STRLIST_INIT;
    strlist_add(&list, "one");
    strlist_add(&list, "two");
    assert_true(strlist_has(&list, "one"));
    assert_true(strlist_has(&list, "two"));
    assert_false(strlist_has(&list, "tw"));
    assert_false(strlist_has(&list, "Two"));
}

static void a_sentence_names_them_all(void **state)
{
    (void)state;
    static const char *const sentences[] = {"\"a\"", "\"a\" and \"b\"", "\"a\", \"b\" and \"c\"",
                                            "\"a\", \"b\", \"c\" and \"d\""};
    CLEANUP(strlist_clear) struct strlist list = STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_LEN(sentences); i++) {
        strlist_printf(&list, "%c", (int)('a' + i));
        CLEANUP(mem_freep) char *sentence = strlist_sentence(&list);
        assert_string_equal(sentence, sentences[i]);
    }
}

static void joined_they_stand_as_they_are(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist list = STRLIST_INIT;
    CLEANUP(mem_freep) char *none = strlist_join(&list, ", ");
    assert_string_equal(none, "");
    strlist_add(&list, "a");
    CLEANUP(mem_freep) char *one = strlist_join(&list, ", ");
    assert_string_equal(one, "a");
    strlist_add(&list, "");
    strlist_add(&list, "c d");
    CLEANUP(mem_freep) char *three = strlist_join(&list, ",");
    assert_string_equal(three, "a,,c d");
}

static void a_cleared_list_can_be_used_again(void **state)
{
    (void)state;
    struct strlist list = STRLIST_INIT;
    strlist_add(&list, "a");
    strlist_clear(&list);
    assert_int_equal(list.n, 0);
    assert_null(list.items);
    strlist_add(&list, "b");
    assert_string_equal(list.items[0], "b");
    strlist_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_has_nothing),
        cmocka_unit_test(every_way_of_adding_copies_or_takes),
        cmocka_unit_test(it_ends_in_null_at_every_length),
        cmocka_unit_test(it_serves_as_argv_and_envp),
        cmocka_unit_test(it_is_sorted_by_bytes),
        cmocka_unit_test(what_it_has_is_found_whole),
        cmocka_unit_test(a_sentence_names_them_all),
        cmocka_unit_test(joined_they_stand_as_they_are),
        cmocka_unit_test(a_cleared_list_can_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
