/*
 * Which backups stay. Each environment is weighed by itself, from its newest backup to its oldest.
 * One that verification found bad holds no place: it stays as long as it lies among those that the
 * rule keeps, and never pushes a good one out.
 */
#include <stdio.h>
#include <string.h>

#include "private.h"

#define DAY_USEC ((int64_t)86400 * 1000000)

struct weighing {
    const struct vault_list *list;
    const struct retention *keep;
    const char *environment;
    struct prune_verdict *verdicts;
};

static void keep(struct prune_verdict *verdict, char *why)
{
    if (verdict->keeps) {
        mem_free(why);
        return;
    }
    verdict->keeps = true;
    verdict->why = why;
}

/* Those that the rules speak of. */
static const struct vault_item *subject(const struct weighing *in, size_t i)
{
    const struct vault_item *item = &in->list->items[i];
    return text_equal(item->environment, in->environment) && item->manifest != NULL ? item : NULL;
}

static void keep_last(const struct weighing *in)
{
    int64_t n = 0;
    for (size_t i = 0; i < in->list->n; i++) {
        const struct vault_item *item = subject(in, i);
        if (item != NULL && n < in->keep->last) {
            keep(&in->verdicts[i], mem_printf("the last %lld", (long long)in->keep->last));
            n += !item->proof.failed;
        }
    }
}

/* --- one of each hour, day, week, month, release --- */

static void day_of(int64_t usec, char ret_day[11])
{
    CLEANUP(mem_freep) char *text = wall_format(usec);
    memcpy(ret_day, text, 10);
    ret_day[10] = '\0';
}

static char *hour_named(const struct vault_item *item)
{
    CLEANUP(mem_freep) char *text = wall_format(item->created);
    return mem_printf("hourly %.10s %.2s:00", text, text + 11);
}

static char *day_named(const struct vault_item *item)
{
    char day[11];
    day_of(item->created, day);
    return mem_printf("daily %s", day);
}

/* ISO 8601: the year and the week of a day are those of its week's Thursday. */
static char *week_named(const struct vault_item *item)
{
    CLEANUP(error_clear) struct error none = ERROR_INIT;
    char thursday[11];
    int64_t first = 0;
    int64_t day = item->created / DAY_USEC;
    int64_t middle = day + 3 - (day + 3) % 7; /* the first day of 1970 was a Thursday */
    day_of(middle * DAY_USEC, thursday);
    CLEANUP(mem_freep) char *new_year = mem_printf("%.4s-01-01T00:00:00.000000Z", thursday);
    (void)!wall_parse(new_year, &first, &none);
    return mem_printf("weekly %.4s-W%02d", thursday, (int)((middle - first / DAY_USEC) / 7 + 1));
}

static char *month_named(const struct vault_item *item)
{
    char day[11];
    day_of(item->created, day);
    return mem_printf("monthly %.7s", day);
}

static char *release_named(const struct vault_item *item)
{
    return item->manifest->release != NULL ? mem_printf("release %.12s", item->manifest->release)
                                           : NULL;
}

/* What has the same name is the same hour, or release, whatever lies between. */
static void keep_newest_of_each(const struct weighing *in, int64_t most,
                                char *(*named)(const struct vault_item *item))
{
    CLEANUP(strlist_clear) struct strlist seen = STRLIST_INIT;
    for (size_t i = 0; i < in->list->n && (int64_t)seen.n < most; i++) {
        const struct vault_item *item = subject(in, i);
        CLEANUP(mem_freep)
        char *name = item != NULL && !item->proof.failed ? named(item) : NULL;
        if (name != NULL && !strlist_has(&seen, name)) {
            strlist_add(&seen, name);
            keep(&in->verdicts[i], TAKE(name));
        }
    }
}

/* --- what stays whatever the rules say --- */

/* The newest among those that were proven the highest. The list has the newest first. */
static void keep_proven(const struct weighing *in)
{
    enum proof_level highest = PROOF_NONE;
    size_t best = in->list->n;
    for (size_t i = 0; i < in->list->n; i++) {
        const struct vault_item *item = &in->list->items[i];
        if (text_equal(item->environment, in->environment) && !item->proof.failed &&
            item->proof.level > highest) {
            highest = item->proof.level;
            best = i;
        }
    }
    if (best < in->list->n) {
        keep(&in->verdicts[best], mem_copy("the last that was proven"));
    }
}

static bool has_rules(const struct retention *keep)
{
    return keep->last > 0 || keep->hourly > 0 || keep->daily > 0 || keep->weekly > 0 ||
           keep->monthly > 0 || keep->releases > 0;
}

static void keep_unreadable(const struct weighing *in)
{
    for (size_t i = 0; i < in->list->n; i++) {
        const struct vault_item *item = &in->list->items[i];
        if (text_equal(item->environment, in->environment) && item->manifest == NULL) {
            keep(&in->verdicts[i], mem_copy("it cannot be read: look at it first"));
        }
    }
}

static void weigh_environment(const struct weighing *in)
{
    keep_unreadable(in);
    keep_last(in);
    keep_newest_of_each(in, in->keep->hourly, hour_named);
    keep_newest_of_each(in, in->keep->daily, day_named);
    keep_newest_of_each(in, in->keep->weekly, week_named);
    keep_newest_of_each(in, in->keep->monthly, month_named);
    keep_newest_of_each(in, in->keep->releases, release_named);
    keep_proven(in);
    for (size_t i = 0; i < in->list->n && !has_rules(in->keep); i++) {
        if (subject(in, i) != NULL) {
            keep(&in->verdicts[i], mem_copy("there is no rule"));
        }
    }
}

void vault_weigh_pruning(const struct vault *vault, const struct vault_list *list,
                         struct prune_verdict **ret_verdicts)
{
    struct prune_verdict *verdicts = mem_new(list->n + 1, sizeof *verdicts);
    CLEANUP(strlist_clear) struct strlist environments = STRLIST_INIT;
    for (size_t i = 0; i < list->n; i++) {
        const char *environment = list->items[i].environment;
        if (!strlist_has(&environments, environment)) {
            const struct weighing in = {list, &vault->keep, environment, verdicts};
            strlist_add(&environments, environment);
            weigh_environment(&in);
        }
    }
    for (size_t i = 0; i < list->n; i++) {
        if (!verdicts[i].keeps) {
            verdicts[i].why = mem_copy("nothing keeps it");
        }
    }
    *ret_verdicts = verdicts;
}

void prune_verdicts_free(struct prune_verdict *verdicts, size_t n)
{
    for (size_t i = 0; i < n && verdicts != NULL; i++) {
        mem_free(verdicts[i].why);
    }
    mem_free(verdicts);
}
