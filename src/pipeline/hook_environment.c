/*
 * The variables that a hook gets: the plain ones of ours, what it has to know about the run, what
 * earlier hooks left for it, and its own. Nothing else of our environment: it may hold passwords of
 * places that are none of this hook's business.
 */
#include <stdlib.h>

#include "headgate/file.h"
#include "hook.h"

#define EMBEDDED_START 60000 /* how long an embedded database may take to start */

static void set(struct strlist *env, const char *name, const char *value)
{
    CLEANUP(mem_freep) char *prefix = mem_printf("%s=", name);
    char *text = mem_printf("%s%s", prefix, value);
    for (size_t i = 0; i < env->n; i++) {
        if (text_starts(env->items[i], prefix)) {
            mem_free(env->items[i]);
            env->items[i] = text;
            return;
        }
    }
    strlist_take(env, text);
}

static char upper(char c)
{
    if (c >= 'a' && c <= 'z') {
        return (char)(c - 'a' + 'A');
    }
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
}

static void add_upper(struct strbuf *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        strbuf_add_char(out, upper(*c));
    }
}

/* HEADGATE_STEP_E2E_REPORT */
static char *name_of_output(const char *step, const char *key)
{
    struct strbuf name = STRBUF_INIT;
    strbuf_add(&name, "HEADGATE_STEP_");
    add_upper(&name, step);
    strbuf_add_char(&name, '_');
    add_upper(&name, key);
    return strbuf_take(&name);
}

/* Of steps that run side by side with this one, it may or may not see what they left: so never. */
static bool sees(const struct workflow *workflow, const struct workflow_step *step,
                 const struct workflow_step *other)
{
    return other->hook != NULL && workflow_comes_before(workflow, other, step);
}

static bool sees_any(const struct workflow *workflow, const struct workflow_step *step)
{
    for (size_t i = 0; i < workflow->n_all; i++) {
        if (sees(workflow, step, &workflow->steps[i])) {
            return true;
        }
    }
    return false;
}

void hook_variable_names(const struct plan *plan, const struct workflow_step *step,
                         struct strlist *ret_names)
{
    static const char *const of_all[] = {"HEADGATE_RUN",     "HEADGATE_STEP",  "HEADGATE_RELEASE",
                                         "HEADGATE_ATTEMPT", "HEADGATE_STATE", "HEADGATE_OUTPUT"};
    struct strlist names = STRLIST_INIT;
    for (size_t i = 0; i < ARRAY_LEN(of_all); i++) {
        strlist_add(&names, of_all[i]);
    }
    if (step->environment != NULL) {
        strlist_add(&names, "HEADGATE_ENVIRONMENT");
        strlist_add(&names, "DATABASE_URL");
    }
    if (step->always) {
        strlist_add(&names, "HEADGATE_OUTCOME");
        strlist_add(&names, "HEADGATE_FAILED_STEP");
    }
    if (sees_any(plan->workflow, step)) {
        strlist_add(&names, "HEADGATE_STEP_*");
    }
    for (size_t i = 0; i < step->hook->n_variables; i++) {
        strlist_add(&names, step->hook->variables[i].name);
    }
    strlist_clear(ret_names);
    *ret_names = names;
}

static void set_outputs(const struct step_work *work, struct strlist *env)
{
    const struct workflow *workflow = work->plan->workflow;
    for (size_t i = 0; work->record != NULL && i < work->record->n; i++) {
        const struct record_step *earlier = &work->record->steps[i];
        size_t n = json_data_count(earlier->outputs);
        const struct workflow_step *other = n > 0 ? workflow_find(workflow, earlier->id) : NULL;
        n = other != NULL && sees(workflow, work->step->step, other) ? n : 0;
        for (size_t j = 0; j < n; j++) {
            const char *key = json_data_key(earlier->outputs, j);
            const char *value = json_data_text(earlier->outputs, key);
            CLEANUP(mem_freep) char *name = name_of_output(earlier->id, key);
            set(env, name, value != NULL ? value : "");
        }
    }
}

/* It runs in another folder than we. */
static char *state_folder(const struct step_work *work)
{
    const char *folder = work->plan->workflow->environments->state_folder;
    char *real = realpath(folder, NULL);
    return real != NULL ? real : mem_copy(folder);
}

static void set_context(const struct step_work *work, const char *output_path, struct strlist *env)
{
    const struct workflow_step *step = work->step->step;
    CLEANUP(mem_freep) char *attempt = mem_printf("%zu", work->attempt);
    CLEANUP(mem_freep) char *state = state_folder(work);
    set(env, "HEADGATE_RUN", work->run);
    set(env, "HEADGATE_STEP", step->id);
    set(env, "HEADGATE_RELEASE", work->plan->workflow->release->digest);
    set(env, "HEADGATE_ATTEMPT", attempt);
    set(env, "HEADGATE_STATE", state);
    set(env, "HEADGATE_OUTPUT", output_path);
    if (step->always) {
        set(env, "HEADGATE_OUTCOME", work->outcome != NULL ? work->outcome : "");
        set(env, "HEADGATE_FAILED_STEP", work->failed_step != NULL ? work->failed_step : "");
    }
}

static bool set_database(const struct workflow_step *step, struct strlist *env, struct error *err)
{
    CLEANUP(mem_freep) char *url = NULL;
    if (step->environment == NULL) {
        return true;
    }
    if (!environment_url(step->environment, deadline_in(EMBEDDED_START), &url, err)) {
        return false;
    }
    set(env, "HEADGATE_ENVIRONMENT", step->environment->name);
    set(env, "DATABASE_URL", url);
    return true;
}

bool hook_environment(const struct step_work *work, const char *output_path,
                      struct strlist *ret_env, struct error *err)
{
    const struct hook *hook = work->step->step->hook;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    process_plain_environment(NULL, &env);
    set_outputs(work, &env);
    set_context(work, output_path, &env);
    if (!set_database(work->step->step, &env, err)) {
        return false;
    }
    for (size_t i = 0; i < hook->n_variables; i++) {
        set(&env, hook->variables[i].name, hook->variables[i].value);
    }
    *ret_env = env;
    env = (struct strlist)STRLIST_INIT;
    return true;
}
