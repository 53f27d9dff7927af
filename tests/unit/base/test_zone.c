/*
 * Time zones: what clocks show there, held against date(1), and files that are none.
 */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "civil.h"
#include "headgate/file.h"
#include "zone.h"
#include "zone_rule.h"

#define SECOND 1000000

static struct zone *zone_of(const char *name)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct zone *zone = NULL;
    assert_ok(zone_read(name, &zone, &err));
    return zone;
}

/* --- against date(1) --- */

static void add_moment(struct strbuf *moments, int64_t seconds)
{
    strbuf_printf(moments, "@%lld\n", (long long)seconds);
}

/* Each change from 1970 to 2100 and the seconds beside it, and moments all over those years. */
static void add_moments(const struct zone *zone, struct strbuf *moments)
{
    const int64_t end = civil_days(2101, 1, 1) * 86400;
    for (int64_t at = zone_next_change(zone, 0); at < end * SECOND;
         at = zone_next_change(zone, at)) {
        add_moment(moments, at / SECOND - 1);
        add_moment(moments, at / SECOND);
        add_moment(moments, at / SECOND + 3600);
    }
    for (int64_t at = 0; at < end; at += (int64_t)11 * 86400 + 12345) {
        add_moment(moments, at);
    }
}

static void shows_what_date_shows(const char *name)
{
    CLEANUP(zone_freep) struct zone *zone = zone_of(name);
    CLEANUP(strbuf_clear) struct strbuf moments = STRBUF_INIT;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "moments");
    add_moments(zone, &moments);
    assert_ok(file_write(path, moments.text, moments.size, 0644, &err));
    const char *shown =
        scratch_out("TZ='%s' date -f moments '+%%s %%Y%%m%%d %%u %%-H %%-M %%-S'", name);
    size_t n = 0;
    for (const char *line = shown; line != NULL; n++) {
        long long seconds;
        int date, weekday, hour, minute, second;
        assert_int_equal(
            sscanf(line, "%lld %d %d %d %d %d", &seconds, &date, &weekday, &hour, &minute, &second),
            6);
        struct wall_place place = zone_place(zone, seconds * SECOND + 999999);
        if (place.date != date || place.weekday != weekday - 1 ||
            place.minute != hour * 60 + minute || place.second != second) {
            fail_msg("%s at %lld: %d, weekday %d, minute %d:%02d; date says %.40s", name, seconds,
                     place.date, place.weekday, place.minute, place.second, line);
        }
        line = strchr(line, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
    assert_true(n > 4000);
}

static void clocks_show_what_date_says_from_1970_to_2100(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "UTC",
        "Europe/Berlin",
        "Europe/Dublin",       /* the usual time is the summer's */
        "Europe/London",       /* 1970 was all summer */
        "Europe/Moscow",       /* changed its usual time */
        "Africa/Casablanca",   /* the moon decides, in a table up to 2087 */
        "Asia/Kathmandu",      /* 5:45 */
        "Asia/Kolkata",        /* 5:30 */
        "Asia/Tehran",         /* 3:30, days of another calendar */
        "America/Sao_Paulo",   /* midnight was skipped */
        "America/St_Johns",    /* -3:30, changed at 00:01 */
        "America/New_York",    /* changes that others have, too */
        "America/Santiago",    /* changes at 24:00 */
        "America/Nuuk",        /* changes on the evening before */
        "America/Caracas",     /* by half an hour */
        "Australia/Lord_Howe", /* half an hour of summer */
        "Australia/Sydney",    /* summer goes over the end of the year */
        "Pacific/Apia",        /* 2011-12-30 never was */
        "Pacific/Kiritimati",  /* 14 hours ahead */
        "Pacific/Chatham",     /* 12:45, changed at 2:45 */
        "Antarctica/Troll",    /* two hours of summer */
        "Asia/Gaza",           /* a table, then a rule */
        "Etc/GMT+12",
        "EST5EDT",
    };
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        shows_what_date_shows(zones[i]);
    }
}

