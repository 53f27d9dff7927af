#include "reading.h"

#include "headgate/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCENARIOS TEST_SUPPORT "/../scenario/"

/* Their mistake is in a value that is looked up when somebody connects. */
static const char *const found_late[] = {"29-unset-variable.json", "32-file-missing.json",
                                         "33-command-fails.json", "34-command-missing.json"};

static bool is_found_late(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(found_late); i++) {
        if (text_equal(found_late[i], name)) {
            return true;
        }
    }
    return false;
}

static void json_files(const char *folder, struct strlist *ret_paths)
{
    struct error err = ERROR_INIT;
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    assert_ok(folder_list(folder, &names, &err));
    for (size_t i = 0; i < names.n; i++) {
        if (text_ends(names.items[i], ".json")) {
            strlist_take(ret_paths, path_join(folder, names.items[i]));
        }
    }
}

static void expect_places(const struct error *err, const char *name)
{
    assert_true(err->problems.n > 0);
    for (size_t i = 0; i < err->problems.n; i++) {
        const struct problem *problem = &err->problems.items[i];
        if (problem->file == NULL || !text_ends(problem->file, name) || problem->line == 0 ||
            problem->column == 0 || problem->message[0] == '\0') {
            fail_msg("%s: problem %zu, \"%s\", has no place", name, i, problem->message);
        }
    }
}

static void every_bad_file_is_refused_with_places(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist paths = STRLIST_INIT;
    json_files(SCENARIOS "environments-bad", &paths);
    assert_true(paths.n >= 48);
    for (size_t i = 0; i < paths.n; i++) {
        const char *name = path_name(paths.items[i]);
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(environments_freep) struct environments *set = NULL;
        struct environment *development = NULL;
        bool good = environments_read(paths.items[i], scratch_dir(), &set, &err);
        if (good != is_found_late(name)) {
            fail_msg("%s was %s", name, good ? "read" : "refused before it was needed");
        }
        if (good) {
            assert_ok(environments_find(set, "development", &development, &err));
            good = environment_resolve(development, &err);
        }
        assert_false(good);
        assert_int_equal(err.code, ERROR_CONFIG);
        expect_places(&err, name);
    }
}

static void every_good_file_is_read(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist paths = STRLIST_INIT;
    json_files(SCENARIOS "environments-good", &paths);
    strlist_add(&paths, TEST_SUPPORT "/../../pipelines/environments.json");
    assert_true(paths.n >= 9);
    for (size_t i = 0; i < paths.n; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(environments_freep) struct environments *set = NULL;
        assert_ok(environments_read(paths.items[i], scratch_dir(), &set, &err));
        assert_true(set->n > 0);
    }
}

static void the_full_file_says_what_it_says(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    assert_ok(environments_read(SCENARIOS "environments-good/full.json", NULL, &set, &err));
    assert_int_equal(set->n, 3);
    assert_string_equal(set->items[0].name, "development");
    assert_int_equal(set->items[0].kind, KIND_DEVELOPMENT);
    assert_int_equal(set->items[0].n_after, 0);
    const struct environment *production = &set->items[2];
    assert_string_equal(production->name, "production");
    assert_int_equal(production->kind, KIND_PRODUCTION);
    assert_int_equal(production->n_after, 1);
    assert_string_equal(production->after[0], "staging");
    assert_non_null(production->ssh);
    assert_null(set->items[1].ssh);
    assert_string_equal(set->items[1].seed, "../migrations/seed.sql");
    assert_null(production->seed);
    assert_string_equal(set->vault_path, "${HEADGATE_VAULT:-../.headgate/vault}");
    assert_int_equal(set->keep.last, 7);
    assert_int_equal(set->keep.weekly, 8);
    assert_int_equal(set->keep.daily, 0);
    assert_ptr_equal(production->set, set);
}

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    must_refuse("{\"environments\":{\n"
                "\"A\":{\"kind\":\"test\",\"url\":\"embedded:a\"},\n"
                "\"b\":{\"kind\":\"tset\",\"url\":\"embedded:B\",\"seed\":7},\n"
                "\"c\":[],\n"
                "\"d\":{\"kind\":\"test\",\"url\":\"embedded:d\",\"after\":[\"z\"]}},\n"
                "\"rules\":{\"x\":1},\"vault\":{\"keep\":{\"last\":-1}}}",
                &err);
    assert_int_equal(err.problems.n, 8);
    assert_contains(err.message, "has 8 mistakes");
    static const size_t lines[] = {2, 3, 3, 3, 4, 5, 6, 6};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        assert_int_equal(err.problems.items[i].line, lines[i]);
    }
}

static void a_file_that_is_not_there_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct environments *set = NULL;
    assert_fails(environments_read("/nonexistent/e.json", NULL, &set, &err), ERROR_CONFIG);
    assert_contains(err.message, "/nonexistent/e.json");
}

