/*
 * Durations and sizes as people write and read them.
 */
#include "scratch.h"

#include <string.h>

#include "headgate/clock.h"

static void durations_are_whole_numbers_with_a_unit(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    static const struct {
        const char *text;
        msec duration;
    } rows[] = {
        {"0s", 0},
        {"250ms", 250},
        {"90s", 90000},
        {"15m", 900000},
        {"12h", 43200000},
        {"7d", 604800000},
        {"007s", 7000},
        {"9223372036854775807ms", INT64_MAX},
        {"9223372036854775s", 9223372036854775000},
        {"106751991167d", 106751991167 * 86400000},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        msec duration = -1;
        assert_ok(duration_parse(rows[i].text, &duration, &err));
        assert_true(duration == rows[i].duration);
    }
}

static void anything_else_is_no_duration(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "s",
        "ms",
        "10",
        "10 s",
        " 10s",
        "10s ",
        "+5s",
        "-5s",
        "1.5h",
        "1,5h",
        "10S",
        "10sec",
        "1h30m",
        "0x10s",
        "ten",
        "10\ns",
        "9223372036854775808ms",
        "9223372036854776s",
        "106751991168d",
        "18446744073709551616ms",
        "99999999999999999999999999d",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *wanted = mem_printf("\"%s\" is no duration", texts[i]);
        msec duration = -7;
        assert_fails(duration_parse(texts[i], &duration, &err), ERROR_CONFIG);
        assert_string_equal(err.message, wanted);
        assert_contains(err.hint, "90s");
        assert_int_equal(duration, -7);
    }
}

static void sizes_are_whole_numbers_with_a_unit(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {
        {"0B", 0},
        {"10B", 10},
        {"64kB", 64000},
        {"64KB", 64000},
        {"500MB", 500000000},
        {"2GB", 2000000000},
        {"3TB", 3000000000000},
        {"1KiB", 1024},
        {"1MiB", 1048576},
        {"1GiB", 1073741824},
        {"1TiB", 1099511627776},
        {"9223372036854775807B", INT64_MAX},
        {"9223372TB", 9223372000000000000},
        {"8388607TiB", (uint64_t)8388607 << 40},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t bytes = 1;
        assert_ok(size_parse(rows[i].text, &bytes, &err));
        assert_true(bytes == rows[i].bytes);
    }
}

static void anything_else_is_no_size(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",          "B",          "10",
        "10b",       "10Mb",       "10mb",
        "10M",       "1.5GB",      "-1B",
        "10 MB",     "10MBs",      "kiB1",
        "1kiB",      "1PB",        "9223372036854775808B",
        "9223373TB", "8388608TiB", "99999999999999999999B",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        CLEANUP(error_clear) struct error err = ERROR_INIT;
        CLEANUP(mem_freep) char *wanted = mem_printf("\"%s\" is no size", texts[i]);
        uint64_t bytes = 7;
        assert_fails(size_parse(texts[i], &bytes, &err), ERROR_CONFIG);
        assert_string_equal(err.message, wanted);
        assert_contains(err.hint, "500MB");
        assert_int_equal(bytes, 7);
    }
}

static void the_shortest_exact_form_reads_back_as_the_same(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    static const struct {
        msec duration;
        const char *text;
    } rows[] = {
        {0, "0ms"},
        {1, "1ms"},
        {999, "999ms"},
        {1000, "1s"},
        {1001, "1001ms"},
        {59000, "59s"},
        {60000, "1m"},
        {90000, "90s"},
        {3600000, "1h"},
        {5400000, "90m"},
        {86400000, "1d"},
        {90000000, "25h"},
        {604800000, "7d"},
        {604800001, "604800001ms"},
        {INT64_MAX, "9223372036854775807ms"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(mem_freep) char *text = duration_format(rows[i].duration);
        msec again = -1;
        assert_string_equal(text, rows[i].text);
        assert_ok(duration_parse(text, &again, &err));
        assert_true(again == rows[i].duration);
    }
}

static void people_read_durations_in_two_or_three_digits(void **state)
{
    (void)state;
    static const struct {
        msec duration;
        const char *text;
    } rows[] = {
        {0, "0 ms"},          {800, "800 ms"},         {999, "999 ms"},
        {1000, "1.0 s"},      {1500, "1.5 s"},         {9949, "9.9 s"},
        {9950, "10 s"},       {9999, "10 s"},          {10000, "10 s"},
        {10499, "10 s"},      {10500, "11 s"},         {59499, "59 s"},
        {59500, "1m 00s"},    {60000, "1m 00s"},       {123000, "2m 03s"},
        {3599499, "59m 59s"}, {3599500, "1h 00m"},     {3600000, "1h 00m"},
        {3660000, "1h 01m"},  {360000000, "100h 00m"}, {INT64_MAX, "2562047788015h 12m"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(mem_freep) char *text = duration_human(rows[i].duration);
        assert_string_equal(text, rows[i].text);
    }
}

static void people_read_sizes_in_two_or_three_digits(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        {0, "0 B"},
        {999, "999 B"},
        {1000, "1.0 kB"},
        {1900000000, "1.9 GB"},
        {9949, "9.9 kB"},
        {9950, "10 kB"},
        {9999, "10 kB"},
        {10000, "10 kB"},
        {999499, "999 kB"},
        {999500, "1.0 MB"},
        {999999, "1.0 MB"},
        {999499999, "999 MB"},
        {999999999, "1.0 GB"},
        {1000000000000, "1.0 TB"},
        {1000000000000000, "1.0 PB"},
        {UINT64_MAX, "18447 PB"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(mem_freep) char *text = size_human(rows[i].bytes);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_whole_numbers_with_a_unit),
        cmocka_unit_test(anything_else_is_no_duration),
        cmocka_unit_test(sizes_are_whole_numbers_with_a_unit),
        cmocka_unit_test(anything_else_is_no_size),
        cmocka_unit_test(the_shortest_exact_form_reads_back_as_the_same),
        cmocka_unit_test(people_read_durations_in_two_or_three_digits),
        cmocka_unit_test(people_read_sizes_in_two_or_three_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
