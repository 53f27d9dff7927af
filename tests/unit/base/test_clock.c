/*
 * Time and deadlines.
 */
#include "scratch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "headgate/clock.h"

static void the_clock_does_not_go_back(void **state)
{
    (void)state;
    msec last = clock_now();
    assert_true(last > 0);
    for (int i = 0; i < 10000; i++) {
        msec now = clock_now();
        assert_true(now >= last);
        last = now;
    }
}

static void a_deadline_is_now_plus_a_duration(void **state)
{
    (void)state;
    msec before = clock_now();
    msec deadline = deadline_in(60000);
    assert_true(deadline >= before + 60000 && deadline <= clock_now() + 60000);
    assert_false(deadline_passed(deadline));
    assert_true(deadline_passed(deadline_in(0)));
    assert_true(deadline_passed(deadline_in(-1000)));
    assert_true(deadline_passed(0));
}

static void no_deadline_never_passes(void **state)
{
    (void)state;
    assert_true(deadline_in(DEADLINE_NONE) == DEADLINE_NONE);
    assert_true(deadline_in(DEADLINE_NONE - 1) == DEADLINE_NONE); /* an overflow, otherwise */
    assert_false(deadline_passed(DEADLINE_NONE));
    assert_int_equal(deadline_poll_timeout(DEADLINE_NONE), -1);
}

static void of_two_deadlines_the_earlier_counts(void **state)
{
    (void)state;
    assert_int_equal(deadline_earlier(1, 2), 1);
    assert_int_equal(deadline_earlier(2, 1), 1);
    assert_int_equal(deadline_earlier(5, DEADLINE_NONE), 5);
    assert_true(deadline_earlier(DEADLINE_NONE, DEADLINE_NONE) == DEADLINE_NONE);
}

static void poll_is_told_what_is_left(void **state)
{
    (void)state;
    assert_int_equal(deadline_poll_timeout(0), 0);
    assert_int_equal(deadline_poll_timeout(deadline_in(0)), 0);
    int left = deadline_poll_timeout(deadline_in(600000));
    assert_true(left > 0 && left <= 600000);
    assert_int_equal(deadline_poll_timeout(deadline_in((msec)INT_MAX * 4)), INT_MAX);
    assert_int_equal(deadline_poll_timeout(DEADLINE_NONE - 1), INT_MAX);
}

static void sleeping_ends_at_the_deadline_and_not_before(void **state)
{
    (void)state;
    msec deadline = deadline_in(30);
    deadline_sleep(deadline);
    assert_true(deadline_passed(deadline));
    deadline_sleep(deadline);
    deadline_sleep(0);
}

static void the_wall_clock_is_the_systems(void **state)
{
    (void)state;
    struct timespec before, after;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &before), 0);
    int64_t now = wall_now_usec();
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &after), 0);
    assert_true(now / 1000000 >= before.tv_sec && now / 1000000 <= after.tv_sec);
    assert_true(now >= (int64_t)before.tv_sec * 1000000 + before.tv_nsec / 1000);
    assert_true(now <= (int64_t)after.tv_sec * 1000000 + after.tv_nsec / 1000);
}

static void moments_are_written_in_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t usec;
        const char *text, *digits;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000000Z", "19700101000000"},
        {1, "1970-01-01T00:00:00.000001Z", "19700101000000"},
        {999999, "1970-01-01T00:00:00.999999Z", "19700101000000"},
        {1795096923123456, "2026-11-19T14:02:03.123456Z", "20261119140203"},
        {951827696000000, "2000-02-29T12:34:56.000000Z", "20000229123456"},
        {253402300799999999, "9999-12-31T23:59:59.999999Z", "99991231235959"},
        {-1, "1969-12-31T23:59:59.999999Z", "19691231235959"},
        {-1000000, "1969-12-31T23:59:59.000000Z", "19691231235959"},
        {-1500000, "1969-12-31T23:59:58.500000Z", "19691231235958"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(mem_freep) char *text = wall_format(rows[i].usec);
        CLEANUP(mem_freep) char *digits = wall_format_digits(rows[i].usec);
        assert_string_equal(text, rows[i].text);
        assert_string_equal(digits, rows[i].digits);
    }
}

static void a_moment_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const int64_t moments[] = {0,  1,        1795096923123456,  951827696000000,
                                      -1, -1500000, 253402300799999999};
    for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *text = wall_format(moments[i]);
        int64_t usec = 42;
        assert_ok(wall_parse(text, &usec, &err));
        assert_true(usec == moments[i]);
    }
}

static void what_is_no_moment_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-11-19",
        "2026-11-19T14:02:03Z",
        "2026-11-19T14:02:03.123Z",
        "2026-11-19T14:02:03.123456",
        "2026-11-19T14:02:03.123456+01",
        "2026-11-19T14:02:03.123456Z ",
        " 2026-11-19T14:02:03.123456Z",
        "2026-11-19 14:02:03.123456Z",
        "2026-00-19T14:02:03.123456Z",
        "2026-13-19T14:02:03.123456Z",
        "2026-99-19T14:02:03.123456Z",
        "2026-11-00T14:02:03.123456Z",
        "2026-11-31T14:02:03.123456Z",
        "2026-02-29T14:02:03.123456Z",
        "2026-11-19T24:00:00.000000Z",
        "2026-11-19T14:60:03.123456Z",
        "2026-11-19T14:02:60.123456Z",
        "-026-11-19T14:02:03.123456Z",
        "2026-11-19T14:02:03.12345xZ",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        int64_t usec = 42;
        assert_fails(wall_parse(bad[i], &usec, &err), ERROR_CONFIG);
        assert_int_equal(usec, 42);
        assert_contains(err.message, bad[i]);
    }
}

static void a_moment_for_people_has_no_seconds(void **state)
{
    (void)state;
    CLEANUP(mem_freep) char *text = wall_short(1795096979999999);
    CLEANUP(mem_freep) char *before = wall_short(-1);
    assert_string_equal(text, "2026-11-19 14:02 UTC");
    assert_string_equal(before, "1969-12-31 23:59 UTC");
}

static int elsewhere(void **state)
{
    (void)state;
    int result = setenv("TZ", "Asia/Kathmandu", 1);
    tzset();
    return result;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_does_not_go_back),
        cmocka_unit_test(a_deadline_is_now_plus_a_duration),
        cmocka_unit_test(no_deadline_never_passes),
        cmocka_unit_test(of_two_deadlines_the_earlier_counts),
        cmocka_unit_test(poll_is_told_what_is_left),
        cmocka_unit_test(sleeping_ends_at_the_deadline_and_not_before),
        cmocka_unit_test(the_wall_clock_is_the_systems),
        cmocka_unit_test(moments_are_written_in_utc),
        cmocka_unit_test(a_moment_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(a_moment_for_people_has_no_seconds),
    };
    return cmocka_run_group_tests(tests, elsewhere, NULL);
}
