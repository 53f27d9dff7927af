/*
 * Names of backups.
 */
#include "manifests.h"

#define MOMENT ((int64_t)1795897800) /* 2026-11-28 20:30:00 UTC */

static void a_name_is_made_and_read(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *name = backup_name_make("pre-prod_1", MOMENT * 1000000 + 999999);
    CLEANUP(mem_freep) char *environment = NULL;
    int64_t created = 0;
    assert_true(text_starts(name, "pre-prod_1-20261128T203000Z-"));
    assert_int_equal(strlen(name), strlen("pre-prod_1-20261128T203000Z-4f2a"));
    assert_true(backup_name_parse(name, &environment, &created));
    assert_string_equal(environment, "pre-prod_1");
    assert_int_equal(created, MOMENT * 1000000);
}

static void an_environment_may_look_like_a_name_itself(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *environment = NULL;
    int64_t created = 0;
    assert_true(backup_name_parse("a-20260101-4f2a-20261128T203000Z-00ff", &environment, &created));
    assert_string_equal(environment, "a-20260101-4f2a");
}

static void names_of_one_second_stand_in_the_order_of_time(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *before = backup_name_make("x", MOMENT * 1000000);
    assert_string_equal(before, "x-20261128T203000Z-0000");
    for (int64_t usec = NAME_STEP_USEC; usec < 1000000; usec += NAME_STEP_USEC) {
        CLEANUP(mem_freep) char *name = backup_name_make("x", MOMENT * 1000000 + usec);
        assert_true(strcmp(before, name) < 0);
        mem_free(before);
        before = TAKE(name);
    }
    CLEANUP(mem_freep) char *last = backup_name_make("x", MOMENT * 1000000 + 999999);
    assert_string_equal(last, "x-20261128T203000Z-ffff");
}

static void what_is_no_name_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "production",
        "-20261128T203000Z-4f2a",
        "production-20261128T203000Z-4F2A",
        "production-20261128T203000Z-4f2",
        "production-20261128T203000Z-4f2aa",
        "production-20261128T203000-4f2a",
        "production-20261128 203000Z-4f2a",
        "production-20260230T203000Z-4f2a",
        "production-20261328T203000Z-4f2a",
        "production-20261128T243000Z-4f2a",
        "production-20261128T203060Z-4f2a",
        "Production-20261128T203000Z-4f2a",
        "../x-20261128T203000Z-4f2a",
        ".x-20261128T203000Z-4f2a",
        "x/y-20261128T203000Z-4f2a",
        "_x-20261128T203000Z-4f2a",
        "a23456789012345678901234567890123456789012-20261128T203000Z-4f2a",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char *environment = NULL;
        int64_t created = 0;
        if (backup_name_parse(wrong[i], &environment, &created)) {
            fail_msg("\"%s\" is a name", wrong[i]);
        }
    }
}

static void expect_archive(const char *file, const char *name, bool encrypted)
{
    bool found = !encrypted;
    CLEANUP(mem_freep) char *its = archive_name_of(file, &found);
    if (name == NULL) {
        assert_null(its);
        return;
    }
    assert_string_equal(its, name);
    assert_int_equal(found, encrypted);
}

static void archives_are_known_by_their_ends(void **state)
{
    (void)state;
    expect_archive("x.tar.zst", "x", false);
    expect_archive("x.tar.zst.age", "x", true);
    expect_archive("x.tar.zst.tar.zst", "x.tar.zst", false);
    expect_archive(".x.tar.zst", NULL, false);
    expect_archive(".x.tar.zst.part", NULL, false);
    expect_archive(".tar.zst", NULL, false);
    expect_archive("x.tar", NULL, false);
    expect_archive("x.age", NULL, false);
    expect_archive("x.proof.json", NULL, false);
    expect_archive("", NULL, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_made_and_read),
        cmocka_unit_test(an_environment_may_look_like_a_name_itself),
        cmocka_unit_test(names_of_one_second_stand_in_the_order_of_time),
        cmocka_unit_test(what_is_no_name_is_none),
        cmocka_unit_test(archives_are_known_by_their_ends),
    };
    return cmocka_run_group_tests_name("vault/name", tests, NULL, NULL);
}
