/*
 * Time zones, read from the system's TZif files (RFC 8536), because libc knows one zone at a time,
 * by a variable of the whole process.
 *
 * A file has a table of moments at which clocks were changed, and a rule for what comes after the
 * last of them. Nothing of it is trusted before it was checked. Files that count leap seconds
 * ("right/...") are refused: our clock does not.
 */
#include "zone.h"

#include <errno.h>

#include "civil.h"
#include "headgate/file.h"
#include "zone_rule.h"

#define ZONES "/usr/share/zoneinfo"
#define FILE_LIMIT ((size_t)256 << 10)
#define HEADER 44 /* bytes */
#define OFFSET_LEAST (-89999)
#define OFFSET_MOST 93599

struct change {
    int64_t at;
    int offset;
};

struct zone {
    struct change *changes; /* ascending */
    size_t n;
    int before; /* the first of them */
    bool has_rule;
    struct zone_rule rule; /* after the last of them */
};

void zone_freep(struct zone **zone)
{
    if (*zone != NULL) {
        mem_free((*zone)->changes);
        mem_free(*zone);
        *zone = NULL;
    }
}

/* --- the file --- */

struct reader {
    const unsigned char *bytes;
    size_t size;
};

struct counts {
    size_t isut, isstd, leap, times, types, letters;
};

/* The next n bytes; NULL where there are not as many. */
static const unsigned char *take(struct reader *reader, size_t n)
{
    const unsigned char *taken = reader->bytes;
    if (n > reader->size) {
        return NULL;
    }
    reader->bytes += n;
    reader->size -= n;
    return taken;
}

static uint64_t number(const unsigned char *bytes, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static bool take_header(struct reader *reader, struct counts *ret_counts)
{
    const unsigned char *header = take(reader, HEADER);
    if (header == NULL || memcmp(header, "TZif", 4) != 0 || header[4] < '2') {
        return false;
    }
    size_t counts[6];
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        counts[i] = (size_t)number(header + 20 + 4 * i, 4);
        if (counts[i] > FILE_LIMIT) {
            return false;
        }
    }
    *ret_counts = (struct counts){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    return true;
}

/* Each of the first block has a 32-bit time, which we have no use for. */
static bool skip_first_block(struct reader *reader)
{
    struct counts n;
    return take_header(reader, &n) && take(reader, n.times * 5 + n.types * 6 + n.letters +
                                                       n.leap * 8 + n.isstd + n.isut) != NULL;
}

static bool read_offset(const unsigned char *types, size_t type, int *ret_offset)
{
    uint32_t bits = (uint32_t)number(types + 6 * type, 4);
    int64_t offset = (int64_t)bits - (bits > INT32_MAX ? (int64_t)1 << 32 : 0);
    if (offset < OFFSET_LEAST || offset > OFFSET_MOST) {
        return false;
    }
    *ret_offset = (int)offset;
    return true;
}

static int64_t signed_time(const unsigned char *bytes)
{
    uint64_t bits = number(bytes, 8);
    return bits > INT64_MAX ? -(int64_t)~bits - 1 : (int64_t)bits;
}

static bool read_changes(struct reader *reader, struct zone *zone)
{
    struct counts n;
    if (!take_header(reader, &n) || n.types == 0 || n.leap > 0) {
        return false;
    }
    const unsigned char *times = take(reader, n.times * 8);
    const unsigned char *kinds = take(reader, n.times);
    const unsigned char *types = take(reader, n.types * 6);
    if (times == NULL || kinds == NULL || types == NULL ||
        take(reader, n.letters + n.isstd + n.isut) == NULL ||
        !read_offset(types, 0, &zone->before)) {
        return false;
    }
    zone->changes = mem_new(n.times + 1, sizeof *zone->changes);
    for (; zone->n < n.times; zone->n++) {
        struct change *change = &zone->changes[zone->n];
        change->at = signed_time(times + 8 * zone->n);
        if (kinds[zone->n] >= n.types || !read_offset(types, kinds[zone->n], &change->offset) ||
            (zone->n > 0 && change->at <= change[-1].at)) {
            return false;
        }
    }
    return true;
}

/* A rule between two line breaks, and nothing behind it. An empty one says nothing. */
static bool read_footer(const struct reader *reader, struct zone *zone)
{
    const char *text = (const char *)reader->bytes;
    const char *end =
        reader->size >= 2 && text[0] == '\n' ? memchr(text + 1, '\n', reader->size - 1) : NULL;
    if (end == NULL || (size_t)(end - text) != reader->size - 1) {
        return false;
    }
    CLEANUP(mem_freep) char *rule = mem_copy_n(text + 1, reader->size - 2);
    zone->has_rule = rule[0] != '\0';
    return strlen(rule) == reader->size - 2 &&
           (!zone->has_rule || zone_rule_parse(rule, &zone->rule));
}

bool zone_parse(const char *bytes, size_t size, struct zone **ret_zone)
{
    CLEANUP(zone_freep) struct zone *zone = mem_new(1, sizeof *zone);
    struct reader reader = {.bytes = (const unsigned char *)bytes, .size = size};
    if (!skip_first_block(&reader) || !read_changes(&reader, zone) || !read_footer(&reader, zone)) {
        return false;
    }
    *ret_zone = TAKE(zone);
    return true;
}

/* --- by its name --- */

/* Without a dot and a first slash there is no way out of the folder. */
static bool name_is_good(const char *name)
{
    static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
    return name[0] != '\0' && name[0] != '/' && name[strspn(name, good)] == '\0';
}

static bool collect_zones(const char *folder, const char *prefix, struct strlist *zones, int depth)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    bool readable = folder_list(folder, &names, &ignored);
    for (size_t i = 0; i < names.n; i++) {
        CLEANUP(mem_freep) char *path = path_join(folder, names.items[i]);
        CLEANUP(mem_freep) char *name = mem_printf("%s%s", prefix, names.items[i]);
        CLEANUP(mem_freep) char *deeper = mem_printf("%s/", name);
        bool is_folder = path_is_folder(path);
        bool is_copy = depth == 0 && (text_equal(name, "posix") || text_equal(name, "right"));
        if (is_folder && !is_copy && depth < 2) {
            (void)collect_zones(path, deeper, zones, depth + 1);
        } else if (!is_folder && name_is_good(name)) {
            strlist_add(zones, name);
        }
    }
    return readable;
}