static void one_moment_can_be_asked_for(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct wall_place place;
    /* 2026-11-20 22:05:07.5 UTC, a Friday */
    assert_ok(wall_in_zone(1795212307500000, "Europe/Berlin", &place, &err));
    assert_int_equal(place.date, 20261120);
    assert_int_equal(place.minute, 23 * 60 + 5);
    assert_int_equal(place.second, 7);
    assert_int_equal(place.weekday, 4);
    assert_ok(wall_in_zone(1795212307500000, "Asia/Kathmandu", &place, &err));
    assert_int_equal(place.date, 20261121);
    assert_int_equal(place.minute, 3 * 60 + 50);
    assert_int_equal(place.weekday, 5);
}

static void clocks_are_put_forward_over_what_they_then_never_show(void **state)
{
    (void)state;
    CLEANUP(zone_freep) struct zone *zone = zone_of("Europe/Berlin");
    int64_t spring = INT64_C(1774746000) * SECOND; /* 2026-03-29 01:00 UTC */
    assert_int_equal(zone_place(zone, spring - 1).minute, 119);
    assert_int_equal(zone_place(zone, spring - 1).second, 59);
    assert_int_equal(zone_place(zone, spring).minute, 180);
    assert_true(zone_next_change(zone, spring - 1) == spring);
    assert_true(zone_next_change(zone, spring) == INT64_C(1792890000) * SECOND);
}

static void a_day_that_was_left_out_never_comes(void **state)
{
    (void)state;
    CLEANUP(zone_freep) struct zone *zone = zone_of("Pacific/Apia");
    int64_t change = INT64_C(1325239200) * SECOND;
    assert_int_equal(zone_place(zone, change - 1).date, 20111229);
    assert_int_equal(zone_place(zone, change).date, 20111231);
}

static void moments_before_1970_are_moments(void **state)
{
    (void)state;
    CLEANUP(zone_freep) struct zone *utc = zone_of("UTC"), *berlin = zone_of("Europe/Berlin");
    struct wall_place place = zone_place(utc, -1);
    assert_int_equal(place.date, 19691231);
    assert_int_equal(place.minute, 1439);
    assert_int_equal(place.second, 59);
    assert_int_equal(place.weekday, 2);
    place = zone_place(berlin, INT64_C(-3000000000) * SECOND); /* by the sun: 53 minutes 28 */
    assert_int_equal(place.date, 18741207);
    assert_int_equal(place.minute, 19 * 60 + 33);
    assert_int_equal(place.second, 28);
}

static void the_end_of_time_is_told_as_a_date_as_well(void **state)
{
    (void)state;
    CLEANUP(zone_freep) struct zone *zone = zone_of("Europe/Berlin");
    assert_int_equal(zone_place(zone, INT64_MAX).date / 10000, 9999);
    assert_int_equal(zone_place(zone, INT64_MIN).date / 10000, 0);
    assert_true(zone_next_change(zone, INT64_MAX) == INT64_MAX ||
                zone_next_change(zone, INT64_MAX) > 0);
}

static void nothing_of_this_depends_on_tz(void **state)
{
    (void)state;
    const char *before = getenv("TZ");
    CLEANUP(mem_freep) char *kept = mem_copy(before);
    assert_int_equal(setenv("TZ", "right/Asia/Tokyo", 1), 0);
    CLEANUP(mem_freep) char *text = wall_format(1795096923123456);
    CLEANUP(zone_freep) struct zone *zone = zone_of("UTC");
    int minute = zone_place(zone, 1795096923123456).minute;
    (void)(kept != NULL ? setenv("TZ", kept, 1) : unsetenv("TZ"));
    assert_string_equal(text, "2026-11-19T14:02:03.123456Z");
    assert_int_equal(minute, 842);
}

/* --- names --- */

static void expect_no_zone(const char *folder, const char *name, const char *message,
                           const char *hint)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct zone *untouched = (struct zone *)&err, *zone = untouched;
    assert_fails(zone_read_in(folder, name, &zone, &err), ERROR_CONFIG);
    assert_ptr_equal(zone, untouched);
    assert_contains(err.message, message);
    assert_contains(err.hint, hint);
}

