/* Time and deadlines. */
#include "headgate/clock.h"

#include <limits.h>
#include <time.h>

#include "civil.h"
#include "headgate/interrupt.h"

msec clock_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (msec)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

msec deadline_in(msec duration)
{
    msec now = clock_now();
    return duration >= DEADLINE_NONE - now ? DEADLINE_NONE : now + duration;
}

msec deadline_earlier(msec a, msec b)
{
    return a < b ? a : b;
}

bool deadline_passed(msec deadline)
{
    return deadline != DEADLINE_NONE && clock_now() >= deadline;
}

int deadline_poll_timeout(msec deadline)
{
    if (deadline == DEADLINE_NONE) {
        return -1;
    }
    msec left = deadline - clock_now();
    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void deadline_sleep(msec deadline)
{
    (void)interrupt_poll(NULL, 0, deadline);
}

int64_t wall_now_usec(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#define DAY 86400

struct parts {
    struct civil date;
    int hour, minute, second, fraction;
};

static struct parts broken_down(int64_t usec)
{
    int64_t seconds = floor_divide(usec, 1000000);
    int second = (int)floor_modulo(seconds, DAY);
    return (struct parts){
        .date = civil_of_days(floor_divide(seconds, DAY)),
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
        .fraction = (int)floor_modulo(usec, 1000000),
    };
}

char *wall_format(int64_t usec)
{
    struct parts parts = broken_down(usec);
    return mem_printf("%04lld-%02d-%02dT%02d:%02d:%02d.%06dZ", (long long)parts.date.year,
                      parts.date.month, parts.date.day, parts.hour, parts.minute, parts.second,
                      parts.fraction);
}

char *wall_format_digits(int64_t usec)
{
    struct parts parts = broken_down(usec);
    return mem_printf("%04lld%02d%02d%02d%02d%02d", (long long)parts.date.year, parts.date.month,
                      parts.date.day, parts.hour, parts.minute, parts.second);
}

char *wall_short(int64_t usec)
{
    struct parts parts = broken_down(usec);
    return mem_printf("%04lld-%02d-%02d %02d:%02d UTC", (long long)parts.date.year,
                      parts.date.month, parts.date.day, parts.hour, parts.minute);
}

/* Digits where the shape has a 0, everything else as it stands there. */
static bool has_shape(const char *text, const char *shape)
{
    for (; *shape != '\0' && *text != '\0'; text++, shape++) {
        bool is_digit = *text >= '0' && *text <= '9';
        if (*shape == '0' ? !is_digit : *text != *shape) {
            return false;
        }
    }
    return *text == *shape;
}

static int digits(const char *text, size_t n)
{
    int number = 0;
    for (size_t i = 0; i < n; i++) {
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

/* What is no moment (a month 13, a second 60) is written in another way than it was read. */
bool wall_parse(const char *text, int64_t *ret_usec, struct error *err)
{
    if (has_shape(text, "0000-00-00T00:00:00.000000Z")) {
        int month = digits(text + 5, 2);
        int64_t days = civil_days(digits(text, 4), month > 12 ? 12 : month, digits(text + 8, 2));
        int64_t seconds = days * DAY + digits(text + 11, 2) * (int64_t)3600 +
                          digits(text + 14, 2) * (int64_t)60 + digits(text + 17, 2);
        int64_t usec = seconds * 1000000 + digits(text + 20, 6);
        CLEANUP(mem_freep) char *again = wall_format(usec);
        if (text_equal(again, text)) {
            *ret_usec = usec;
            return true;
        }
    }
    return error_set(err, ERROR_CONFIG,
                     "\"%s\" is no moment such as \"2026-11-19T14:02:03.123456Z\"", text);
}
