/* Names of the databases that a restore makes. */
#include "scratch.h"

#include "private.h"

static const struct strlist none = STRLIST_INIT;

static void names_say_what_the_database_is_for(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *restoring = made_name("shop", MADE_RESTORING, &none);
    CLEANUP(mem_freep) char *before = made_name("shop", MADE_BEFORE, &none);
    CLEANUP(mem_freep) char *restored = made_name("shop", MADE_RESTORED, &none);
    assert_int_equal(strncmp(restoring, "shop_restoring_", 15), 0);
    assert_int_equal(strlen(restoring), 19);
    assert_int_equal(strncmp(before, "shop_before_2", 13), 0);
    assert_int_equal(strlen(before), 26);
    assert_int_equal(strncmp(restored, "shop_restored_2", 15), 0);
}

static void what_was_made_is_known_again_and_nothing_else(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *before = made_name("shop", MADE_BEFORE, &none);
    assert_true(made_is(before, "shop", MADE_BEFORE));
    assert_false(made_is(before, "shop", MADE_RESTORED));
    assert_false(made_is(before, "sho", MADE_BEFORE));
    assert_false(made_is(before, "shop_before", MADE_BEFORE));
    assert_false(made_is("shop", "shop", MADE_BEFORE));
    assert_false(made_is("shop_before_", "shop", MADE_BEFORE));
    assert_false(made_is("shop_before_2026112820300", "shop", MADE_BEFORE));
    assert_false(made_is("shop_before_202611282030000", "shop", MADE_BEFORE));
    assert_false(made_is("shop_before_2026112820300x", "shop", MADE_BEFORE));
    assert_true(made_is("shop_restoring_00ff", "shop", MADE_RESTORING));
    assert_false(made_is("shop_restoring_00fg", "shop", MADE_RESTORING));
    assert_false(made_is("shop_restoring_old1", "shop", MADE_RESTORING));
}

static void a_name_that_is_taken_is_not_given(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist taken = STRLIST_INIT;
    for (int i = 0; i < 20; i++) {
        char *name = made_name("shop", i % 2 == 0 ? MADE_BEFORE : MADE_RESTORED, &taken);
        assert_false(strlist_has(&taken, name));
        strlist_take(&taken, name);
    }
}

static void long_names_are_cut_and_stay_different(void **state)
{
    (void)state;
    static const char one[] = "a23456789012345678901234567890123456789012345678901234567890abc";
    static const char two[] = "a23456789012345678901234567890123456789012345678901234567890abd";
    static const enum made all[] = {MADE_RESTORING, MADE_BEFORE, MADE_RESTORED};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CLEANUP(mem_freep) char *name = made_name(one, all[i], &none);
        assert_int_equal(strlen(name), 63);
        assert_true(made_is(name, one, all[i]));
        assert_false(made_is(name, two, all[i]));
    }
}

static void a_character_is_not_cut_in_two(void **state)
{
    (void)state;
    /* 3 bytes each, so that one stands across the cut of at least one of the kinds */
    static const char name[] = "x€€€€€€€€€€€€€€€€€€€€";
    static const enum made all[] = {MADE_RESTORING, MADE_BEFORE, MADE_RESTORED};
    assert_int_equal(strlen(name), 61);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        CLEANUP(mem_freep) char *made = made_name(name, all[i], &none);
        size_t n = strcspn(made, "_");
        assert_true(strlen(made) <= 63 && strlen(made) > 60);
        assert_int_equal((n - 1) % 3, 0);
        assert_true(made_is(made, name, all[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_say_what_the_database_is_for),
        cmocka_unit_test(what_was_made_is_known_again_and_nothing_else),
        cmocka_unit_test(a_name_that_is_taken_is_not_given),
        cmocka_unit_test(long_names_are_cut_and_stay_different),
        cmocka_unit_test(a_character_is_not_cut_in_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
