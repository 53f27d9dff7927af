/* POSIX TZ rules with the extensions of RFC 8536: names in <>, times from -167 to 167 hours. */
#include "zone_rule.h"

#include <string.h>

#include "civil.h"

#define DAY 86400

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char quotable[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";

static bool take(const char **at, char c)
{
    bool found = **at == c;
    *at += found ? 1 : 0;
    return found;
}

static bool take_number(const char **at, int least, int most, int *ret_number)
{
    int number = 0;
    size_t digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > 3) {
        return false;
    }
    for (; digits > 0; digits--) {
        number = number * 10 + (*(*at)++ - '0');
    }
    *ret_number = number;
    return number >= least && number <= most;
}

static bool take_name(const char **at)
{
    bool quoted = take(at, '<');
    size_t n = strspn(*at, quoted ? quotable : letters);
    *at += n;
    return n >= 3 && (!quoted || take(at, '>'));
}

/* "[+-]hh[:mm[:ss]]" */
static bool take_time(const char **at, int most_hours, int *ret_seconds)
{
    int hours, minutes = 0, seconds = 0;
    bool negative = take(at, '-');
    if (!negative) {
        (void)take(at, '+');
    }
    if (!take_number(at, 0, most_hours, &hours) ||
        (take(at, ':') && (!take_number(at, 0, 59, &minutes) ||
                           (take(at, ':') && !take_number(at, 0, 59, &seconds))))) {
        return false;
    }
    int total = hours * 3600 + minutes * 60 + seconds;
    *ret_seconds = negative ? -total : total;
    return true;
}

static bool take_day(const char **at, struct zone_day *day)
{
    day->time = 2 * 3600;
    bool good;
    if (take(at, 'M')) {
        day->form = DAY_OF_MONTH;
        good = take_number(at, 1, 12, &day->month) && take(at, '.') &&
               take_number(at, 1, 5, &day->week) && take(at, '.') &&
               take_number(at, 0, 6, &day->weekday);
    } else if (take(at, 'J')) {
        day->form = DAY_WITHOUT_LEAP;
        good = take_number(at, 1, 365, &day->day);
    } else {
        day->form = DAY_OF_YEAR;
        good = take_number(at, 0, 365, &day->day);
    }
    return good && (!take(at, '/') || take_time(at, 167, &day->time));
}

/* An hour ahead where it does not say how much. */
static bool take_summer(const char **at, struct zone_rule *rule)
{
    int behind = 0;
    bool named = take_name(at);
    bool says = named && **at != ',';
    if (!named || (says && !take_time(at, 24, &behind))) {
        return false;
    }
    rule->changes = true;
    rule->summer = says ? -behind : rule->usual + 3600;
    return take(at, ',') && take_day(at, &rule->begins) && take(at, ',') &&
           take_day(at, &rule->ends) && **at == '\0';
}

bool zone_rule_parse(const char *text, struct zone_rule *ret_rule)
{
    struct zone_rule rule = {0};
    const char *at = text;
    int behind;
    if (!take_name(&at) || !take_time(&at, 24, &behind)) {
        return false;
    }
    rule.usual = rule.summer = -behind;
    if (*at != '\0' && !take_summer(&at, &rule)) {
        return false;
    }
    *ret_rule = rule;
    return true;
}

/* --- when that is in a year --- */

static int64_t day_of_month(const struct zone_day *day, int64_t year)
{
    int64_t first = civil_days(year, day->month, 1);
    int64_t next =
        day->month == 12 ? civil_days(year + 1, 1, 1) : civil_days(year, day->month + 1, 1);
    int64_t found = first + floor_modulo(day->weekday - floor_modulo(first + 4, 7), 7) +
                    (day->week - 1) * (int64_t)7;
    return found < next ? found : found - 7;
}

/* By clocks that show `offset`. */
static int64_t moment_in(const struct zone_day *day, int64_t year, int offset)
{
    int64_t first = civil_days(year, 1, 1);
    bool leaps = civil_days(year + 1, 1, 1) - first == 366;
    int64_t days = day->form == DAY_OF_MONTH ? day_of_month(day, year)
                   : day->form == DAY_WITHOUT_LEAP
                       ? first + day->day - 1 + (leaps && day->day >= 60 ? 1 : 0)
                       : first + day->day;
    return days * DAY + day->time - offset;
}

static int64_t year_of(int64_t seconds)
{
    return civil_of_days(floor_divide(seconds, DAY)).year;
}

/* The changes of the years around decide: with times of up to a week before and after a day, one of
 * the last year may come later than one of this year. Of two at one moment the beginning of summer
 * counts: that is how a summer that never ends is written. */
int zone_rule_offset(const struct zone_rule *rule, int64_t seconds)
{
    int64_t year = year_of(seconds), latest = INT64_MIN;
    int offset = rule->usual;
    for (int64_t y = year - 1; rule->changes && y <= year + 1; y++) {
        int64_t ends = moment_in(&rule->ends, y, rule->summer);
        int64_t begins = moment_in(&rule->begins, y, rule->usual);
        if (ends <= seconds && ends > latest) {
            latest = ends;
            offset = rule->usual;
        }
        if (begins <= seconds && begins >= latest) {
            latest = begins;
            offset = rule->summer;
        }
    }
    return offset;
}

int64_t zone_rule_change(const struct zone_rule *rule, int64_t seconds)
{
    int64_t year = year_of(seconds), earliest = INT64_MAX;
    for (int64_t y = year - 1; rule->changes && y <= year + 2; y++) {
        int64_t ends = moment_in(&rule->ends, y, rule->summer);
        int64_t begins = moment_in(&rule->begins, y, rule->usual);
        earliest = ends > seconds && ends < earliest ? ends : earliest;
        earliest = begins > seconds && begins < earliest ? begins : earliest;
    }
    return earliest;
}
