/* The events of a run as lines for people. */
#include "event_line.h"

#include "private.h"

static const char *text_of(const struct event *event, const char *key)
{
    const char *text = json_data_text(event->data, key);
    return text != NULL ? text : "";
}

/* ": " and the text, where there is one; the caller's. */
static char *behind(const char *text)
{
    return text != NULL && text[0] != '\0' ? mem_printf(": %s", text) : mem_copy("");
}

/* " in 54 ms", " after 54 ms"; empty where nothing was begun; the caller's. */
static char *time_taken(const struct event *event, const char *word)
{
    int64_t took = json_data_integer(event->data, "took", -1);
    CLEANUP(mem_freep) char *time = duration_human(took);
    return took >= 0 ? mem_printf(" %s %s", word, time) : mem_copy("");
}

static char *ordinal(int64_t n)
{
    static const char *const endings[] = {"th", "st", "nd", "rd"};
    int64_t last = n % 100 / 10 == 1 ? 0 : n % 10;
    return mem_printf("%lld%s", (long long)n, endings[last < 4 ? last : 0]);
}

/* " (2nd attempt)", where it was not the first; the caller's. */
static char *attempt_of(const struct event *event)
{
    int64_t attempt = json_data_integer(event->data, "attempt", 1);
    CLEANUP(mem_freep) char *which = ordinal(attempt);
    return attempt > 1 ? mem_printf(" (%s attempt)", which) : mem_copy("");
}

/* --- the run's --- */

static char *head(const struct record *record, const char *verb)
{
    CLEANUP(mem_freep) char *digest = short_digest(record->release != NULL ? record->release : "");
    return mem_printf("Run %s%s  %s  release %s", record->run, verb,
                      record->pipeline != NULL ? record->pipeline : "", digest);
}

static char *on_begun(const struct record *record, const struct event *event)
{
    (void)event;
    return head(record, "");
}

static char *on_resumed(const struct record *record, const struct event *event)
{
    (void)event;
    return head(record, " goes on");
}

static char *on_cancel_asked(const struct record *record, const struct event *event)
{
    CLEANUP(mem_freep) char *reason = behind(text_of(event, "reason"));
    (void)record;
    return mem_printf("%s asks to cancel the run%s", event->actor, reason);
}

/* --- a step's --- */

static char *on_step_begun(const struct record *record, const struct event *event)
{
    CLEANUP(mem_freep) char *attempt = attempt_of(event);
    (void)record;
    return mem_printf("%s: begins%s", event->step, attempt);
}

static char *on_hook_started(const struct record *record, const struct event *event)
{
    (void)record;
    return mem_printf("%s: process %lld", event->step,
                      (long long)json_data_integer(event->data, "process", 0));
}

static char *done(const struct record_step *step, const struct event *event)
{
    bool deploys = step != NULL && text_equal(step->kind, "deploy");
    bool works = deploys || (step != NULL &&
                             (text_equal(step->kind, "seed") || text_equal(step->kind, "backup") ||
                              text_equal(step->kind, "restore")));
    CLEANUP(mem_freep) char *time = time_taken(event, "in");
    CLEANUP(mem_freep) char *attempt = attempt_of(event);
    CLEANUP(mem_freep)
    char *applied = deploys ? mem_printf("%zu applied", step->applied.n) : mem_copy("");
    const char *sentence = json_data_text(event->data, "sentence");
    CLEANUP(mem_freep) char *more = behind(sentence != NULL ? sentence : applied);
    return mem_printf("%s: %s%s%s%s", event->step, works ? "done" : "passed", time, attempt, more);
}

static char *failed(const struct event *event)
{
    const struct json_data *error = json_data_member(event->data, "error");
    const char *message = json_data_text(error, "message");
    CLEANUP(mem_freep) char *time = time_taken(event, "after");
    CLEANUP(mem_freep) char *attempt = attempt_of(event);
    CLEANUP(mem_freep) char *more = behind(message != NULL ? message : text_of(event, "sentence"));
    return mem_printf("%s: failed%s%s%s%s", event->step, time, attempt, more,
                      json_data_truth(event->data, "went_on", false) ? "; the run goes on" : "");
}

static char *end_of(const struct record *record, const struct event *event)
{
    const char *outcome = text_of(event, "outcome");
    CLEANUP(mem_freep) char *more = behind(text_of(event, "sentence"));
    if (text_equal(outcome, "done")) {
        return done(record_find(record, event->step), event);
    }
    if (text_equal(outcome, "failed")) {
        return failed(event);
    }
    return mem_printf("%s: %s%s", event->step,
                      text_equal(outcome, "nothing") ? "nothing to do" : outcome, more);
}

static char *on_step_ended(const struct record *record, const struct event *event)
{
    CLEANUP(mem_freep) char *end = end_of(record, event);
    struct strbuf line = STRBUF_INIT;
    const struct json_data *left = json_data_member(event->data, "left_behind");
    strbuf_add(&line, end);
    for (size_t i = 0; i < json_data_count(left); i++) {
        const char *process = json_data_string(json_data_item(left, i));
        strbuf_printf(&line, "%s%s", i == 0 ? "; went on in the background: " : ", ",
                      process != NULL ? process : "");
    }
    return strbuf_take(&line);
}

