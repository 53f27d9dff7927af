/* What the tests of the time zones see of them. */
#pragma once

#include "headgate/clock.h"

/* A TZif file in memory; false where it is none that we can trust. */
bool zone_parse(const char *bytes, size_t size, struct zone **ret_zone);
/* zone_read from a folder other than the system's. */
bool zone_read_in(const char *folder, const char *name, struct zone **ret_zone, struct error *err);
/* What its clocks are ahead of UTC, in seconds. */
int zone_offset(const struct zone *zone, int64_t seconds);
/* Seconds; INT64_MAX where they are never changed again. */
int64_t zone_change(const struct zone *zone, int64_t seconds);
