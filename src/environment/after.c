/*
 * Environments by their names, and what `after` says: each name in it must be one of the file's,
 * and no environment may wait for itself, however long the way round is.
 */
#include <string.h>

#include "headgate/strlist.h"
#include "private.h"

bool environment_name_is_good(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return n > 0 && n <= ENVIRONMENT_NAME_LIMIT && name[n] == '\0' && name[0] != '-' &&
           name[0] != '_';
}

struct environment *environments_get(const struct environments *set, const char *name)
{
    for (size_t i = 0; i < set->n; i++) {
        if (text_equal(set->items[i].name, name)) {
            return &set->items[i];
        }
    }
    return NULL;
}

const char *environments_near(const struct environments *set, const char *name)
{
    CLEANUP(mem_freep) const char **names = mem_new(set->n + 1, sizeof *names);
    for (size_t i = 0; i < set->n; i++) {
        names[i] = set->items[i].name;
    }
    return suggest_near(name, names);
}

/* --- names that there are not --- */

static void check_name(const struct environments *set, const struct environment *environment,
                       const struct json_node *item, const char *name)
{
    if (environments_get(set, name) != NULL) {
        return;
    }
    struct problem *problem =
        json_complain(item, "environment \"%s\" comes after \"%s\", which does not exist",
                      environment->name, name);
    const char *near = environments_near(set, name);
    if (near != NULL) {
        problem_note(problem, "did you mean \"%s\"?", near);
    }
}

static void check_names(const struct environments *set, const struct environment *environment)
{
    struct json_object object;
    size_t n = 0;
    if (environment->n_after == 0 ||
        !json_object_open(&environment->node, &object, "environment \"%s\"", environment->name)) {
        return;
    }
    struct json_node list = json_member(&object, "after", JSON_OPTIONAL);
    (void)json_array(&list, &n);
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(&list, i);
        const char *name = json_is_text(&item) ? json_item_text(&list, i) : NULL;
        if (name != NULL) {
            check_name(set, environment, &item, name);
        }
    }
}

/* --- circles: a walk along `after` that comes back to where it already is --- */

enum visit { NOT_SEEN, ON_THE_WAY, DONE };

struct stop {
    size_t at;   /* which environment */
    size_t next; /* which of its `after` is looked at next */
};

struct walk {
    struct environments *set;
    enum visit *visits; /* of each environment */
    struct stop *way;
    size_t n;
};

/* Told at the member of the circle that stands first in the file, and beginning with it. */
static void report_circle(const struct walk *walk, size_t start)
{
    size_t n = walk->n - start, first = 0;
    CLEANUP(strbuf_clear) struct strbuf path = STRBUF_INIT;
    for (size_t i = 0; i < n; i++) {
        first = walk->way[start + i].at < walk->way[start + first].at ? i : first;
    }
    const struct environment *told = &walk->set->items[walk->way[start + first].at];
    for (size_t i = 0; i <= n; i++) {
        const struct stop *stop = &walk->way[start + (first + i) % n];
        strbuf_printf(&path, "%s\"%s\"", i > 0 ? " -> " : "", walk->set->items[stop->at].name);
    }
    if (n == 1) {
        (void)json_complain_key(&told->node, "environment \"%s\" comes after itself", told->name);
    } else {
        (void)json_complain_key(&told->node, "environments wait for each other: %s", path.text);
    }
}

static void step_onto(struct walk *walk, size_t at)
{
    walk->visits[at] = ON_THE_WAY;
    walk->way[walk->n++] = (struct stop){.at = at};
}

static void step_to_next(struct walk *walk)
{
    struct stop *here = &walk->way[walk->n - 1];
    const struct environment *environment = &walk->set->items[here->at];
    if (here->next == environment->n_after) {
        walk->visits[here->at] = DONE;
        walk->n--;
        return;
    }
    const struct environment *next = environments_get(walk->set, environment->after[here->next++]);
    size_t at = next != NULL ? (size_t)(next - walk->set->items) : 0;
    if (next == NULL || walk->visits[at] == DONE) {
        return;
    }
    if (walk->visits[at] == NOT_SEEN) {
        step_onto(walk, at);
        return;
    }
    size_t start = walk->n - 1;
    while (walk->way[start].at != at) {
        start--;
    }
    report_circle(walk, start);
}

static void check_circles(struct environments *set)
{
    CLEANUP(mem_freep) enum visit *visits = mem_new(set->n, sizeof *visits);
    CLEANUP(mem_freep) struct stop *way = mem_new(set->n, sizeof *way);
    struct walk walk = {.set = set, .visits = visits, .way = way};
    for (size_t i = 0; i < set->n; i++) {
        if (visits[i] == NOT_SEEN) {
            step_onto(&walk, i);
        }
        while (walk.n > 0) {
            step_to_next(&walk);
        }
    }
}

void environments_check_after(struct environments *set)
{
    for (size_t i = 0; i < set->n; i++) {
        check_names(set, &set->items[i]);
    }
    check_circles(set);
}
