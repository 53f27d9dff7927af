/* Folders of the tools that name their migrations by number. */
#include "theirs.h"

static void golang_migrate_has_pairs_of_files(void **state)
{
    (void)state;
    write_theirs("gm/0001_init.up.sql", "select 1;");
    write_theirs("gm/0001_init.down.sql", "select -1;");
    write_theirs("gm/10_ten.up.sql", "select 10;");
    write_theirs("gm/000_zero.up.sql", "");
    write_theirs("gm/9_nine.up.sql", "select 9;");
    write_theirs("gm/README.md", "no migration");
    write_theirs("gm/12.up.sql", "no title");
    CLEANUP(their_folder_clear)
    struct their_folder folder = read_theirs(&tool_golang_migrate, "gm");
    assert_int_equal(folder.problems.n, 0);
    expect_versions(&folder, "0|1|9|10");
    assert_string_equal(folder.items[1].down, "select -1;");
    assert_null(folder.items[2].down);
    expect_names(&folder, "00000000000000_zero|00000000000001_init|00000000000009_nine|"
                          "00000000000010_ten");
}

static void golang_migrate_is_refused_where_versions_are_not_pairs(void **state)
{
    (void)state;
    write_theirs("gm2/1_a.down.sql", "");
    CLEANUP(their_folder_clear)
    struct their_folder lonely = read_theirs(&tool_golang_migrate, "gm2");
    expect_problem(&lonely, 0, "no .up.sql");
    write_theirs("gm3/1_a.up.sql", "");
    write_theirs("gm3/01_b.up.sql", "");
    CLEANUP(their_folder_clear)
    struct their_folder twice = read_theirs(&tool_golang_migrate, "gm3");
    expect_problem(&twice, 0, "\"01_b.up.sql\" and \"1_a.up.sql\" have the same version");
}

static void dbmate_names_begin_with_times(void **state)
{
    (void)state;
    write_theirs("db/20240131120000_Add users.sql", "-- migrate:up\nselect 1;\n-- migrate:down\n");
    write_theirs("db/20240101000000_first.sql", "-- migrate:up\n");
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_dbmate, "db");
    assert_int_equal(folder.problems.n, 0);
    expect_names(&folder, "20240101000000_first|20240131120000_add_users");
    write_theirs("db2/1_a.sql", "-- migrate:up\n");
    write_theirs("db2/1_b.sql", "-- migrate:up\n");
    CLEANUP(their_folder_clear) struct their_folder twice = read_theirs(&tool_dbmate, "db2");
    expect_problem(&twice, 0, "the same version");
}

static void dbmate_applies_by_name_so_numbers_may_fall(void **state)
{
    (void)state;
    write_theirs("db3/10_b.sql", "-- migrate:up\n");
    write_theirs("db3/9_c.sql", "-- migrate:up\n");
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_dbmate, "db3");
    expect_names(&folder, "00000000000001_b|00000000000002_c");
}

static void goose_refuses_go_programs_by_name(void **state)
{
    (void)state;
    write_theirs("go/00001_init.sql", "-- +goose Up\nselect 1;\n");
    write_theirs("go/20240131120000_later.sql", "-- +goose Up\nselect 2;\n");
    write_theirs("go/00000_zero.txt", "");
    write_theirs("go/00001_init_test.go", "package migrations");
    CLEANUP(their_folder_clear) struct their_folder good = read_theirs(&tool_goose, "go");
    assert_int_equal(good.problems.n, 0);
    expect_names(&good, "00000000000001_init|20240131120000_later");
    write_theirs("go/00002_fill.go", "package migrations");
    CLEANUP(their_folder_clear) struct their_folder bad = read_theirs(&tool_goose, "go");
    expect_problem(&bad, 0, "Go program");
    assert_contains(bad.problems.items[0].file, "00002_fill.go");
}

