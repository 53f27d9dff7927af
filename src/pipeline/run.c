/*
 * A run from its beginning to its end: the journal is begun, the steps are gone through, those of
 * "always" follow, and the journal is sealed with what it came to.
 */
#include "headgate/file.h"
#include "running.h"

/* --- writing down --- */

static void show(struct run *run, const struct run_news *news)
{
    const struct run_observer *observer = &run->conduct->observer;
    if (observer->news != NULL) {
        observer->news(observer->context, run->record, news);
    }
}

void run_show(struct run *run, const char *step, const char *text, bool from_hook)
{
    const struct run_news news = {.step = step, .text = text, .from_hook = from_hook};
    show(run, &news);
}

void run_show_stopping(struct run *run, const char *step, const char *text)
{
    const struct run_news news = {.step = step, .text = text, .stopping = true};
    show(run, &news);
}

void run_break(struct run *run, struct error *err)
{
    if (error_is_set(&run->broken)) {
        return;
    }
    error_move(&run->broken, err);
    for (size_t i = 0; i < run->n; i++) {
        step_stop(run, &run->steps[i]);
    }
}

void run_show_events(struct run *run, size_t known)
{
    for (size_t i = known; i < run->record->n_events; i++) {
        const struct event *event = journal_event(run->journal, i);
        const struct run_news news = {.event = event, .step = event->step};
        show(run, &news);
    }
}

static bool append(struct run *run, const struct entry *entry, struct error *err)
{
    size_t known = run->record != NULL ? run->record->n_events : 0;
    if (!journal_append(run->journal, run->lease, entry, err)) {
        return false;
    }
    if (run->record == NULL) {
        run->record = record_of(run->journal);
    } else {
        record_follow(run->record);
    }
    run_show_events(run, known);
    return true;
}

static bool note(struct run *run, const struct entry *entry)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (error_is_set(&run->broken)) {
        return false;
    }
    if (!append(run, entry, &failure)) {
        run_break(run, &failure);
        return false;
    }
    return true;
}

bool run_note(struct run *run, const char *step, const char *kind, const char *data, bool durable)
{
    const struct entry entry = {
        .kind = kind, .actor = run->conduct->actor, .step = step, .data = data, .durable = durable};
    return note(run, &entry);
}

bool run_seal(struct run *run, const char *kind, const char *data)
{
    const struct entry entry = {
        .kind = kind, .actor = run->conduct->actor, .data = data, .seals = true};
    return note(run, &entry);
}

/* --- the beginning --- */

static void begin_steps(struct run *run)
{
    run->n = run->plan->n;
    run->steps = mem_new(run->n + 1, sizeof *run->steps);
    for (size_t i = 0; i < run->n; i++) {
        struct live_step *step = &run->steps[i];
        step->planned = &run->plan->steps[i];
        step->state = step->planned->verdict == PLAN_SETTLED ? LIVE_PASSED : LIVE_IDLE;
        step->worker = (struct worker){.pid = -1, .pidfd = -1, .news = -1};
        step->heard = (struct strbuf)STRBUF_INIT;
        step->deadline = step->kill_at = DEADLINE_NONE;
    }
}

/* As seen from the state's folder: it may be resumed from anywhere, and the project may be moved
 * meanwhile as a whole. */
static void write_path(struct json_writer *writer, const char *key, const char *path,
                       const char *state_folder)
{
    CLEANUP(mem_freep) char *real = realpath(path, NULL);
    CLEANUP(mem_freep) char *folder = realpath(state_folder, NULL);
    CLEANUP(mem_freep)
    char *way = real != NULL && folder != NULL ? path_from(folder, real) : mem_copy(path);
    json_write_member_text(writer, key, way);
}

/* With what each was weighed by, which changes from one moment to the next and is no part of the
 * document. */
