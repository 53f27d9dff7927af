/*
 * Running a hook.
 *
 * It is told by the engine when its time is over: our wish to stop comes, and process_run stops the
 * hook with all that it has started, also what has made itself a session of its own.
 *
 * Evidence is about a release. So a hook that brings evidence is run only while its environment has
 * exactly this release, which is looked at before and after.
 */
#include <fcntl.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "hook.h"

#define LOOK_TIMEOUT 60000

/* --- what must hold --- */

/* What was shown is what is executed. */
static bool is_as_planned(const struct plan_step *step, struct error *err)
{
    char now[HASH_HEX_SIZE];
    if (step->file[0] == '\0') {
        return true;
    }
    if (!hook_hash(step->program, now, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *shown = path_display(step->program);
    return text_equal(now, step->file) ||
           error_set(err, ERROR_STALE, "%s was changed since the plan was made", shown);
}

static bool has_exactly(const struct deploy_plan *plan)
{
    return plan->count[MIGRATION_APPLIED] == plan->n && !error_is_set(&plan->refusal);
}

static void describe(const struct deploy_plan *plan, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist others = STRLIST_INIT;
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->items[i].state != MIGRATION_APPLIED) {
            strlist_printf(&others, "%s (%s)", plan->items[i].name,
                           migration_state_name(plan->items[i].state));
        }
    }
    CLEANUP(mem_freep) char *sentence = strlist_sentence(&others);
    if (others.n > 0) {
        (void)error_detail(err, "What is different there: %s.", sentence);
    } else {
        (void)error_detail(err, "There is: %s.", plan->refusal.message);
    }
}

static bool proves_this_release(const struct step_work *work, bool before, struct error *err)
{
    const struct workflow_step *step = work->step->step;
    CLEANUP(deploy_plan_freep) struct deploy_plan *now = NULL;
    if (step->evidence == NULL || step->environment == NULL) {
        return true;
    }
    if (!deploy_plan_make(step->environment, work->plan->workflow->release, NULL,
                          deadline_in(LOOK_TIMEOUT), &now, err)) {
        return false;
    }
    if (has_exactly(now)) {
        return true;
    }
    (void)error_set(err, ERROR_REFUSED,
                    before ? "environment \"%s\" does not have exactly this release: evidence "
                             "\"%s\" would be about something else"
                           : "environment \"%s\" does not have exactly this release any more, now "
                             "that the hook has ended: evidence \"%s\" would be about something "
                             "else",
                    step->environment->name, step->evidence);
    describe(now, err);
    return error_hint(err,
                      before ? "Let a step that deploys to \"%s\" come first: \"needs\" names it."
                             : "Find out who changed it meanwhile: headgate status --env %s",
                      step->environment->name);
}

/* --- its file for outputs --- */

/* Absolute, for a program in another folder; not there before, so that nothing of an earlier
 * attempt can be taken for its own. */
