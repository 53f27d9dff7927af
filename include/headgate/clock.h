/*
 * Time. Deadlines are absolute, on the monotonic clock, and are passed down: a function that waits
 * takes the deadline of the whole work, never a timeout of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "headgate/error.h"

typedef int64_t msec;

#define DEADLINE_NONE INT64_MAX

msec clock_now(void);
/* Now plus this much; DEADLINE_NONE stays what it is. */
msec deadline_in(msec duration);
msec deadline_earlier(msec a, msec b);
bool deadline_passed(msec deadline);
/* What poll() takes: -1 for never, else milliseconds left, at least 0. */
int deadline_poll_timeout(msec deadline);
/* Sleeps until then or until a signal to stop arrives. */
void deadline_sleep(msec deadline);

/* Wall clock, microseconds since 1970 UTC. */
int64_t wall_now_usec(void);
/* "2026-11-19T14:02:03.123456Z"; the result is the caller's. */
char *wall_format(int64_t usec);
/* "20261119140203": the name of a migration made at this moment. */
char *wall_format_digits(int64_t usec);

/* "90s", "15m", "12h", "7d", "250ms": whole numbers with a unit. */
NODISCARD bool duration_parse(const char *text, msec *ret_duration, struct error *err);
/* The shortest exact form: 90000 is "90s", 3600000 is "1h". */
char *duration_format(msec duration);
/* For people: "800 ms", "1.5 s", "2m 03s". */
char *duration_human(msec duration);
/* "500MB", "2GB", "64kB", "10B": powers of 1,000; KiB, MiB, GiB, TiB of 1,024. */
NODISCARD bool size_parse(const char *text, uint64_t *ret_bytes, struct error *err);
/* For people: "1.9 GB". */
char *size_human(uint64_t bytes);

/* --- places on earth --- */

struct wall_place {
    int date;    /* 20261120 */
    int minute;  /* of the day */
    int second;  /* of the minute */
    int weekday; /* 0 is Monday */
};
/* What clocks in this time zone ("UTC", "Europe/Berlin") show at that moment. ERROR_CONFIG where
 * the system knows no such zone. */
NODISCARD bool wall_in_zone(int64_t usec, const char *zone, struct wall_place *ret_place,
                            struct error *err);

/* The same for many moments. Nothing here depends on TZ, or changes it. */
struct zone;
NODISCARD bool zone_read(const char *name, struct zone **ret_zone, struct error *err);
void zone_freep(struct zone **zone);
struct wall_place zone_place(const struct zone *zone, int64_t usec);
/* When its clocks are put forward or back next; INT64_MAX where that is not known to happen. */
int64_t zone_next_change(const struct zone *zone, int64_t usec);

/* "2026-11-19 14:02 UTC": for people; the result is the caller's. */
char *wall_short(int64_t usec);
/* The other way round from wall_format. */
NODISCARD bool wall_parse(const char *text, int64_t *ret_usec, struct error *err);
