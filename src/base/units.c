/* Durations and sizes as people write and read them. */
#include <errno.h>
#include <stdlib.h>

#include "headgate/clock.h"

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static const struct unit sizes[] = {
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", 1000000000000},
    {"KiB", (uint64_t)1 << 10},
    {"MiB", (uint64_t)1 << 20},
    {"GiB", (uint64_t)1 << 30},
    {"TiB", (uint64_t)1 << 40},
    {NULL, 0},
};

static bool parse(const char *text, const struct unit *units, uint64_t *ret_value)
{
    char *end;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    for (; errno == 0 && units->name != NULL; units++) {
        if (text_equal(end, units->name) && number <= (uint64_t)INT64_MAX / units->factor) {
            *ret_value = number * units->factor;
            return true;
        }
    }
    return false;
}

bool duration_parse(const char *text, msec *ret_duration, struct error *err)
{
    uint64_t value;
    if (!parse(text, durations, &value)) {
        (void)error_set(err, ERROR_CONFIG, "\"%s\" is no duration", text);
        return error_hint(err,
                          "A duration is a whole number with a unit: 250ms, 90s, 15m, 12h, 7d.");
    }
    *ret_duration = (msec)value;
    return true;
}

bool size_parse(const char *text, uint64_t *ret_bytes, struct error *err)
{
    uint64_t value;
    if (!parse(text, sizes, &value)) {
        (void)error_set(err, ERROR_CONFIG, "\"%s\" is no size", text);
        return error_hint(err,
                          "A size is a whole number with a unit: 10B, 64kB, 500MB, 2GB, 1GiB.");
    }
    *ret_bytes = value;
    return true;
}

char *duration_format(msec duration)
{
    const struct unit *unit = &durations[0];
    for (const struct unit *u = durations; u->name != NULL && duration != 0; u++) {
        unit = (uint64_t)duration % u->factor == 0 ? u : unit;
    }
    return mem_printf("%llu%s", (unsigned long long)((uint64_t)duration / unit->factor),
                      unit->name);
}

char *duration_human(msec duration)
{
    if (duration < 1000) {
        return mem_printf("%lld ms", (long long)duration);
    }
    if (duration < 9950) {
        return mem_printf("%.1f s", (double)duration / 1000);
    }
    long long seconds = duration / 1000 + (duration % 1000 >= 500 ? 1 : 0);
    if (seconds < 60) {
        return mem_printf("%lld s", seconds);
    }
    if (seconds < 3600) {
        return mem_printf("%lldm %02llds", seconds / 60, seconds % 60);
    }
    return mem_printf("%lldh %02lldm", seconds / 3600, seconds / 60 % 60);
}

char *size_human(uint64_t bytes)
{
    static const char *const names[] = {"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000) {
        return mem_printf("%llu B", (unsigned long long)bytes);
    }
    double value = (double)bytes / 1000;
    size_t i = 0;
    while (value >= 999.5 && i + 1 < ARRAY_LEN(names)) {
        value /= 1000;
        i++;
    }
    return mem_printf(value < 9.95 ? "%.1f %s" : "%.0f %s", value, names[i]);
}
