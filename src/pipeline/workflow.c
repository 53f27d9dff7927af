/*
 * Reads a workflow: the pipeline file, the environments file and the release that it names. All
 * three are read whatever is wrong with the others, so that every mistake is told at once.
 */
#include <string.h>
#include <sys/stat.h>

#include "headgate/file.h"
#include "reading.h"

/* --- paths --- */

/* Is the folder above this one its parent also as a text? Not where it is a link. */
static bool can_be_left(const char *folder)
{
    struct stat about;
    const char *name = path_name(folder);
    return name[0] != '\0' && !text_equal(name, ".") && !text_equal(name, "..") &&
           lstat(folder, &about) == 0 && S_ISDIR(about.st_mode);
}

const char *workflow_path(const struct json_node *node, const char *path)
{
    CLEANUP(mem_freep) char *folder = mem_copy(json_folder(node->document));
    while (text_starts(path, "../") && can_be_left(folder)) {
        char *above = path_parent(folder);
        mem_free(folder);
        folder = above;
        path += strlen("../");
        path += strspn(path, "/");
    }
    CLEANUP(mem_freep) char *joined = path_join(text_equal(folder, ".") ? "" : folder, path);
    return arena_copy(json_arena(node->document), joined);
}

/* A member of the file that names a path; NULL where it names none. */
static const char *path_of(struct json_document *document, const char *key)
{
    struct json_object root;
    struct json_node node = json_root(document);
    if (!json_is_object(&node) || !json_object_open(&node, &root, "the file")) {
        return NULL;
    }
    const char *path = json_text(&root, key, JSON_OPTIONAL, NULL);
    return path != NULL && path[0] != '\0' ? workflow_path(&node, path) : NULL;
}

/* --- what can go wrong with each of the three --- */

enum part { PART_PIPELINE, PART_ENVIRONMENTS, PART_RELEASE, PART_MAX };

struct reading {
    const struct workflow_source *source;
    struct workflow *workflow; /* in the document's arena; NULL where that could not be read */
    struct environments *environments;
    struct release *release;
    struct json_document *document;
    struct error errors[PART_MAX];
    const char *names[PART_MAX];
};

static void reading_clear(struct reading *reading)
{
    environments_freep(&reading->environments);
    release_freep(&reading->release);
    json_freep(&reading->document);
    for (size_t i = 0; i < PART_MAX; i++) {
        error_clear(&reading->errors[i]);
    }
}

/* An error without places becomes one of the problems. */
static void join(struct error *err, struct error *part)
{
    if (part->problems.n > 0) {
        problems_move(&err->problems, &part->problems);
        return;
    }
    struct problem *problem = problem_add_plain(&err->problems, NULL, "%s", part->message);
    if (part->detail != NULL) {
        problem_note(problem, "%s", part->detail);
    }
    if (part->hint != NULL) {
        problem_note(problem, "%s", part->hint);
    }
}

/* "promote.json and environments.json have 3 mistakes". */
static bool fail_with_several(struct reading *reading, const size_t *failed, size_t n,
                              struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf names = STRBUF_INIT;
    struct error all = ERROR_INIT;
    for (size_t i = 0; i < n; i++) {
        const char *comma = i + 1 < n ? ", " : " and ";
        CLEANUP(mem_freep) char *shown = path_display(reading->names[failed[i]]);
        strbuf_printf(&names, "%s%s", i > 0 ? comma : "", shown);
        join(&all, &reading->errors[failed[i]]);
    }
    (void)error_set(err, ERROR_CONFIG, "%s have %zu mistakes", names.text, all.problems.n);
    problems_move(&err->problems, &all.problems);
    error_clear(&all);
    return false;
}

/* Asked to stop, that is all there is to say. */
static bool fail(struct reading *reading, struct error *err)
{
    size_t failed[PART_MAX] = {0}, n = 0;
    for (size_t i = 0; i < PART_MAX; i++) {
        enum error_code code = reading->errors[i].code;
        if (code == ERROR_INTERRUPTED || code == ERROR_TERMINATED) {
            error_move(err, &reading->errors[i]);
            return false;
        }
        if (code != ERROR_NONE) {
            failed[n++] = i;
        }
    }
    if (n > 1) {
        return fail_with_several(reading, failed, n, err);
    }
    error_move(err, &reading->errors[failed[0]]);
    return false;
}

