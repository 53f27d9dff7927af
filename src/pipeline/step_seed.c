/* seed: loads the environment's file of data to try things on. It must stand being loaded twice. */
#include "headgate/file.h"
#include "headgate/settle.h"
#include "private.h"

#define LOOK_TIMEOUT 60000

static void read_seed(const struct workflow *workflow, struct json_object *object,
                      struct workflow_step *step)
{
    step->environment = workflow_environment(workflow, object, "seed", JSON_REQUIRED);
}

static bool look_seed(struct plan *plan, struct plan_step *step, const struct plan_request *request,
                      msec deadline, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    (void)plan;
    (void)request;
    (void)deadline;
    if (!seed_find(step->step->environment, &step->seed, &step->refusal)) {
        return true;
    }
    if (!file_read(step->seed, MIGRATION_LIMIT, &text, err)) {
        return false;
    }
    hash_sha256(text.text, text.size, step->file);
    return true;
}

static void write_seed(struct json_writer *writer, const struct plan_step *step)
{
    json_write_member_text(writer, "file_sha256", step->file);
}

/* What was shown is what is loaded. */
static bool is_as_planned(const struct plan_step *step, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    char now[HASH_HEX_SIZE];
    if (!file_read(step->seed, MIGRATION_LIMIT, &text, err)) {
        return false;
    }
    hash_sha256(text.text, text.size, now);
    return text_equal(now, step->file) ||
           error_set(err, ERROR_STALE, "%s was changed since the plan was made", step->seed);
}

static void on_event(void *context, const struct engine_event *event)
{
    if (event->sentence != NULL) {
        work_show(context, event->sentence, false);
    }
}

/* The history is looked at anew, because a deploy may have come before. */
static bool work_seed(struct step_work *work, struct error *err)
{
    CLEANUP(deploy_plan_freep) struct deploy_plan *now = NULL;
    const struct deploy_conduct conduct = {.patience = work->patience,
                                           .actor = work->actor,
                                           .run = work->run,
                                           .observer = {.event = on_event, .context = work}};
    return is_as_planned(work->step, err) && work_hold_environment(work, err) &&
           deploy_plan_make(work->step->step->environment, work->plan->workflow->release, NULL,
                            deadline_in(LOOK_TIMEOUT), &now, err) &&
           seed_execute(now, work->step->seed, &conduct, err);
}

const struct step_kind step_kind_seed = {
    .name = "seed", .read = read_seed, .look = look_seed, .write = write_seed, .work = work_seed};
