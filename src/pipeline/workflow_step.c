/* One step of a pipeline file: which kind it is, and the keys that several kinds have. */
#include "headgate/file.h"
#include "headgate/strlist.h"
#include "reading.h"

/* --- which key has a place in which kind --- */

static bool only_hook(const struct step_kind *kind)
{
    return kind == &step_kind_hook;
}

static bool only_backup(const struct step_kind *kind)
{
    return kind == &step_kind_backup;
}

static bool all_but_gate(const struct step_kind *kind)
{
    return kind != &step_kind_gate;
}

static bool what_proves(const struct step_kind *kind)
{
    return kind == &step_kind_hook || kind == &step_kind_check;
}

static const struct {
    const char *key;
    bool (*fits)(const struct step_kind *kind);
    const char *why;
} places[] = {
    {"on", only_hook, "only hooks have it; the others name their environment themselves"},
    {"env", only_hook, "only hooks get variables"},
    {"verify", only_backup, "only backups are verified"},
    {"evidence", what_proves, "only hooks and checks bring evidence"},
    {"timeout", all_but_gate, "a gate waits until it opens"},
    {"retries", all_but_gate, "a gate waits until it opens"},
    {"backoff", all_but_gate, "a gate waits until it opens"},
    {"on_failure", all_but_gate, "a gate that is rejected stops the run"},
};

static void check_places(struct json_object *object, const struct workflow_step *step)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        struct json_node node = json_member(object, places[i].key, JSON_OPTIONAL);
        if (node.value != NULL && step->kind != NULL && !places[i].fits(step->kind)) {
            struct problem *problem =
                json_complain_key(&node, "%s cannot have \"%s\" beside \"%s\"", object->what,
                                  places[i].key, step->kind->name);
            problem_note(problem, "%s", places[i].why);
        }
    }
}

static void check_always(struct json_object *object, const struct workflow_step *step)
{
    static const struct {
        const char *key, *why;
    } refused[] = {
        {"needs", "steps of \"always\" run one after the other, when all the others have ended"},
        {"on_failure", "the run is over by then: there is nothing that it could stop"},
        {"evidence", "it runs also where others have failed, so that it proves nothing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct json_node node = json_member(object, refused[i].key, JSON_OPTIONAL);
        if (node.value != NULL) {
            problem_note(json_complain_key(&node, "%s of \"always\" cannot have \"%s\"",
                                           object->what, refused[i].key),
                         "%s", refused[i].why);
        }
    }
    if (step->kind != NULL && step->kind != &step_kind_hook) {
        struct json_node node = json_member(object, step->kind->name, JSON_OPTIONAL);
        problem_note(json_complain_key(&node, "%s of \"always\" cannot be a \"%s\"", object->what,
                                       step->kind->name),
                     "only hooks run at the end");
    }
}

/* --- the kind --- */

static void report_no_kind(const struct json_object *object)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    for (size_t i = 0; step_kinds[i] != NULL; i++) {
        if (step_kinds[i]->coming == NULL) {
            strlist_add(&names, step_kinds[i]->name);
        }
    }
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&names);
    problem_note(json_complain(&object->node, "%s does not say what to do", object->what),
                 "it has exactly one of the keys %s", sentence);
}

/* The first that it names, in the order of the table; NULL where it names none. */
static const struct step_kind *find_kind(struct json_object *object)
{
    const struct step_kind *found = NULL;
    for (size_t i = 0; step_kinds[i] != NULL; i++) {
        struct json_node node = json_member(object, step_kinds[i]->name, JSON_OPTIONAL);
        if (node.value != NULL && found != NULL) {
            problem_note(json_complain_key(&node, "%s has \"%s\" and \"%s\"", object->what,
                                           found->name, step_kinds[i]->name),
                         "make two steps of it");
        } else if (node.value != NULL) {
            found = step_kinds[i];
        }
    }
    if (found == NULL) {
        report_no_kind(object);
    }
    return found;
}

static void read_kind(const struct workflow *workflow, struct json_object *object,
                      struct workflow_step *step)
{
    const struct step_kind *kind = step->kind;
    kind->read(workflow, object, step);
    if (kind->coming != NULL) {
        struct json_node node = json_member(object, kind->name, JSON_OPTIONAL);
        problem_note(json_complain_key(&node, "%s: this version of headgate has no \"%s\" yet",
                                       object->what, kind->name),
                     "%s", kind->coming);
    }
}

