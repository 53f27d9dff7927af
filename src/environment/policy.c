/* What an environment demands: how a deploy behaves there, and what must be true before one begins.
 */
#include <string.h>

#include "headgate/file.h"
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

static void read_deploy(struct json_object *object_of, struct environment *environment)
{
    struct json_node node = json_member(object_of, "deploy", JSON_OPTIONAL);
    struct json_object object;
    struct courtesy *courtesy = &environment->courtesy;
    struct aftercare *aftercare = &environment->aftercare;
    (void)json_object_open(&node, &object, "\"deploy\" of %s", object_of->what);
    courtesy->lock_timeout = json_duration(&object, "lock_timeout", 2000);
    courtesy->lock_retries = json_integer(&object, "lock_retries", 0, 1000000, 30);
    courtesy->statement_timeout = json_duration(&object, "statement_timeout", 0);
    read_breaker(&object, &courtesy->breaker);
    aftercare->analyze = json_bool(&object, "analyze", false);
    aftercare->notify = json_text(&object, "notify", JSON_OPTIONAL, NULL);
    aftercare->replica_wait = json_duration(&object, "replica_wait", 60000);
    environment->allows_down = json_bool(&object, "down", false);
    json_object_close(&object);
}

/* --- windows and freezes: exactly what environments.schema.json accepts --- */

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

static void read_window(const struct json_node *item, const char *text, struct window *window)
{
    if (!parse_window(text, json_arena(item->document), window)) {
        problem_note(json_complain(item, "\"%s\" is no window of time", text),
                     "write it as \"Mon-Thu 08:00-16:00 Europe/Berlin\"; without a zone it is UTC");
    } else if (window->from >= window->to) {
        problem_note(json_complain(item, "the window \"%s\" ends before it begins", text),
                     "one that goes over midnight is written as two");
    }
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
        if (text != NULL) {
            read_window(&item, text, &require->windows[require->n_windows++]);
        }
    }
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

static void read_freezes(struct json_object *object, struct requirements *require)
{
    struct arena *arena = json_arena(object->node.document);
    struct json_node list = json_member(object, "freeze", JSON_OPTIONAL);
    size_t n = 0;
    if (!json_array(&list, &n)) {
        return;
    }
    require->freezes = arena_alloc(arena, (n + 1) * sizeof *require->freezes);
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(&list, i);
        const char *text = json_item_text(&list, i);
        if (text != NULL) {
            read_freeze(&item, text, &require->freezes[require->n_freezes++]);
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

/* Relative to the file that names it. */
static void read_signed_by(struct json_object *object, struct requirements *require)
{
    struct json_document *document = object->node.document;
    const char *path = json_text(object, "signed_by", JSON_OPTIONAL, NULL);
    struct json_node node = json_member(object, "signed_by", JSON_OPTIONAL);
    if (path != NULL && path[0] == '\0') {
        (void)json_complain(&node, "the path of the allowed signers is empty");
    } else if (path != NULL) {
        CLEANUP(mem_freep) char *joined = path_join(json_folder(document), path);
        require->signed_by = arena_copy(json_arena(document), joined);
    }
}

static void read_requirements(struct json_object *environment, struct requirements *require)
{
    struct json_node node = json_member(environment, "require", JSON_OPTIONAL);
    struct json_object object;
    (void)json_object_open(&node, &object, "\"require\" of %s", environment->what);
    require->evidence = json_texts(&object, "evidence", &require->n_evidence);
    require->approvals = json_integer(&object, "approvals", 0, 100, 0);
    read_signed_by(&object, require);
    read_required_backup(&object, require);
    read_windows(&object, require);
    read_freezes(&object, require);
    json_object_close(&object);
}

void environment_read_policy(struct json_object *object, struct environment *environment)
{
    read_deploy(object, environment);
    read_requirements(object, &environment->require);
}
