/* Windows and freezes: how they are written, when they are open. */
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

static void windows_are_days_hours_and_a_zone(void **state)
{
    (void)state;
    expect_window("Mon-Thu 08:00-16:00 Europe/Berlin", 0x0f, 480, 960, "Europe/Berlin");
    expect_window("Mon 00:00-24:00", 0x01, 0, 1440, "UTC");
    expect_window("Sun 23:58-23:59", 0x40, 1438, 1439, "UTC");
    expect_window("Mon,Wed,Fri 09:30-11:00", 0x15, 570, 660, "UTC");
    expect_window("Sat-Sun,Tue 00:00-24:00 Etc/GMT+3", 0x62, 0, 1440, "Etc/GMT+3");
    expect_window("Mon-Sun 08:00-09:00 GB", 0x7f, 480, 540, "GB");
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

static void a_zone_must_be_known(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    expect_item_refused("windows", "Mon 08:00-16:00 Europe/Berln",
                        "there is no time zone \"Europe/Berln\"");
    must_refuse("{\"environments\":{\"x\":{\"kind\":\"test\"," URL ",\n"
                "\"require\":{\"windows\":[\"Mon 08:00-16:00 UTC\",\n"
                "\"Mon 08:00-16:00 Amerika/New_York\"]}}}}",
                &err);
    assert_int_equal(err.problems.items[0].line, 3);
    assert_string_equal(err.problems.items[0].notes.items[0], "Did you mean \"America/New_York\"?");
}

/* --- when they are open --- */

static int64_t moment(const char *text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *whole = mem_printf("%s.000000Z", text);
    int64_t usec = 0;
    assert_ok(wall_parse(whole, &usec, &err));
    return usec;
}

/* The windows of an array in JSON; opens NULL: never within a year. */
static void expect_opening(const char *list, const char *now, const char *opens, const char *text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *members = mem_printf(URL ",\"require\":{\"windows\":[%s]}", list);
    CLEANUP(environments_freep) struct environments *set = read_members(members);
    const struct requirements *require = &set->items[0].require;
    struct opening opening;
    assert_ok(windows_check(require->windows, require->n_windows, moment(now), &opening, &err));
    CLEANUP(mem_freep) char *found = wall_format(opening.opens);
    CLEANUP(mem_freep) char *wanted = wall_format(opens != NULL ? moment(opens) : 0);
    assert_string_equal(found, wanted);
    assert_int_equal(opening.open, text_equal(now, opens));
    assert_string_equal(opening.text, text);
}

static void expect_one(const char *window, const char *now, const char *opens)
{
    CLEANUP(mem_freep) char *list = mem_printf("\"%s\"", window);
    expect_opening(list, now, opens, window);
}

static void without_windows_it_is_always_open(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct opening opening = {0};
    assert_ok(windows_check(NULL, 0, 1, &opening, &err));
    assert_true(opening.open);
    assert_ok(freezes_check(NULL, 0, NULL, 1, &opening, &err));
    assert_true(opening.open);
}

static void a_window_is_open_from_its_beginning_until_before_its_end(void **state)
{
    (void)state;
    static const char window[] = "Mon-Thu 08:00-16:00 Europe/Berlin"; /* 2026-11-16 is a Monday */
    expect_one(window, "2026-11-16T06:59:59", "2026-11-16T07:00:00");
    expect_one(window, "2026-11-16T07:00:00", "2026-11-16T07:00:00");
    expect_one(window, "2026-11-16T14:59:59", "2026-11-16T14:59:59");
    expect_one(window, "2026-11-16T15:00:00", "2026-11-17T07:00:00");
    expect_one(window, "2026-11-19T15:00:00", "2026-11-23T07:00:00"); /* over the weekend */
    expect_one(window, "2026-11-20T10:00:00", "2026-11-23T07:00:00");
    expect_one(window, "2026-07-06T06:00:00", "2026-07-06T06:00:00"); /* in summer */
    expect_one(window, "2026-10-23T10:00:00", "2026-10-26T07:00:00"); /* over the end of summer */
    expect_one(window, "2026-03-27T10:00:00", "2026-03-30T06:00:00");
}

static void a_window_is_in_the_days_of_its_zone(void **state)
{
    (void)state;
    expect_one("Sat 00:00-24:00 Pacific/Auckland", "2026-11-20T10:00:00", "2026-11-20T11:00:00");
    expect_one("Sat 00:00-24:00 Pacific/Auckland", "2026-11-21T10:59:59", "2026-11-21T10:59:59");
    expect_one("Sat 00:00-24:00 Pacific/Auckland", "2026-11-21T11:00:00", "2026-11-27T11:00:00");
    expect_one("Sun 23:59-24:00 Asia/Kathmandu", "2026-11-20T10:00:00", "2026-11-22T18:14:00");
}

static void an_hour_that_clocks_leave_out_is_never_open(void **state)
{
    (void)state;
    static const char window[] = "Sun 02:10-02:50 Europe/Berlin";
    expect_one(window, "2026-03-22T01:20:00", "2026-03-22T01:20:00");
    expect_one(window, "2026-03-23T00:00:00", "2026-04-05T00:10:00"); /* not on the 29th */
    /* it begins in the hour that is left out */
    expect_one("Sun 02:10-04:00 Europe/Berlin", "2026-03-29T00:00:00", "2026-03-29T01:00:00");
    /* midnight is left out */
    expect_one("Sun 00:00-02:00 America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T03:00:00");
}

static void an_hour_that_clocks_show_twice_is_open_twice(void **state)
{
    (void)state;
    static const char window[] = "Sun 02:10-02:50 Europe/Berlin";
    expect_one(window, "2026-10-25T00:00:00", "2026-10-25T00:10:00");
    expect_one(window, "2026-10-25T00:50:00", "2026-10-25T01:10:00");
    expect_one(window, "2026-10-25T01:50:00", "2026-11-01T01:10:00");
}

static void of_several_windows_the_one_that_opens_first_is_told(void **state)
{
    (void)state;
    static const char list[] = "\"Wed 08:00-09:00\",\"Tue 08:00-09:00\",\"Thu 08:00-09:00\"";
    expect_opening(list, "2026-11-16T12:00:00", "2026-11-17T08:00:00", "Tue 08:00-09:00");
    expect_opening(list, "2026-11-18T08:30:00", "2026-11-18T08:30:00", "Wed 08:00-09:00");
    expect_opening(list, "2026-11-18T09:00:00", "2026-11-19T08:00:00", "Thu 08:00-09:00");
}

static void a_zone_that_is_gone_is_told(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(error_clear) struct error other = ERROR_INIT;
    const struct window window = {
        .text = "Mon 08:00-09:00 Gone", .days = 1, .from = 480, .to = 540, .zone = "Gone"};
    struct opening opening = {.opens = 42};
    assert_fails(windows_check(&window, 1, 0, &opening, &err), ERROR_CONFIG);
    assert_contains(err.message, "window \"Mon 08:00-09:00 Gone\": there is no time zone");
    assert_false(freezes_check(NULL, 0, "Gone", 0, &opening, &other));
    assert_int_equal(other.code, ERROR_CONFIG);
    assert_int_equal(opening.opens, 42);
}

static void expect_freeze(const char *zone, const char *now, const char *over, const char *text)
{
    static const struct freeze freezes[] = {
        {"2026-12-20/2027-01-03", 20261220, 20270103},
        {"2027-01-04/2027-01-04", 20270104, 20270104}, /* the next day */
        {"2028-01-01/2029-06-30", 20280101, 20290630},
    };
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct opening opening;
    assert_ok(freezes_check(freezes, ARRAY_LEN(freezes), zone, moment(now), &opening, &err));
    assert_int_equal(opening.open, text == NULL);
    assert_true(opening.opens == (over != NULL ? moment(over) : 0));
    assert_true(text_equal(opening.text, text));
}

static void a_freeze_is_on_from_its_first_day_to_its_last(void **state)
{
    (void)state;
    static const char text[] = "2026-12-20/2027-01-03";
    expect_freeze(NULL, "2026-12-19T23:59:59", "2026-12-19T23:59:59", NULL);
    expect_freeze(NULL, "2026-12-20T00:00:00", "2027-01-05T00:00:00", text);
    expect_freeze(NULL, "2027-01-04T23:59:59", "2027-01-05T00:00:00", "2027-01-04/2027-01-04");
    expect_freeze(NULL, "2027-01-05T00:00:00", "2027-01-05T00:00:00", NULL);
    expect_freeze("UTC", "2026-12-20T00:00:00", "2027-01-05T00:00:00", text);
}

static void a_freeze_is_meant_in_a_zone(void **state)
{
    (void)state;
    static const char text[] = "2026-12-20/2027-01-03";
    expect_freeze("Europe/Berlin", "2026-12-19T23:00:00", "2027-01-04T23:00:00", text);
    expect_freeze("Pacific/Apia", "2026-12-19T12:00:00", "2027-01-04T11:00:00", text);
    expect_freeze("America/New_York", "2026-12-20T04:59:59", "2026-12-20T04:59:59", NULL);
}

static void a_freeze_of_years_has_no_end_in_sight(void **state)
{
    (void)state;
    expect_freeze(NULL, "2028-01-01T00:00:00", NULL, "2028-01-01/2029-06-30");
    expect_freeze(NULL, "2028-07-01T00:00:00", "2029-07-01T00:00:00", "2028-01-01/2029-06-30");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_days_hours_and_a_zone),
        cmocka_unit_test(days_may_go_over_the_end_of_the_week),
        cmocka_unit_test(a_window_is_written_in_one_way_only),
        cmocka_unit_test(a_window_ends_after_it_begins),
        cmocka_unit_test(a_freeze_is_two_days),
        cmocka_unit_test(a_freeze_is_written_in_one_way_only),
        cmocka_unit_test(a_value_from_outside_is_held_to_the_same),
        cmocka_unit_test(every_bad_item_of_a_list_is_told),
        cmocka_unit_test(a_zone_must_be_known),
        cmocka_unit_test(without_windows_it_is_always_open),
        cmocka_unit_test(a_window_is_open_from_its_beginning_until_before_its_end),
        cmocka_unit_test(a_window_is_in_the_days_of_its_zone),
        cmocka_unit_test(an_hour_that_clocks_leave_out_is_never_open),
        cmocka_unit_test(an_hour_that_clocks_show_twice_is_open_twice),
        cmocka_unit_test(of_several_windows_the_one_that_opens_first_is_told),
        cmocka_unit_test(a_zone_that_is_gone_is_told),
        cmocka_unit_test(a_freeze_is_on_from_its_first_day_to_its_last),
        cmocka_unit_test(a_freeze_is_meant_in_a_zone),
        cmocka_unit_test(a_freeze_of_years_has_no_end_in_sight),
    };
    return cmocka_run_group_tests_name("environment/calendar", tests, NULL, NULL);
}
