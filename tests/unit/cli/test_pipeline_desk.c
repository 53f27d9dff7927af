#include "scratch.h"

#include <string.h>
#include <unistd.h>

#include "headgate/file.h"
#include "private.h"

static void write_text(const char *name, const char *text)
{
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), name);
    CLEANUP(mem_freep) char *folder = path_parent(path);
    assert_ok(folder_make(folder, 0755, &err));
    assert_ok(file_write(path, text, strlen(text), 0644, &err));
}

/* A project with two pipelines, and a folder in it that one stands in. */
static int prepare(void **state)
{
    (void)state;
    static const char pipeline[] =
        "{\"name\":\"x\",\"environments\":\"environments.json\",\"release\":\"../migrations\","
        "\"steps\":[{\"id\":\"staging\",\"deploy\":\"staging\"}]}";
    write_text("shop/pipelines/environments.json",
               "{\"environments\":{\"staging\":{\"kind\":\"staging\",\"url\":\"embedded:s\"}}}");
    write_text("shop/pipelines/promote.json", pipeline);
    write_text("shop/pipelines/hotfix.json", pipeline);
    write_text("shop/pipelines/pipeline.schema.json", "{}");
    write_text("shop/pipelines/notes.txt", "");
    write_text("shop/migrations/20260101000000_users/migration.sql", "select 1;\n");
    write_text("shop/src/a.c", "");
    scratch_sh("mkdir -p empty");
    return 0;
}

static void stand_in(const char *folder)
{
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), folder);
    assert_int_equal(chdir(path), 0);
}

static void expect_path(const struct options *options, const char *named, const char *ending)
{
    struct error err = ERROR_INIT;
    CLEANUP(pipeline_desk_clear) struct pipeline_desk desk = {0};
    assert_ok(pipeline_desk_open(options, named, &desk, &err));
    if (!text_ends(desk.source.path, ending)) {
        fail_msg("%s, wanted %s", desk.source.path, ending);
    }
    assert_non_null(desk.state);
    assert_non_null(desk.actor);
}

static void a_pipeline_is_found_by_its_name(void **state)
{
    (void)state;
    const struct options options = {0};
    stand_in("shop");
    expect_path(&options, NULL, "pipelines/promote.json");
    expect_path(&options, "hotfix", "pipelines/hotfix.json");
    stand_in("shop/src");
    expect_path(&options, NULL, "shop/pipelines/promote.json");
    stand_in("shop/pipelines");
    expect_path(&options, "hotfix", "hotfix.json");
}

static void a_pipeline_is_found_by_its_path(void **state)
{
    (void)state;
    const struct options options = {0};
    stand_in("empty");
    expect_path(&options, "../shop/pipelines/hotfix.json", "../shop/pipelines/hotfix.json");
    stand_in("shop/pipelines");
    expect_path(&options, "hotfix.json", "hotfix.json");
}

static void a_name_is_looked_for_beside_the_environments_that_are_named(void **state)
{
    (void)state;
    const struct options options = {.environments = "../shop/pipelines/environments.json"};
    stand_in("empty");
    expect_path(&options, "hotfix", "../shop/pipelines/hotfix.json");
}

static void an_unknown_name_is_told_with_a_near_one(void **state)
{
    (void)state;
    const struct options options = {0};
    struct error err = ERROR_INIT;
    CLEANUP(pipeline_desk_clear) struct pipeline_desk desk = {0};
    stand_in("shop");
    assert_fails(pipeline_desk_open(&options, "promot", &desk, &err), ERROR_CONFIG);
    assert_string_equal(err.message, "there is no pipelines/promot.json");
    assert_string_equal(err.hint, "Did you mean \"promote\"?");
    error_clear(&err);
    assert_fails(pipeline_desk_open(&options, "xyzzy", &desk, &err), ERROR_CONFIG);
    assert_string_equal(err.hint, "There is: \"hotfix\" and \"promote\".");
    error_clear(&err);
    stand_in("empty");
    assert_fails(pipeline_desk_open(&options, NULL, &desk, &err), ERROR_CONFIG);
    assert_string_equal(err.message,
                        "there is no pipelines/promote.json here or in a folder above");
    assert_non_null(err.hint);
    error_clear(&err);
}

static void the_names_of_pipelines_leave_out_everything_else(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct options options = {0};
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    stand_in("shop/src");
    assert_ok(project_pipelines(&options, &names, &err));
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&names);
    assert_string_equal(sentence, "\"hotfix\" and \"promote\"");
    stand_in("empty");
    assert_fails(project_pipelines(&options, &names, &err), ERROR_CONFIG);
    error_clear(&err);
}