static void names_are_short_and_lower_case(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "0", "eu-1_blue",
                                       "a234567890123456789012345678901234567890"};
    static const char *const bad[] = {
        "", "-a", "_a", "A", "a b", "\xc3\xa9", "a.b", "a2345678901234567890123456789012345678901"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        CLEANUP(mem_freep)
        char *text = mem_printf("{\"environments\":{\"%s\":{\"kind\":\"test\",\"url\":"
                                "\"embedded:%s\"}}}",
                                good[i], good[i]);
        CLEANUP(environments_freep) struct environments *set = read_text(text);
        assert_string_equal(set->items[0].name, good[i]);
        assert_string_equal(set->items[0].target.embedded, good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(mem_freep)
        char *text = mem_printf("{\"environments\":{\"%s\":{\"kind\":\"test\",\"url\":"
                                "\"embedded:a\"}}}",
                                bad[i]);
        expect_refused(text, "is no name for an environment; it has up to 40");
    }
}

/* --- after --- */

#define E(name, after)                                                                             \
    "\"" name "\":{\"kind\":\"test\",\"url\":\"embedded:x\",\"after\":[" after "]}"
#define FILE_OF(environments) "{\"environments\":{\n" environments "}}"

static void names_in_after_must_exist(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    must_refuse(
        FILE_OF(E("development", "") ",\n" E("production", "\"nowhere\",\n5,\n\"developmnt\"")),
        &err);
    assert_int_equal(err.problems.n, 3);
    assert_contains(err.problems.items[0].message,
                    "environment \"production\" comes after \"nowhere\", which does not exist");
    assert_int_equal(err.problems.items[0].notes.n, 0);
    assert_int_equal(err.problems.items[1].line, 4);
    assert_int_equal(err.problems.items[2].line, 5);
    assert_int_equal(err.problems.items[2].column, 1);
    assert_int_equal(err.problems.items[2].notes.n, 1);
    assert_string_equal(err.problems.items[2].notes.items[0], "did you mean \"development\"?");
}

static void after_may_name_several_in_any_order(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_text(
        FILE_OF(E("d", "\"b\",\"c\"") "," E("b", "\"a\"") "," E("c", "\"a\"") "," E("a", "")));
    assert_int_equal(set->items[0].n_after, 2);
    assert_string_equal(set->items[0].after[1], "c");
}

static void expect_circles(const char *text, const char *const *messages, const size_t *lines)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    size_t n = 0;
    must_refuse(text, &err);
    for (; messages[n] != NULL; n++) {
        assert_true(n < err.problems.n);
        assert_string_equal(err.problems.items[n].message, messages[n]);
        assert_int_equal(err.problems.items[n].line, lines[n]);
    }
    assert_int_equal(err.problems.n, n);
}

static void a_circle_is_told_once_with_its_whole_path(void **state)
{
    (void)state;
    expect_circles(FILE_OF(E("a", "\"c\"") ",\n" E("b", "\"a\"") ",\n" E("c", "\"b\"")),
                   (const char *const[]){
                       "environments wait for each other: \"a\" -> \"c\" -> \"b\" -> \"a\"", NULL},
                   (const size_t[]){2});
}

static void a_circle_begins_where_the_file_names_it_first(void **state)
{
    (void)state;
    expect_circles(
        FILE_OF(E("start", "\"z\"") ",\n" E("y", "\"z\"") ",\n" E("z", "\"y\"")),
        (const char *const[]){"environments wait for each other: \"y\" -> \"z\" -> \"y\"", NULL},
        (const size_t[]){3});
}

static void an_environment_after_itself_is_a_circle(void **state)
{
    (void)state;
    expect_circles(FILE_OF(E("a", "") ",\n" E("b", "\"a\",\"b\"")),
                   (const char *const[]){"environment \"b\" comes after itself", NULL},
                   (const size_t[]){3});
}

static void every_circle_is_told(void **state)
{
    (void)state;
    expect_circles(
        FILE_OF(E("a", "\"b\",\"c\"") ",\n" E("b", "\"a\"") ",\n" E("c", "\"a\"") ",\n" E("d",
                                                                                          "\"d\"")),
        (const char *const[]){"environments wait for each other: \"a\" -> \"b\" -> \"a\"",
                              "environments wait for each other: \"a\" -> \"c\" -> \"a\"",
                              "environment \"d\" comes after itself", NULL},
        (const size_t[]){2, 2, 5});
}

static void an_unknown_name_is_no_circle(void **state)
{
    (void)state;
    expect_refused(FILE_OF(E("a", "\"b\"") ",\n" E("b", "\"q\"")), "which does not exist");
}