static bool unknown_zone(const char *folder, const char *name, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist zones = STRLIST_INIT;
    if (!collect_zones(folder, "", &zones, 0) || zones.n == 0) {
        (void)error_set(err, ERROR_CONFIG,
                        "this machine has no time zones, so nobody knows what time it is in \"%s\"",
                        name);
        (void)error_hint(err, "Install the package tzdata.");
        return false;
    }
    const char *near = suggest_near(name, (const char *const *)zones.items);
    (void)error_set(err, ERROR_CONFIG, "there is no time zone \"%s\"", name);
    (void)(near != NULL ? error_hint(err, "Did you mean \"%s\"?", near)
                        : error_hint(err, "Zones have names such as \"UTC\" and "
                                          "\"Europe/Berlin\"; timedatectl list-timezones "
                                          "prints all of them."));
    return false;
}

bool zone_read_in(const char *folder, const char *name, struct zone **ret_zone, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf bytes = STRBUF_INIT;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(mem_freep) char *path = path_join(folder, name);
    if (text_equal(name, "UTC")) {
        *ret_zone = mem_new(1, sizeof **ret_zone);
        return true;
    }
    if (!name_is_good(name) || path_is_folder(path)) {
        return unknown_zone(folder, name, err);
    }
    if (!file_read(path, FILE_LIMIT, &bytes, &failure)) {
        if (failure.sys_errno != ENOENT && failure.sys_errno != ENOTDIR) {
            (void)error_set(err, ERROR_CONFIG, "time zone \"%s\": %s", name, failure.message);
            return false;
        }
        return unknown_zone(folder, name, err);
    }
    if (!zone_parse(bytes.text, bytes.size, ret_zone)) {
        (void)error_set(err, ERROR_CONFIG, "%s is no time zone that can be read", path);
        (void)error_hint(err, "Is it a zone at all, and not one of \"right/...\", which count "
                              "leap seconds? Else install the package tzdata again.");
        return false;
    }
    return true;
}

bool zone_read(const char *name, struct zone **ret_zone, struct error *err)
{
    return zone_read_in(ZONES, name, ret_zone, err);
}

/* --- what its clocks show --- */

/* How many changes there were until then. */
static size_t changes_until(const struct zone *zone, int64_t seconds)
{
    size_t from = 0, to = zone->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (zone->changes[middle].at <= seconds) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

int zone_offset(const struct zone *zone, int64_t seconds)
{
    size_t n = changes_until(zone, seconds);
    if (n == zone->n && zone->has_rule) {
        return zone_rule_offset(&zone->rule, seconds);
    }
    return n == 0 ? zone->before : zone->changes[n - 1].offset;
}

int64_t zone_change(const struct zone *zone, int64_t seconds)
{
    size_t n = changes_until(zone, seconds);
    if (n < zone->n) {
        return zone->changes[n].at;
    }
    return zone->has_rule ? zone_rule_change(&zone->rule, seconds) : INT64_MAX;
}

struct wall_place zone_place(const struct zone *zone, int64_t usec)
{
    int64_t seconds = floor_divide(usec, 1000000);
    int64_t local = seconds + zone_offset(zone, seconds);
    int64_t days = floor_divide(local, 86400);
    int second = (int)floor_modulo(local, 86400);
    struct civil date = civil_of_days(days);
    int year = date.year > 9999 ? 9999 : date.year < 0 ? 0 : (int)date.year;
    return (struct wall_place){
        .date = year * 10000 + date.month * 100 + date.day,
        .minute = second / 60,
        .second = second % 60,
        .weekday = (int)floor_modulo(days + 3, 7),
    };
}

int64_t zone_next_change(const struct zone *zone, int64_t usec)
{
    int64_t change = zone_change(zone, floor_divide(usec, 1000000));
    return change > INT64_MAX / 1000000 ? INT64_MAX : change * 1000000;
}

bool wall_in_zone(int64_t usec, const char *name, struct wall_place *ret_place, struct error *err)
{
    CLEANUP(zone_freep) struct zone *zone = NULL;
    if (!zone_read(name, &zone, err)) {
        return false;
    }
    *ret_place = zone_place(zone, usec);
    return true;
}
