/* What each kind of event changes in a record. */
#include "headgate/arena.h"
#include "record.h"

static struct record_step *step_of(struct record *record, const struct event *event)
{
    for (size_t i = 0; i < record->n && event->step != NULL; i++) {
        if (text_equal(record->steps[i].id, event->step)) {
            return &record->steps[i];
        }
    }
    return NULL;
}

/* --- the run's own events --- */

static void take_steps(struct record *record)
{
    const struct json_data *steps = json_data_member(record->plan_document, "steps");
    record->n = json_data_count(steps);
    record->steps = arena_alloc(record->arena, (record->n + 1) * sizeof *record->steps);
    for (size_t i = 0; i < record->n; i++) {
        const struct json_data *step = json_data_item(steps, i);
        record->steps[i] = (struct record_step){
            .id = json_data_text(step, "id"),
            .kind = json_data_text(step, "kind"),
            .environment = json_data_text(step, "environment"),
            .always = json_data_truth(step, "always", false),
        };
    }
}

static void take_overrides(struct record *record, const struct json_data *data)
{
    const struct json_data *list = json_data_member(data, "overrides");
    struct policy_override *overrides =
        arena_alloc(record->arena, (json_data_count(list) + 1) * sizeof *overrides);
    for (size_t i = 0; i < json_data_count(list); i++) {
        const struct json_data *item = json_data_item(list, i);
        overrides[i] = (struct policy_override){json_data_text(item, "policy"),
                                                json_data_text(item, "reason")};
    }
    record->overrides = overrides;
    record->n_overrides = json_data_count(list);
}

static void on_begun(struct record *record, const struct event *event)
{
    const struct json_data *data = event->data;
    record->plan = json_data_text(data, "plan");
    record->pipeline = json_data_text(data, "pipeline");
    record->pipeline_path = json_data_text(data, "pipeline_path");
    record->environments_path = json_data_text(data, "environments_path");
    record->release_path = json_data_text(data, "release_path");
    record->release = json_data_text(data, "release");
    record->author = event->actor;
    record->plan_document = json_data_member(data, "document");
    record->policies = json_data_member(data, "policies");
    record->begun = event->time;
    record->state = RUN_CUT;
    take_steps(record);
    take_overrides(record, data);
}

/* Whatever was going on when it died was cut off. */
void record_cut_steps(struct record *record)
{
    for (size_t i = 0; i < record->n; i++) {
        struct record_step *step = &record->steps[i];
        if (step->state == STEP_RUNNING) {
            step->state = STEP_CUT;
            step->n_cut++;
        } else if (step->state == STEP_RETRYING || step->state == STEP_WAITING) {
            step->state = STEP_OPEN;
        }
    }
}

static void on_resumed(struct record *record, const struct event *event)
{
    record_cut_steps(record);
    (void)event;
    record->state = RUN_CUT;
    record->sentence = NULL;
    record->ended = 0;
    record->n_resumed++;
}

static void stop(struct record *record, const struct event *event, enum run_state state)
{
    record->state = state;
    record->ended = event->time;
    record->sentence = json_data_text(event->data, "sentence");
    record->exit_status = (int)json_data_integer(event->data, "exit_status", -1);
}

static void on_ended(struct record *record, const struct event *event)
{
    bool done = text_equal(json_data_text(event->data, "outcome"), "done");
    record_cut_steps(record);
    stop(record, event, done ? RUN_DONE : RUN_FAILED);
}

static void on_waiting(struct record *record, const struct event *event)
{
    stop(record, event, RUN_WAITING);
}

static void on_stopped(struct record *record, const struct event *event)
{
    record_cut_steps(record);
    stop(record, event, RUN_STOPPED);
}

static void on_cut(struct record *record, const struct event *event)
{
    record_cut_steps(record);
    stop(record, event, RUN_CUT);
}

static void on_canceled(struct record *record, const struct event *event)
{
    record_cut_steps(record);
    stop(record, event, RUN_CANCELED);
    record->sentence = json_data_text(event->data, "reason");
}

static void on_cancel_asked(struct record *record, const struct event *event)
{
    (void)event;
    record->cancel_asked = true;
}

