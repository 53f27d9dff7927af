/* The calendar: days since 1970-01-01 and what they are called. No time zone, no libc. */
#pragma once

#include <stdint.h>

struct civil {
    int64_t year;
    int month, day; /* from 1 */
};

int64_t civil_days(int64_t year, int month, int day);
struct civil civil_of_days(int64_t days);
/* Division that rounds down, and what it leaves, for moments before 1970. */
int64_t floor_divide(int64_t a, int64_t b);
int64_t floor_modulo(int64_t a, int64_t b);
