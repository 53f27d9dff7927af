/* Sqitch's plan and scripts. */
#include "theirs.h"

#define HEAD "%syntax-version=1.0.0\n%project=flipr\n\n"
#define WHO " 2024-01-31T12:00:00Z Ada <ada@example.org> # why\n"

static struct their_folder plan_of(const char *text)
{
    struct their_folder folder = empty_folder();
    struct source source = source_of(text);
    sqitch_plan(&folder, &source);
    return folder;
}

static void names_begin_with_planned_times_that_rise(void **state)
{
    (void)state;
    CLEANUP(their_folder_clear)
    struct their_folder folder =
        plan_of(HEAD "# a comment\nappschema" WHO "  + users [appschema !old]" WHO "@v1" WHO
                     "\nlater/x [users@v1] 2024-01-30T00:00:00Z A <a@b> # earlier\n"
                     "users 2025-01-01T00:00:00Z A <a@b>\n");
    assert_int_equal(folder.problems.n, 0);
    assert_string_equal(folder.project, "flipr");
    expect_versions(&folder, "appschema|users|later/x|users (2)");
    expect_names(&folder, "20240131120000_appschema|20240131120001_users|"
                          "20240131120002_later_x|20250101000000_users");
}

static void what_is_no_plan_is_refused_with_its_place(void **state)
{
    (void)state;
    CLEANUP(their_folder_clear) struct their_folder nameless = plan_of("a" WHO);
    expect_problem(&nameless, 0, "%project");
    CLEANUP(their_folder_clear) struct their_folder timeless = plan_of(HEAD "a [b] Ada <a@b>\n");
    expect_problem(&timeless, 4, "no time");
    CLEANUP(their_folder_clear)
    struct their_folder no_time = plan_of(HEAD "a 2024-13-31T12:00:00Z Ada <a@b>\n");
    expect_problem(&no_time, 4, "no time");
    CLEANUP(their_folder_clear) struct their_folder taken_back = plan_of(HEAD "-a" WHO);
    expect_problem(&taken_back, 4, "understands");
    CLEANUP(their_folder_clear) struct their_folder outside = plan_of(HEAD "../a" WHO);
    expect_problem(&outside, 4, "understands");
}

static void a_reworked_change_has_scripts_with_a_tag(void **state)
{
    (void)state;
    write_theirs("sq/sqitch.plan", HEAD "users" WHO "@v0" WHO "x" WHO "@v1" WHO "users" WHO);
    write_theirs("sq/deploy/users@v1.sql", "begin; select 1; commit;");
    write_theirs("sq/deploy/users.sql", "select 2;");
    write_theirs("sq/deploy/x.sql", "select '\\a:b', x::text, a[1:2];");
    write_theirs("sq/revert/users@v1.sql", "select -1;");
    write_theirs("sq/verify/users.sql", "select 1/0;");
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_sqitch, "sq");
    assert_int_equal(folder.problems.n, 0);
    assert_int_equal(folder.n, 3);
    assert_string_equal(folder.items[0].file, "deploy/users@v1.sql");
    assert_string_equal(folder.items[0].text, "begin; select 1; commit;");
    assert_string_equal(folder.items[0].down, "select -1;");
    assert_string_equal(folder.items[2].text, "select 2;");
    assert_string_equal(folder.items[2].checksum, "44cf0263ca371f564b1f4fdc830de94958af8d61");
    assert_int_equal(folder.notes.n, 1);
}

static void commands_of_psql_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t line;
        const char *message;
    } cases[] = {
        {"select 1;\n\\i other.sql\n", 2, "only psql understands"},
        {"-- \\x\nselect '\\x', $$\\x$$, \"\\x\" \\gset\n", 2, "only psql understands"},
        {"create table :\"schema\".t ();", 1, "fills in"},
        {"\nselect :'name';", 2, "fills in"},
        {"set role :owner;", 1, "fills in"},
    };
    write_theirs("sq2/sqitch.plan", HEAD "a" WHO);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        write_theirs("sq2/deploy/a.sql", cases[i].text);
        CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_sqitch, "sq2");
        expect_problem(&folder, cases[i].line, cases[i].message);
    }
}

static void scripts_and_plan_must_be_there(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    write_theirs("sq3/sqitch.plan", HEAD "a" WHO);
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_sqitch, "sq3");
    expect_problem(&folder, 0, "No such file");
    CLEANUP(their_folder_clear) struct their_folder none = empty_folder();
    assert_fails(tool_sqitch.read(&none, &err), ERROR_CONFIG);
    assert_contains(err.hint, "--source");
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_begin_with_planned_times_that_rise),
        cmocka_unit_test(what_is_no_plan_is_refused_with_its_place),
        cmocka_unit_test(a_reworked_change_has_scripts_with_a_tag),
        cmocka_unit_test(commands_of_psql_are_refused_with_their_place),
        cmocka_unit_test(scripts_and_plan_must_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
