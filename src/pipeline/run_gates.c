/*
 * Where a run waits: at its gates, and in front of a deploy for what the environment demands. There
 * is no process meanwhile and nothing is asked of a database: approvals come in through the
 * journal, the rest is a matter of the clock.
 */
#include "headgate/file.h"
#include "running.h"

/* What stands in front of this step; false where nothing does. */
static bool demands_of(const struct run *run, const struct live_step *step, struct gate *ret_gate)
{
    const struct workflow_step *about = step->planned->step;
    if (about->gate != NULL) {
        *ret_gate = *about->gate;
        return true;
    }
    if (about->kind != &step_kind_deploy) {
        return false;
    }
    const char *name = about->environment->name;
    gate_of_requirements(&about->environment->require, ret_gate);
    if (policy_override_of(run->plan, "approvals", name) != NULL) {
        ret_gate->approvals = 0;
    }
    if (policy_override_of(run->plan, "windows", name) != NULL) {
        ret_gate->n_windows = 0;
    }
    if (policy_override_of(run->plan, "freeze", name) != NULL) {
        ret_gate->n_freezes = 0;
    }
    return true;
}

static void note_waiting(struct run *run, struct live_step *step, const struct gate_waits *waits)
{
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    CLEANUP(mem_freep) char *until = waits->until > 0 ? wall_format(waits->until) : NULL;
    struct json_writer writer = json_writer_start(&data, false);
    json_write_object(&writer);
    json_write_key(&writer, "waits");
    json_write_array(&writer);
    for (size_t i = 0; i < waits->sentences.n; i++) {
        json_write_text(&writer, waits->sentences.items[i]);
    }
    json_write_array_end(&writer);
    json_write_member_text(&writer, "until", until);
    if (step->planned->step->gate != NULL) {
        json_write_member_text(&writer, "message", step->planned->step->gate->message);
    }
    json_write_object_end(&writer);
    step->asked = run_note(run, step->planned->step->id, "gate-waiting", data.text, true);
    step->said_approvals = waits->approvals;
    step->said_waits = waits->sentences.n;
}

static void fail_rejected(struct run *run, struct live_step *step, const struct gate_waits *waits)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    (void)error_set(&failure, ERROR_REFUSED, "rejected by %s",
                    waits->rejected_by != NULL ? waits->rejected_by : "somebody");
    CLEANUP(mem_freep) char *pipeline = path_display(run->plan->workflow->path);
    (void)error_hint(&failure, "When what was wrong is mended, begin a new run: headgate run %s",
                     pipeline);
    step_fail(run, step, &failure);
}

bool step_must_wait(struct run *run, struct live_step *step)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    CLEANUP(gate_waits_clear) struct gate_waits waits = {.sentences = STRLIST_INIT};
    struct gate gate = {0};
    size_t n_answers = run->record->n_approvals;
    if (!demands_of(run, step, &gate)) {
        return false;
    }
    if (!gate_check(&gate, run->record, run->plan->workflow, step->planned->step, wall_now_usec(),
                    &waits, &failure)) {
        step_fail(run, step, &failure);
        return true;
    }
    if (waits.rejected) {
        fail_rejected(run, step, &waits);
        return true;
    }
    if (waits.sentences.n == 0) {
        return false;
    }
    step->state = LIVE_GATE;
    step->gate_until = waits.until;
    if (!step->asked || step->said_approvals != waits.approvals ||
        step->said_waits != waits.sentences.n) {
        note_waiting(run, step, &waits);
    }
    /* Somebody may have answered just before that was written: nothing would wake us for it. */
    return run->record->n_approvals == n_answers || step_must_wait(run, step);
}
