/*
 * Who waits for whom. A step waits for those that it names in `needs`, wherever they stand in the
 * file, else for the step before it; no step may wait for itself, however long the way round is.
 */
#include <string.h>

#include "headgate/strlist.h"
#include "reading.h"

/* --- names --- */

static void report_missing(const struct workflow *workflow, const struct json_object *object,
                           const struct json_node *item, const char *name)
{
    const struct workflow_step *other = workflow_find(workflow, name);
    CLEANUP(mem_freep) const char **ids = mem_new(workflow->n + 1, sizeof *ids);
    size_t n = 0;
    if (other != NULL) {
        problem_note(json_complain(item, "%s needs \"%s\", which runs when all others have ended",
                                   object->what, name),
                     "it is one of the steps of \"always\"");
        return;
    }
    for (size_t i = 0; i < workflow->n; i++) {
        if (workflow->steps[i].id != NULL) {
            ids[n++] = workflow->steps[i].id;
        }
    }
    struct problem *problem =
        json_complain(item, "%s needs \"%s\", which does not exist", object->what, name);
    const char *near = suggest_near(name, ids);
    if (near != NULL) {
        problem_note(problem, "did you mean \"%s\"?", near);
    }
}

static bool has(const struct workflow_step *step, size_t at)
{
    for (size_t i = 0; i < step->n_needs; i++) {
        if (step->needs[i] == at) {
            return true;
        }
    }
    return false;
}

static void read_need(const struct workflow *workflow, const struct json_object *object,
                      const struct json_node *item, const char *name, struct workflow_step *step,
                      size_t *needs)
{
    const struct workflow_step *other = workflow_find(workflow, name);
    size_t at = other != NULL ? (size_t)(other - workflow->steps) : workflow->n;
    if (at >= workflow->n) {
        report_missing(workflow, object, item, name);
    } else if (other == step) {
        (void)json_complain(item, "%s needs itself", object->what);
    } else if (has(step, at)) {
        (void)json_complain(item, "%s needs \"%s\" twice", object->what, name);
    } else {
        needs[step->n_needs++] = at;
    }
}

static void read_named(const struct workflow *workflow, const struct json_object *object,
                       const struct json_node *list, struct workflow_step *step)
{
    size_t n = 0;
    if (!json_is_array(list) || !json_array(list, &n)) {
        return; /* it is no list: told already */
    }
    size_t *needs = arena_alloc(json_arena(list->document), (n + 1) * sizeof *needs);
    step->needs = needs;
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(list, i);
        const char *name = json_is_text(&item) ? json_item_text(list, i) : NULL;
        if (name != NULL) {
            read_need(workflow, object, &item, name, step, needs);
        }
    }
}

static void read_needs(const struct workflow *workflow, size_t at)
{
    struct workflow_step *step = &workflow->steps[at];
    struct json_object object;
    struct json_node list = {0};
    if (json_is_object(&step->node) && workflow_open_step(step, &object)) {
        list = json_member(&object, "needs", JSON_OPTIONAL);
    }
    if (list.value != NULL) {
        read_named(workflow, &object, &list, step);
    } else if (at > 0) {
        size_t *needs = arena_alloc(json_arena(workflow->document), sizeof *needs);
        needs[0] = at - 1;
        step->needs = needs;
        step->n_needs = 1;
    }
}

/* --- circles: a walk along `needs` that comes back to where it already is --- */

enum visit { NOT_SEEN, ON_THE_WAY, DONE };

struct stop {
    size_t at;   /* which step */
    size_t next; /* which of its needs is looked at next */
};

struct walk {
    const struct workflow *workflow;
    enum visit *visits; /* of each step */
    struct stop *way;
    size_t n;
};

/* The place where it names the other one; the step itself where it names nobody. */
static struct json_node place_of(const struct workflow_step *step,
                                 const struct workflow_step *other)
{
    struct json_object object;
    size_t n = 0;
    if (!workflow_open_step(step, &object)) {
        return step->node;
    }
    struct json_node list = json_member(&object, "needs", JSON_OPTIONAL);
    (void)json_array(&list, &n);
    for (size_t i = 0; i < n; i++) {
        struct json_node item = json_item(&list, i);
        if (json_is_text(&item) && text_equal(json_item_text(&list, i), other->id)) {
            return item;
        }
    }
    return step->node;
}

