#include "files.h"

#include <stdlib.h>
#include <unistd.h>

#include "headgate/secret.h"
#include "private.h"

#define SCENARIOS TEST_SUPPORT "/../scenario/"
#define HOOK "\"hook\":[\"/bin/true\"]"

/* --- the samples: what a JSON Schema says of them stands in tests/support/check-schemas --- */

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

/* Beside a good environments file and a good release. */
static bool read_sample(const char *path, struct workflow **ret_workflow, struct error *err)
{
    struct error mine = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    CLEANUP(mem_freep) char *copy = mem_printf("samples/%s", path_name(path));
    CLEANUP(mem_freep) char *copied = path_join(scratch_dir(), copy);
    CLEANUP(mem_freep) char *folder = path_parent(copied);
    assert_true(file_read(path, 1u << 20, &text, &mine) && folder_make(folder, 0755, &mine));
    assert_true(file_write(copied, text.text, text.size, 0644, &mine));
    CLEANUP(mem_freep) char *release = path_join(scratch_dir(), "migrations");
    const struct workflow_source source = {.path = copied,
                                           .environments = SCENARIOS "environments-good/full.json",
                                           .release = release};
    return workflow_read(&source, ret_workflow, err);
}

static void every_bad_sample_is_refused_with_places(void **state)
{
    (void)state;
    CLEANUP(strlist_clear) struct strlist paths = STRLIST_INIT;
    json_files(SCENARIOS "pipelines-bad", &paths);
    assert_true(paths.n >= 55);
    for (size_t i = 0; i < paths.n; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(workflow_freep) struct workflow *workflow = NULL;
        if (read_sample(paths.items[i], &workflow, &err)) {
            fail_msg("%s was read", paths.items[i]);
        }
        assert_int_equal(err.code, ERROR_CONFIG);
        assert_true(err.problems.n > 0);
        for (size_t k = 0; k < err.problems.n; k++) {
            const struct problem *problem = &err.problems.items[k];
            if (problem->line == 0 || problem->column == 0 || problem->message[0] == '\0') {
                fail_msg("%s: \"%s\" has no place", paths.items[i], problem->message);
            }
        }
    }
}

/* Some name kinds of steps that are yet to come; nothing else is wrong with them. */
static void every_good_sample_is_read(void **state)
{
    (void)state;
    size_t n_read = 0;
    CLEANUP(strlist_clear) struct strlist paths = STRLIST_INIT;
    json_files(SCENARIOS "pipelines-good", &paths);
    write_file("secrets/token", "secret\n");
    assert_true(paths.n >= 8);
    for (size_t i = 0; i < paths.n; i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(workflow_freep) struct workflow *workflow = NULL;
        n_read += read_sample(paths.items[i], &workflow, &err) ? 1 : 0;
        for (size_t k = 0; k < err.problems.n; k++) {
            if (strstr(err.problems.items[k].message, "this version of headgate has no") == NULL) {
                fail_msg("%s: %s", paths.items[i], err.problems.items[k].message);
            }
        }
    }
    assert_true(n_read >= 4);
}

static void the_sample_project_promotes(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(workflow_freep) struct workflow *workflow = NULL;
    const struct workflow_source source = {.path = TEST_SUPPORT "/../../pipelines/promote.json"};
    assert_ok(workflow_read(&source, &workflow, &err));
    assert_string_equal(workflow->name, "promote");
    assert_string_equal(workflow->environments->items[2].name, "production");
    assert_true(workflow->release->n >= 7);
    assert_non_null(workflow_find(workflow, "tell"));
    assert_int_equal(workflow->n_all, workflow->n + 1);
}

/* --- what a file says --- */

static const char full[] =
    "{\"name\":\"promote\",\"environments\":\"environments.json\",\"release\":\"../migrations\",\n"
    "\"schedule\":{\"cron\":\"*/15 8-18 1,15 * mon-Fri\",\"timezone\":\"Europe/Berlin\"},\n"
    "\"steps\":[\n"
    "{\"id\":\"staging\",\"deploy\":\"staging\",\"timeout\":\"1h\",\"retries\":3,"
    "\"backoff\":\"5s\"},\n"
    "{\"id\":\"e2e\",\"hook\":[\"/bin/true\"],\"on\":\"staging\",\"evidence\":\"e2e\","
    "\"on_failure\":\"continue\"},\n"
    "{\"id\":\"go\",\"gate\":{\"approvals\":2,\"message\":\"Sure?\"}}],\n"
    "\"always\":[{\"id\":\"tell\",\"hook\":[\"/bin/true\"]}]}";