/* Each of 60 waits for all behind it: there are 2^58 ways from the first to the last. */
static void many_ways_are_walked_once(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    strbuf_add(&text, "{\"environments\":{");
    for (int i = 0; i < 60; i++) {
        strbuf_printf(&text, "%s\"e%d\":{\"kind\":\"test\",\"url\":\"embedded:x\",\"after\":[",
                      i > 0 ? "," : "", i);
        for (int k = i + 1; k < 60; k++) {
            strbuf_printf(&text, "%s\"e%d\"", k > i + 1 ? "," : "", k);
        }
        strbuf_add(&text, "]}");
    }
    strbuf_add(&text, "}}");
    CLEANUP(environments_freep) struct environments *set = read_text(text.text);
    assert_int_equal(set->n, 60);
}

static void a_long_way_needs_no_stack(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    strbuf_add(&text, "{\"environments\":{");
    for (int i = 0; i < 2000; i++) {
        strbuf_printf(&text,
                      "%s\n\"e%d\":{\"kind\":\"test\",\"url\":\"embedded:x\",\"after\":[\"e%d\"]}",
                      i > 0 ? "," : "", i, (i + 1) % 2000);
    }
    strbuf_add(&text, "}}");
    must_refuse(text.text, &err);
    assert_int_equal(err.problems.n, 1);
    assert_int_equal(err.problems.items[0].line, 2);
    assert_contains(err.problems.items[0].message, "\"e1998\" -> \"e1999\" -> \"e0\"");
}

/* --- folders --- */

static void the_project_stands_above_its_pipelines(void **state)
{
    (void)state;
    CLEANUP(environments_freep) struct environments *set = read_members("\"url\":\"embedded:x\"");
    CLEANUP(mem_freep) char *real = realpath(scratch_dir(), NULL);
    CLEANUP(mem_freep) char *kept = path_join(real, ".headgate");
    assert_string_equal(set->project_folder, real);
    assert_string_equal(set->state_folder, kept);
    assert_true(text_ends(set->path, "pipelines/e.json"));
}

static void the_way_to_the_file_makes_no_difference(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(mem_freep) char *real = realpath(scratch_dir(), NULL);
    char here[4096];
    (void)written("{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"embedded:x\"}}}");
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(scratch_dir()), 0);
    assert_int_equal(chdir("pipelines"), 0);
    assert_ok(environments_read("e.json", NULL, &set, &err));
    assert_int_equal(chdir(here), 0);
    assert_string_equal(set->project_folder, real);
    assert_string_equal(set->path, "e.json");
}

static void a_file_elsewhere_has_its_folder_for_a_project(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(mem_freep) char *real = realpath(scratch_dir(), NULL);
    (void)written("{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"embedded:x\"}}}");
    scratch_sh("mkdir -p other && cp pipelines/e.json other/e.json");
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "other/e.json");
    CLEANUP(mem_freep) char *wanted = path_join(real, "other");
    assert_ok(environments_read(path, "/var/lib/somewhere", &set, &err));
    assert_string_equal(set->project_folder, wanted);
    assert_string_equal(set->state_folder, "/var/lib/somewhere");
}

/* --- the rest of the file --- */

static void retention_has_defaults(void **state)
{
    (void)state;
    CLEANUP(environments_freep) struct environments *set = read_members("\"url\":\"embedded:x\"");
    assert_null(set->vault_path);
    assert_int_equal(set->keep.last, 7);
    assert_int_equal(set->keep.monthly, 0);
}

#define WITH_VAULT(vault)                                                                          \
    "{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"embedded:x\"}},\"vault\":" vault "}"

static void the_vault_is_resolved_when_it_is_used(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)unsetenv("A_VAULT");
    CLEANUP(environments_freep)
    struct environments *set = read_text(WITH_VAULT(
        "{\"path\":\"${A_VAULT}/v\",\"keep\":{\"releases\":3},\"encrypt_to\":[\"age1aa\","
        "\"../people\"],\"identity\":\"key\"}"));
    struct vault_place place;
    assert_int_equal(set->keep.releases, 3);
    assert_string_equal(set->vault_path, "${A_VAULT}/v");
    assert_false(environments_vault(set, &place, &err));
    assert_int_equal(err.code, ERROR_CONFIG);
}

static void paths_of_the_vault_start_from_the_file(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)setenv("A_VAULT", "/somewhere/else", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_text(WITH_VAULT("{\"path\":\"${A_VAULT}/v\",\"encrypt_to\":[\"age1aa\",\"../people\"],"
                             "\"identity\":\"key\"}"));
    struct vault_place place;
    assert_ok(environments_vault(set, &place, &err));
    assert_string_equal(place.folder, "/somewhere/else/v");
    assert_int_equal(place.n_recipients, 2);
    assert_string_equal(place.recipients[0], "age1aa");
    assert_true(text_ends(place.recipients[1], "/../people"));
    assert_true(text_ends(place.identity, "/key"));
    assert_false(redact_needed(place.folder, strlen(place.folder)));
}

