/*
 * Hooks before they run: what the file may say, what is looked at, what a plan tells.
 */
#include "hooks.h"

/* The pipeline with one step of these members is refused with these words. */
static void expect_mistake(struct hooks *hooks, const char *members, const char *words)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf all = STRBUF_INIT;
    CLEANUP(mem_freep) char *rest = mem_printf("\"steps\":[{\"id\":\"h\",%s}]", members);
    assert_fails(read_pipeline(hooks, rest, &err), ERROR_CONFIG);
    for (size_t i = 0; i < err.problems.n; i++) {
        const struct problem *problem = &err.problems.items[i];
        strbuf_printf(&all, "%s\n", problem->message);
        for (size_t j = 0; j < problem->notes.n; j++) {
            strbuf_printf(&all, "  %s\n", problem->notes.items[j]);
        }
    }
    assert_contains(all.text, words);
}

static void mistakes_are_told(void **state)
{
    struct hooks *hooks = *state;
    static const char *const cases[][2] = {
        {"\"hook\":[]", "\"hook\" of step \"h\" names no program"},
        {"\"hook\":[\"\",\"x\"]", "the program in \"hook\" of step \"h\" has an empty name"},
        {"\"hook\":\"../scripts/e2e.sh\"", "write [\"../scripts/e2e.sh\"]"},
        {"\"hook\":[\"true\",5]", "string"},
        {"\"hook\":[\"true\"],\"env\":[]", "\"env\" of step \"h\""},
        {"\"hook\":[\"true\"],\"env\":{\"A\":5}", "string"},
        {"\"hook\":[\"true\"],\"env\":{\"A-B\":\"\"}", "\"A-B\" is no name for an environment"},
        {"\"hook\":[\"true\"],\"env\":{\"1A\":\"\"}", "\"1A\" is no name for an environment"},
        {"\"hook\":[\"true\"],\"env\":{\"\":\"\"}", "\"\" is no name for an environment"},
        {"\"hook\":[\"true\"],\"env\":{\"HEADGATE_RUN\":\"\"}", "are headgate's own"},
        {"\"hook\":[\"true\"],\"on\":\"x\",\"env\":{\"DATABASE_URL\":\"\"}", "leave \"on\" away"},
        {"\"hook\":[\"true\"],\"env\":{\"A\":\"${HG_NO_SUCH_VARIABLE}\"}", "HG_NO_SUCH_VARIABLE"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        expect_mistake(hooks, cases[i][0], cases[i][1]);
    }
}

static void its_own_database_url_is_allowed_without_on(void **state)
{
    struct hooks *hooks = *state;
    run_hook(hooks, ",\"env\":{\"DATABASE_URL\":\"elsewhere\"}", "#!/bin/sh\necho $DATABASE_URL\n");
    assert_contains(hooks->log.text, " h out| elsewhere\n");
}

static const struct error *look_at_program(struct hooks *hooks, const char *program)
{
    CLEANUP(mem_freep)
    char *rest = mem_printf("\"steps\":[{\"id\":\"h\",\"hook\":[\"%s\"]}]", program);
    look_at_pipeline(hooks, rest);
    return &last_step(hooks)->refusal;
}

static void expect_refusal(struct hooks *hooks, const char *program, const char *message,
                           const char *hint)
{
    const struct error *refusal = look_at_program(hooks, program);
    assert_int_equal(refusal->code, ERROR_CONFIG);
    assert_contains(refusal->message, message);
    if (hint != NULL) {
        assert_contains(refusal->hint, hint);
    }
    assert_null(last_step(hooks)->program);
}

static void a_program_that_is_not_there_is_refused(void **state)
{
    struct hooks *hooks = *state;
    write_in(hooks, "scripts/plain", "#!/bin/sh\n", 0644);
    write_in(hooks, "bin/hg-plain", "#!/bin/sh\n", 0644);
    expect_refusal(hooks, "../scripts/none", "there is no program \"", "relative to that file");
    expect_refusal(hooks, "../scripts/plain", "scripts/plain\" cannot be executed", "chmod +x ");
    expect_refusal(hooks, "../scripts", "scripts\" is a folder, not a program", NULL);
    expect_refusal(hooks, "hg-no-such-program",
                   "there is no program \"hg-no-such-program\" in PATH", "\"../scripts/NAME\"");
    CLEANUP(mem_freep) char *before = mem_copy(getenv("PATH"));
    CLEANUP(mem_freep) char *path = mem_printf("%s/bin:%s", hooks->folder, before);
    assert_int_equal(setenv("PATH", path, 1), 0);
    expect_refusal(hooks, "hg-plain", "\"hg-plain\" in PATH cannot be executed", NULL);
    assert_int_equal(setenv("PATH", before, 1), 0);
}

static void a_program_is_found_and_hashed(void **state)
{
    struct hooks *hooks = *state;
    char digest[HASH_HEX_SIZE];
    CLEANUP(mem_freep) char *absolute = path_join(hooks->folder, "scripts/hook");
    write_in(hooks, "scripts/hook", "#!/bin/sh\n", 0755);
    hash_sha256("#!/bin/sh\n", 10, digest);
    assert_false(error_is_set(look_at_program(hooks, "../scripts/hook")));
    assert_string_equal(last_step(hooks)->program, absolute);
    assert_string_equal(last_step(hooks)->file, digest);
    assert_false(error_is_set(look_at_program(hooks, absolute)));
    assert_string_equal(last_step(hooks)->program, absolute);
    assert_false(error_is_set(look_at_program(hooks, "sh")));
    assert_int_equal(last_step(hooks)->program[0], '/');
    assert_string_equal(last_step(hooks)->file, "");
}

static void what_may_be_executed_but_not_read_is_not_hashed(void **state)
{
    struct hooks *hooks = *state;
    write_in(hooks, "scripts/hook", "#!/bin/sh\n", 0111);
    CLEANUP(mem_freep) char *path = path_join(hooks->folder, "scripts/hook");
    assert_false(error_is_set(look_at_program(hooks, "../scripts/hook")));
    assert_int_equal(last_step(hooks)->file[0] == '\0', access(path, R_OK) != 0);
}

static char *document_of(const struct plan_step *step)
{
    struct strbuf text = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&text, false);
    json_write_object(&writer);
    step_kind_hook.write(&writer, step);
    json_write_object_end(&writer);
    return strbuf_take(&text);
}