static void a_file_says_what_it_says(void **state)
{
    (void)state;
    CLEANUP(workflow_freep) struct workflow *workflow = read_text(full);
    assert_string_equal(workflow->name, "promote");
    assert_int_equal(workflow->n, 3);
    assert_int_equal(workflow->n_all, 4);
    const struct workflow_step *staging = &workflow->steps[0], *e2e = &workflow->steps[1],
                               *go = &workflow->steps[2], *tell = &workflow->steps[3];
    assert_string_equal(step_kind_name(staging->kind), "deploy");
    assert_string_equal(staging->environment->name, "staging");
    assert_int_equal(staging->number, 1);
    assert_int_equal(staging->timeout, 3600000);
    assert_int_equal(staging->retries, 3);
    assert_int_equal(staging->backoff, 5000);
    assert_false(staging->goes_on);
    assert_null(staging->evidence);
    assert_null(staging->when);
    assert_ptr_equal(e2e->environment, staging->environment);
    assert_string_equal(e2e->evidence, "e2e");
    assert_true(e2e->goes_on);
    assert_int_equal(e2e->timeout, 0);
    assert_int_equal(e2e->retries, 0);
    assert_int_equal(e2e->backoff, 2000);
    assert_non_null(e2e->hook);
    assert_int_equal(go->gate->approvals, 2);
    assert_null(go->environment);
    assert_true(tell->always);
    assert_int_equal(tell->number, 4);
    assert_ptr_equal(workflow_find(workflow, "tell"), tell);
    assert_null(workflow_find(workflow, "nobody"));
}

static void digests_are_those_of_the_files(void **state)
{
    (void)state;
    char digest[HASH_HEX_SIZE];
    CLEANUP(workflow_freep) struct workflow *workflow = read_text(full);
    hash_sha256(full, strlen(full), digest);
    assert_string_equal(workflow->digest, digest);
    hash_sha256(environments_text, strlen(environments_text), digest);
    assert_string_equal(workflow->environments_digest, digest);
    assert_int_equal(workflow->release->n, 1);
}

static void paths_start_from_the_file(void **state)
{
    (void)state;
    CLEANUP(workflow_freep) struct workflow *workflow = read_text(full);
    CLEANUP(mem_freep) char *migrations = path_join(scratch_dir(), "migrations");
    CLEANUP(mem_freep) char *pipelines = path_join(scratch_dir(), "pipelines");
    CLEANUP(mem_freep) char *tool = path_join(pipelines, "bin/tool");
    CLEANUP(mem_freep) char *above = path_join(scratch_dir(), "tool");
    assert_string_equal(workflow->folder, pipelines);
    assert_string_equal(workflow->release->folder, migrations);
    assert_string_equal(workflow_path(&workflow->steps[0].node, "bin/tool"), tool);
    assert_string_equal(workflow_path(&workflow->steps[0].node, "..//tool"), above);
    assert_string_equal(workflow_path(&workflow->steps[0].node, "/bin/true"), "/bin/true");
}

/* What is above a link is not what stands before it in the path. */
static void a_folder_that_is_a_link_is_not_left_by_name(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(workflow_freep) struct workflow *workflow = NULL;
    scratch_sh("mkdir -p elsewhere && ln -sfn ../pipelines elsewhere/linked");
    write_file("pipelines/p.json", full);
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "elsewhere/linked/p.json");
    const struct workflow_source source = {.path = path};
    assert_ok(workflow_read(&source, &workflow, &err));
    CLEANUP(mem_freep)
    char *release = path_join(scratch_dir(), "elsewhere/linked/../migrations");
    assert_string_equal(workflow->release->folder, release);
}

static void paths_of_the_current_folder_are_short(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(workflow_freep) struct workflow *workflow = NULL;
    CLEANUP(mem_freep) char *here = realpath(".", NULL);
    write_file("pipelines/p.json", full);
    assert_int_equal(chdir(scratch_dir()), 0);
    const struct workflow_source source = {.path = "pipelines/p.json"};
    assert_ok(workflow_read(&source, &workflow, &err));
    assert_int_equal(chdir(here), 0);
    assert_string_equal(workflow->release->folder, "migrations");
    assert_string_equal(workflow->path, "pipelines/p.json");
}

static void without_a_release_it_is_the_projects(void **state)
{
    (void)state;
    CLEANUP(workflow_freep)
    struct workflow *workflow = read_steps("{\"id\":\"a\",\"deploy\":\"development\"}");
    CLEANUP(mem_freep) char *state_folder = path_join(scratch_dir(), ".headgate");
    assert_int_equal(workflow->release->n, 1);
    assert_string_equal(workflow->environments->state_folder, state_folder);
}

static void the_caller_may_name_other_files(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    CLEANUP(workflow_freep) struct workflow *workflow = NULL;
    CLEANUP(mem_freep) char *environments = path_join(scratch_dir(), "other.json");
    CLEANUP(mem_freep) char *release = path_join(scratch_dir(), "two");
    write_file("other.json", "{\"environments\":{\"x\":{\"kind\":\"test\","
                             "\"url\":\"embedded:x\"}}}");
    write_file("two/20260101000000_one/migration.sql", "select 1;\n");
    write_file("two/20260102000000_two/migration.sql", "select 2;\n");
    const struct workflow_source source = {
        .path = written("{\"name\":\"p\",\"environments\":\"nowhere.json\",\"release\":\"nowhere\","
                        "\"steps\":[{\"id\":\"x\",\"deploy\":\"x\"}]}"),
        .environments = environments,
        .release = release,
        .state_folder = "/nowhere/state"};
    assert_ok(workflow_read(&source, &workflow, &err));
    assert_int_equal(workflow->release->n, 2);
    assert_string_equal(workflow->environments->path, environments);
    assert_string_equal(workflow->environments->state_folder, "/nowhere/state");
}