static void a_name_that_is_near_is_suggested(void **state)
{
    (void)state;
    static const char zones[] = "/usr/share/zoneinfo";
    expect_no_zone(zones, "Europe/Berln", "there is no time zone \"Europe/Berln\"",
                   "Did you mean \"Europe/Berlin\"?");
    expect_no_zone(zones, "europe/berlin", "no time zone", "\"Europe/Berlin\"?");
    expect_no_zone(zones, "America/Indiana/Knoxx", "no time zone", "\"America/Indiana/Knox\"?");
    expect_no_zone(zones, "nonsense-of-some-length", "no time zone", "timedatectl");
    expect_no_zone(zones, "Europe", "no time zone \"Europe\"", "");
    expect_no_zone(zones, "UTC/UTC", "no time zone \"UTC/UTC\"", "");
}

static void a_name_leads_nowhere_else(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",     "/etc/localtime", "../../../etc/localtime", "Europe/../UCT", "./UCT",
        "..",   "Europe/Berlin ", "Europe/Berlin\n",        "zone.tab",      "/",
        "UTC\t"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        expect_no_zone("/usr/share/zoneinfo", names[i], "there is no time zone", "");
    }
}

static void without_zones_their_package_is_named(void **state)
{
    (void)state;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(zone_freep) struct zone *utc = NULL;
    CLEANUP(mem_freep) char *empty = path_join(scratch_dir(), "empty");
    assert_ok(folder_make(empty, 0755, &err));
    expect_no_zone("/nonexistent", "Europe/Berlin", "this machine has no time zones",
                   "Install the package tzdata.");
    expect_no_zone(empty, "Europe/Berlin", "this machine has no time zones", "tzdata");
    assert_ok(zone_read_in("/nonexistent", "UTC", &utc, &err));
    assert_int_equal(zone_place(utc, 0).date, 19700101);
    assert_true(zone_next_change(utc, 0) == INT64_MAX);
}

static void what_is_no_zone_file_is_told(void **state)
{
    (void)state;
    scratch_sh("mkdir -p z && echo hello > z/Text && : > z/Empty && "
               "head -c 300000 /dev/zero > z/Large && head -c 900 "
               "/usr/share/zoneinfo/Europe/Berlin > z/Cut");
    CLEANUP(mem_freep) char *folder = path_join(scratch_dir(), "z");
    expect_no_zone(folder, "Text", "z/Text is no time zone that can be read", "tzdata");
    expect_no_zone(folder, "Empty", "z/Empty is no time zone", "tzdata");
    expect_no_zone(folder, "Cut", "z/Cut is no time zone", "tzdata");
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct zone *zone = NULL;
    assert_fails(zone_read_in(folder, "Large", &zone, &err), ERROR_CONFIG);
    assert_contains(err.message, "time zone \"Large\": ");
}

/* --- files, byte by byte --- */

#define FIRST "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" COUNTS(0, 0, 0, 0, 1, 0) "\0\0\0\0\0\0"
#define SECOND_HEADER "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define COUNTS(isut, isstd, leap, times, types, letters)                                           \
    "\0\0\0" #isut "\0\0\0" #isstd "\0\0\0" #leap "\0\0\0" #times "\0\0\0" #types "\0\0"           \
    "\0" #letters

/* The counts are written as digits above, for the eye: here they become numbers. */
static bool parses(const char *bytes, size_t size, struct zone **ret_zone)
{
    CLEANUP(mem_freep) char *copy = mem_copy_n(bytes, size);
    size_t second = 44 + 6;
    for (size_t i = 0; i < 6; i++) {
        copy[20 + 4 * i + 3] = (char)(copy[20 + 4 * i + 3] - '0');
        if (second + 44 <= size) {
            copy[second + 20 + 4 * i + 3] = (char)(copy[second + 20 + 4 * i + 3] - '0');
        }
    }
    return zone_parse(copy, size, ret_zone);
}

