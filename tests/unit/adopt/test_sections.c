/* Files with several sections: dbmate's and goose's. */
#include "theirs.h"

typedef void sections(struct their_folder *, const struct source *, struct their_migration *);

static void expect_sections(sections *read, const char *text, const char *up, const char *down)
{
    CLEANUP(their_folder_clear) struct their_folder folder = empty_folder();
    struct their_migration migration = {0};
    struct source source = source_of(text);
    read(&folder, &source, &migration);
    assert_int_equal(folder.problems.n, 0);
    assert_string_equal(migration.text, up);
    assert_true(text_equal(migration.down, down));
}

static void expect_switches(sections *read, const char *text, bool up, bool down)
{
    CLEANUP(their_folder_clear) struct their_folder folder = empty_folder();
    struct their_migration migration = {0};
    struct source source = source_of(text);
    read(&folder, &source, &migration);
    assert_int_equal(folder.problems.n, 0);
    assert_int_equal(migration.no_transaction, up);
    assert_int_equal(migration.down_no_transaction, down);
}

static void expect_mistake(sections *read, const char *text, size_t line, const char *message)
{
    CLEANUP(their_folder_clear) struct their_folder folder = empty_folder();
    struct their_migration migration = {0};
    struct source source = source_of(text);
    read(&folder, &source, &migration);
    expect_problem(&folder, line, message);
}

static void dbmate_has_up_and_down(void **state)
{
    (void)state;
    expect_sections(dbmate_sections, "-- migrate:up\nselect 1;\n\n-- migrate:down\nselect 2;\n",
                    "select 1;\n\n", "select 2;\n");
    expect_sections(dbmate_sections, "--migrate:up\r\nselect 1;\r\n--   migrate:down",
                    "select 1;\n", "");
    expect_sections(dbmate_sections, "-- why\n\n-- migrate:up\nselect 1;", "-- why\n\nselect 1;\n",
                    NULL);
    expect_sections(dbmate_sections,
                    "-- migrate:up\nselect '\n -- migrate:down';\n-- migrate:upper\n",
                    "select '\n -- migrate:down';\n-- migrate:upper\n", NULL);
}

static void dbmate_has_a_switch_in_each_section(void **state)
{
    (void)state;
    expect_switches(dbmate_sections, "-- migrate:up\n-- migrate:down\n", false, false);
    expect_switches(dbmate_sections, "-- migrate:up transaction:false\n-- migrate:down\n", true,
                    false);
    expect_switches(dbmate_sections, "-- migrate:up a:b\n-- migrate:down transaction:false\n",
                    false, true);
}

static void dbmate_without_its_marks_is_refused(void **state)
{
    (void)state;
    expect_mistake(dbmate_sections, "select 1;\n-- migrate:up\n", 1, "before \"-- migrate:up\"");
    expect_mistake(dbmate_sections, "-- nothing\n", 0, "does not begin");
    expect_mistake(dbmate_sections, "-- migrate:down\n-- migrate:up\n", 0, "does not begin");
    expect_mistake(dbmate_sections, "", 0, "does not begin");
}

static void goose_has_up_and_down(void **state)
{
    (void)state;
    expect_sections(goose_sections, "-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n",
                    "select 1;\n", "select 2;\n");
    expect_sections(goose_sections, "-- +goose up\nselect 1;", "select 1;\n", NULL);
    expect_sections(goose_sections,
                    "-- why\n--+goose Up\n-- +goose StatementBegin\nselect 1;\n"
                    "-- +goose StatementEnd\nselect 2;\n",
                    "-- why\nselect 1;\nselect 2;\n", NULL);
}

static void goose_has_one_switch_for_the_file(void **state)
{
    (void)state;
    expect_switches(goose_sections, "-- +goose Up\n-- +goose Down\n", false, false);
    expect_switches(goose_sections, "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose Down\n",
                    true, true);
    expect_switches(goose_sections,
                    "-- +goose Up\n-- +goose no transaction\n-- +goose ENVSUB OFF\n", true, true);
}

static void goose_with_wrong_marks_is_refused(void **state)
{
    (void)state;
    expect_mistake(goose_sections, "", 0, "does not begin");
    expect_mistake(goose_sections, "select 1;\nselect 2;\n", 1, "before \"-- +goose Up\"");
    expect_mistake(goose_sections, "-- +goose Up\n-- +goose Up\n", 2, "order");
    expect_mistake(goose_sections, "-- +goose Up\n-- +goose Upwards\n", 2, "no such mark");
    expect_mistake(goose_sections, "-- +goose Up\n-- +goose ENVSUB ON\n", 2, "filled in");
    expect_mistake(goose_sections, "-- +goose Up\n-- +goose StatementEnd\n", 2, "no pair");
    expect_mistake(goose_sections, "-- +goose Up\n-- +goose StatementBegin\n", 0, "at the end");
    expect_mistake(goose_sections,
                   "-- +goose Up\n-- +goose StatementBegin\n-- +goose Down\n-- +goose StatementEnd",
                   3, "StatementEnd\" is missing before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dbmate_has_up_and_down),
        cmocka_unit_test(dbmate_has_a_switch_in_each_section),
        cmocka_unit_test(dbmate_without_its_marks_is_refused),
        cmocka_unit_test(goose_has_up_and_down),
        cmocka_unit_test(goose_has_one_switch_for_the_file),
        cmocka_unit_test(goose_with_wrong_marks_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