static void values_from_outside_are_filled_in(void **state)
{
    (void)state;
    write_file("pipelines/retry", "7s\n");
    assert_int_equal(setenv("HEADGATE_TEST_TARGET", "staging", 1), 0);
    CLEANUP(workflow_freep)
    struct workflow *workflow =
        read_steps("{\"id\":\"a\",\"deploy\":\"${HEADGATE_TEST_TARGET}\","
                   "\"backoff\":\"${file:retry}\",\"timeout\":\"${cmd:/bin/echo 9s}\"}");
    assert_int_equal(unsetenv("HEADGATE_TEST_TARGET"), 0);
    assert_string_equal(workflow->steps[0].environment->name, "staging");
    assert_int_equal(workflow->steps[0].backoff, 7000);
    assert_int_equal(workflow->steps[0].timeout, 9000);
}

/* --- refusals: "@" stands before the place --- */

static void mistakes_of_the_whole_file_are_told(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"@@@{}",
         {"missing key \"environments\" in the file", "missing key \"name\" in the file",
          "missing key \"steps\" in the file"},
         NULL},
        {"@[]", {"the file must be an object, not an array"}, NULL},
        {"{\"name\":\"p\",\"environments\":\"environments.json\",\"steps\":@[]}",
         {"there is no step in \"steps\""},
         NULL},
        {"{\"name\":\"p\",\"environments\":\"environments.json\",\"steps\":@{}}",
         {"\"steps\" of the file must be an array, not an object"},
         NULL},
        {"{\"name\":@\"Promote it\",\"environments\":\"environments.json\","
         "\"steps\":[{\"id\":\"a\"," HOOK "}]}",
         {"\"Promote it\" is no name for a pipeline; it has up to 40 lower-case letters"},
         NULL},
        {"{\"name\":\"p\",\"environments\":@\"\",\"steps\":[{\"id\":\"a\"," HOOK "}]}",
         {"\"environments\" of the file is empty"},
         NULL},
        {"{\"name\":\"p\",\"environments\":@7,\"steps\":[{\"id\":\"a\"," HOOK "}]}",
         {"\"environments\" of the file must be a string, not the number 7"},
         NULL},
        {"{\"name\":\"p\",\"environments\":\"environments.json\",\"release\":@\"\","
         "\"steps\":[{\"id\":\"a\"," HOOK "}]}",
         {"\"release\" of the file is empty"},
         NULL},
        {"{\"name\":\"p\",\"environments\":\"environments.json\","
         "\"steps\":[{\"id\":\"a\"," HOOK "}],@\"alway\":[]}",
         {"unknown key \"alway\" in the file"},
         "did you mean \"always\"?"},
        {"{\"name\":\"p\",\"environments\":\"environments.json\","
         "\"steps\":[{\"id\":\"a\"," HOOK "}],\"always\":@{}}",
         {"\"always\" of the file must be an array, not an object"},
         NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        expect_refused(refusals[i].text, refusals[i].messages, refusals[i].note);
    }
}

