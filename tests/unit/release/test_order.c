#include "problems.h"

#include "headgate/file.h"

static int fresh(void **state)
{
    (void)state;
    scratch_sh("rm -rf r; mkdir r");
    return 0;
}

static void two(const char *a, const char *b)
{
    (void)fresh(NULL);
    migration(a, "select 1;");
    migration(b, "select 2;");
}

static void names_that_all_sort_alike_are_fine(void **state)
{
    (void)state;
    /* what Node.js says of each: "a".localeCompare("b") < 0 */
    static const char *const pairs[][2] = {{"0_init", "20260101000000_a"},
                                           {"1_a", "2_b"},
                                           {"10_a", "2_b"},
                                           {"a.b", "a0"},
                                           {"20260101000000_Z", "20260101000001_a"},
                                           {"init", "init_2"},
                                           {"caf\xc3\xa9", "caf\xc3\xa9s"},
                                           {"1-a", "1-b"},
                                           {"A", "B"},
                                           {"a", "b"},
                                           {"x1", "xa"},
                                           {"x(1", "x1"}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        CLEANUP(mem_freep) char *a = mem_printf("\"%s\"", pairs[i][0]);
        CLEANUP(mem_freep) char *b = mem_printf("\"%s\"", pairs[i][1]);
        two(a, b);
        CLEANUP(release_freep) struct release *release = read_it();
        assert_int_equal(release->n, 2);
        assert_string_equal(release->migrations[0].name, pairs[i][0]);
    }
}

static void names_that_prisma_sorts_in_another_way_are_refused(void **state)
{
    (void)state;
    /* first by bytes, second for Prisma; or for some locales */
    static const char *const pairs[][2] = {{"10_b", "1_a"},
                                           {"B", "a"},
                                           {"A", "a"},
                                           {"1-a", "1_a"},
                                           {"a.b", "a_b"},
                                           {"1_A_b", "1_a_a"},
                                           {"202601011200_x", "20260101_x"},
                                           {"f", "\xc3\xa9"},
                                           {"1_z", "1_\xc3\xa4"}};
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        const char *a = pairs[i][0], *b = pairs[i][1];
        CLEANUP(mem_freep)
        char *message = mem_printf("\"%s\" and \"%s\" have no clear order", a, b);
        two(a, b);
        expect_one(message, "rename the one that should come second");
        CLEANUP(mem_freep) char *line = mem_printf("order %s %s\\n", a, b);
        file(".headgate", line);
        CLEANUP(release_freep) struct release *release = read_it();
        assert_string_equal(release->migrations[0].name, a);
    }
}

static void the_note_says_the_line_that_helps(void **state)
{
    (void)state;
    two("20260101000000_a", "20260101000000_b");
    expect_one("\"20260101000000_a\" and \"20260101000000_b\" have the same time",
               "/r/.headgate: order 20260101000000_a 20260101000000_b");
}

static void a_stated_order_counts_for_its_pair_alone(void **state)
{
    (void)state;
    two("20260101000000_a", "20260101000000_b");
    file(".headgate", "# both were applied in March\\n\\n  \\t\\r\\n"
                      "order 20260101000000_a 20260101000000_b  \\r\\n");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 2);
    migration("20260101000000_c", "select 3;");
    expect_one("\"20260101000000_b\" and \"20260101000000_c\" have the same time", NULL);
}

static void names_with_blanks_can_be_stated(void **state)
{
    (void)state;
    two("\"20260101000000 a b\"", "\"20260101000000 c d\"");
    file(".headgate", "order 20260101000000 a b 20260101000000 c d");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 2);
}

static void the_stated_order_is_no_part_of_the_digest(void **state)
{
    (void)state;
    two("1_a", "2_b");
    CLEANUP(release_freep) struct release *without = read_it();
    file(".headgate", "order 1_a 2_b\\n");
    CLEANUP(release_freep) struct release *with = read_it();
    assert_string_equal(without->digest, with->digest);
}

static void a_line_that_states_nothing_is_told_with_its_place(void **state)
{
    (void)state;
    static const char *const lines[] = {"ordr 1_a 2_b", "order 1_a 3_c", "order 1_a", "x",
                                        "order 1_a  2_b"};
    two("1_a", "2_b");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        file(".headgate", lines[i]);
        expect_one("this states nothing about two migrations that follow each other",
                   "a line is: order FIRST SECOND");
    }
    file(".headgate", "# x\\norder 2_b 1_a\\n");
    expect_one("this is not the order of these two", "it is by bytes");
}

static void a_folder_of_that_name_is_somebody_elses(void **state)
{
    (void)state;
    two("1_a", "2_b");
    scratch_sh("mkdir r/.headgate");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 2);
}

static void expect_prisma8(const char *path)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct release *release = NULL;
    CLEANUP(mem_freep)
    char *wanted =
        mem_printf("%s/%s is in the folder format of Prisma 8, which headgate does not read yet",
                   folder(), path);
    assert_fails(release_read(folder(), &release, &err), ERROR_CONFIG);
    assert_string_equal(err.message, wanted);
    assert_contains(err.detail, "ops.json");
    assert_contains(err.hint, "headgate create NAME");
}

static void the_format_of_prisma_8_is_refused_by_its_name(void **state)
{
    (void)state;
    migration("20260101000000_a", "select 1;");
    file("20260102T0000_b/ops.json", "[]");
    expect_prisma8("20260102T0000_b");
    (void)fresh(NULL);
    file("20260102T0000_b/migration.json", "[]");
    expect_prisma8("20260102T0000_b");
    (void)fresh(NULL);
    migration("20260101000000_a", "select 1;");
    file("app/20260102T0000_b/migration.json", "[]");
    file("app/refs/production.json", "[]");
    expect_prisma8("app/20260102T0000_b");
}

static void what_has_a_migration_sql_is_no_prisma_8(void **state)
{
    (void)state;
    migration("20260101000000_a", "select 1;");
    file("20260101000000_a/migration.json", "[]");
    file("20260101000000_a/x/ops.json", "[]");
    file(".app/x/ops.json", "[]");
    CLEANUP(release_freep) struct release *release = read_it();
    assert_int_equal(release->n, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(names_that_all_sort_alike_are_fine),
        TEST(names_that_prisma_sorts_in_another_way_are_refused),
        TEST(the_note_says_the_line_that_helps),
        TEST(a_stated_order_counts_for_its_pair_alone),
        TEST(names_with_blanks_can_be_stated),
        TEST(the_stated_order_is_no_part_of_the_digest),
        TEST(a_line_that_states_nothing_is_told_with_its_place),
        TEST(a_folder_of_that_name_is_somebody_elses),
        TEST(the_format_of_prisma_8_is_refused_by_its_name),
        TEST(what_has_a_migration_sql_is_no_prisma_8),
    };
    return cmocka_run_group_tests_name("release/order", tests, NULL, NULL);
}
