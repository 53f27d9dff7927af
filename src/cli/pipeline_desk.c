/* What the commands about pipelines and runs begin with: the pipeline that is meant, its state, and
 * what somebody overrides. */
#include <stdlib.h>

#include "headgate/clock.h"
#include "headgate/cluster.h"
#include "headgate/file.h"
#include "private.h"

#define USUAL "promote"

/* --- which pipeline --- */

/* The folder of pipelines: that of --environments, else the nearest one upwards; the caller's, NULL
 * where there is none. */
static char *pipelines_folder(const struct options *options)
{
    if (options->environments != NULL) {
        return path_parent(options->environments);
    }
    CLEANUP(mem_freep) char *file = path_find_upwards(".", "pipelines/environments.json");
    if (file != NULL) {
        return path_parent(file);
    }
    return path_find_upwards(".", "pipelines");
}

bool project_pipelines(const struct options *options, struct strlist *ret_names, struct error *err)
{
    static const char suffix[] = ".json";
    CLEANUP(strlist_clear) struct strlist files = STRLIST_INIT;
    CLEANUP(mem_freep) char *folder = pipelines_folder(options);
    if (folder == NULL) {
        return error_set(err, ERROR_CONFIG,
                         "there is no folder \"pipelines\" here or in a folder above");
    }
    if (!folder_list(folder, &files, err)) {
        return false;
    }
    for (size_t i = 0; i < files.n; i++) {
        const char *name = files.items[i];
        if (text_ends(name, suffix) && !text_ends(name, ".schema.json") && name[0] != '.' &&
            !text_equal(name, "environments.json")) {
            strlist_add_n(ret_names, name, strlen(name) - strlen(suffix));
        }
    }
    return true;
}

static bool no_such_pipeline(const struct options *options, const char *named, const char *folder,
                             struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = STRLIST_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    CLEANUP(mem_freep) char *shown = folder != NULL ? path_display(folder) : NULL;
    (void)error_set(err, ERROR_CONFIG, "there is no %s/%s.json%s",
                    shown != NULL ? shown : "pipelines", named,
                    shown != NULL ? "" : " here or in a folder above");
    if (folder == NULL || !project_pipelines(options, &names, &ignored) || names.n == 0) {
        return error_hint(err, "Name the pipeline by its path, or stand in the project's folder.");
    }
    const char *near = suggest_near(named, (const char *const *)names.items);
    CLEANUP(mem_freep) char *all = strlist_sentence(&names);
    return near != NULL ? error_hint(err, "Did you mean \"%s\"?", near)
                        : error_hint(err, "There is: %s.", all);
}

/* A name has no slash and no ending. */
static bool find_pipeline(const struct options *options, const char *named, char **ret_path,
                          struct error *err)
{
    named = named != NULL ? named : USUAL;
    if (strchr(named, '/') != NULL || text_ends(named, ".json")) {
        *ret_path = mem_copy(named);
        return true;
    }
    CLEANUP(mem_freep) char *folder = pipelines_folder(options);
    CLEANUP(mem_freep)
    char *path = folder != NULL ? mem_printf("%s/%s.json", folder, named) : NULL;
    if (path == NULL || !path_exists(path)) {
        return no_such_pipeline(options, named, folder, err);
    }
    *ret_path = path_display(path);
    return true;
}

/* --- what is overridden --- */

static bool check_override(struct environments *set, const char *policy, struct error *err)
{
    size_t n = strcspn(policy, ":");
    struct environment *environment = NULL;
    CLEANUP(mem_freep) char *name = mem_copy_n(policy, n);
    for (size_t i = 0; policy_names[i] != NULL; i++) {
        if (text_equal(policy_names[i], name)) {
            return policy[n] == '\0' || environments_find(set, policy + n + 1, &environment, err) ||
                   error_prefix(err, "--override");
        }
    }
    const char *near = suggest_near(name, policy_names);
    (void)error_set(err, ERROR_USAGE, "--override: there is no policy \"%s\"", name);
    return near != NULL
               ? error_hint(err, "Did you mean \"%s\"?", near)
               : error_hint(err, "It is after, evidence, backup, approvals, windows, freeze or "
                                 "signature; of one environment alone: windows:production.");
}

static bool check_reason(const struct options *options, struct error *err)
{
    bool has_reason = options->reason != NULL && options->reason[strspn(options->reason, " ")];
    if ((options->override != NULL) == has_reason) {
        return true;
    }
    (void)error_set(err, ERROR_USAGE,
                    has_reason ? "--reason goes with --override"
                               : "--override needs --reason TEXT");
    return error_hint(err, "For example: --override windows --reason \"hotfix of ticket 42\"");
}