static void mistakes_of_a_step_are_told(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"@7", {"item 1 of \"steps\" of the file must be an object, not the number 7"}, NULL},
        {"@{" HOOK "}", {"missing key \"id\" in step 1"}, NULL},
        {"{\"id\":@3," HOOK "}", {"\"id\" of step 1 must be a string, not the number 3"}, NULL},
        {"{\"id\":@\"\"," HOOK "}", {"\"\" is no name for a step"}, NULL},
        {"{\"id\":@\"End to end\"," HOOK "}", {"\"End to end\" is no name for a step"}, NULL},
        {"{\"id\":@\"-a\"," HOOK "}", {"\"-a\" is no name for a step"}, NULL},
        {"{\"id\":@\"a2345678901234567890123456789012345678901\"," HOOK "}",
         {"is no name for a step; it has up to 40"},
         NULL},
        {"@{\"id\":\"a\"}",
         {"step \"a\" does not say what to do"},
         "exactly one of the keys \"deploy\", \"hook\", \"backup\", \"restore\", \"gate\", "
         "\"check\" and "
         "\"seed\""},
        {"@{\"id\":\"a\",@\"depoy\":\"staging\"}",
         {"step \"a\" does not say what to do", "unknown key \"depoy\" in step \"a\""},
         NULL},
        {"{\"id\":\"a\",\"deploy\":\"staging\",@\"seed\":\"staging\"}",
         {"step \"a\" has \"deploy\" and \"seed\""},
         "make two steps of it"},
        {"{\"id\":\"a\"," HOOK ",@\"timout\":\"15m\"}",
         {"unknown key \"timout\" in step \"a\""},
         "did you mean \"timeout\"?"},
        {"{\"id\":\"a\"," HOOK ",\"timeout\":@\"15 minutes\"}",
         {"\"timeout\" of step \"a\" must be a duration such as \"2s\""},
         NULL},
        {"{\"id\":\"a\"," HOOK ",\"timeout\":@15}",
         {"\"timeout\" of step \"a\" must be a duration such as \"2s\", not the number 15"},
         NULL},
        {"{\"id\":\"a\"," HOOK ",\"backoff\":@\"soon\"}",
         {"\"backoff\" of step \"a\" must be a duration"},
         NULL},
        {"{\"id\":\"a\"," HOOK ",\"retries\":@-1}",
         {"\"retries\" of step \"a\" must be a whole number from 0 to 1000, not the number -1"},
         NULL},
        {"{\"id\":\"a\"," HOOK ",\"retries\":@1001}", {"from 0 to 1000"}, NULL},
        {"{\"id\":\"a\"," HOOK ",\"retries\":@\"2\"}", {"not the string \"2\""}, NULL},
        {"{\"id\":\"a\"," HOOK ",\"on_failure\":@\"contine\"}",
         {"\"on_failure\" of step \"a\" must be \"stop\" or \"continue\""},
         "did you mean \"continue\"?"},
        {"{\"id\":\"a\"," HOOK ",\"evidence\":@\"E2E passed\"}",
         {"\"E2E passed\" is no name for evidence"},
         NULL},
        {"{\"id\":\"a\"," HOOK ",\"on\":@\"stagin\"}",
         {"there is no environment \"stagin\" in "},
         "did you mean \"staging\"?"},
        {"{\"id\":\"a\"," HOOK ",\"on\":@\"moon\"}",
         {"there is no environment \"moon\" in "},
         "it names \"development\", \"staging\" and \"production\""},
        {"{\"id\":\"a\",\"deploy\":@\"prodution\"}",
         {"there is no environment \"prodution\" in "},
         "did you mean \"production\"?"},
        {"{\"id\":\"a\",\"deploy\":@[\"staging\"]}",
         {"\"deploy\" of step \"a\" must be a string, not an array"},
         NULL},
        {"{\"id\":\"a\",\"check\":@\"\"}", {"there is no environment \"\" in "}, NULL},
        {"{\"id\":\"a\",\"seed\":@null}", {"must be a string, not null"}, NULL},
        {"{\"id\":\"a\"," HOOK "},\n{\"id\":\"b\"," HOOK "},\n{\"id\":@\"a\"," HOOK "}",
         {"step 3 is called \"a\" like step 1"},
         NULL},
        {"{\"id\":\"a\"," HOOK ",\"evidence\":\"@${HEADGATE_TEST_NOT_SET}\"}",
         {"environment variable \"HEADGATE_TEST_NOT_SET\" is not set"},
         NULL},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
}

static void keys_have_their_kinds(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"id\":\"a\",\"deploy\":\"staging\",@\"on\":\"staging\"}",
         {"step \"a\" cannot have \"on\" beside \"deploy\""},
         "the others name their environment themselves"},
        {"{\"id\":\"a\",\"seed\":\"staging\",@\"env\":{}}",
         {"step \"a\" cannot have \"env\" beside \"seed\""},
         "only hooks get variables"},
        {"{\"id\":\"a\"," HOOK ",@\"verify\":[\"restore\"]}",
         {"step \"a\" cannot have \"verify\" beside \"hook\""},
         "only backups are verified"},
        {"{\"id\":\"a\",\"deploy\":\"staging\",@\"evidence\":\"deployed\"}",
         {"step \"a\" cannot have \"evidence\" beside \"deploy\""},
         "only hooks and checks bring evidence"},
        {"{\"id\":\"a\",\"gate\":{},@\"evidence\":\"approved\"}",
         {"step \"a\" cannot have \"evidence\" beside \"gate\""},
         NULL},
        {"{\"id\":\"a\",\"gate\":{},@\"timeout\":\"2h\",@\"retries\":1,@\"backoff\":\"1s\","
         "@\"on_failure\":\"continue\"}",
         {"step \"a\" cannot have \"timeout\" beside \"gate\"",
          "step \"a\" cannot have \"retries\" beside \"gate\"",
          "step \"a\" cannot have \"backoff\" beside \"gate\"",
          "step \"a\" cannot have \"on_failure\" beside \"gate\""},
         "a gate waits until it opens"},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
}

