/* The rule at the end of a TZif file for all the time to come: "CET-1CEST,M3.5.0,M10.5.0/3". */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* When in a year the clocks are changed. */
struct zone_day {
    enum { DAY_OF_MONTH, DAY_WITHOUT_LEAP, DAY_OF_YEAR } form;
    int month, week, weekday; /* of DAY_OF_MONTH; week 5 is the last one, weekday 0 is Sunday */
    int day;                  /* without leap days from 1; of the year from 0 */
    int time;                 /* in seconds since that day's midnight, by the clocks until then */
};

struct zone_rule {
    int usual, summer; /* ahead of UTC, in seconds; summer may be behind: Europe/Dublin */
    bool changes;
    struct zone_day begins, ends; /* of the summer */
};

bool zone_rule_parse(const char *text, struct zone_rule *ret_rule);
int zone_rule_offset(const struct zone_rule *rule, int64_t seconds);
/* The first change after that moment; INT64_MAX where there is none. */
int64_t zone_rule_change(const struct zone_rule *rule, int64_t seconds);