#define ONE_HOUR "\0\0\x0e\x10\0\0"
#define NOTHING "\0\0\0\0\0\0"
#define AT_100 "\0\0\0\0\0\0\0\x64"
#define AT_50 "\0\0\0\0\0\0\0\x32"
#define AT_MINUS_1 "\xff\xff\xff\xff\xff\xff\xff\xff"

static void a_file_is_a_table_and_a_rule(void **state)
{
    (void)state;
    static const char bytes[] = FIRST SECOND_HEADER COUNTS(0, 0, 0, 2, 2, 4) AT_MINUS_1 AT_100
        "\1\0" NOTHING ONE_HOUR "ABC\0"
        "\nABC-2\n";
    CLEANUP(zone_freep) struct zone *zone = NULL;
    assert_true(parses(bytes, sizeof bytes - 1, &zone));
    assert_int_equal(zone_offset(zone, -2), 0);
    assert_int_equal(zone_offset(zone, -1), 3600);
    assert_int_equal(zone_offset(zone, 99), 3600);
    assert_int_equal(zone_offset(zone, 100), 7200); /* the rule's, from the last change on */
    assert_true(zone_change(zone, -100) == -1);
    assert_true(zone_change(zone, -1) == 100);
    assert_true(zone_change(zone, 100) == INT64_MAX);
}

static void without_a_rule_the_last_change_holds(void **state)
{
    (void)state;
    static const char bytes[] =
        FIRST SECOND_HEADER COUNTS(0, 0, 0, 1, 2, 4) AT_100 "\1" NOTHING ONE_HOUR "ABC\0"
                                                            "\n\n";
    CLEANUP(zone_freep) struct zone *zone = NULL;
    assert_true(parses(bytes, sizeof bytes - 1, &zone));
    assert_int_equal(zone_offset(zone, 0), 0);
    assert_int_equal(zone_offset(zone, 1000000), 3600);
    assert_true(zone_change(zone, 100) == INT64_MAX);
}

static void a_file_that_lies_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *why, *bytes;
        size_t size;
    } rows[] = {
#define ROW(why, bytes) {why, bytes, sizeof(bytes) - 1}
        ROW("of version 1",
            "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" COUNTS(0, 0, 0, 0, 1, 0) NOTHING),
        ROW("no second part", FIRST),
        ROW("a cut second header", FIRST "TZif2\0\0\0\0"),
        ROW("no type", FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 0, 0) "\nABC0\n"),
        ROW("leap seconds", FIRST SECOND_HEADER COUNTS(0, 0, 1, 0, 1, 0) NOTHING AT_100 "\0\0\0\1"
                                                                                        "\nABC0\n"),
        ROW("a type that is not there",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 1, 1, 0) AT_100 "\1" NOTHING "\nABC0\n"),
        ROW("moments in disorder",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 2, 1, 0) AT_100 AT_50 "\0\0" NOTHING "\nABC0\n"),
        ROW("a moment twice",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 2, 1, 0) AT_100 AT_100 "\0\0" NOTHING "\nABC0\n"),
        ROW("an offset of years", FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 0) "\x7f\0\0\0\0\0"
                                                                               "\nABC0\n"),
        ROW("an offset of years behind",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 0) "\x80\0\0\0\0\0"
                                                         "\nABC0\n"),
        ROW("fewer moments than it says",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 9, 1, 0) AT_100 "\0" NOTHING "\nABC0\n"),
        ROW("fewer letters than it says",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 9) NOTHING "\nA0\n"),
        ROW("no rule", FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 0) NOTHING),
        ROW("a rule that does not end",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 0) NOTHING "\nABC0"),
        ROW("a rule that does not begin",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 0) NOTHING "ABC0\n"),
        ROW("something behind the rule",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 0) NOTHING "\nABC0\nx"),
        ROW("a rule with a NUL", FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 0) NOTHING "\nABC0\0\n"),
        ROW("a rule that is none",
            FIRST SECOND_HEADER COUNTS(0, 0, 0, 0, 1, 0) NOTHING "\nhello\n"),
