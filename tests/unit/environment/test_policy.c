#include "reading.h"

#include <stdlib.h>

#define URL "\"url\":\"embedded:x\""

static void expect_window(const char *text, unsigned days, int from, int to, const char *zone)
{
    CLEANUP(mem_freep)
    char *members = mem_printf(URL ",\"require\":{\"windows\":[\"%s\"]}", text);
    CLEANUP(environments_freep) struct environments *set = read_members(members);
    const struct requirements *require = &set->items[0].require;
    assert_int_equal(require->n_windows, 1);
    assert_string_equal(require->windows[0].text, text);
    assert_int_equal(require->windows[0].days, days);
    assert_int_equal(require->windows[0].from, from);
    assert_int_equal(require->windows[0].to, to);
    assert_string_equal(require->windows[0].zone, zone);
}

static void expect_item_refused(const char *list, const char *text, const char *message)
{
    CLEANUP(mem_freep)
    char *members = mem_printf(URL ",\"require\":{\"%s\":[\"%s\"]}", list, text);
    expect_members_refused(members, message);
}

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

static void windows_are_days_hours_and_a_zone(void **state)
{
    (void)state;
    expect_window("Mon-Thu 08:00-16:00 Europe/Berlin", 0x0f, 480, 960, "Europe/Berlin");
    expect_window("Mon 00:00-24:00", 0x01, 0, 1440, "UTC");
    expect_window("Sun 23:58-23:59", 0x40, 1438, 1439, "UTC");
    expect_window("Mon,Wed,Fri 09:30-11:00", 0x15, 570, 660, "UTC");
    expect_window("Sat-Sun,Tue 00:00-24:00 Etc/GMT+3", 0x62, 0, 1440, "Etc/GMT+3");
    expect_window("Mon-Sun 08:00-09:00 a", 0x7f, 480, 540, "a");
    expect_window("Mon,Mon 19:00-20:00 America/North_Dakota/New_Salem", 0x01, 1140, 1200,
                  "America/North_Dakota/New_Salem");
}

static void days_may_go_over_the_end_of_the_week(void **state)
{
    (void)state;
    expect_window("Fri-Mon 22:00-23:59", 0x71, 1320, 1439, "UTC");
    expect_window("Sun-Sat 08:00-09:00", 0x7f, 480, 540, "UTC");
    expect_window("Tue-Mon 08:00-09:00", 0x7f, 480, 540, "UTC");
    expect_window("Wed-Wed 08:00-09:00", 0x04, 480, 540, "UTC");
}

static void a_window_is_written_in_one_way_only(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Mon",
        "Mon ",
        "08:00-16:00",
        "Mon 8:00-16:00",
        "Mon 08:00-9:00",
        "Mon +8:00-16:00",
        "Mon  8:00-16:00",
        "Mon 08:0-16:00",
        "Mon 08:000-16:00",
        "Mon 008:00-16:00",
        "Mon 08:60-16:00",
        "Mon 08:00-16:60",
        "Mon 08:00-24:01",
        "Mon 08:00-25:00",
        "Mon 08:00-99:00",
        "Mon 08:00",
        "Mon 08:00-",
        "Mon 08:00 -16:00",
        "Mon 08:00- 16:00",
        "Mon 08.00-16.00",
        "Mon  08:00-16:00",
        " Mon 08:00-16:00",
        "Mon 08:00-16:00 ",
        "Mon 08:00-16:00  UTC",
        "Mon 08:00-16:00UTC",
        "Mon 08:00-16:00 UTC ",
        "Mon 08:00-16:00 UTC x",
        "Mon 08:00-16:00 +02",
        "Mon 08:00-16:00 /etc/passwd",
        "Mon 08:00-16:00 Europe/../x",
        "mon 08:00-16:00",
        "MON 08:00-16:00",
        "Monday 08:00-16:00",
        "Mo 08:00-16:00",
        "Mon- 08:00-16:00",
        "Mon-Thu-Fri 08:00-16:00",
        "Mon, 08:00-16:00",
        ",Mon 08:00-16:00",
        "Mon,,Tue 08:00-16:00",
        "Mon, Tue 08:00-16:00",
        "Mon-Foo 08:00-16:00",
        "Foo 08:00-16:00",
        "Mon\\t08:00-16:00",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        expect_item_refused("windows", bad[i], "is no window of time");
    }
}

static void a_window_ends_after_it_begins(void **state)
{
    (void)state;
    static const char *const bad[] = {"Mon 16:00-08:00", "Mon 08:00-08:00", "Mon 24:00-24:00",
                                      "Mon 22:00-00:00"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        expect_item_refused("windows", bad[i], "ends before it begins");
    }
}

