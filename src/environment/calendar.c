/*
 * Windows, in which something may be done, and freezes, in which it may not: how they are written,
 * and when they are open.
 *
 * When the next window opens is found by going from one moment to the next at which anything can
 * change: midnight, the beginning or end of a window, clocks that are put forward or back. So an
 * hour that clocks leave out is never open, and one that they show twice is open twice.
 */
#include <string.h>

#include "private.h"

#define SECOND INT64_C(1000000)
#define HORIZON (366 * 86400 * SECOND)

/* --- how they are written: exactly what the JSON Schemas accept --- */

static bool take(const char **at, char c)
{
    bool found = **at == c;
    *at += found ? 1 : 0;
    return found;
}

/* A number of exactly so many digits. */
static bool take_number(const char **at, size_t digits, int *ret_number)
{
    int number = 0;
    if (strspn(*at, "0123456789") < digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (*(*at)++ - '0');
    }
    *ret_number = number;
    return true;
}

static bool take_day(const char **at, int *ret_day)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (int i = 0; i < 7; i++) {
        if (text_starts(*at, days[i])) {
            *at += strlen(days[i]);
            *ret_day = i;
            return true;
        }
    }
    return false;
}

/* "Mon-Thu,Sat": ranges may go over the end of the week. */
static bool take_days(const char **at, unsigned *ret_days)
{
    unsigned days = 0;
    do {
        int first, last;
        if (!take_day(at, &first)) {
            return false;
        }
        last = first;
        if (take(at, '-') && !take_day(at, &last)) {
            return false;
        }
        for (int day = first; day != last; day = (day + 1) % 7) {
            days |= 1u << day;
        }
        days |= 1u << last;
    } while (take(at, ','));
    *ret_days = days;
    return true;
}

/* Up to 24:00. */
static bool take_time(const char **at, int *ret_minutes)
{
    int hour, minute;
    if (!take_number(at, 2, &hour) || !take(at, ':') || !take_number(at, 2, &minute) ||
        minute > 59 || hour * 60 + minute > 24 * 60) {
        return false;
    }
    *ret_minutes = hour * 60 + minute;
    return true;
}

static bool take_zone(const char **at, struct arena *arena, const char **ret_zone)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/-";
    if (**at == '\0') {
        *ret_zone = "UTC";
        return true;
    }
    if (!take(at, ' ') || strspn(*at, letters) == 0) {
        return false;
    }
    size_t n = strspn(*at, all);
    *ret_zone = arena_copy_n(arena, *at, n);
    *at += n;
    return true;
}

static bool parse_window(const char *text, struct arena *arena, struct window *ret_window)
{
    const char *at = text;
    struct window window = {.text = text};
    if (!take_days(&at, &window.days) || !take(&at, ' ') || !take_time(&at, &window.from) ||
        !take(&at, '-') || !take_time(&at, &window.to) || !take_zone(&at, arena, &window.zone) ||
        *at != '\0') {
        return false;
    }
    *ret_window = window;
    return true;
}

/* 20261220 */
static bool take_date(const char **at, int *ret_date)
{
    static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!take_number(at, 4, &year) || !take(at, '-') || !take_number(at, 2, &month) ||
        !take(at, '-') || !take_number(at, 2, &day)) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1] ||
        (month == 2 && day == 29 && !leap)) {
        return false;
    }
    *ret_date = year * 10000 + month * 100 + day;
    return true;
}

static bool parse_freeze(const char *text, struct freeze *ret_freeze)
{
    const char *at = text;
    struct freeze freeze = {.text = text};
    if (!take_date(&at, &freeze.first) || !take(&at, '/') || !take_date(&at, &freeze.last) ||
        *at != '\0') {
        return false;
    }
    *ret_freeze = freeze;
    return true;
}

static void check_zone(const struct json_node *item, const char *name)
{
    CLEANUP(zone_freep) struct zone *zone = NULL;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!zone_read(name, &zone, &failure)) {
        struct problem *problem = json_complain(item, "%s", failure.message);
        if (failure.hint != NULL) {
            problem_note(problem, "%s", failure.hint);
        }
    }
}

static void read_window(const struct json_node *item, const char *text, struct window *window)
{
    if (!parse_window(text, json_arena(item->document), window)) {
        problem_note(json_complain(item, "\"%s\" is no window of time", text),
                     "write it as \"Mon-Thu 08:00-16:00 Europe/Berlin\"; without a zone it is UTC");
    } else if (window->from >= window->to) {
        problem_note(json_complain(item, "the window \"%s\" ends before it begins", text),
                     "one that goes over midnight is written as two");
    } else {
        check_zone(item, window->zone);
    }
}

