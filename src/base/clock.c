/* Time and deadlines. */
#include "headgate/clock.h"

#include <limits.h>
#include <time.h>

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

static struct tm broken_down(int64_t usec)
{
    time_t seconds = (time_t)(usec / 1000000 - (usec % 1000000 < 0 ? 1 : 0));
    struct tm parts;
    (void)gmtime_r(&seconds, &parts);
    return parts;
}

char *wall_format(int64_t usec)
{
    struct tm parts = broken_down(usec);
    int fraction = (int)(usec % 1000000);
    return mem_printf("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                      parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                      fraction < 0 ? fraction + 1000000 : fraction);
}

char *wall_format_digits(int64_t usec)
{
    struct tm parts = broken_down(usec);
    return mem_printf("%04d%02d%02d%02d%02d%02d", parts.tm_year + 1900, parts.tm_mon + 1,
                      parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}