static void a_freeze_is_two_days(void **state)
{
    (void)state;
    CLEANUP(environments_freep)
    struct environments *set = read_members(
        URL ",\"require\":{\"freeze\":[\"2026-12-20/2027-01-03\",\"2028-02-29/2028-02-29\","
            "\"2000-02-29/2000-12-31\"]}");
    const struct requirements *require = &set->items[0].require;
    assert_int_equal(require->n_freezes, 3);
    assert_string_equal(require->freezes[0].text, "2026-12-20/2027-01-03");
    assert_int_equal(require->freezes[0].first, 20261220);
    assert_int_equal(require->freezes[0].last, 20270103);
    assert_int_equal(require->freezes[1].first, 20280229);
    assert_int_equal(require->freezes[1].last, 20280229);
    assert_int_equal(require->freezes[2].last, 20001231);
}

static void a_freeze_is_written_in_one_way_only(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-12-20",
        "2026-12-20/",
        "/2026-12-20",
        "2026-1-3/2026-01-04",
        "2026-01-03/2026-1-4",
        "2026-01-03/2026-01-4",
        "+026-01-03/2026-01-04",
        "2026-+1-03/2026-01-04",
        "2026- 1-03/2026-01-04",
        "226-01-03/2026-01-04",
        "2026-01-03 /2026-01-04",
        "2026-01-03/ 2026-01-04",
        "2026-01-03/2026-01-04 ",
        "2026-01-03/2026-01-04/2026-01-05",
        " 2026-01-03/2026-01-04",
        "2026/01/03/2026/01/04",
        "20260103/20260104",
        "2026-00-03/2026-01-04",
        "2026-13-03/2027-01-04",
        "2026-01-00/2026-01-04",
        "2026-01-32/2026-02-04",
        "2026-02-29/2026-03-04",
        "2100-02-29/2100-03-04",
        "2026-02-01/2026-02-30",
        "2026-04-31/2026-05-01",
        "2026-12-20 to 2027-01-03",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        expect_item_refused("freeze", bad[i], "is no range of days");
    }
    expect_item_refused("freeze", "2027-01-03/2026-12-20", "ends before it begins");
}

static void a_value_from_outside_is_held_to_the_same(void **state)
{
    (void)state;
    (void)setenv("HEADGATE_TEST_DAYS", "Mon-Fri", 1);
    CLEANUP(environments_freep)
    struct environments *set =
        read_members(URL ",\"require\":{\"windows\":[\"${HEADGATE_TEST_DAYS} 08:00-16:00\"]}");
    assert_int_equal(set->items[0].require.windows[0].days, 0x1f);
    (void)setenv("HEADGATE_TEST_DAYS", "weekdays", 1);
    expect_item_refused("windows", "${HEADGATE_TEST_DAYS} 08:00-16:00", "is no window of time");
    (void)unsetenv("HEADGATE_TEST_DAYS");
    expect_item_refused("windows", "${HEADGATE_TEST_DAYS} 08:00-16:00", "is not set");
}

static void every_bad_item_of_a_list_is_told(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    must_refuse("{\"environments\":{\"x\":{\"kind\":\"test\"," URL ",\n"
                "\"require\":{\"windows\":[\"a\",\n1,\n\"Mon "
                "08:00-16:00\",\n\"b\"],\n\"freeze\":[\"c\",\nnull]}}}}",
                &err);
    assert_int_equal(err.problems.n, 5);
    static const size_t lines[] = {2, 3, 5, 6, 7};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        assert_int_equal(err.problems.items[i].line, lines[i]);
    }
    assert_contains(err.problems.items[0].notes.items[0], "Europe/Berlin");
    assert_contains(err.problems.items[3].notes.items[0], "2026-12-20/2027-01-03");
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
        cmocka_unit_test(windows_are_days_hours_and_a_zone),
        cmocka_unit_test(days_may_go_over_the_end_of_the_week),
        cmocka_unit_test(a_window_is_written_in_one_way_only),
        cmocka_unit_test(a_window_ends_after_it_begins),
        cmocka_unit_test(a_freeze_is_two_days),
        cmocka_unit_test(a_freeze_is_written_in_one_way_only),
        cmocka_unit_test(a_value_from_outside_is_held_to_the_same),
        cmocka_unit_test(every_bad_item_of_a_list_is_told),
        cmocka_unit_test(lists_must_be_lists),
    };
    return cmocka_run_group_tests_name("environment/policy", tests, NULL, NULL);
}