static bool make_output(const struct step_work *work, char **ret_path, struct error *err)
{
    if (!folder_make(work->folder, 0700, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *folder = realpath(work->folder, NULL);
    CLEANUP(mem_freep)
    char *path = mem_printf("%s/output-%s-%zu", folder != NULL ? folder : work->folder,
                            work->step->step->id, work->attempt);
    (void)unlink(path);
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return error_set_errno(err, "could not make file \"%s\"", path);
    }
    *ret_path = TAKE(path);
    return true;
}

/* --- the run --- */

static void on_output(void *context, int stream, const char *bytes, size_t size)
{
    hook_output_take(context, stream, bytes, size);
}

static void on_start(void *context, pid_t group)
{
    struct hook_output *output = context;
    CLEANUP(mem_freep)
    char *data =
        mem_printf("{\"attempt\":%zu,\"process\":%ld}", output->work->attempt, (long)group);
    work_tell(output->work, "hook-started", data, false);
}

static bool execute(struct step_work *work, const char *output_path,
                    struct process_result *ret_result, struct error *err)
{
    const struct hook *hook = work->step->step->hook;
    CLEANUP(strlist_clear) struct strlist env = STRLIST_INIT;
    CLEANUP(strlist_clear) struct strlist argv = STRLIST_INIT;
    CLEANUP(mem_freep) char *folder = hook_folder(work->plan->workflow->folder);
    CLEANUP(hook_output_clear) struct hook_output output = hook_output_start(work);
    if (!hook_environment(work, output_path, &env, err)) {
        return false;
    }
    strlist_add(&argv, work->step->program);
    for (size_t i = 1; i < hook->n; i++) {
        strlist_add(&argv, hook->argv[i]);
    }
    const struct process_spec spec = {.argv = (const char *const *)argv.items,
                                      .env = (const char *const *)env.items,
                                      .folder = folder,
                                      .on_output = on_output,
                                      .on_start = on_start,
                                      .context = &output,
                                      .keep = HOOK_KEPT,
                                      .adopts = true};
    if (!process_run(&spec, ret_result, err)) {
        err->code = err->code == ERROR_IO ? ERROR_HOOK : err->code;
        return false;
    }
    hook_output_end(&output, ret_result);
    return true;
}

/* --- its end --- */

static void write_outputs(struct json_writer *writer, const struct hook_results *results)
{
    json_write_key(writer, "outputs");
    json_write_object(writer);
    for (size_t i = 0; i < results->keys.n; i++) {
        CLEANUP(mem_freep) char *value = redact_copy(results->values.items[i]);
        json_write_member_text(writer, results->keys.items[i], value);
    }
    json_write_object_end(writer);
}

static void write_left_behind(struct json_writer *writer, const struct process_result *result)
{
    json_write_key(writer, "left_behind");
    json_write_array(writer);
    for (size_t i = 0; i < result->left_behind.n; i++) {
        json_write_text(writer, result->left_behind.items[i]);
    }
    json_write_array_end(writer);
}

/* The members without the braces around them. */
static void write_end(struct step_work *work, const struct process_result *result,
                      const struct hook_results *results)
{
    CLEANUP(strbuf_clear) struct strbuf object = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&object, false);
    json_write_object(&writer);
    if (result->signal != 0) {
        json_write_member_integer(&writer, "signal", result->signal);
    } else {
        json_write_member_integer(&writer, "exit_status", result->exit_status);
    }
    if (result->left_behind.n > 0) {
        write_left_behind(&writer, result);
    }
    if (results->keys.n > 0) {
        write_outputs(&writer, results);
    }
    json_write_object_end(&writer);
    strbuf_trim_end(&object);
    strbuf_add(&work->end, work->end.size > 0 ? "," : "");
    strbuf_add_n(&work->end, object.text + 1, object.size - 2);
}

static void tell_left_behind(struct step_work *work, const struct process_result *result)
{
    if (result->left_behind.n > 0) {
        CLEANUP(mem_freep) char *names = strlist_join(&result->left_behind, ", ");
        work->sentence = mem_printf("it left behind in the background: %s", names);
        hook_note(work, "warning: %s", work->sentence);
    }
}

static bool judge(const struct step_work *work, const struct process_result *result,
                  struct error *err)
{
    CLEANUP(mem_freep) char *words = hook_last_words(result);
    CLEANUP(mem_freep) char *how = process_result_describe(result);
    CLEANUP(mem_freep) char *program = path_display(work->step->program);
    if (result->interrupted) {
        (void)interrupt_error(err);
    } else if (result->exit_status == 0) {
        return true;
    } else {
        (void)error_set(err, ERROR_HOOK, "%s ended with %s", program, how);
        (void)error_hint(err, "All that it printed: headgate logs %s", work->run);
    }
    if (words[0] != '\0') {
        (void)error_detail(err, "%s", words);
    }
    return false;
}

static bool run_hook(struct step_work *work, const char *output_path, struct error *err)
{
    CLEANUP(process_result_clear)
    struct process_result result = {.out = STRBUF_INIT, .err = STRBUF_INIT};
    CLEANUP(hook_results_clear) struct hook_results results = {STRLIST_INIT, STRLIST_INIT};
    if (!execute(work, output_path, &result, err)) {
        return false;
    }
    hook_results_read(work, output_path, &results);
    tell_left_behind(work, &result);
    write_end(work, &result, &results);
    return judge(work, &result, err) && proves_this_release(work, false, err);
}

bool hook_work(struct step_work *work, struct error *err)
{
    CLEANUP(mem_freep) char *output_path = NULL;
    if (!is_as_planned(work->step, err) || !work_hold_environment(work, err) ||
        !proves_this_release(work, true, err) || !make_output(work, &output_path, err)) {
        return false;
    }
    bool done = run_hook(work, output_path, err);
    (void)unlink(output_path);
    return done;
}
