/* What stands in a pipeline file: its head, and its two lists of steps. */
#include <string.h>

#include "reading.h"

#define ID_LIMIT 40

static bool id_is_good(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return n > 0 && n <= ID_LIMIT && id[n] == '\0' && id[0] != '-' && id[0] != '_';
}

void workflow_check_id(const struct json_node *node, const char *id, const char *what)
{
    if (id != NULL && !id_is_good(id)) {
        (void)json_complain(node,
                            "\"%s\" is no name for %s; it has up to %d lower-case letters, digits, "
                            "\"-\" and \"_\"",
                            id, what, ID_LIMIT);
    }
}

/* A path is only checked here: who reads the file has asked for it before. */
static void check_path(struct json_object *root, const char *key, enum json_need need)
{
    struct json_node node = json_member(root, key, need);
    const char *path = json_text(root, key, JSON_OPTIONAL, NULL);
    if (path != NULL && path[0] == '\0') {
        (void)json_complain(&node, "\"%s\" of the file is empty", key);
    }
}

static void check_ids(const struct workflow *workflow)
{
    for (size_t i = 0; i < workflow->n_all; i++) {
        const struct workflow_step *step = &workflow->steps[i];
        const struct workflow_step *first =
            step->id != NULL ? workflow_find(workflow, step->id) : step;
        struct json_object object;
        if (first != step && workflow_open_step(step, &object)) {
            struct json_node id = json_member(&object, "id", JSON_OPTIONAL);
            (void)json_complain(&id, "step %zu is called \"%s\" like step %zu", step->number,
                                step->id, first->number);
        }
    }
}

/* Each item becomes a step, also where nothing is right with it: numbers stay what they are. */
static void read_list(struct workflow *workflow, const struct json_node *list, size_t n,
                      bool always)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = workflow->n_all++;
        struct workflow_step *step = &workflow->steps[at];
        step->number = at + 1;
        step->always = always;
        step->node = json_item(list, i);
        workflow_read_step(workflow, step);
    }
}

static void read_steps(struct workflow *workflow, struct json_object *root)
{
    struct json_node steps = json_member(root, "steps", JSON_REQUIRED);
    struct json_node always = json_member(root, "always", JSON_OPTIONAL);
    size_t n = 0, n_always = 0;
    if (json_array(&steps, &n) && n == 0) {
        (void)json_complain(&steps, "there is no step in \"steps\"");
    }
    (void)json_array(&always, &n_always);
    workflow->steps =
        arena_alloc(json_arena(workflow->document), (n + n_always + 1) * sizeof *workflow->steps);
    workflow->n = n;
    read_list(workflow, &steps, n, false);
    read_list(workflow, &always, n_always, true);
}

static void read_conditions(struct workflow *workflow)
{
    for (size_t i = 0; i < workflow->n_all; i++) {
        struct workflow_step *step = &workflow->steps[i];
        struct json_object object;
        if (step->when_text != NULL && workflow_open_step(step, &object)) {
            struct json_node node = json_member(&object, "when", JSON_OPTIONAL);
            step->when = condition_read(&node, step->when_text, workflow, step);
        }
    }
}

void workflow_read_document(struct workflow *workflow)
{
    struct json_node node = json_root(workflow->document);
    struct json_object root;
    if (!json_object_open(&node, &root, "the file")) {
        return;
    }
    (void)json_text(&root, "$schema", JSON_OPTIONAL, NULL);
    workflow->name = json_text(&root, "name", JSON_REQUIRED, NULL);
    struct json_node name = json_member(&root, "name", JSON_OPTIONAL);
    workflow_check_id(&name, workflow->name, "a pipeline");
    check_path(&root, "environments", JSON_REQUIRED);
    check_path(&root, "release", JSON_OPTIONAL);
    workflow_read_schedule(&root);
    read_steps(workflow, &root);
    check_ids(workflow);
    workflow_read_needs(workflow);
    read_conditions(workflow);
    json_object_close(&root);
}
