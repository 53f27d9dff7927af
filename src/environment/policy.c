/* What an environment demands: how a deploy behaves there, and what must be true before one begins. */
#include <stdio.h>
#include <string.h>

#include "private.h"

static void read_breaker(struct json_object *deploy, struct breaker *breaker)
{
    struct json_node node = json_member(deploy, "breaker", JSON_OPTIONAL);
    struct json_object object;
    (void)json_object_open(&node, &object, "\"breaker\"");
    breaker->blocked_sessions = json_integer(&object, "blocked_sessions", 0, 1000000, 0);
    breaker->after = json_duration(&object, "for", 2000);
    json_object_close(&object);
}

static void read_courtesy(struct json_object *environment, struct courtesy *courtesy)
{
    struct json_node node = json_member(environment, "deploy", JSON_OPTIONAL);
    struct json_object object;
    (void)json_object_open(&node, &object, "\"deploy\" of %s", environment->what);
    courtesy->lock_timeout = json_duration(&object, "lock_timeout", 2000);
    courtesy->lock_retries = json_integer(&object, "lock_retries", 0, 1000000, 30);
    courtesy->statement_timeout = json_duration(&object, "statement_timeout", 0);
    read_breaker(&object, &courtesy->breaker);
    json_object_close(&object);
}

static int day_of(const char *text)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    for (int i = 0; i < 7; i++) {
        if (strncmp(text, days[i], 3) == 0) {
            return i;
        }
    }
    return -1;
}

/* "Mon-Thu,Sat": ranges may go over the end of the week. */
static bool parse_days(const char *text, unsigned *ret_days)
{
    unsigned days = 0;
    while (*text != '\0') {
        int first = day_of(text);
        int last = first;
        text += first >= 0 ? 3 : 0;
        if (first >= 0 && *text == '-') {
            last = day_of(text + 1);
            text += last >= 0 ? 4 : 0;
        }
        if (first < 0 || last < 0 || (*text != ',' && *text != '\0')) {
            return false;
        }
        for (int day = first; (days |= 1u << day), day != last; day = (day + 1) % 7) {
        }
        text += *text == ',' ? 1 : 0;
    }
    *ret_days = days;
    return days != 0;
}

static bool parse_window(const char *text, struct arena *arena, struct window *window)
{
    char days[64] = "", zone[64] = "UTC"; /* seven days with commas; no zone name is longer */
    unsigned from_hour, from_minute, to_hour, to_minute;
    int end = 0;
    int n = sscanf(text, "%63s %2u:%2u-%2u:%2u%n", days, &from_hour, &from_minute, &to_hour,
                   &to_minute, &end);
    if (n != 5) {
        return false;
    }
    int zone_end = 0;
    if (text[end] != '\0' &&
        (sscanf(text + end, " %63[A-Za-z0-9_+/-]%n", zone, &zone_end) != 1 ||
         text[end + zone_end] != '\0')) {
        return false;
    }
    window->text = text;
    window->zone = arena_copy(arena, zone);
    window->from = (int)(from_hour * 60 + from_minute);
    window->to = (int)(to_hour * 60 + to_minute);
    return parse_days(days, &window->days) && from_minute < 60 && to_minute < 60 &&
           window->from < window->to && window->to <= 24 * 60;
}

static bool date_is_good(int year, int month, int day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool parse_freeze(const char *text, struct freeze *freeze)
{
    int y1, m1, d1, y2, m2, d2, end = 0;
    int n = sscanf(text, "%4d-%2d-%2d/%4d-%2d-%2d%n", &y1, &m1, &d1, &y2, &m2, &d2, &end);
    if (n != 6 || text[end] != '\0' || !date_is_good(y1, m1, d1) || !date_is_good(y2, m2, d2)) {
        return false;
    }
    *freeze = (struct freeze){
        .text = text,
        .first = y1 * 10000 + m1 * 100 + d1,
        .last = y2 * 10000 + m2 * 100 + d2,
    };
    return freeze->first <= freeze->last;
}

static void read_windows(struct json_object *object, struct requirements *require)
{
    struct arena *arena = json_arena(object->node.document);
    struct json_node list = json_member(object, "windows", JSON_OPTIONAL);
    size_t n = 0;
    if (!json_array(&list, &n)) {
        return;
    }
    require->windows = arena_alloc(arena, (n + 1) * sizeof *require->windows);
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(&list, i);
        const char *text = json_item_text(&list, i);
        if (text != NULL && !parse_window(text, arena, &require->windows[require->n_windows++])) {
            problem_note(json_complain(&item, "\"%s\" is no window of time", text),
                         "write it as \"Mon-Thu 08:00-16:00 Europe/Berlin\"; without a zone it is "
                         "UTC");
        }
    }
}

static void read_freezes(struct json_object *object, struct requirements *require)
{
    struct json_node list = json_member(object, "freeze", JSON_OPTIONAL);
    size_t n = 0;
    if (!json_array(&list, &n)) {
        return;
    }
    require->freezes =
        arena_alloc(json_arena(object->node.document), (n + 1) * sizeof *require->freezes);
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(&list, i);
        const char *text = json_item_text(&list, i);
        if (text != NULL && !parse_freeze(text, &require->freezes[require->n_freezes++])) {
            problem_note(json_complain(&item, "\"%s\" is no range of days", text),
                         "write it as \"2026-12-20/2027-01-03\"; both days are part of it");
        }
    }
}

static void read_required_backup(struct json_object *object, struct requirements *require)
{
    struct json_node node = json_member(object, "backup", JSON_OPTIONAL);
    struct json_object backup;
    require->backup = json_object_open(&node, &backup, "\"backup\" of \"require\"");
    require->backup_restored = json_bool(&backup, "restored", true);
    require->backup_max_age = json_duration(&backup, "max_age", 24 * 3600 * (msec)1000);
    json_object_close(&backup);
}

static void read_requirements(struct json_object *environment, struct requirements *require)
{
    struct json_node node = json_member(environment, "require", JSON_OPTIONAL);
    struct json_object object;
    (void)json_object_open(&node, &object, "\"require\" of %s", environment->what);
    require->evidence = json_texts(&object, "evidence", &require->n_evidence);
    require->approvals = json_integer(&object, "approvals", 0, 100, 0);
    read_required_backup(&object, require);
    read_windows(&object, require);
    read_freezes(&object, require);
    json_object_close(&object);
}

void environment_read_policy(struct json_object *object, struct environment *environment)
{
    read_courtesy(object, &environment->courtesy);
    read_requirements(object, &environment->require);
}