static void steps_of_always_are_hooks_and_wait_for_nobody(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"id\":\"t\"," HOOK ",@\"needs\":[]}",
         {"step \"t\" of \"always\" cannot have \"needs\""},
         "run one after the other"},
        {"{\"id\":\"t\"," HOOK ",@\"on_failure\":\"stop\"}",
         {"step \"t\" of \"always\" cannot have \"on_failure\""},
         "the run is over by then"},
        {"{\"id\":\"t\"," HOOK ",@\"evidence\":\"told\"}",
         {"step \"t\" of \"always\" cannot have \"evidence\""},
         "it proves nothing"},
        {"{\"id\":\"t\",@\"deploy\":\"staging\"}",
         {"step \"t\" of \"always\" cannot be a \"deploy\""},
         "only hooks run at the end"},
        {"{\"id\":\"t\",@\"gate\":{}}", {"step \"t\" of \"always\" cannot be a \"gate\""}, NULL},
        {"@{" HOOK "}", {"missing key \"id\" in step 2"}, NULL},
        {"{\"id\":@\"a\"," HOOK "}", {"step 2 is called \"a\" like step 1"}, NULL},
        {"{\"id\":\"t\"," HOOK ",\"on\":@\"moon\"}", {"there is no environment \"moon\""}, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        CLEANUP(mem_freep) char *always = mem_printf(",\n\"always\":[%s]", refusals[i].text);
        CLEANUP(mem_freep) char *text = around("{\"id\":\"a\"," HOOK "}", always);
        expect_refused(text, refusals[i].messages, refusals[i].note);
    }
}

static void schedules_are_checked(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"@{\"timezone\":\"UTC\"}", {"missing key \"cron\" in \"schedule\""}, NULL},
        {"@\"0 2 * * 0\"", {"\"schedule\" of the file must be an object"}, NULL},
        {"{\"cron\":@\"weekly\"}", {"\"weekly\" is no schedule"}, "\"0 2 * * 0\""},
        {"{\"cron\":@\"\"}", {"\"\" is no schedule"}, NULL},
        {"{\"cron\":@\"0 2 * *\"}", {"is no schedule"}, NULL},
        {"{\"cron\":@\"0 2 * * 0 2026\"}", {"is no schedule"}, NULL},
        {"{\"cron\":@\" 0 2 * * 0\"}", {"is no schedule"}, NULL},
        {"{\"cron\":@\"0 2 * * 0 \"}", {"is no schedule"}, NULL},
        {"{\"cron\":@\"60 2 * * 0\"}", {"\"60\" in \"cron\" is no minute"}, "numbers from 0 to 59"},
        {"{\"cron\":@\"0 24 * * 0\"}", {"\"24\" in \"cron\" is no hour"}, NULL},
        {"{\"cron\":@\"0 0 0 * 0\"}", {"\"0\" in \"cron\" is no day of the month"}, NULL},
        {"{\"cron\":@\"0 0 * 13 0\"}", {"\"13\" in \"cron\" is no month"}, "or names"},
        {"{\"cron\":@\"0 0 * Mon 0\"}", {"\"Mon\" in \"cron\" is no month"}, NULL},
        {"{\"cron\":@\"0 0 * * 8\"}", {"\"8\" in \"cron\" is no day of the week"}, NULL},
        {"{\"cron\":@\"0 0 * * Monday\"}", {"\"Monday\" in \"cron\" is no day of the week"}, NULL},
        {"{\"cron\":@\"5-1 0 * * *\"}", {"\"5-1\" in \"cron\" is no minute"}, "the smaller one"},
        {"{\"cron\":@\"*/0 0 * * *\"}", {"\"*/0\" in \"cron\" is no minute"}, NULL},
        {"{\"cron\":@\"5/2 0 * * *\"}", {"\"5/2\" in \"cron\" is no minute"}, NULL},
        {"{\"cron\":@\"1, 0 * * *\"}", {"\"1,\" in \"cron\" is no minute"}, NULL},
        {"{\"cron\":@\"1-2- 0 * * *\"}", {"\"1-2-\" in \"cron\" is no minute"}, NULL},
        {"{\"cron\":@\"0000001 0 * * *\"}", {"\"0000001\" in \"cron\" is no minute"}, NULL},
        {"{\"cron\":\"0 2 * * 0\",\"timezone\":@\"+01:00\"}", {"\"+01:00\" is no time zone"}, NULL},
        {"{\"cron\":\"0 2 * * 0\",\"timezone\":@\"Europe/Berlin x\"}", {"is no time zone"}, NULL},
        {"{\"cron\":\"0 2 * * 0\",\"catch_up\":@\"yes\"}",
         {"\"catch_up\" of \"schedule\" must be true or false"},
         NULL},
        {"{\"cron\":\"0 2 * * 0\",@\"every\":\"1h\"}", {"unknown key \"every\""}, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        CLEANUP(mem_freep) char *rest = mem_printf(",\n\"schedule\":%s", refusals[i].text);
        CLEANUP(mem_freep) char *text = around("{\"id\":\"a\"," HOOK "}", rest);
        expect_refused(text, refusals[i].messages, refusals[i].note);
    }
}