static const char *hold(struct pipeline_desk *desk, const char *first, const char *second)
{
    const char *text = first != NULL ? first : second;
    if (text == NULL) {
        return NULL;
    }
    strlist_add(&desk->held, text);
    return desk->held.items[desk->held.n - 1];
}

void pipeline_desk_override(struct pipeline_desk *desk, const struct policy_override *overrides,
                            size_t n)
{
    desk->overrides = mem_resize(desk->overrides, desk->n_overrides + n, sizeof *desk->overrides);
    for (size_t i = 0; i < n; i++) {
        desk->overrides[desk->n_overrides++] = (struct policy_override){
            hold(desk, overrides[i].policy, NULL), hold(desk, overrides[i].reason, NULL)};
    }
}

static bool read_overrides(const struct options *options, struct pipeline_desk *desk,
                           struct error *err)
{
    const char *rest = options->override;
    while (rest != NULL) {
        size_t n = strcspn(rest, ",");
        CLEANUP(mem_freep) char *policy = mem_copy_n(rest, n);
        if (!check_override(desk->workflow->environments, policy, err)) {
            return false;
        }
        const struct policy_override override = {policy, options->reason};
        pipeline_desk_override(desk, &override, 1);
        rest = rest[n] == ',' ? rest + n + 1 : NULL;
    }
    return true;
}

/* --- the desk --- */

bool pipeline_desk_open_source(const struct options *options, const struct workflow_source *source,
                               struct pipeline_desk *desk, struct error *err)
{
    desk->actor = project_actor();
    desk->source = (struct workflow_source){
        .path = hold(desk, source->path, NULL),
        .environments = hold(desk, options->environments, source->environments),
        .release = hold(desk, options->release, source->release),
        .state_folder = hold(desk, options->state, source->state_folder),
    };
    if (!check_reason(options, err) || !workflow_read(&desk->source, &desk->workflow, err)) {
        return false;
    }
    const char *folder = desk->workflow->environments->state_folder;
    clusters_sweep(folder);
    return read_overrides(options, desk, err) && state_open(folder, &desk->state, err);
}

bool pipeline_desk_open(const struct options *options, const char *named,
                        struct pipeline_desk *desk, struct error *err)
{
    CLEANUP(mem_freep) char *path = NULL;
    if (!find_pipeline(options, named, &path, err)) {
        return false;
    }
    const struct workflow_source source = {.path = path};
    return pipeline_desk_open_source(options, &source, desk, err);
}

bool pipeline_desk_plan(const struct pipeline_desk *desk, const char *until,
                        const struct record *so_far, struct plan **ret_plan, struct error *err)
{
    const struct plan_request request = {
        .until = until,
        .overrides = desk->overrides,
        .n_overrides = desk->n_overrides,
        .so_far = so_far,
        .on_progress = say_progress,
    };
    return plan_make(desk->workflow, desk->state, &request, deadline_in(CONNECT_TIMEOUT), ret_plan,
                     err);
}

void pipeline_desk_clear(struct pipeline_desk *desk)
{
    workflow_freep(&desk->workflow);
    state_freep(&desk->state);
    mem_free(desk->overrides);
    mem_free(desk->actor);
    strlist_clear(&desk->held);
    *desk = (struct pipeline_desk){0};
}

/* --- the state alone --- */

bool project_state(const struct options *options, struct state **ret_state, struct error *err)
{
    if (options->state != NULL) {
        return state_open(options->state, ret_state, err);
    }
    CLEANUP(mem_freep) char *pipelines = pipelines_folder(options);
    if (pipelines == NULL) {
        (void)error_set(err, ERROR_CONFIG,
                        "there is no folder \"pipelines\" here or in a folder above");
        return error_hint(err,
                          "Stand in the project's folder, or name its state with --state DIR.");
    }
    CLEANUP(mem_freep) char *real = realpath(pipelines, NULL);
    const char *known = real != NULL ? real : pipelines;
    bool usual = text_equal(path_name(known), "pipelines");
    CLEANUP(mem_freep) char *project = usual ? path_parent(known) : mem_copy(known);
    CLEANUP(mem_freep) char *folder = path_join(project, ".headgate");
    CLEANUP(mem_freep) char *shown = path_display(folder);
    return state_open(shown, ret_state, err);
}

/* An empty name is a variable that a script did not set: no run is meant by it. */
bool project_run(const struct options *options, struct state *state, bool open, char **ret_run,
                 struct error *err)
{
    const char *named = options->n_arguments > 0 ? options->arguments[0] : NULL;
    if (named != NULL && named[0] == '\0') {
        (void)error_set(err, ERROR_USAGE, "the name of the run is empty");
        return error_hint(err, "See which there are: headgate runs");
    }
    return run_find(state, named, open, ret_run, err);
}