/* --- reading --- */

static bool read_pipeline(struct reading *reading)
{
    struct error *err = &reading->errors[PART_PIPELINE];
    const char *path = reading->source->path;
    reading->names[PART_PIPELINE] = path;
    if (!json_read(path, &environment_sources, &reading->document, err)) {
        return false;
    }
    struct workflow *workflow = arena_alloc(json_arena(reading->document), sizeof *workflow);
    workflow->document = reading->document;
    workflow->path = json_path(reading->document);
    workflow->folder = json_folder(reading->document);
    json_digest(workflow->document, workflow->digest);
    reading->workflow = workflow;
    return true;
}

/* What the file names, unless the caller does; NULL where nobody does. */
static const char *named(const struct reading *reading, const char *by_caller, const char *key)
{
    if (by_caller != NULL || reading->workflow == NULL) {
        return by_caller;
    }
    return path_of(reading->document, key);
}

static bool read_environments(struct reading *reading)
{
    struct error *err = &reading->errors[PART_ENVIRONMENTS];
    const char *path = named(reading, reading->source->environments, "environments");
    if (path == NULL) {
        return true; /* told by the pipeline's reader */
    }
    reading->names[PART_ENVIRONMENTS] = path;
    if (!environments_read(path, reading->source->state_folder, &reading->environments, err)) {
        return false;
    }
    if (reading->workflow != NULL) {
        json_digest(reading->environments->document, reading->workflow->environments_digest);
    }
    return true;
}

/* Where nobody names one, it is the project's folder of migrations. */
static bool read_release(struct reading *reading)
{
    const char *path = named(reading, reading->source->release, "release");
    CLEANUP(mem_freep) char *shown = NULL;
    if (path == NULL && reading->environments != NULL) {
        CLEANUP(mem_freep)
        char *usual = path_join(reading->environments->project_folder, "migrations");
        shown = path_display(usual);
    } else if (path != NULL) {
        shown = mem_copy(path + (text_starts(path, "./") ? strlen("./") : 0));
    }
    reading->names[PART_RELEASE] = "the release";
    return shown == NULL || release_read(shown, &reading->release, &reading->errors[PART_RELEASE]);
}

static bool read_steps(struct reading *reading)
{
    struct workflow *workflow = reading->workflow;
    if (workflow == NULL) {
        return false;
    }
    workflow->environments = reading->environments;
    workflow->release = reading->release;
    workflow_read_document(workflow);
    return json_finish(reading->document, &reading->errors[PART_PIPELINE]);
}

bool workflow_read(const struct workflow_source *source, struct workflow **ret_workflow,
                   struct error *err)
{
    CLEANUP(reading_clear) struct reading reading = {.source = source};
    bool good = read_pipeline(&reading);
    good = read_environments(&reading) && good;
    good = read_release(&reading) && good;
    good = read_steps(&reading) && good;
    if (!good) {
        return fail(&reading, err);
    }
    reading.environments = NULL;
    reading.release = NULL;
    reading.document = NULL;
    *ret_workflow = reading.workflow;
    return true;
}

void workflow_freep(struct workflow **workflow)
{
    if (*workflow == NULL) {
        return;
    }
    environments_freep(&(*workflow)->environments);
    release_freep(&(*workflow)->release);
    struct json_document *document = (*workflow)->document; /* the workflow lives in its arena */
    *workflow = NULL;
    json_free(document);
}

const struct workflow_step *workflow_find(const struct workflow *workflow, const char *id)
{
    for (size_t i = 0; i < workflow->n_all; i++) {
        if (workflow->steps[i].id != NULL && text_equal(workflow->steps[i].id, id)) {
            return &workflow->steps[i];
        }
    }
    return NULL;
}