static void add_approval(struct record *record, const struct event *event, bool rejects)
{
    const struct json_data *data = event->data;
    const char *signer = json_data_text(data, "signer");
    struct approval *list = arena_alloc(record->arena, (record->n_approvals + 1) * sizeof *list);
    for (size_t i = 0; i < record->n_approvals; i++) {
        list[i] = record->approvals[i];
    }
    list[record->n_approvals++] = (struct approval){
        .who = signer != NULL ? signer : event->actor,
        .how = json_data_text(data, "how"),
        .step = json_data_text(data, "step"),
        .reason = json_data_text(data, "reason"),
        .time = event->time,
        .rejects = rejects,
        .by_author = person_is_same(record->author, signer != NULL ? signer : event->actor) ||
                     person_is_same(record->author, event->actor),
    };
    record->approvals = list;
}

static void on_approved(struct record *record, const struct event *event)
{
    add_approval(record, event, false);
}

static void on_rejected(struct record *record, const struct event *event)
{
    add_approval(record, event, true);
}

/* --- the steps' --- */

static void on_step_begun(struct record *record, const struct event *event)
{
    struct record_step *step = step_of(record, event);
    if (step != NULL) {
        step->state = STEP_RUNNING;
        step->attempts++;
        step->begun = event->time;
        step->ended = 0;
        step->sentence = NULL;
    }
}

static const struct {
    const char *outcome;
    enum step_state state;
} outcomes[] = {{"done", STEP_DONE},
                {"nothing", STEP_DONE},
                {"skipped", STEP_SKIPPED},
                {"failed", STEP_FAILED}};

static void take_error(struct record_step *step, const struct json_data *error)
{
    if (error != NULL) {
        step->error = error;
        step->code = error_code_named(json_data_text(error, "kind"));
    }
}

static void on_step_ended(struct record *record, const struct event *event)
{
    struct record_step *step = step_of(record, event);
    const char *outcome = json_data_text(event->data, "outcome");
    if (step == NULL) {
        return;
    }
    step->state = STEP_CUT;
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        if (text_equal(outcomes[i].outcome, outcome)) {
            step->state = outcomes[i].state;
        }
    }
    step->ended = event->time;
    step->nothing = text_equal(outcome, "nothing");
    step->sentence = json_data_text(event->data, "sentence");
    step->flaky = json_data_truth(event->data, "flaky", false);
    step->went_on = json_data_truth(event->data, "went_on", false);
    step->outputs = json_data_member(event->data, "outputs");
    step->came_to = json_data_member(event->data, "came_to");
    step->evidence = json_data_text(event->data, "evidence");
    take_error(step, json_data_member(event->data, "error"));
}

static void on_step_retrying(struct record *record, const struct event *event)
{
    struct record_step *step = step_of(record, event);
    if (step != NULL) {
        step->state = STEP_RETRYING;
        step->ended = event->time;
        take_error(step, json_data_member(event->data, "error"));
    }
}

/* The waits as one sentence. */
static void on_gate_waiting(struct record *record, const struct event *event)
{
    struct record_step *step = step_of(record, event);
    const struct json_data *waits = json_data_member(event->data, "waits");
    CLEANUP(strbuf_clear) struct strbuf sentence = STRBUF_INIT;
    if (step == NULL) {
        return;
    }
    for (size_t i = 0; i < json_data_count(waits); i++) {
        const char *wait = json_data_string(json_data_item(waits, i));
        strbuf_printf(&sentence, "%s%s", i > 0 ? ", " : "", wait != NULL ? wait : "");
    }
    step->state = STEP_WAITING;
    step->begun = step->begun == 0 ? event->time : step->begun;
    step->sentence = arena_copy(record->arena, sentence.text);
}

static void on_applied(struct record *record, const struct event *event)
{
    struct record_step *step = step_of(record, event);
    const char *migration = json_data_text(event->data, "migration");
    if (step != NULL && migration != NULL && !strlist_has(&step->applied, migration)) {
        strlist_add(&step->applied, migration);
    }
}

static const struct {
    const char *kind;
    void (*take)(struct record *record, const struct event *event);
} kinds[] = {
    {"run-begun", on_begun},
    {"run-resumed", on_resumed},
    {"run-waiting", on_waiting},
    {"run-stopped", on_stopped},
    {"run-ended", on_ended},
    {"run-cut", on_cut},
    {"run-canceled", on_canceled},
    {"cancel-asked", on_cancel_asked},
    {"approved", on_approved},
    {"rejected", on_rejected},
    {"step-begun", on_step_begun},
    {"step-ended", on_step_ended},
    {"step-retrying", on_step_retrying},
    {"gate-waiting", on_gate_waiting},
    {"deploy-applied", on_applied},
};

void record_take(struct record *record, const struct event *event)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (text_equal(kinds[i].kind, event->kind)) {
            kinds[i].take(record, event);
        }
    }
    record->head = event->hash;
}
