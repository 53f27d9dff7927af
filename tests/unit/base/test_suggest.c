/*
 * Near misses.
 */
#include "scratch.h"

#include <string.h>

#include "headgate/strlist.h"

static const char *const words[] = {"status",     "deploy", "doctor", "create",
                                    "completion", "config", "id",     NULL};

static void what_was_probably_meant_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *word, *meant;
    } rows[] = {
        {"status", "status"},  /* itself */
        {"STATUS", "status"},  /* without regard to case */
        {"statu", "status"},   /* a letter is missing */
        {"statuss", "status"}, /* one too many */
        {"stetus", "status"},  /* another one */
        {"sttaus", "status"},  /* two swapped are one mistake */
        {"tsatsu", "status"},  /* and these are two: a third of six */
        {"tsatxu", NULL},      /* three */
        {"dpeloy", "deploy"},
        {"DEPLYO", "deploy"},
        {"comletoin", "completion"}, /* two of nine */
        {"komletoin", "completion"}, /* three of nine */
        {"kompletionss", "completion"},
        {"konfig", "config"},
        {"migrate", NULL},
        {"dip", NULL}, /* two of three */
        {"i", "id"},
        {"xyz", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *near = suggest_near(rows[i].word, words);
        if (!text_equal(near, rows[i].meant)) {
            fail_msg("%s: %s, not %s", rows[i].word, near != NULL ? near : "none",
                     rows[i].meant != NULL ? rows[i].meant : "none");
        }
    }
}

static void the_nearest_wins_and_of_equals_the_first(void **state)
{
    (void)state;
    static const char *const near[] = {"timeouts", "timeout", "timeour", NULL};
    static const char *const equal[] = {"bat", "cat", NULL};
    assert_string_equal(suggest_near("timeout", near), "timeout");
    assert_string_equal(suggest_near("timeoutt", near), "timeouts");
    assert_string_equal(suggest_near("timeoux", near), "timeout");
    assert_string_equal(suggest_near("rat", equal), "bat");
}

static void without_candidates_there_is_none(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    assert_null(suggest_near("status", none));
    assert_null(suggest_near("", words));
}

static void words_of_any_length_are_safe(void **state)
{
    (void)state;
    char longest[65], longer[66];
    memset(longest, 'a', sizeof longest);
    memset(longer, 'a', sizeof longer);
    longest[64] = '\0';
    longer[65] = '\0';
    const char *candidates[] = {longer, longest, NULL};
    assert_ptr_equal(suggest_near(longest, candidates), longest);
    assert_null(suggest_near(longer, candidates));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_probably_meant_is_found),
        cmocka_unit_test(the_nearest_wins_and_of_equals_the_first),
        cmocka_unit_test(without_candidates_there_is_none),
        cmocka_unit_test(words_of_any_length_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