#undef ROW
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct zone *zone = NULL;
        if (parses(rows[i].bytes, rows[i].size, &zone)) {
            fail_msg("%s is accepted", rows[i].why);
        }
        assert_null(zone);
    }
    struct zone *zone = NULL;
    assert_false(zone_parse("", 0, &zone));
    static const char many[] = "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" COUNTS(0, 0, 0, 0, 1, 0);
    CLEANUP(mem_freep) char *copy = mem_copy_n(many, sizeof many - 1);
    copy[32] = (char)0xff; /* four thousand million moments */
    assert_false(zone_parse(copy, sizeof many - 1, &zone));
}

static void every_beginning_of_a_file_is_refused(void **state)
{
    (void)state;
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(zone_freep) struct zone *whole = NULL;
    assert_ok(file_read("/usr/share/zoneinfo/Europe/Dublin", 1 << 20, &bytes, &err));
    assert_true(zone_parse(bytes.text, bytes.size, &whole));
    for (size_t n = 0; n < bytes.size; n++) {
        struct zone *zone = NULL;
        assert_false(zone_parse(bytes.text, n, &zone));
        assert_null(zone);
    }
}

/* --- rules --- */

static struct zone_rule rule_of(const char *text)
{
    struct zone_rule rule;
    if (!zone_rule_parse(text, &rule)) {
        fail_msg("%s is refused", text);
    }
    return rule;
}

static int64_t moment(const char *text)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    CLEANUP(mem_freep) char *whole = mem_printf("%s:00.000000Z", text);
    int64_t usec = 0;
    assert_ok(wall_parse(whole, &usec, &err));
    return usec / SECOND;
}

/* From this moment on, and not before, clocks are that many seconds ahead. */
static void expect_change(const char *text, const char *at, int before, int after)
{
    struct zone_rule rule = rule_of(text);
    int64_t then = moment(at);
    assert_int_equal(zone_rule_offset(&rule, then - 1), before);
    assert_int_equal(zone_rule_offset(&rule, then), after);
    assert_true(zone_rule_change(&rule, then - 1) == then);
    assert_true(zone_rule_change(&rule, then) > then);
}

static void a_rule_says_when_summer_begins_and_ends(void **state)
{
    (void)state;
    expect_change("CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00", 3600, 7200);
    expect_change("CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-25T01:00", 7200, 3600);
    expect_change("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-03-29T01:00", 0, 3600);
    expect_change("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-10-25T01:00", 3600, 0);
    expect_change("EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00", -18000, -14400);
    expect_change("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-10-03T16:00", 36000, 39600);
    expect_change("AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T16:00", 39600, 36000);
    expect_change("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00", -7200, -3600);
    expect_change("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-10-03T15:30", 37800, 39600);
    expect_change("ABC0:00:20DEF,J60/1:59:40,J300", "2028-03-01T02:00", -20,
                  3580); /* a leap year */
    expect_change("ABC0DEF,J60,J300", "2026-03-01T02:00", 0, 3600);
    expect_change("ABC0DEF,J59,J300", "2028-02-28T02:00", 0, 3600);
    expect_change("ABC0DEF,59,300", "2028-02-29T02:00", 0, 3600);
    expect_change("ABC0DEF,59,300", "2026-03-01T02:00", 0, 3600);
    expect_change("ABC0DEF,M1.1.1/-24,M7.1.1", "2026-01-04T00:00", 0, 3600);
    expect_change("ABC0DEF,M12.5.6/167,M7.1.1", "2027-01-01T23:00", 0, 3600);
}

static void a_summer_may_last_for_ever(void **state)
{
    (void)state;
    static const char *const moments[] = {"2026-01-01T00:00", "2026-01-01T02:59",
                                          "2026-01-01T03:00", "2026-07-01T00:00",
                                          "2026-12-31T23:59", "2027-01-01T03:00"};
    struct zone_rule rule = rule_of("XXX3EDT4,0/0,J365/23");
    for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
        assert_int_equal(zone_rule_offset(&rule, moment(moments[i])), -14400);
    }
}

