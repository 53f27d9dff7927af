/* Liquibase's changelogs. */
#include "theirs.h"

#define HEAD "--liquibase formatted sql\n"

static struct their_folder changesets_of(const char *text)
{
    struct their_folder folder = empty_folder();
    struct source source = source_of(text);
    liquibase_changesets(&folder, &source);
    return folder;
}

static void each_changeset_is_a_migration(void **state)
{
    (void)state;
    CLEANUP(their_folder_clear)
    struct their_folder folder =
        changesets_of(HEAD "\n--changeset ada:1\n--comment: why\ncreate table a ();\n"
                           "--rollback drop table a;\n"
                           "-- changeset \"Ada L\":\"two words\" runInTransaction:false\n"
                           "create index concurrently i on a (x);\n"
                           "/* liquibase rollback\ndrop index i;\n*/\n"
                           "--changeset ada:3 splitStatements:false endDelimiter:;\n"
                           "select 3;\n--rollback not required\n--validCheckSum: ANY\n");
    assert_int_equal(folder.problems.n, 0);
    expect_versions(&folder, "ada:1|Ada L:two words|ada:3");
    assert_string_equal(folder.items[0].text, "--comment: why\ncreate table a ();\n");
    assert_string_equal(folder.items[0].down, "drop table a;\n");
    assert_true(folder.items[1].no_transaction);
    assert_string_equal(folder.items[1].down, "drop index i;\n");
    assert_null(folder.items[2].down);
    assert_false(folder.items[2].no_transaction);
    expect_names(&folder, "00000000000001_f_1|00000000000002_f_two_words|00000000000003_f_3");
}

static void a_delimiter_of_their_own_becomes_a_semicolon(void **state)
{
    (void)state;
    CLEANUP(their_folder_clear)
    struct their_folder folder =
        changesets_of(HEAD "--changeset a:1 endDelimiter://\nselect 1//\nselect '//';\n  //  \n"
                           "--changeset a:2 endDelimiter:\\nGO\nselect 2\ngo\n"
                           "--changeset a:3\nselect 3//\n");
    assert_int_equal(folder.problems.n, 0);
    assert_string_equal(folder.items[0].text, "select 1;\nselect '//';\n  ;\n");
    assert_string_equal(folder.items[1].text, "select 2\n;\n");
    assert_string_equal(folder.items[2].text, "select 3//\n");
}

static void lines_can_be_left_out(void **state)
{
    (void)state;
    CLEANUP(their_folder_clear)
    struct their_folder folder =
        changesets_of(HEAD "--changeset a:1\nselect 1;\n--ignoreLines:2\nx\ny\nselect 2;\n"
                           "--ignoreLines:start\n--changeset b:9\n--ignoreLines:end\nselect 3;\n");
    expect_versions(&folder, "a:1");
    assert_string_equal(folder.items[0].text, "select 1;\nselect 2;\nselect 3;\n");
}

static void changesets_of_other_databases_are_left_out(void **state)
{
    (void)state;
    CLEANUP(their_folder_clear)
    struct their_folder folder = changesets_of(
        HEAD
        "--changeset a:1 dbms:oracle\nselect 1 from dual;\n--changeset a:2 dbms:postgresql,h2\n"
        "select 2;\n--changeset a:3 dbms:!h2\nselect 3;\n--changeset a:4 dbms:!postgresql\n\n"
        "--changeset a:5 dbms:all\nselect 5;\n"
        "--changeset a:6 dbms:h2 context:test\n--precondition-sql-check x\nselect 6;\n");
    assert_int_equal(folder.problems.n, 0);
    expect_versions(&folder, "a:2|a:3|a:5");
}

static void what_depends_on_the_run_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t line;
        const char *message;
    } cases[] = {
        {HEAD "--changeset a:1 context:test\nselect 1;\n", 2, "every run"},
        {HEAD "--changeset a:1 labels:x\nselect 1;\n", 2, "every run"},
        {HEAD "--changeset a:1 runAlways:true\nselect 1;\n", 2, "every time"},
        {HEAD "--changeset a\nselect 1;\n", 2, "author:id"},
        {HEAD "--changeset a:1 endDelimiter:\\s+;\nselect 1;\n", 2, "endDelimiter"},
        {HEAD "--changeset a:1\n--preconditions onFail:HALT\nselect 1;\n", 3, "preconditions"},
        {HEAD "--property name:x value:y\n--changeset a:1\nselect 1;\n", 2, "properties"},
        {HEAD "--changeset a:1\nselect ${x};\n", 3, "filled in"},
        {HEAD "--changeset a:1\nselect 1;\n--rollback changesetId:2 changesetAuthor:b\n", 4,
         "another changeset"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(their_folder_clear) struct their_folder folder = changesets_of(cases[i].text);
        expect_problem(&folder, cases[i].line, cases[i].message);
    }
}

static void write_sql(const char *file, const char *id)
{
    CLEANUP(mem_freep) char *text = mem_printf(HEAD "--changeset a:%s\nselect 1;\n", id);
    write_theirs(file, text);
}

