/* What a run came to, in words, as an exit status, and in the journal. */
#include <signal.h>

#include "running.h"

static void write_outcome(struct strbuf *out, const char *outcome, const char *sentence,
                          int exit_status, int number)
{
    struct json_writer writer = json_writer_start(out, false);
    json_write_object(&writer);
    if (outcome != NULL) {
        json_write_member_text(&writer, "outcome", outcome);
    }
    json_write_member_text(&writer, "sentence", sentence);
    json_write_member_integer(&writer, "exit_status", exit_status);
    if (number != 0) {
        json_write_member_integer(&writer, "signal", number);
    }
    json_write_object_end(&writer);
}

static bool seal(struct run *run, const char *kind, const char *outcome, const struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    bool good = err == NULL || !error_is_set(err);
    write_outcome(&data, outcome, good ? NULL : err->message,
                  good ? 0 : error_exit_status(err->code), run->signal);
    return run_seal(run, kind, data.text);
}

static void explain_waiting(const struct run *run, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    bool people = false;
    for (size_t i = 0; i < run->n; i++) {
        const struct live_step *step = &run->steps[i];
        if (step->state != LIVE_GATE) {
            continue;
        }
        const struct record_step *recorded = record_find(run->record, step->planned->step->id);
        strbuf_printf(&text, "%sstep \"%s\" waits: %s", text.size > 0 ? "; " : "",
                      step->planned->step->id,
                      recorded->sentence != NULL ? recorded->sentence : "");
        people = people || step->gate_until == 0;
    }
    (void)error_set(err, ERROR_WAITING, "%s", text.text);
    if (people) {
        (void)error_hint(err, "Approve it: headgate approve %s; then: headgate resume %s",
                         run->hold->run, run->hold->run);
    } else {
        (void)error_hint(err, "Then: headgate resume %s", run->hold->run);
    }
}

static void explain_stop(const struct run *run, struct error *err)
{
    bool by_interrupt = run->signal == SIGINT || run->signal == 0;
    (void)error_set(err, by_interrupt ? ERROR_INTERRUPTED : ERROR_TERMINATED,
                    "the run was stopped%s", run->wishes > 1 ? "" : " at a safe point");
    (void)error_hint(err, "Go on with it: headgate resume %s", run->hold->run);
}

void run_explain_broken(struct run *run, struct error *err)
{
    if (run->broken.code == ERROR_LOCKED) {
        error_move(err, &run->broken);
        return;
    }
    (void)error_set(err, ERROR_HALFWAY, "stopped half-way: the journal cannot be written: %s",
                    run->broken.message);
    (void)error_detail(err, "Nothing was begun after that. What had begun, the targets know.");
    (void)error_hint(err, "When there is room again: headgate resume %s", run->hold->run);
}

static void take_failure(struct run *run, struct error *err)
{
    error_move(err, &run->failure);
    if (run->failed_step != NULL && err->code != ERROR_HALFWAY) {
        (void)error_prefix(err, "step \"%s\"", run->failed_step);
    }
}

static bool has_gates_left(const struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        if (run->steps[i].state == LIVE_GATE) {
            return true;
        }
    }
    return false;
}

/* The steps of "always". What fails there is told, but changes nothing of what was done. */
static void close_run(struct run *run, const char *outcome)
{
    run->outcome = outcome;
    run->closing = true;
    run->gates_since = 0;
    run_loop(run);
}

static bool finish_stopped(struct run *run, struct error *err)
{
    if (run->stop == STOP_CANCELED) {
        (void)error_set(err, ERROR_INTERRUPTED, "the run was canceled");
        return seal(run, "run-canceled", NULL, err);
    }
    explain_stop(run, err);
    return seal(run, "run-stopped", NULL, err);
}

/* It is begun again when the run is resumed: so the run is not over. */
static bool has_left_open(const struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        if (run->steps[i].planned->step->always && run->steps[i].state == LIVE_FAILED) {
            return true;
        }
    }
    return false;
}

static bool finish_cut(struct run *run, struct error *err)
{
    take_failure(run, err);
    (void)error_hint(err, "Go on with it: headgate resume %s", run->hold->run);
    return seal(run, "run-cut", NULL, err);
}

static bool finish_closed(struct run *run, bool failed, struct error *err)
{
    bool stopped = run->stop == STOP_PERSON || run->stop == STOP_CANCELED;
    if (run->stop == STOP_CUT) {
        return finish_cut(run, err);
    }
    if (stopped && has_left_open(run)) {
        return finish_stopped(run, err);
    }
    if (error_is_set(&run->failure)) {
        take_failure(run, err);
    }
    return seal(run, "run-ended", failed ? "failed" : "done", err);
}

bool run_finish(struct run *run, struct error *err)
{
    if (run->stop == STOP_PERSON || run->stop == STOP_CANCELED) {
        return finish_stopped(run, err);
    }
    if (run->stop == STOP_CUT) {
        return finish_cut(run, err);
    }
    if (run->stop == STOP_NOT && has_gates_left(run)) {
        explain_waiting(run, err);
        return seal(run, "run-waiting", NULL, err);
    }
    bool failed = run->stop == STOP_FAILURE;
    close_run(run, failed ? "failed" : "done");
    return finish_closed(run, failed, err);
}
