/*
 * deploy: brings an environment to the release.
 *
 * A deploy that had begun when everything died is planned again: the target's history says what is
 * done, and the engine goes on from there.
 */
#include "headgate/file.h"
#include "private.h"

static void read_deploy(const struct workflow *workflow, struct json_object *object,
                        struct workflow_step *step)
{
    step->environment = workflow_environment(workflow, object, "deploy", JSON_REQUIRED);
}

static bool look_deploy(struct plan *plan, struct plan_step *step,
                        const struct plan_request *request, msec deadline, struct error *err)
{
    (void)plan;
    (void)request;
    (void)deadline;
    (void)err;
    step->deploy = step->target->deploy;
    if (error_is_set(&step->deploy->refusal)) {
        refusal_copy(&step->refusal, &step->deploy->refusal);
        (void)environment_name_error(step->step->environment, &step->refusal);
    }
    return true;
}

/* --- its part of the document --- */

static void write_item(struct json_writer *writer, const struct plan_item *item)
{
    json_write_object(writer);
    json_write_member_text(writer, "name", item->name);
    json_write_member_text(writer, "state", migration_state_name(item->state));
    json_write_member_text(writer, "mode", item->mode);
    json_write_member_integer(writer, "statements", (int64_t)item->n_statements);
    json_write_member_text(writer, "checksum", item->migration->checksum);
    json_write_object_end(writer);
}

static void write_requirements(struct json_writer *writer, const struct requirements *require)
{
    struct gate gate;
    gate_of_requirements(require, &gate);
    json_write_key(writer, "require");
    json_write_object(writer);
    json_write_member_integer(writer, "approvals", require->approvals);
    json_write_member_text(writer, "approved_by", require->approved_by_text);
    json_write_member_bool(writer, "exclude_author", require->exclude_author);
    gate_write_clock(writer, &gate);
    json_write_object_end(writer);
}

static void write_deploy(struct json_writer *writer, const struct plan_step *step)
{
    const struct deploy_plan *deploy = step->deploy;
    json_write_key(writer, "to_apply");
    json_write_array(writer);
    for (size_t i = 0; i < deploy->n; i++) {
        if (plan_item_is_to_do(deploy, &deploy->items[i])) {
            write_item(writer, &deploy->items[i]);
        }
    }
    json_write_array_end(writer);
    if (step->restored_by != NULL) {
        json_write_member_text(writer, "restored_by", step->restored_by->id);
    }
    write_requirements(writer, &step->step->environment->require);
}

/* --- the work --- */

static void tell_event(void *context, const struct engine_event *event)
{
    struct step_work *work = context;
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    CLEANUP(mem_freep) char *kind = mem_printf("deploy-%s", engine_event_name(event->kind));
    struct json_writer writer = json_writer_start(&data, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "migration", event->migration);
    json_write_member_integer(&writer, "took", event->took);
    json_write_member_text(&writer, "sentence", event->sentence);
    json_write_object_end(&writer);
    work_tell(work, kind, data.text, false);
}

static void show_statement(struct step_work *work, const struct engine_event *event)
{
    CLEANUP(mem_freep)
    char *text = mem_printf("%s, line %zu, %s", event->migration != NULL ? event->migration : "",
                            event->line, event->verb != NULL ? event->verb : "");
    work_show(work, text, false);
}

static void on_event(void *context, const struct engine_event *event)
{
    struct step_work *work = context;
    switch (event->kind) {
    case EVENT_STATEMENT:
        show_statement(work, event);
        break;
    case EVENT_PROGRESS:
        work_show(work, event->sentence, false);
        break;
    case EVENT_NOTICE:
        work_log(work, "server", event->sentence, strlen(event->sentence));
        break;
    case EVENT_WAITING:
    case EVENT_BEGAN:
    case EVENT_RESUMED:
    case EVENT_RETRY:
    case EVENT_REPAIRED:
    case EVENT_APPLIED:
    case EVENT_LOST:
    case EVENT_KIND_MAX:
        tell_event(work, event);
        break;
    }
}

static void sum_up(struct step_work *work, const struct deploy_result *result)
{
    struct strbuf *end = &work->end;
    strbuf_printf(end,
                  "\"applied\":%zu,\"lock_retries\":%zu,\"lock_wait\":%ld,\"others_waited\":%ld,"
                  "\"analyzed\":%zu",
                  result->n_applied, result->cost.retries, (long)result->cost.lock_wait,
                  (long)result->cost.blocked, result->n_analyzed);
    work->nothing = result->n_applied == 0;
    work->sentence = result->n_applied == 0 ? mem_copy("nothing was left to deploy")
                                            : mem_printf("%zu applied", result->n_applied);
}

/* A database that this run has restored meanwhile is another one than was looked at. */
static bool look_again(const struct step_work *work, struct deploy_plan **ret_anew,
                       struct error *err)
{
    const struct deploy_request request = {.patience = work->patience};
    struct environment *environment = work->step->step->environment;
    CLEANUP(deploy_plan_freep) struct deploy_plan *anew = NULL;
    if (work->step->restored_by == NULL) {
        return true;
    }
    if (!deploy_plan_make(environment, work->plan->workflow->release, &request, DEADLINE_NONE,
                          &anew, err)) {
        return false;
    }
    if (error_is_set(&anew->refusal)) {
        error_move(err, &anew->refusal);
        return environment_name_error(environment, err);
    }
    *ret_anew = TAKE(anew);
    return true;
}

static bool work_deploy(struct step_work *work, struct error *err)
{
    CLEANUP(deploy_result_clear) struct deploy_result result = {0};
    CLEANUP(mem_freep) char *pipeline = path_display(work->plan->workflow->path);
    CLEANUP(mem_freep) char *again = mem_printf("headgate resume %s", work->run);
    CLEANUP(mem_freep) char *corrected = mem_printf("headgate run %s", pipeline);
    const struct deploy_conduct conduct = {.patience = work->patience,
                                           .actor = work->actor,
                                           .run = work->run,
                                           .again = again,
                                           .corrected = corrected,
                                           .observer = {.event = on_event, .context = work}};
    CLEANUP(deploy_plan_freep) struct deploy_plan *anew = NULL;
    struct plan_step now = *work->step;
    if (!work_hold_environment(work, err) || !look_again(work, &anew, err)) {
        return false;
    }
    now.deploy = anew != NULL ? anew : now.deploy;
    if (!policies_hold_now(work->plan, &now, work->state, DEADLINE_NONE, err)) {
        return false;
    }
    bool done = deploy_plan_execute(now.deploy, &conduct, &result, err);
    sum_up(work, &result);
    return done;
}

const struct step_kind step_kind_deploy = {.name = "deploy",
                                           .read = read_deploy,
                                           .look = look_deploy,
                                           .write = write_deploy,
                                           .work = work_deploy};
