/*
 * Days and their names in the Gregorian calendar, before its beginning as well. A year is counted
 * from March here, so that the leap day is its last one, and 400 of them (an era) always have as
 * many days.
 */
#include "civil.h"

#define ERA_YEARS 400
#define ERA_DAYS 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

int64_t floor_modulo(int64_t a, int64_t b)
{
    return a - floor_divide(a, b) * b;
}

int64_t civil_days(int64_t year, int month, int day)
{
    int64_t from_march = year - (month <= 2 ? 1 : 0);
    int64_t era = floor_divide(from_march, ERA_YEARS);
    int64_t year_of_era = floor_modulo(from_march, ERA_YEARS);
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - DAYS_TO_1970;
}

struct civil civil_of_days(int64_t days)
{
    int64_t era = floor_divide(days + DAYS_TO_1970, ERA_DAYS);
    int64_t day_of_era = floor_modulo(days + DAYS_TO_1970, ERA_DAYS);
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153; /* from March */
    return (struct civil){
        .year = year_of_era + era * ERA_YEARS + (month >= 10 ? 1 : 0),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}