static void flyway_reads_below_the_folder_and_compares_parts_of_versions(void **state)
{
    (void)state;
    write_theirs("fw/V1__init.sql", "select 1;");
    write_theirs("fw/a/V1_10__ten.sql", "select 2;");
    write_theirs("fw/b/V1.9__nine.sql", "select 3;");
    write_theirs("fw/U1.9__nine.sql", "select -3;");
    write_theirs("fw/R__some_views.sql", "select 4;");
    write_theirs("fw/afterMigrate.sql", "select 5;");
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_flyway, "fw");
    assert_int_equal(folder.problems.n, 0);
    expect_versions(&folder, "1|1.9|1.10|R some views");
    assert_string_equal(folder.items[1].down, "select -3;");
    expect_names(&folder, "00000000000001_init|00000000000002_nine|00000000000003_ten|"
                          "00000000000004_some_views");
    assert_int_equal(folder.notes.n, 1);
}

static void flyway_keeps_plain_numbers_and_puts_repeatables_behind(void **state)
{
    (void)state;
    write_theirs("fw2/V007__seven.sql", "select 7;");
    write_theirs("fw2/V20240131235959__late.sql", "create index concurrently i on t (c);");
    write_theirs("fw2/V20240131235959__late.sql.conf",
                 "# why\nencoding=UTF-8\nexecuteInTransaction = FALSE\n");
    write_theirs("fw2/V007__seven.sql.conf", "executeInTransaction=true\n");
    write_theirs("fw2/R__v.sql", "select 4;");
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_flyway, "fw2");
    expect_names(&folder, "00000000000007_seven|20240131235959_late|20240201000000_v");
    assert_false(folder.items[0].no_transaction);
    assert_true(folder.items[1].no_transaction);
}

static void flyway_versions_that_are_too_long_are_numbered_by_place(void **state)
{
    (void)state;
    write_theirs("fw3/V20210923161848856__a.sql", "select 1;");
    write_theirs("fw3/V20210923161848857__b.sql", "select 2;");
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_flyway, "fw3");
    expect_names(&folder, "00000000000001_a|00000000000002_b");
}

static void flyway_refuses(const char *file, const char *text, size_t line, const char *message)
{
    scratch_sh("rm -rf fw4");
    CLEANUP(mem_freep) char *path = mem_printf("fw4/%s", file);
    write_theirs("fw4/V1.0__a.sql", "select 1;");
    write_theirs(path, text);
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_flyway, "fw4");
    expect_problem(&folder, line, message);
}

static void flyway_is_refused_where_it_is_more_than_sql(void **state)
{
    (void)state;
    flyway_refuses("V2__fill.java", "class V2 {}", 0, "no SQL");
    flyway_refuses("B3__base.sql", "select 1;", 0, "no baseline");
    flyway_refuses("Vx__y.sql", "select 1;", 0, "no number");
    flyway_refuses("V1__again.sql", "select 1;", 0, "the same version");
    flyway_refuses("U7__gone.sql", "select 1;", 0, "no migration V7");
    flyway_refuses("V2__b.sql", "-- ${comment}\nselect '${value}';", 2, "filled in");
    flyway_refuses("V2__b.sql", "select '\xff';", 0, "not UTF-8");
}

static void a_link_that_leads_nowhere_is_a_mistake(void **state)
{
    (void)state;
    write_theirs("gm4/1_a.up.sql", "select 1;");
    scratch_sh("ln -s nowhere gm4/2_b.up.sql");
    CLEANUP(their_folder_clear)
    struct their_folder folder = read_theirs(&tool_golang_migrate, "gm4");
    expect_problem(&folder, 0, "No such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golang_migrate_has_pairs_of_files),
        cmocka_unit_test(golang_migrate_is_refused_where_versions_are_not_pairs),
        cmocka_unit_test(dbmate_names_begin_with_times),
        cmocka_unit_test(dbmate_applies_by_name_so_numbers_may_fall),
        cmocka_unit_test(goose_refuses_go_programs_by_name),
        cmocka_unit_test(flyway_reads_below_the_folder_and_compares_parts_of_versions),
        cmocka_unit_test(flyway_keeps_plain_numbers_and_puts_repeatables_behind),
        cmocka_unit_test(flyway_versions_that_are_too_long_are_numbered_by_place),
        cmocka_unit_test(flyway_is_refused_where_it_is_more_than_sql),
        cmocka_unit_test(a_link_that_leads_nowhere_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