static void without_a_path_the_vault_stands_in_the_state(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = read_members("\"url\":\"embedded:x\"");
    CLEANUP(mem_freep) char *wanted = path_join(set->state_folder, "vault");
    struct vault_place place;
    assert_ok(environments_vault(set, &place, &err));
    assert_string_equal(place.folder, wanted);
    assert_int_equal(place.n_recipients, 0);
    assert_null(place.identity);
}

static void a_lock_that_turns_out_to_be_none_is_refused(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    (void)unsetenv("A_RECIPIENT");
    CLEANUP(environments_freep)
    struct environments *set = read_text(WITH_VAULT("{\"encrypt_to\":[\"${A_RECIPIENT:-}\"]}"));
    struct vault_place place;
    assert_false(environments_vault(set, &place, &err));
    assert_contains(err.problems.items[0].message, "is no recipient of age");
}

static void rules_have_names_and_severities(void **state)
{
    (void)state;
#define WITH_RULES(rules)                                                                          \
    "{\"environments\":{\"x\":{\"kind\":\"test\",\"url\":\"embedded:x\"}},\"rules\":" rules "}"
    CLEANUP(environments_freep)
    struct environments *set =
        read_text(WITH_RULES("{\"drop-table\":\"error\",\"a1\":\"warning\",\"b\":\"off\"}"));
    assert_int_equal(set->n, 1);
    expect_refused(WITH_RULES("{\"Drop\":\"off\"}"), "\"Drop\" is no name of a rule");
    expect_refused(WITH_RULES("{\"drop_table\":\"off\"}"), "is no name of a rule");
    expect_refused(WITH_RULES("{\"\":\"off\"}"), "is no name of a rule");
    expect_refused(WITH_RULES("{\"drop-table\":\"of\"}"), "\"error\", \"warning\" or \"off\"");
    expect_refused(WITH_RULES("[]"), "an object");
}

static void environments_are_found_by_name(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_text(FILE_OF(E("development", "") "," E("staging", "")));
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct environment *found = NULL;
    assert_ok(environments_find(set, "staging", &found, &err));
    assert_ptr_equal(found, &set->items[1]);
}

static void a_name_that_there_is_not_is_told_with_a_near_one(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_text(FILE_OF(E("development", "") "," E("staging", "")));
    struct environment *untouched = &set->items[0], *found = untouched;
    CLEANUP(error_clear) struct error near = ERROR_INIT;
    assert_false(environments_find(set, "stagin", &found, &near));
    assert_int_equal(near.code, ERROR_USAGE);
    assert_contains(near.message, "there is no environment \"stagin\" in ");
    assert_string_equal(near.hint, "Did you mean \"staging\"?");
    CLEANUP(error_clear) struct error far = ERROR_INIT;
    assert_false(environments_find(set, "production", &found, &far));
    assert_string_equal(far.hint, "It names \"development\" and \"staging\".");
    assert_ptr_equal(found, untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_file_is_refused_with_places),
        cmocka_unit_test(every_good_file_is_read),
        cmocka_unit_test(the_full_file_says_what_it_says),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(a_file_that_is_not_there_is_refused),
        cmocka_unit_test(names_are_short_and_lower_case),
        cmocka_unit_test(names_in_after_must_exist),
        cmocka_unit_test(after_may_name_several_in_any_order),
        cmocka_unit_test(a_circle_is_told_once_with_its_whole_path),
        cmocka_unit_test(a_circle_begins_where_the_file_names_it_first),
        cmocka_unit_test(an_environment_after_itself_is_a_circle),
        cmocka_unit_test(every_circle_is_told),
        cmocka_unit_test(an_unknown_name_is_no_circle),
        cmocka_unit_test(many_ways_are_walked_once),
        cmocka_unit_test(a_long_way_needs_no_stack),
        cmocka_unit_test(the_project_stands_above_its_pipelines),
        cmocka_unit_test(the_way_to_the_file_makes_no_difference),
        cmocka_unit_test(a_file_elsewhere_has_its_folder_for_a_project),
        cmocka_unit_test(retention_has_defaults),
        cmocka_unit_test(the_vault_is_resolved_when_it_is_used),
        cmocka_unit_test(paths_of_the_vault_start_from_the_file),
        cmocka_unit_test(without_a_path_the_vault_stands_in_the_state),
        cmocka_unit_test(a_lock_that_turns_out_to_be_none_is_refused),
        cmocka_unit_test(rules_have_names_and_severities),
        cmocka_unit_test(environments_are_found_by_name),
        cmocka_unit_test(a_name_that_there_is_not_is_told_with_a_near_one),
    };
    return cmocka_run_group_tests_name("environment/read", tests, NULL, NULL);
}
