/* A run's record for programs. */
#include "private.h"

static void write_time(struct json_writer *writer, const char *key, int64_t usec)
{
    CLEANUP(mem_freep) char *text = usec > 0 ? wall_format(usec) : NULL;
    json_write_member_text(writer, key, text);
}

static void write_took(struct json_writer *writer, int64_t begun, int64_t ended)
{
    json_write_key(writer, "milliseconds");
    if (begun > 0 && ended >= begun) {
        json_write_integer(writer, (ended - begun) / 1000);
    } else {
        json_write_text(writer, NULL);
    }
}

static void write_member(struct json_writer *writer, const char *key, const struct json_data *data)
{
    json_write_key(writer, key);
    if (data != NULL) {
        json_write_data(writer, data);
    } else {
        json_write_text(writer, NULL);
    }
}

static void write_step(struct json_writer *writer, const struct record_step *step)
{
    json_write_object(writer);
    json_write_member_text(writer, "id", step->id);
    json_write_member_text(writer, "kind", step->kind);
    json_write_member_text(writer, "environment", step->environment);
    json_write_member_bool(writer, "always", step->always);
    json_write_member_text(writer, "state", step_state_name(step->state));
    write_time(writer, "begun", step->begun);
    write_time(writer, "ended", step->ended);
    write_took(writer, step->begun, step->ended);
    json_write_member_integer(writer, "attempts", (int64_t)step->attempts);
    json_write_member_integer(writer, "cut_off", (int64_t)step->n_cut);
    json_write_member_bool(writer, "flaky", step->flaky);
    json_write_member_bool(writer, "went_on", step->went_on);
    json_write_member_text(writer, "sentence", step->sentence);
    json_write_member_text(writer, "evidence", step->evidence);
    json_write_key(writer, "applied");
    json_write_array(writer);
    for (size_t i = 0; i < step->applied.n; i++) {
        json_write_text(writer, step->applied.items[i]);
    }
    json_write_array_end(writer);
    write_member(writer, "outputs", step->outputs);
    write_member(writer, "came_to", step->came_to);
    write_member(writer, "error", step->error);
    json_write_object_end(writer);
}

static void write_steps(struct json_writer *writer, const struct record *record)
{
    json_write_key(writer, "steps");
    json_write_array(writer);
    for (size_t i = 0; i < record->n; i++) {
        write_step(writer, &record->steps[i]);
    }
    json_write_array_end(writer);
}

static void write_approvals(struct json_writer *writer, const struct record *record)
{
    json_write_key(writer, "approvals");
    json_write_array(writer);
    for (size_t i = 0; i < record->n_approvals; i++) {
        const struct approval *approval = &record->approvals[i];
        json_write_object(writer);
        json_write_member_text(writer, "step", approval->step);
        json_write_member_text(writer, "who", approval->who);
        json_write_member_text(writer, "how", approval->how);
        json_write_member_bool(writer, "rejects", approval->rejects);
        json_write_member_bool(writer, "by_author", approval->by_author);
        json_write_member_text(writer, "reason", approval->reason);
        write_time(writer, "time", approval->time);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
    json_write_key(writer, "overrides");
    json_write_array(writer);
    for (size_t i = 0; i < record->n_overrides; i++) {
        json_write_object(writer);
        json_write_member_text(writer, "policy", record->overrides[i].policy);
        json_write_member_text(writer, "reason", record->overrides[i].reason);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static void write_course(struct json_writer *writer, const struct record *record)
{
    json_write_key(writer, "course");
    json_write_array(writer);
    for (size_t i = 0; i < record->n_events; i++) {
        const struct event *event = journal_event(record->journal, i);
        CLEANUP(mem_freep) char *words = record_course(event);
        if (words != NULL) {
            json_write_object(writer);
            json_write_member_integer(writer, "number", (int64_t)event->number);
            write_time(writer, "time", event->time);
            json_write_member_text(writer, "kind", event->kind);
            json_write_member_text(writer, "actor", event->actor);
            json_write_member_text(writer, "sentence", json_data_text(event->data, "sentence"));
            json_write_member_text(writer, "reason", json_data_text(event->data, "reason"));
            json_write_object_end(writer);
        }
    }
    json_write_array_end(writer);
}

void write_run(struct json_writer *writer, const struct record *record)
{
    json_write_member_text(writer, "run", record->run);
    json_write_member_text(writer, "pipeline", record->pipeline);
    json_write_member_text(writer, "pipeline_path", record->pipeline_path);
    json_write_member_text(writer, "release", record->release);
    json_write_member_text(writer, "plan", record->plan);
    json_write_member_text(writer, "state", run_state_name(record->state));
    json_write_member_bool(writer, "open", run_state_is_open(record->state));
    json_write_member_text(writer, "author", record->author);
    write_time(writer, "begun", record->begun);
    write_time(writer, "ended", record->ended);
    write_took(writer, record->begun, record->ended);
    json_write_member_integer(writer, "resumed", (int64_t)record->n_resumed);
    json_write_member_bool(writer, "cancel_asked", record->cancel_asked);
    json_write_member_text(writer, "sentence", record->sentence);
    json_write_key(writer, "exit_status");
    if (record->exit_status >= 0) {
        json_write_integer(writer, record->exit_status);
    } else {
        json_write_text(writer, NULL);
    }
    json_write_member_text(writer, "holder", record->holder.who);
}

void write_record(struct json_writer *writer, const struct record *record)
{
    write_run(writer, record);
    write_member(writer, "targets", json_data_member(record->plan_document, "targets"));
    write_steps(writer, record);
    write_member(writer, "policies", record->policies);
    write_approvals(writer, record);
    write_course(writer, record);
    json_write_member_integer(writer, "events", (int64_t)record->n_events);
    json_write_member_text(writer, "head", record->head);
}