static void a_rule_without_summer_never_changes(void **state)
{
    (void)state;
    struct zone_rule rule = rule_of("<+0545>-5:45");
    assert_false(rule.changes);
    assert_int_equal(zone_rule_offset(&rule, 0), 20700);
    assert_true(zone_rule_change(&rule, 0) == INT64_MAX);
}

static void what_is_no_rule_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "A",
        "AB0",
        "ABC",
        "<AB>0",
        "<ABC0",
        "A1C0",
        "ABC25",
        "ABC0:60",
        "ABC0:0:60",
        "ABC0:",
        "ABC0000",
        "ABC0 ",
        "ABC0DEF",
        "ABC0DEF,",
        "ABC0DEF,M3.5.0",
        "ABC0DEF,M3.5.0,",
        "ABC0DEF,M3.5.0,M10.5.0 ",
        "ABC0DEF,M3.5.0,M10.5.0/168",
        "ABC0DEF,M3.5.0,M10.5.0/",
        "ABC0DEF,M0.5.0,M10.5.0",
        "ABC0DEF,M13.5.0,M10.5.0",
        "ABC0DEF,M3.0.0,M10.5.0",
        "ABC0DEF,M3.6.0,M10.5.0",
        "ABC0DEF,M3.5.7,M10.5.0",
        "ABC0DEF,M3.5,M10.5.0",
        "ABC0DEF,M3,M10.5.0",
        "ABC0DEF,J0,J300",
        "ABC0DEF,J366,J300",
        "ABC0DEF,366,300",
        "ABC0DEF,-1,300",
        "ABC0DEFX1:99,M3.5.0,M10.5.0",
        "ABC0<DEF,M3.5.0,M10.5.0",
        "ABC0D,M3.5.0,M10.5.0",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct zone_rule rule;
        if (zone_rule_parse(bad[i], &rule)) {
            fail_msg("\"%s\" is accepted", bad[i]);
        }
    }
}

static void days_are_counted_in_both_directions(void **state)
{
    (void)state;
    for (int64_t day = -800000; day < 800000; day += 37) {
        struct civil date = civil_of_days(day);
        struct civil next = civil_of_days(day + 1);
        assert_true(civil_days(date.year, date.month, date.day) == day);
        assert_true(next.day == date.day + 1 || next.day == 1);
    }
    assert_true(civil_days(1970, 1, 1) == 0);
    assert_true(civil_days(2000, 2, 29) == 11016);
    assert_true(civil_days(1, 1, 1) == -719162);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_show_what_date_says_from_1970_to_2100),
        cmocka_unit_test(one_moment_can_be_asked_for),
        cmocka_unit_test(clocks_are_put_forward_over_what_they_then_never_show),
        cmocka_unit_test(a_day_that_was_left_out_never_comes),
        cmocka_unit_test(moments_before_1970_are_moments),
        cmocka_unit_test(the_end_of_time_is_told_as_a_date_as_well),
        cmocka_unit_test(nothing_of_this_depends_on_tz),
        cmocka_unit_test(a_name_that_is_near_is_suggested),
        cmocka_unit_test(a_name_leads_nowhere_else),
        cmocka_unit_test(without_zones_their_package_is_named),
        cmocka_unit_test(what_is_no_zone_file_is_told),
        cmocka_unit_test(a_file_is_a_table_and_a_rule),
        cmocka_unit_test(without_a_rule_the_last_change_holds),
        cmocka_unit_test(a_file_that_lies_is_refused),
        cmocka_unit_test(every_beginning_of_a_file_is_refused),
        cmocka_unit_test(a_rule_says_when_summer_begins_and_ends),
        cmocka_unit_test(a_summer_may_last_for_ever),
        cmocka_unit_test(a_rule_without_summer_never_changes),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(days_are_counted_in_both_directions),
    };
    return cmocka_run_group_tests_name("base/zone", tests, NULL, NULL);
}