static void good_schedules_are_accepted(void **state)
{
    (void)state;
    static const char *const schedules[] = {"* * * * *", "0 0 1 1 0", "59 23 31 12 7",
                                            "*/15,3 0-6/2,8  1-31 jan-DEC Sun,mon-Sat"};
    for (size_t i = 0; i < ARRAY_LEN(schedules); i++) {
        CLEANUP(mem_freep)
        char *rest = mem_printf(",\"schedule\":{\"cron\":\"%s\",\"catch_up\":true}", schedules[i]);
        CLEANUP(mem_freep) char *text = around("{\"id\":\"a\"," HOOK "}", rest);
        CLEANUP(workflow_freep) struct workflow *workflow = read_text(text);
        assert_int_equal(workflow->n, 1);
    }
}

/* --- backup and restore --- */

static void mistakes_in_backups_and_restores_are_told(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"id\":\"a\",\"backup\":@\"moon\"}", {"there is no environment \"moon\""}, NULL},
        {"{\"id\":\"a\",\"backup\":\"staging\",\"verify\":@[]}",
         {"\"verify\" of step \"a\" is empty"},
         NULL},
        {"{\"id\":\"a\",\"backup\":\"staging\",\"verify\":[@\"restored\",@3,\"contents\","
         "@\"contents\",@\"none\"]}",
         {"\"restored\" is no way to verify a backup", "must be a string",
          "\"verify\" of step \"a\" has \"contents\" twice", "\"none\" is no way"},
         "there are \"checksums\", \"contents\" and \"restore\""},
        {"{\"id\":\"a\",\"restore\":@{\"to\":\"staging\",\"archive\":@\"\"}}",
         {"missing key \"from\"", "\"archive\" of \"restore\" of step \"a\" is empty"},
         NULL},
        {"{\"id\":\"a\",\"restore\":{\"from\":@\"moon\",\"to\":@\"sun\"}}",
         {"there is no environment \"moon\"", "there is no environment \"sun\""},
         NULL},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
}