/* --- what several kinds have --- */

static void read_evidence(struct json_object *object, struct workflow_step *step)
{
    struct json_node node = json_member(object, "evidence", JSON_OPTIONAL);
    step->evidence = json_text(object, "evidence", JSON_OPTIONAL, NULL);
    workflow_check_id(&node, step->evidence, "evidence");
}

static void read_common(const struct workflow *workflow, struct json_object *object,
                        struct workflow_step *step)
{
    static const char *const on_failure[] = {"stop", "continue", NULL};
    size_t n_needs;
    (void)json_texts(object, "needs", &n_needs); /* needs.c looks who they are */
    step->when_text = json_text(object, "when", JSON_OPTIONAL, NULL);
    step->timeout = json_duration(object, "timeout", 0);
    step->retries = json_integer(object, "retries", 0, 1000, 0);
    step->backoff = json_duration(object, "backoff", 2000);
    step->goes_on = json_choice(object, "on_failure", JSON_OPTIONAL, on_failure, 0) == 1;
    read_evidence(object, step);
    step->environment = workflow_environment(workflow, object, "on", JSON_OPTIONAL);
}

/* Messages call a step by its id, which has to be known before. */
static const char *read_id(const struct workflow_step *step)
{
    struct json_object object;
    if (!json_is_object(&step->node) || !json_object_open(&step->node, &object, "the step")) {
        return NULL;
    }
    struct json_node node = json_member(&object, "id", JSON_OPTIONAL);
    return json_is_text(&node) ? json_text(&object, "id", JSON_OPTIONAL, NULL) : NULL;
}

bool workflow_open_step(const struct workflow_step *step, struct json_object *ret_object)
{
    return step->id != NULL && step->id[0] != '\0'
               ? json_object_open(&step->node, ret_object, "step \"%s\"", step->id)
               : json_object_open(&step->node, ret_object, "step %zu", step->number);
}

void workflow_read_step(const struct workflow *workflow, struct workflow_step *step)
{
    struct json_object object;
    step->id = read_id(step);
    if (!workflow_open_step(step, &object)) {
        return;
    }
    struct json_node id = json_member(&object, "id", JSON_REQUIRED);
    (void)json_text(&object, "id", JSON_OPTIONAL, NULL);
    workflow_check_id(&id, step->id, "a step");
    step->kind = find_kind(&object);
    check_places(&object, step);
    if (step->always) {
        check_always(&object, step);
    }
    read_common(workflow, &object, step);
    if (step->kind != NULL) {
        read_kind(workflow, &object, step);
    }
    json_object_close(&object);
}

/* --- environments --- */

static void report_unknown(const struct environments *set, const struct json_node *node,
                           const char *name)
{
    CLEANUP(mem_freep) const char **names = mem_new(set->n + 1, sizeof *names);
    CLEANUP(strlist_clear) struct strlist list = STRLIST_INIT;
    CLEANUP(mem_freep) char *path = path_display(set->path);
    for (size_t i = 0; i < set->n; i++) {
        names[i] = set->items[i].name;
        strlist_add(&list, names[i]);
    }
    struct problem *problem =
        json_complain(node, "there is no environment \"%s\" in %s", name, path);
    const char *near = suggest_near(name, names);
    if (near != NULL) {
        problem_note(problem, "did you mean \"%s\"?", near);
        return;
    }
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&list);
    problem_note(problem, "it names %s", sentence);
}

struct environment *workflow_environment(const struct workflow *workflow,
                                         struct json_object *object, const char *key,
                                         enum json_need need)
{
    struct environments *set = workflow->environments;
    struct json_node node = json_member(object, key, need);
    const char *name = json_text(object, key, JSON_OPTIONAL, NULL);
    for (size_t i = 0; name != NULL && set != NULL && i < set->n; i++) {
        if (text_equal(set->items[i].name, name)) {
            return &set->items[i];
        }
    }
    if (name != NULL && set != NULL) {
        report_unknown(set, &node, name);
    }
    return NULL;
}