static void write_policies(struct json_writer *writer, const struct plan *plan)
{
    json_write_key(writer, "policies");
    json_write_array(writer);
    for (size_t i = 0; i < plan->n_findings; i++) {
        const struct policy_finding *finding = &plan->findings[i];
        json_write_object(writer);
        json_write_member_text(writer, "step", finding->step->id);
        json_write_member_text(writer, "environment", finding->step->environment->name);
        json_write_member_text(writer, "policy", finding->policy);
        json_write_member_text(writer, "demand", finding->demand);
        json_write_member_text(writer, "state", policy_state_name(finding->state));
        json_write_member_text(writer, "because", finding->because);
        json_write_member_text(writer, "reason", finding->reason);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static void write_beginning(struct strbuf *out, const struct plan *plan)
{
    const struct workflow *workflow = plan->workflow;
    const char *state = workflow->environments->state_folder;
    struct json_writer writer = json_writer_start(out, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "plan", plan->id);
    json_write_member_text(&writer, "pipeline", workflow->name);
    write_path(&writer, "pipeline_path", workflow->path, state);
    write_path(&writer, "environments_path", workflow->environments->path, state);
    write_path(&writer, "release_path", workflow->release->folder, state);
    json_write_member_text(&writer, "release", workflow->release->digest);
    json_write_member_text(&writer, "headgate", HEADGATE_VERSION);
    json_write_key(&writer, "overrides");
    json_write_array(&writer);
    for (size_t i = 0; i < plan->n_overrides; i++) {
        json_write_object(&writer);
        json_write_member_text(&writer, "policy", plan->overrides[i].policy);
        json_write_member_text(&writer, "reason", plan->overrides[i].reason);
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    write_policies(&writer, plan);
    strbuf_printf(out, ",\"document\":%s", plan->document);
    json_write_object_end(&writer);
}

static bool begin(struct run *run, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    write_beginning(&data, run->plan);
    CLEANUP(mem_freep) char *redacted = redact_copy(data.text);
    const struct entry entry = {
        .kind = "run-begun", .actor = run->conduct->actor, .data = redacted, .durable = true};
    return journal_create(run->state, run->hold->run, &run->journal, err) &&
           append(run, &entry, err);
}

static bool begin_again(struct run *run, struct error *err)
{
    CLEANUP(mem_freep) char *data = mem_printf("{\"plan\":\"%s\"}", run->plan->id);
    const struct entry entry = {
        .kind = "run-resumed", .actor = run->conduct->actor, .data = data, .durable = true};
    if (!journal_open(run->state, run->hold->run, &run->journal, err)) {
        return false;
    }
    run->record = record_of(run->journal);
    return append(run, &entry, err);
}

/* --- the whole --- */

static bool go(struct run *run, struct run_result *result, struct error *err)
{
    /* Who waits, perhaps until tomorrow, keeps no way into a host open: steps have their own. */
    environments_disconnect(run->plan->workflow->environments);
    begin_steps(run);
    result->run = mem_copy(run->hold->run);
    run_loop(run);
    if (!error_is_set(&run->broken)) {
        (void)run_finish(run, err);
    }
    if (error_is_set(&run->broken)) {
        error_clear(err);
        run_explain_broken(run, err);
    }
    result->exit_status = error_is_set(err) ? error_exit_status(err->code) : 0;
    return !error_is_set(err);
}

static void run_clear(struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        live_step_clear(&run->steps[i]);
    }
    mem_free(run->steps);
    mem_free(run->folder);
    record_freep(&run->record);
    journal_freep(&run->journal);
    error_clear(&run->failure);
    error_clear(&run->broken);
}

static struct run run_of(struct plan *plan, struct state *state, const struct run_hold *hold,
                         const struct run_conduct *conduct)
{
    return (struct run){.plan = plan,
                        .state = state,
                        .hold = hold,
                        .lease = hold->leases[0],
                        .conduct = conduct,
                        .folder = state_run_folder(state, hold->run)};
}

bool run_execute(struct plan *plan, struct state *state, const struct run_hold *hold,
                 const struct run_conduct *conduct, struct run_result *ret_result,
                 struct error *err)
{
    CLEANUP(run_clear) struct run run = run_of(plan, state, hold, conduct);
    *ret_result = (struct run_result){0};
    return begin(&run, err) && go(&run, ret_result, err);
}

bool run_resume(struct plan *plan, struct state *state, const struct run_hold *hold,
                const struct run_conduct *conduct, struct run_result *ret_result, struct error *err)
{
    CLEANUP(run_clear) struct run run = run_of(plan, state, hold, conduct);
    *ret_result = (struct run_result){0};
    return resume_check(plan, state, hold->run, err) && begin_again(&run, err) &&
           go(&run, ret_result, err);
}

void run_result_clear(struct run_result *result)
{
    mem_free(result->run);
    *result = (struct run_result){0};
}