/* How far a backup is proven: the highest that the file names, else what the policy demands. */
static void a_backup_is_proven_as_far_as_is_said_or_demanded(void **state)
{
    static const struct {
        const char *require, *verify;
        enum proof_level level;
    } cases[] = {
        {"", "", PROOF_CHECKSUMS},
        {",\"require\":{\"backup\":{}}", "", PROOF_RESTORE},
        {",\"require\":{\"backup\":{\"restored\":false}}", "", PROOF_CHECKSUMS},
        {"", ",\"verify\":[\"contents\",\"checksums\"]", PROOF_CONTENTS},
        {",\"require\":{\"backup\":{}}", ",\"verify\":[\"checksums\"]", PROOF_CHECKSUMS},
        {"", ",\"verify\":[\"restore\"]", PROOF_RESTORE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(mem_freep)
        char *environments = mem_printf("{\"environments\":{\"production\":{\"kind\":"
                                        "\"production\",\"url\":\"embedded:production\"%s}}}",
                                        cases[i].require);
        CLEANUP(mem_freep)
        char *step = mem_printf("{\"id\":\"a\",\"backup\":\"production\"%s}", cases[i].verify);
        write_file("pipelines/environments.json", environments);
        CLEANUP(workflow_freep) struct workflow *workflow = read_steps(step);
        assert_int_equal(workflow->steps[0].verify, cases[i].level);
    }
    (void)make_project(state);
}

static void what_a_restore_says_is_read(void **state)
{
    (void)state;
    CLEANUP(workflow_freep)
    struct workflow *workflow =
        read_steps("{\"id\":\"a\",\"restore\":{\"from\":\"production\",\"to\":\"staging\"}},"
                   "{\"id\":\"b\",\"restore\":{\"from\":\"staging\",\"to\":\"development\","
                   "\"archive\":\"staging-2026\"}}");
    assert_string_equal(workflow->steps[0].source->name, "production");
    assert_string_equal(workflow->steps[0].environment->name, "staging");
    assert_string_equal(workflow->steps[0].archive, "latest");
    assert_string_equal(workflow->steps[1].archive, "staging-2026");
}

/* What another tool makes, Headgate can only have read back. */
static void a_backup_by_another_tool_is_not_restored(void **state)
{
    write_file("pipelines/environments.json",
               "{\"environments\":{\"production\":{\"kind\":\"production\",\"url\":"
               "\"embedded:production\",\"backup\":{\"tool\":\"pgbackrest\",\"stanza\":\"main\"},"
               "\"require\":{\"backup\":{}}}}}");
    static const struct refusal refusals[] = {
        {"{\"id\":\"a\",\"backup\":\"production\",\"verify\":@[\"restore\"]}",
         {"a backup by pgbackrest can only be verified by \"checksums\""},
         "leave \"verify\" away"},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
    CLEANUP(workflow_freep)
    struct workflow *workflow = read_steps("{\"id\":\"a\",\"backup\":\"production\"}");
    assert_int_equal(workflow->steps[0].verify, PROOF_CHECKSUMS);
    (void)make_project(state);
}

/* --- kinds that are yet to come --- */

static void kinds_to_come_are_refused_with_what_to_do_instead(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"id\":\"a\",@\"rehearse\":{\"on\":\"staging\",\"max_lock\":\"2s\"}}",
         {"step \"a\": this version of headgate has no \"rehearse\" yet"},
         "leave it out"},
        {"{\"id\":\"a\",@\"refresh\":{\"from\":\"production\",\"to\":\"staging\","
         "\"mask\":{\"public.users.email\":{\"email\":\"x.invalid\"},\"public.users.id\":\"keep\","
         "\"public.users.name\":{\"name\":true}},\"rows\":{\"public.log\":\"none\","
         "\"public.events\":{\"where\":\"id > 3\"}},\"swap\":\"rename\",\"unlisted\":\"refuse\","
         "\"keep_previous\":1}}",
         {"step \"a\": this version of headgate has no \"refresh\" yet"},
         "let a hook"},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
}

/* Each after the refusal of the kind itself, which stands before it in the line. */
static void what_kinds_to_come_say_is_checked(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {"{\"id\":\"a\",@\"rehearse\":@{\"max_lock\":@\"long\"}}",
         {"yet", "missing key \"on\"", "\"max_lock\" of \"rehearse\" of step \"a\" must be"},
         NULL},
        {"{\"id\":\"a\",@\"refresh\":{\"from\":\"production\",\"to\":\"staging\","
         "\"mask\":{@\"users\":\"keep\",\"a.b.c\":@\"hide\",\"a.b.d\":@{}}}}",
         {"yet", "\"users\" in \"mask\" is not written as SCHEMA.TABLE.COLUMN", "must be \"keep\"",
          "the mask of \"a.b.d\" must name one way to mask"},
         NULL},
        {"{\"id\":\"a\",@\"refresh\":{\"from\":\"production\",\"to\":\"staging\","
         "\"mask\":{\"a.b.c\":{\"name\":@false},\"a.b.d\":@{\"name\":true,\"email\":@\"\"},"
         "@\"a..d\":\"keep\"}}}",
         {"yet", "\"name\" of the mask of \"a.b.c\" must be true", "must name one way to mask",
          "\"email\" of the mask of \"a.b.d\" is empty", "\"a..d\" in \"mask\" is not written"},
         NULL},
        {"{\"id\":\"a\",@\"refresh\":{\"from\":\"production\",\"to\":\"staging\","
         "\"rows\":{\"a.b\":@{},\"a.c\":@7},\"swap\":@\"copy\",\"keep_previous\":1}}",
         {"yet", "missing key \"where\" in the rows of \"a.b\"",
          "must be an object, not the number 7", "\"swap\" of \"refresh\" of step \"a\" must be"},
         NULL},
        {"{\"id\":\"a\",@\"refresh\":@true}", {"yet", "must be an object, not true"}, NULL},
    };
    expect_all_refused(refusals, ARRAY_LEN(refusals));
}

/* --- all files at once --- */

static const struct problem *find_problem(const struct error *err, const char *message)
{
    for (size_t i = 0; i < err->problems.n; i++) {
        if (strstr(err->problems.items[i].message, message) != NULL) {
            return &err->problems.items[i];
        }
    }
    CLEANUP(mem_freep) char *told = all_of(err);
    fail_msg("nobody says \"%s\":\n%s", message, told);
    return NULL;
}

static void mistakes_of_all_three_are_told_at_once(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct workflow *workflow = NULL;
    write_file("bad/pipelines/environments.json",
               "{\"environments\":{\"a\":{\"kind\":\"tset\",\"url\":\"embedded:a\"}}}");
    write_file("bad/migrations/20260101000000_one/migration.sql",
               "-- headgate: lock-timeout soon\nselect 1;\n");
    write_file("bad/migrations/20260102000000_two/readme", "");
    write_file("bad/pipelines/p.json",
               "{\"name\":\"p\",\"environments\":\"environments.json\",\"release\":"
               "\"../migrations\",\"steps\":[{\"id\":\"a\",\"deploy\":\"nowhere\",\"timout\":1},"
               "{\"id\":\"b\"}]}");
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "bad/pipelines/p.json");
    const struct workflow_source source = {.path = path};
    assert_fails(workflow_read(&source, &workflow, &err), ERROR_CONFIG);
    assert_null(workflow);
    assert_int_equal(err.problems.n, 5);
    assert_true(text_ends(find_problem(&err, "unknown key \"timout\"")->file, "p.json"));
    assert_true(text_ends(find_problem(&err, "does not say what to do")->file, "p.json"));
    assert_true(
        text_ends(find_problem(&err, "must be \"development\"")->file, "environments.json"));
    assert_true(text_ends(find_problem(&err, "\"soon\"")->file, "_one/migration.sql"));
    assert_non_null(find_problem(&err, "has no migration.sql"));
    assert_contains(err.message, "environments.json and the release have 5 mistakes");
}