static void read_with(const char *master, const char *text, const char *versions)
{
    scratch_sh("rm -rf lb");
    write_sql("lb/sql/2.sql", "2");
    write_sql("lb/sql/10.sql", "10");
    write_sql("lb/more/x.sql", "x");
    CLEANUP(mem_freep) char *path = mem_printf("lb/%s", master);
    write_theirs(path, text);
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_liquibase, "lb");
    assert_int_equal(folder.problems.n, 0);
    expect_versions(&folder, versions);
    CLEANUP(their_folder_clear) struct their_folder by_file = read_theirs(&tool_liquibase, path);
    expect_versions(&by_file, versions);
}

static void master_changelogs_include_files_and_folders(void **state)
{
    (void)state;
    read_with("db.changelog-master.yaml",
              "# why\ndatabaseChangeLog:\n  - include:\n      file: sql/2.sql\n"
              "  - include:\n      file: \"sql/10.sql\" # ten\n"
              "      relativeToChangelogFile: true\n"
              "  - includeAll:\n      path: 'more'\n",
              "a:2|a:10|a:x");
    read_with("changelog.xml",
              "<?xml version=\"1.0\"?>\n<!-- <x> -->\n<databaseChangeLog xmlns=\"x\">\n"
              " <include file=\"lb/sql/2.sql\"/>\n"
              " <include relativeToChangelogFile='true' file = 'sql/10.sql' />\n"
              " <includeAll path=\"more/\"/>\n</databaseChangeLog>\n",
              "a:2|a:10|a:x");
    read_with("master.json",
              "{\"databaseChangeLog\": [{\"include\": {\"file\": \"classpath:sql/10.sql\"}},\n"
              " {\"includeAll\": {\"path\": \"more\", \"relativeToChangelogFile\": true}}]}",
              "a:10|a:x");
}

static void without_a_master_the_files_are_taken_by_name(void **state)
{
    (void)state;
    write_sql("lb2/b.sql", "b");
    write_sql("lb2/a/1.sql", "1");
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_liquibase, "lb2");
    assert_int_equal(folder.problems.n, 0);
    expect_versions(&folder, "a:1|a:b");
}

static void expect_refused(const char *file, const char *text, size_t line, const char *message)
{
    scratch_sh("rm -rf lb3");
    CLEANUP(mem_freep) char *path = mem_printf("lb3/%s", file);
    write_theirs(path, text);
    CLEANUP(their_folder_clear) struct their_folder folder = read_theirs(&tool_liquibase, "lb3");
    expect_problem(&folder, line, message);
}

static void a_changelog_that_does_more_is_refused_with_its_place(void **state)
{
    (void)state;
    expect_refused("master.xml", "<databaseChangeLog>\n<changeSet id=\"1\"><x/>", 2, "understand");
    expect_refused("master.xml", "<databaseChangeLog>\n<include fil=\"1\"/>", 2, "understand");
    expect_refused("master.xml", "<databaseChangeLog\n", 1, "understand");
    expect_refused("master.yaml", "databaseChangeLog:\n  - changeSet:\n      id: 1\n", 2,
                   "understand");
    expect_refused("master.yaml", "databaseChangeLog:\n  - include:\n      labels: x\n", 3,
                   "understand");
    expect_refused("master.yaml", "databaseChangeLog: []\n", 1, "understand");
    expect_refused("master.yaml", "databaseChangeLog:\n  - include:\n      file: master.yaml\n", 0,
                   "ring");
    expect_refused("a.sql", "select 1;\n", 0, "liquibase formatted sql");
    struct error err = ERROR_INIT;
    write_theirs("lb4/master.json", "{\"databaseChangeLog\": [{\"changeSet\": {}}]}");
    CLEANUP(their_folder_clear) struct their_folder folder = empty_folder();
    folder.path = arena_printf(folder.arena, "%s/lb4", scratch_dir());
    assert_fails(tool_liquibase.read(&folder, &err), ERROR_CONFIG);
    assert_contains(err.problems.items[0].message, "changeSet");
    error_clear(&err);
}

static void rows_name_files_from_another_folder(void **state)
{
    (void)state;
    const struct their_migration migration = {.version = "a:1", .file = "sql/1.sql"};
    static const struct {
        const char *file;
        bool same;
    } cases[] = {
        {"sql/1.sql", true},
        {"db/changelog/sql/1.sql", true},
        {"classpath:sql/1.sql", true},
        {"./sql/1.sql", true},
        {"1.sql", true},
        {"sql/11.sql", false},
        {"other/1.sql", false},
        {"mysql/1.sql", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct their_row row = {.version = "a:1", .file = cases[i].file};
        assert_int_equal(tool_liquibase.same(&row, &migration), cases[i].same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_changeset_is_a_migration),
        cmocka_unit_test(a_delimiter_of_their_own_becomes_a_semicolon),
        cmocka_unit_test(lines_can_be_left_out),
        cmocka_unit_test(changesets_of_other_databases_are_left_out),
        cmocka_unit_test(what_depends_on_the_run_is_refused_with_its_place),
        cmocka_unit_test(master_changelogs_include_files_and_folders),
        cmocka_unit_test(without_a_master_the_files_are_taken_by_name),
        cmocka_unit_test(a_changelog_that_does_more_is_refused_with_its_place),
        cmocka_unit_test(rows_name_files_from_another_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