/* An array of texts; NULL where it is none. Items are read one by one into a list of that size. */
static void *open_list(struct json_object *object, const char *key, size_t item_size,
                       struct json_node *ret_list, size_t *ret_n)
{
    size_t n = 0;
    *ret_list = json_member(object, key, JSON_OPTIONAL);
    if (!json_array(ret_list, &n)) {
        *ret_n = 0;
        return NULL;
    }
    *ret_n = n;
    return arena_alloc(json_arena(object->node.document), (n + 1) * item_size);
}

void environment_read_windows(struct json_object *object, const char *key,
                              struct window **ret_windows, size_t *ret_n)
{
    struct json_node list;
    size_t n, n_read = 0;
    struct window *windows = open_list(object, key, sizeof *windows, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(&list, i);
        const char *text = json_item_text(&list, i);
        if (text != NULL) {
            read_window(&item, text, &windows[n_read++]);
        }
    }
    *ret_windows = windows;
    *ret_n = n_read;
}

static void read_freeze(const struct json_node *item, const char *text, struct freeze *freeze)
{
    if (!parse_freeze(text, freeze)) {
        problem_note(json_complain(item, "\"%s\" is no range of days", text),
                     "write it as \"2026-12-20/2027-01-03\"; both days are part of it");
    } else if (freeze->first > freeze->last) {
        (void)json_complain(item, "the freeze \"%s\" ends before it begins", text);
    }
}

void environment_read_freezes(struct json_object *object, const char *key,
                              struct freeze **ret_freezes, size_t *ret_n)
{
    struct json_node list;
    size_t n, n_read = 0;
    struct freeze *freezes = open_list(object, key, sizeof *freezes, &list, &n);
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(&list, i);
        const char *text = json_item_text(&list, i);
        if (text != NULL) {
            read_freeze(&item, text, &freezes[n_read++]);
        }
    }
    *ret_freezes = freezes;
    *ret_n = n_read;
}

/* --- when they are open --- */

static bool is_in(const struct window *window, const struct wall_place *place)
{
    return (window->days >> place->weekday & 1) != 0 && place->minute >= window->from &&
           place->minute < window->to;
}

/* The next moment at which this zone's clocks show that minute of the day (1440 is midnight), or
 * are changed before they do. */
static int64_t moment_of_minute(const struct zone *zone, int64_t at, int minute)
{
    struct wall_place place = zone_place(zone, at);
    int64_t second = at - at % SECOND;
    int64_t left = (minute - place.minute) * 60 - place.second;
    int64_t changed = zone_next_change(zone, at);
    int64_t then = second + left * SECOND;
    return changed < then ? changed : then;
}

/* When it opens: `now` where it is open; 0 where it does not within a year. */
static bool window_opens(const struct window *window, int64_t now, int64_t *ret_opens,
                         struct error *err)
{
    CLEANUP(zone_freep) struct zone *zone = NULL;
    if (!zone_read(window->zone, &zone, err)) {
        return error_prefix(err, "window \"%s\"", window->text);
    }
    *ret_opens = 0;
    for (int64_t at = now; at <= now + HORIZON;) {
        struct wall_place place = zone_place(zone, at);
        if (is_in(window, &place)) {
            *ret_opens = at;
            return true;
        }
        at = moment_of_minute(zone, at, place.minute < window->from ? window->from : 1440);
    }
    return true;
}

bool windows_check(const struct window *windows, size_t n, int64_t now, struct opening *ret_opening,
                   struct error *err)
{
    struct opening opening = {.open = n == 0};
    for (size_t i = 0; i < n && !opening.open; i++) {
        int64_t opens = 0;
        if (!window_opens(&windows[i], now, &opens, err)) {
            return false;
        }
        if (opening.text == NULL || (opens != 0 && (opening.opens == 0 || opens < opening.opens))) {
            opening = (struct opening){opens == now, opens, windows[i].text};
        }
    }
    *ret_opening = opening;
    return true;
}

static const struct freeze *freeze_on(const struct freeze *freezes, size_t n, int date)
{
    for (size_t i = 0; i < n; i++) {
        if (date >= freezes[i].first && date <= freezes[i].last) {
            return &freezes[i];
        }
    }
    return NULL;
}

bool freezes_check(const struct freeze *freezes, size_t n, const char *zone_name, int64_t now,
                   struct opening *ret_opening, struct error *err)
{
    CLEANUP(zone_freep) struct zone *zone = NULL;
    if (!zone_read(zone_name != NULL ? zone_name : "UTC", &zone, err)) {
        return false;
    }
    const struct freeze *on = freeze_on(freezes, n, zone_place(zone, now).date);
    struct opening opening = {
        .open = on == NULL, .opens = on == NULL ? now : 0, .text = on != NULL ? on->text : NULL};
    for (int64_t at = now; on != NULL && opening.opens == 0 && at <= now + HORIZON;) {
        at = moment_of_minute(zone, at, 1440);
        if (freeze_on(freezes, n, zone_place(zone, at).date) == NULL) {
            opening.opens = at;
        }
    }
    *ret_opening = opening;
    return true;
}