static void a_file_that_is_not_there_hides_nothing(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct workflow *workflow = NULL;
    assert_fails(try_read("{\"name\":\"P\",\"environments\":\"nowhere.json\","
                          "\"release\":\"nowhere\",\"steps\":[{\"id\":\"a\","
                          "\"deploy\":\"anywhere\"}]}",
                          &workflow, &err),
                 ERROR_CONFIG);
    assert_int_equal(err.problems.n, 3);
    assert_non_null(find_problem(&err, "\"P\" is no name for a pipeline"));
    assert_non_null(find_problem(&err, "nowhere.json: No such file or directory"));
    assert_true(has_note(find_problem(&err, "there is no folder of migrations"), "--release"));
}

static void a_pipeline_that_is_no_json_does_not_hide_what_the_caller_names(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct workflow *workflow = NULL;
    const struct workflow_source source = {
        .path = written("{"), .environments = "/nowhere/e.json", .release = "/nowhere"};
    assert_fails(workflow_read(&source, &workflow, &err), ERROR_CONFIG);
    assert_int_equal(err.problems.n, 3);
    assert_contains(err.message, "p.json, /nowhere/e.json and the release have 3 mistakes");
}

static void one_mistake_alone_is_told_as_it_is(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct workflow *workflow = NULL;
    const struct workflow_source source = {.path = "/nowhere/promote.json"};
    assert_fails(workflow_read(&source, &workflow, &err), ERROR_CONFIG);
    assert_string_equal(err.message,
                        "could not read /nowhere/promote.json: No such file or directory");
    assert_int_equal(err.problems.n, 0);
}

/* That it could not be read is no mistake in a file; here its lock file is too large for one. */
static void a_release_that_fails_otherwise_hides_no_mistake(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error both = ERROR_INIT;
    struct workflow *workflow = NULL;
    write_file("large/20260101000000_one/migration.sql", "select 1;\n");
    scratch_sh("truncate -s 64M large/migration_lock.toml");
    CLEANUP(mem_freep) char *large = path_join(scratch_dir(), "large");
    struct workflow_source source = {.path = written(full), .release = large};
    assert_fails(workflow_read(&source, &workflow, &err), ERROR_IO);
    source.path = written("{\"name\":\"P\",\"environments\":\"environments.json\",\"steps\":["
                          "{\"id\":\"a\",\"deploy\":\"staging\"}]}");
    assert_false(workflow_read(&source, &workflow, &both));
    assert_int_equal(both.code, ERROR_CONFIG);
    assert_int_equal(both.problems.n, 2);
    assert_non_null(find_problem(&both, "\"P\" is no name for a pipeline"));
    assert_non_null(find_problem(&both, err.message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_sample_is_refused_with_places),
        cmocka_unit_test(every_good_sample_is_read),
        cmocka_unit_test(the_sample_project_promotes),
        cmocka_unit_test(a_file_says_what_it_says),
        cmocka_unit_test(digests_are_those_of_the_files),
        cmocka_unit_test(paths_start_from_the_file),
        cmocka_unit_test(a_folder_that_is_a_link_is_not_left_by_name),
        cmocka_unit_test(paths_of_the_current_folder_are_short),
        cmocka_unit_test(without_a_release_it_is_the_projects),
        cmocka_unit_test(the_caller_may_name_other_files),
        cmocka_unit_test(values_from_outside_are_filled_in),
        cmocka_unit_test(mistakes_of_the_whole_file_are_told),
        cmocka_unit_test(mistakes_of_a_step_are_told),
        cmocka_unit_test(keys_have_their_kinds),
        cmocka_unit_test(steps_of_always_are_hooks_and_wait_for_nobody),
        cmocka_unit_test(schedules_are_checked),
        cmocka_unit_test(good_schedules_are_accepted),
        cmocka_unit_test(mistakes_in_backups_and_restores_are_told),
        cmocka_unit_test(a_backup_is_proven_as_far_as_is_said_or_demanded),
        cmocka_unit_test(what_a_restore_says_is_read),
        cmocka_unit_test(a_backup_by_another_tool_is_not_restored),
        cmocka_unit_test(kinds_to_come_are_refused_with_what_to_do_instead),
        cmocka_unit_test(what_kinds_to_come_say_is_checked),
        cmocka_unit_test(mistakes_of_all_three_are_told_at_once),
        cmocka_unit_test(a_file_that_is_not_there_hides_nothing),
        cmocka_unit_test(a_pipeline_that_is_no_json_does_not_hide_what_the_caller_names),
        cmocka_unit_test(one_mistake_alone_is_told_as_it_is),
        cmocka_unit_test(a_release_that_fails_otherwise_hides_no_mistake),
    };
    return cmocka_run_group_tests(tests, make_project, NULL);
}