static void the_document_tells_all_but_the_place_and_the_secrets(void **state)
{
    struct hooks *hooks = *state;
    assert_int_equal(setenv("HG_TOKEN", "swordfish-4711", 1), 0);
    write_in(hooks, "scripts/hook", "#!/bin/sh\n", 0755);
    look_at_pipeline(hooks, "\"steps\":[{\"id\":\"h\",\"hook\":[\"../scripts/hook\",\"--token\","
                            "\"${HG_TOKEN}\"],\"on\":\"x\",\"env\":{\"TOKEN\":\"${HG_TOKEN}\"}}]");
    CLEANUP(mem_freep) char *document = document_of(last_step(hooks));
    CLEANUP(mem_freep)
    char *wanted = mem_printf(
        "{\"argv\":[\"../scripts/hook\",\"--token\",\"***\"],\"program\":\"scripts/hook\","
        "\"program_sha256\":\"%s\",\"folder\":\"..\",\"variables\":[\"HEADGATE_RUN\","
        "\"HEADGATE_STEP\",\"HEADGATE_RELEASE\",\"HEADGATE_ATTEMPT\",\"HEADGATE_STATE\","
        "\"HEADGATE_OUTPUT\",\"HEADGATE_ENVIRONMENT\",\"DATABASE_URL\",\"TOKEN\"]}",
        last_step(hooks)->file);
    strbuf_clear(&hooks->log);
    CLEANUP(strbuf_clear) struct strbuf flat = STRBUF_INIT;
    for (const char *c = document; *c != '\0'; c++) {
        if (*c != ' ' && *c != '\n') {
            strbuf_add_char(&flat, *c);
        }
    }
    assert_string_equal(flat.text, wanted);
    assert_int_equal(unsetenv("HG_TOKEN"), 0);

    look_at_pipeline(hooks, "\"steps\":[{\"id\":\"h\",\"hook\":[\"hg-no-such-program\"]}]");
    CLEANUP(mem_freep) char *refused = document_of(last_step(hooks));
    assert_contains(refused, "null");
    assert_null(strstr(refused, hooks->folder));
}

static void a_pipeline_elsewhere_has_its_own_folder(void **state)
{
    struct hooks *hooks = *state;
    struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(hooks->folder, "p.json");
    write_in(hooks, "p.json",
             "{\"name\":\"p\",\"environments\":\"pipelines/environments.json\",\"release\":"
             "\"migrations\",\"steps\":[{\"id\":\"h\",\"hook\":[\"true\"]}]}",
             0644);
    forget_workflow(hooks);
    const struct workflow_source source = {.path = path, .state_folder = scratch_state()};
    assert_ok(workflow_read(&source, &hooks->workflow, &err));
    CLEANUP(mem_freep) char *folder = hook_folder(hooks->workflow->folder);
    assert_string_equal(folder, hooks->folder);
    struct plan_step step = {.step = &hooks->workflow->steps[0]};
    CLEANUP(mem_freep) char *document = document_of(&step);
    assert_contains(document, "\".\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOOKS(mistakes_are_told),
        WITH_HOOKS(its_own_database_url_is_allowed_without_on),
        WITH_HOOKS(a_program_that_is_not_there_is_refused),
        WITH_HOOKS(a_program_is_found_and_hashed),
        WITH_HOOKS(what_may_be_executed_but_not_read_is_not_hashed),
        WITH_HOOKS(the_document_tells_all_but_the_place_and_the_secrets),
        WITH_HOOKS(a_pipeline_elsewhere_has_its_own_folder),
    };
    interrupt_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
