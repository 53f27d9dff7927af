#include "reading.h"

#define URL "\"url\":\"embedded:x\""

static void what_is_not_said_has_its_default(void **state)
{
    (void)state;
    CLEANUP(environments_freep) struct environments *set = read_members(URL);
    const struct courtesy *courtesy = &set->items[0].courtesy;
    const struct requirements *require = &set->items[0].require;
    assert_int_equal(courtesy->lock_timeout, 2000);
    assert_int_equal(courtesy->lock_retries, 30);
    assert_int_equal(courtesy->statement_timeout, 0);
    assert_int_equal(courtesy->breaker.blocked_sessions, 0);
    assert_int_equal(courtesy->breaker.after, 2000);
    assert_int_equal(require->n_evidence, 0);
    assert_false(require->backup);
    assert_int_equal(require->approvals, 0);
    assert_int_equal(require->n_windows, 0);
    assert_int_equal(require->n_freezes, 0);
}

static void what_is_said_is_read(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members(
        URL
        ",\"deploy\":{\"lock_timeout\":\"250ms\",\"lock_retries\":0,\"statement_timeout\":\"10m\","
        "\"breaker\":{\"blocked_sessions\":5,\"for\":\"3s\"}},"
        "\"require\":{\"evidence\":[\"e2e\",\"rehearsal\"],\"approvals\":2,"
        "\"backup\":{\"restored\":false,\"max_age\":\"2h\"}}");
    const struct courtesy *courtesy = &set->items[0].courtesy;
    const struct requirements *require = &set->items[0].require;
    assert_int_equal(courtesy->lock_timeout, 250);
    assert_int_equal(courtesy->lock_retries, 0);
    assert_int_equal(courtesy->statement_timeout, 600000);
    assert_int_equal(courtesy->breaker.blocked_sessions, 5);
    assert_int_equal(courtesy->breaker.after, 3000);
    assert_int_equal(require->n_evidence, 2);
    assert_string_equal(require->evidence[1], "rehearsal");
    assert_int_equal(require->approvals, 2);
    assert_true(require->backup);
    assert_false(require->backup_restored);
    assert_int_equal(require->backup_max_age, 7200000);
}

static void a_required_backup_is_restored_and_a_day_old_at_most(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members(URL ",\"require\":{\"backup\":{}}");
    assert_true(set->items[0].require.backup);
    assert_true(set->items[0].require.backup_restored);
    assert_int_equal(set->items[0].require.backup_max_age, 86400000);
}

static void approvals_say_of_whom(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members(
        URL
        ",\"require\":{\"approvals\":2,\"approved_by\":\"../signers\",\"exclude_author\":true}");
    CLEANUP(mem_freep) char *path = mem_printf("%s/pipelines/../signers", scratch_dir());
    assert_int_equal(set->items[0].require.approvals, 2);
    assert_true(set->items[0].require.exclude_author);
    assert_string_equal(set->items[0].require.approved_by, path);
    CLEANUP(environments_freep)
    struct environments *absolute =
        read_members(URL ",\"require\":{\"approvals\":1,\"approved_by\":\"/etc/signers\"}");
    assert_string_equal(absolute->items[0].require.approved_by, "/etc/signers");
    assert_false(absolute->items[0].require.exclude_author);
}

static void who_may_approve_is_no_use_where_nobody_has_to(void **state)
{
    (void)state;
    expect_members_refused(URL ",\"require\":{\"approved_by\":\"x\"}",
                           "\"approved_by\" is of no use without \"approvals\"");
    expect_members_refused(URL ",\"require\":{\"exclude_author\":true,\"approvals\":0}",
                           "\"exclude_author\" is of no use without \"approvals\"");
    expect_members_refused(URL ",\"require\":{\"approvals\":1,\"approved_by\":\"\"}",
                           "the path of the allowed signers is empty");
    expect_members_refused(URL ",\"require\":{\"approvals\":1,\"exclude_author\":1}", "true");
}

static void lists_must_be_lists(void **state)
{
    (void)state;
    expect_members_refused(URL ",\"require\":{\"windows\":\"Mon 08:00-16:00\"}", "an array");
    expect_members_refused(URL ",\"require\":{\"freeze\":{}}", "an array");
    expect_members_refused(URL ",\"require\":[]", "an object");
    expect_members_refused(URL ",\"deploy\":true", "an object");
    expect_members_refused(URL ",\"require\":{\"backup\":true}", "an object");
    expect_members_refused(URL ",\"deploy\":{\"breaker\":5}", "an object");
}

static void the_allowed_signers_are_found_from_the_file_that_names_them(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(environments_freep) struct environments *set = NULL;
    CLEANUP(environments_freep) struct environments *none = read_members(URL);
    static const char path[] = TEST_SUPPORT "/../scenario/environments-good/signed-by.json";
    assert_ok(environments_read(path, NULL, &set, &err));
    assert_string_equal(set->items[0].require.signed_by,
                        TEST_SUPPORT "/../scenario/environments-good/../allowed_signers");
    assert_string_equal(set->items[1].require.signed_by, "/etc/headgate/allowed_signers");
    assert_null(none->items[0].require.signed_by);
    expect_members_refused(URL ",\"require\":{\"signed_by\":\"\"}",
                           "the path of the allowed signers is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_has_its_default),
        cmocka_unit_test(what_is_said_is_read),
        cmocka_unit_test(the_allowed_signers_are_found_from_the_file_that_names_them),
        cmocka_unit_test(a_required_backup_is_restored_and_a_day_old_at_most),
        cmocka_unit_test(approvals_say_of_whom),
        cmocka_unit_test(who_may_approve_is_no_use_where_nobody_has_to),
        cmocka_unit_test(lists_must_be_lists),
    };
    return cmocka_run_group_tests_name("environment/policy", tests, NULL, NULL);
}