static char *on_step_retrying(const struct record *record, const struct event *event)
{
    const struct json_data *error = json_data_member(event->data, "error");
    CLEANUP(mem_freep) char *pause = duration_human(json_data_integer(event->data, "in", 0));
    CLEANUP(mem_freep) char *why = behind(json_data_text(error, "message"));
    (void)record;
    return mem_printf("%s: failed%s; tried again in %s", event->step, why, pause);
}

char *step_wait(const struct record *record, const struct record_step *step)
{
    if (step == NULL || step->state != STEP_WAITING) {
        return NULL;
    }
    bool asks = step->sentence != NULL && strstr(step->sentence, "approval") != NULL;
    CLEANUP(mem_freep) char *command = mem_printf("; headgate approve %s", record->run);
    return mem_printf("waits: %s%s", step->sentence != NULL ? step->sentence : "",
                      asks ? command : "");
}

static char *on_gate_waiting(const struct record *record, const struct event *event)
{
    CLEANUP(mem_freep) char *wait = step_wait(record, record_find(record, event->step));
    return wait != NULL ? mem_printf("%s: %s", event->step, wait) : NULL;
}

static char *answered(const struct event *event, const char *how)
{
    const char *signer = json_data_text(event->data, "signer");
    const char *step = json_data_text(event->data, "step");
    CLEANUP(mem_freep) char *reason = behind(text_of(event, "reason"));
    return mem_printf("%s: %s by %s%s", step != NULL ? step : "run", how,
                      signer != NULL ? signer : event->actor, reason);
}

static char *on_approved(const struct record *record, const struct event *event)
{
    (void)record;
    return answered(event, "approved");
}

static char *on_rejected(const struct record *record, const struct event *event)
{
    (void)record;
    return answered(event, "rejected");
}

/* --- a deploy's --- */

static char *on_applied(const struct record *record, const struct event *event)
{
    CLEANUP(mem_freep) char *time = time_taken(event, "in");
    (void)record;
    return mem_printf("%s: %s applied%s", event->step, text_of(event, "migration"), time);
}

static char *on_began(const struct record *record, const struct event *event)
{
    (void)record;
    return mem_printf("%s: %s begins", event->step, text_of(event, "migration"));
}

static char *on_deploy(const struct record *record, const struct event *event)
{
    CLEANUP(mem_freep) char *doing = event_doing(event);
    (void)record;
    return doing != NULL ? mem_printf("%s: %s", event->step, doing) : NULL;
}

/* --- of a backup or a restore --- */

static char *on_backup(const struct record *record, const struct event *event)
{
    (void)record;
    return mem_printf("%s: %s", event->step, text_of(event, "sentence"));
}

static const struct kind {
    const char *name;
    char *(*line)(const struct record *record, const struct event *event);
    enum line_weight weight;
} kinds[] = {
    {"run-begun", on_begun, LINE_ALWAYS},
    {"run-resumed", on_resumed, LINE_ALWAYS},
    {"cancel-asked", on_cancel_asked, LINE_ALWAYS},
    {"step-begun", on_step_begun, LINE_MOMENT},
    {"hook-started", on_hook_started, LINE_DETAIL},
    {"step-ended", on_step_ended, LINE_ALWAYS},
    {"step-retrying", on_step_retrying, LINE_ALWAYS},
    {"gate-waiting", on_gate_waiting, LINE_MOMENT},
    {"approved", on_approved, LINE_ALWAYS},
    {"rejected", on_rejected, LINE_ALWAYS},
    {"deploy-applied", on_applied, LINE_ALWAYS},
    {"deploy-began", on_began, LINE_DETAIL},
    {"deploy-statement", on_deploy, LINE_DETAIL},
    {"deploy-notice", on_deploy, LINE_DETAIL},
    {"deploy-progress", on_deploy, LINE_MOMENT},
    {"deploy-waiting", on_deploy, LINE_MOMENT},
    {"deploy-resumed", on_deploy, LINE_ALWAYS},
    {"deploy-retry", on_deploy, LINE_ALWAYS},
    {"deploy-repaired", on_deploy, LINE_ALWAYS},
    {"deploy-lost", on_deploy, LINE_ALWAYS},
    {"backup-stage", on_backup, LINE_ALWAYS},
    {"backup-found", on_backup, LINE_ALWAYS},
};

char *event_line(const struct record *record, const struct event *event,
                 enum line_weight *ret_weight)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (text_equal(kinds[i].name, event->kind)) {
            *ret_weight = kinds[i].weight;
            return kinds[i].line(record, event);
        }
    }
    return NULL;
}

char *event_doing(const struct event *event)
{
    const char *migration = json_data_text(event->data, "migration");
    const char *sentence = json_data_text(event->data, "sentence");
    if (!text_starts(event->kind, "deploy-") || text_equal(event->kind, "deploy-applied")) {
        return NULL;
    }
    bool both = migration != NULL && sentence != NULL && !text_equal(migration, sentence);
    return both ? mem_printf("%s: %s", migration, sentence)
                : mem_copy(migration != NULL ? migration : sentence);
}