static bool names_nobody(const struct workflow_step *step)
{
    struct json_object object;
    return workflow_open_step(step, &object) &&
           json_member(&object, "needs", JSON_OPTIONAL).value == NULL;
}

static const char *name_of(const struct workflow_step *step)
{
    return step->id != NULL ? step->id : "?";
}

/* The steps of a circle, beginning with the one that stands first in the file. */
static const struct workflow_step *circle_step(const struct walk *walk, size_t start, size_t first,
                                               size_t i)
{
    size_t n = walk->n - start;
    return &walk->workflow->steps[walk->way[start + (first + i) % n].at];
}

static void report_circle(const struct walk *walk, size_t start)
{
    size_t n = walk->n - start, first = 0;
    CLEANUP(strbuf_clear) struct strbuf path = STRBUF_INIT;
    for (size_t i = 0; i < n; i++) {
        first = walk->way[start + i].at < walk->way[start + first].at ? i : first;
    }
    for (size_t i = 0; i <= n; i++) {
        strbuf_printf(&path, "%s\"%s\"", i > 0 ? " -> " : "",
                      name_of(circle_step(walk, start, first, i)));
    }
    struct json_node place =
        place_of(circle_step(walk, start, first, 0), circle_step(walk, start, first, 1));
    struct problem *problem = json_complain(&place, "steps wait for each other: %s", path.text);
    for (size_t i = 0; i < n; i++) {
        const struct workflow_step *step = circle_step(walk, start, first, i);
        if (names_nobody(step)) {
            problem_note(problem, "\"%s\" has no \"needs\", so it waits for the step before it",
                         name_of(step));
        }
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
    const struct workflow_step *step = &walk->workflow->steps[here->at];
    if (here->next == step->n_needs) {
        walk->visits[here->at] = DONE;
        walk->n--;
        return;
    }
    size_t at = step->needs[here->next++];
    if (walk->visits[at] == NOT_SEEN) {
        step_onto(walk, at);
    } else if (walk->visits[at] == ON_THE_WAY) {
        size_t start = walk->n - 1;
        while (walk->way[start].at != at) {
            start--;
        }
        report_circle(walk, start);
    }
}

static void check_circles(const struct workflow *workflow)
{
    CLEANUP(mem_freep) enum visit *visits = mem_new(workflow->n + 1, sizeof *visits);
    CLEANUP(mem_freep) struct stop *way = mem_new(workflow->n + 1, sizeof *way);
    struct walk walk = {.workflow = workflow, .visits = visits, .way = way};
    for (size_t i = 0; i < workflow->n; i++) {
        if (visits[i] == NOT_SEEN) {
            step_onto(&walk, i);
        }
        while (walk.n > 0) {
            step_to_next(&walk);
        }
    }
}

void workflow_read_needs(struct workflow *workflow)
{
    for (size_t i = 0; i < workflow->n; i++) {
        read_needs(workflow, i);
    }
    check_circles(workflow);
}

/* --- the order --- */

/* Goes from a step to all that it needs, and to all that those need. */
static bool is_reached(const struct workflow *workflow, size_t from, size_t to)
{
    CLEANUP(mem_freep) bool *seen = mem_new(workflow->n + 1, sizeof *seen);
    CLEANUP(mem_freep) size_t *open = mem_new(workflow->n + 1, sizeof *open);
    size_t n = 0;
    open[n++] = from;
    while (n > 0) {
        const struct workflow_step *step = &workflow->steps[open[--n]];
        for (size_t i = 0; i < step->n_needs; i++) {
            size_t at = step->needs[i];
            if (at == to) {
                return true;
            }
            if (!seen[at]) {
                seen[at] = true;
                open[n++] = at;
            }
        }
    }
    return false;
}

bool workflow_comes_before(const struct workflow *workflow, const struct workflow_step *first,
                           const struct workflow_step *second)
{
    if (first->always || second->always) {
        return second->always && (!first->always || first->number < second->number);
    }
    return is_reached(workflow, (size_t)(second - workflow->steps),
                      (size_t)(first - workflow->steps));
}