/* --- overrides --- */

static void overrides_are_a_list_with_one_reason(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct options options = {.override = "windows,evidence:staging", .reason = "ticket 42"};
    const struct policy_override saved = {"freeze", "it is urgent"};
    CLEANUP(pipeline_desk_clear) struct pipeline_desk desk = {0};
    stand_in("shop");
    assert_ok(pipeline_desk_open(&options, NULL, &desk, &err));
    pipeline_desk_override(&desk, &saved, 1);
    pipeline_desk_override(&desk, NULL, 0);
    assert_int_equal(desk.n_overrides, 3);
    assert_string_equal(desk.overrides[0].policy, "windows");
    assert_string_equal(desk.overrides[1].policy, "evidence:staging");
    assert_string_equal(desk.overrides[1].reason, "ticket 42");
    assert_string_equal(desk.overrides[2].reason, "it is urgent");
}

static void expect_refused(const char *override, const char *reason, const char *message,
                           const char *hint)
{
    struct error err = ERROR_INIT;
    const struct options options = {.override = override, .reason = reason};
    CLEANUP(pipeline_desk_clear) struct pipeline_desk desk = {0};
    stand_in("shop");
    assert_fails(pipeline_desk_open(&options, NULL, &desk, &err), ERROR_USAGE);
    assert_string_equal(err.message, message);
    assert_contains(err.hint != NULL ? err.hint : "", hint);
    error_clear(&err);
}

static void an_override_needs_a_reason(void **state)
{
    (void)state;
    expect_refused("windows", NULL, "--override needs --reason TEXT", "For example");
    expect_refused("windows", "  ", "--override needs --reason TEXT", "For example");
    expect_refused(NULL, "because", "--reason goes with --override", "For example");
}

static void an_override_names_a_policy_and_an_environment(void **state)
{
    (void)state;
    expect_refused("window", "x", "--override: there is no policy \"window\"",
                   "Did you mean \"windows\"?");
    expect_refused("", "x", "--override: there is no policy \"\"", "It is after, evidence");
    expect_refused("windows,", "x", "--override: there is no policy \"\"", "It is after, evidence");
    expect_refused("windows:stagin", "x",
                   "--override: there is no environment \"stagin\" in pipelines/environments.json",
                   "staging");
}

/* --- the state alone --- */

static void expect_state(const struct options *options, const char *folder)
{
    struct error err = ERROR_INIT;
    CLEANUP(state_freep) struct state *opened = NULL;
    assert_ok(project_state(options, &opened, &err));
    CLEANUP(mem_freep) char *run = state_run_folder(opened, "r");
    if (strstr(run, folder) == NULL) {
        fail_msg("%s, wanted %s", run, folder);
    }
}

static void the_state_is_found_without_reading_anything(void **state)
{
    (void)state;
    const struct options usual = {0};
    const struct options named = {.state = "other"};
    const struct options beside = {.environments = "environments.json"};
    stand_in("shop/src");
    expect_state(&usual, "shop/.headgate");
    expect_state(&named, "other");
    stand_in("shop/pipelines");
    expect_state(&beside, "shop/.headgate");
    stand_in("shop");
    expect_state(&usual, ".headgate");
}

static void without_a_project_there_is_no_state(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    const struct options options = {0};
    struct state *opened = NULL;
    stand_in("empty");
    assert_fails(project_state(&options, &opened, &err), ERROR_CONFIG);
    assert_contains(err.hint, "--state DIR");
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipeline_is_found_by_its_name),
        cmocka_unit_test(a_pipeline_is_found_by_its_path),
        cmocka_unit_test(a_name_is_looked_for_beside_the_environments_that_are_named),
        cmocka_unit_test(an_unknown_name_is_told_with_a_near_one),
        cmocka_unit_test(the_names_of_pipelines_leave_out_everything_else),
        cmocka_unit_test(overrides_are_a_list_with_one_reason),
        cmocka_unit_test(an_override_needs_a_reason),
        cmocka_unit_test(an_override_names_a_policy_and_an_environment),
        cmocka_unit_test(the_state_is_found_without_reading_anything),
        cmocka_unit_test(without_a_project_there_is_no_state),
    };
    return cmocka_run_group_tests_name("cli/pipeline_desk", tests, prepare, NULL);
}
