/* A saved plan is read again only as it was written, and holds only for so long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "headgate/file.h"
#include "headgate/run.h"
#include "private.h"

static const char document[] = "{\"format\":1,\"headgate\":\"x\",\"steps\":[]}";

/* A plan of nothing, made at this moment of the clock. */
static struct plan plan_made_at(int64_t made)
{
    struct plan plan = {.document = mem_copy(document)};
    plan.made = made;
    plan.valid_until = made + PLAN_VALIDITY * 1000;
    hash_sha256(document, strlen(document), plan.id);
    return plan;
}

static struct saved_plan *saved_and_loaded(const struct plan *plan)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    char path[] = "/tmp/headgate-test-plan-XXXXXX";
    const struct workflow_source source = {.path = "promote.json", .state_folder = "not/there/yet"};
    struct saved_plan *saved = NULL;
    CLEANUP(fd_closep) int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(plan_save(plan, &source, "anna@buildhost", path, &err));
    assert_true(plan_load(path, &saved, &err));
    assert_int_equal(unlink(path), 0);
    return saved;
}

static void a_plan_holds_for_twelve_hours(void **test)
{
    (void)test;
    const int64_t ages[] = {0, PLAN_VALIDITY - 60000, PLAN_VALIDITY + 1000};
    for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        struct plan plan = plan_made_at(wall_now_usec() - ages[i] * 1000);
        CLEANUP(saved_plan_freep) struct saved_plan *saved = saved_and_loaded(&plan);
        bool holds = plan_check_saved(&plan, saved, &err);
        assert_int_equal(holds, ages[i] < PLAN_VALIDITY);
        if (!holds) {
            assert_int_equal(err.code, ERROR_STALE);
            assert_non_null(strstr(err.detail, "the time: the plan was valid until "));
        }
        mem_free(plan.document);
    }
}

static void paths_are_kept_as_seen_from_everywhere(void **test)
{
    (void)test;
    struct plan plan = plan_made_at(wall_now_usec());
    CLEANUP(saved_plan_freep) struct saved_plan *saved = saved_and_loaded(&plan);
    CLEANUP(mem_freep) char *here = get_current_dir_name();
    CLEANUP(mem_freep) char *state = mem_printf("%s/not/there/yet", here);
    assert_string_equal(saved->state, state);
    assert_null(saved->environments);
    mem_free(plan.document);
}

/* --- what has changed --- */

static char *changes_between(const char *then, const char *now)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(json_data_freep) struct json_data *before = NULL;
    CLEANUP(json_data_freep) struct json_data *after = NULL;
    CLEANUP(strlist_clear) struct strlist changes = STRLIST_INIT;
    struct strbuf text = STRBUF_INIT;
    assert_true(json_data_parse(then, strlen(then), &before, &err));
    assert_true(json_data_parse(now, strlen(now), &after, &err));
    plan_find_changes(before, after, &changes);
    for (size_t i = 0; i < changes.n; i++) {
        strbuf_printf(&text, "%s%s", i > 0 ? "\n" : "", changes.items[i]);
    }
    return strbuf_take(&text);
}

static void what_has_changed_is_told_once(void **test)
{
    (void)test;
    static const struct {
        const char *then, *now, *says;
    } cases[] = {
        {"{\"until\":null}", "{\"until\":null}", ""},
        {"{\"until\":null}", "{\"until\":\"a\"}", "what was asked for: --until or --override"},
        {"{\"headgate\":\"1\"}", "{\"headgate\":\"2\"}", "the version of headgate: 2 now, 1 then"},
        {"{\"other\":1}", "{\"other\":2}", "something that this version has no word for"},
        {"{\"targets\":[{\"environment\":\"e\",\"server_version\":\"15\"}]}",
         "{\"targets\":[{\"environment\":\"e\",\"server_version\":\"16\"}]}",
         "environment \"e\": the server's version: 16 now, 15 then"},
        {"{\"targets\":[{\"environment\":\"e\",\"host\":\"a\",\"system_identifier\":\"1\","
         "\"shape\":"
         "\"s\"}]}",
         "{\"targets\":[{\"environment\":\"e\",\"host\":\"a\",\"system_identifier\":\"2\","
         "\"shape\":"
         "\"t\"}]}",
         "environment \"e\" leads to another server: 2 now, 1 then"},
        {"{\"steps\":[{\"id\":\"s\",\"argv\":[\"a\",\"b\"]}]}",
         "{\"steps\":[{\"id\":\"s\",\"argv\":[\"a\"]}]}",
         "step \"s\": its arguments: a now, a b then"},
        {"{\"steps\":[{\"id\":\"s\",\"timeout\":60000,\"gate\":{\"soak\":1}}]}",
         "{\"steps\":[{\"id\":\"s\",\"timeout\":0,\"gate\":{\"soak\":2}}]}",
         "step \"s\": its timeout: 0 now, 1m then\nstep \"s\": what its gate asks for"},
        {"{\"steps\":[{\"id\":\"s\",\"verdict\":\"runs\"}]}",
         "{\"steps\":[{\"id\":\"s\",\"verdict\":\"skipped\"}]}",
         "step \"s\": what becomes of it: skipped now, runs then"},
        {"{\"release\":1,\"steps\":[{\"id\":\"s\",\"verdict\":\"runs\"}]}",
         "{\"release\":{\"digest\":\"abc\"},\"steps\":[{\"id\":\"s\",\"refusal\":\"m is bad\"}]}",
         "the release: abc now, nothing then: m is bad"},
        {"{\"pipeline\":1}", "{\"pipeline\":2}", "the pipeline's file: it says something else now"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(mem_freep) char *told = changes_between(cases[i].then, cases[i].now);
        assert_string_equal(told, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_holds_for_twelve_hours),
        cmocka_unit_test(paths_are_kept_as_seen_from_everywhere),
        cmocka_unit_test(what_has_changed_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
