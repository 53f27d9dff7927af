/* What the commands that execute a plan share: asking, running, and saying how it went. */
#include <unistd.h>

#include "headgate/clock.h"
#include "headgate/output.h"
#include "headgate/report.h"
#include "private.h"

#define FRAME 250 /* how often a live display is drawn anew */

/* --- asking --- */

static const struct environment *first_production(const struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (step->deploy != NULL && step->verdict == PLAN_RUNS &&
            step->step->environment->kind == KIND_PRODUCTION) {
            return step->step->environment;
        }
    }
    return NULL;
}

/* Who is asked to answer for a plan has it in front of him. */
static bool ask(const struct options *options, const struct plan *plan, struct error *err)
{
    const struct environment *environment = first_production(plan);
    const struct report_manner manner = {0};
    if (!plan->confirms || environment == NULL) {
        return true;
    }
    bool is_asked = options->confirm == NULL && !options->no_input && isatty(STDIN_FILENO) == 1;
    if (is_asked && !output_json()) {
        report_pipeline_plan(plan, &manner);
        output_print("\n");
    }
    CLEANUP(mem_freep)
    char *question =
        mem_printf("Run this up to %s, which nobody approves on the way?", environment->name);
    return confirm(options, environment, question, err);
}

/* --- running --- */

static bool patience_of(const struct options *options, struct run_conduct *conduct,
                        struct error *err)
{
    if (!project_patience(options, &conduct->patience, err)) {
        return false;
    }
    conduct->gate_patience = options->wait != NULL ? conduct->patience : 0;
    return true;
}

/* That a gate is closed is what was asked for, not a failure. */
static bool take_waiting(bool done, int *status, struct error *err)
{
    if (done || err->code != ERROR_WAITING) {
        return done;
    }
    *status = error_exit_status(err->code);
    error_clear(err);
    return true;
}

/* What the journal says of how it ended; where that cannot be read, the run's own error says it. */
static void tell_end(const struct pipeline_desk *desk, const char *run, const struct error *failure)
{
    CLEANUP(record_freep) struct record *record = NULL;
    CLEANUP(error_clear) struct error unread = ERROR_INIT;
    if (record_read(desk->state, run, &record, &unread)) {
        report_run_end(record, failure);
    } else {
        report_error(&unread);
    }
}

bool pipeline_hold(const struct options *options, const struct pipeline_desk *desk, const char *run,
                   struct run_hold **ret_hold, struct error *err)
{
    msec patience = 0;
    return project_patience(options, &patience, err) &&
           run_hold_take(desk->workflow, desk->state, run, desk->actor, patience, ret_hold, err);
}

static bool execute(const struct options *options, const struct pipeline_desk *desk,
                    const struct run_hold *hold, struct plan *plan, bool resumes, int *status,
                    struct error *err)
{
    CLEANUP(run_result_clear) struct run_result result = {0};
    CLEANUP(run_screen_freep) struct run_screen *screen = run_screen_new();
    struct run_conduct conduct = {
        .actor = desk->actor,
        .observer = {.news = report_run_news,
                     .tick = report_run_tick,
                     .interval = output_is_live() ? FRAME : 0,
                     .context = screen},
    };
    if (!patience_of(options, &conduct, err)) {
        return false;
    }
    bool done = resumes ? run_resume(plan, desk->state, hold, &conduct, &result, err)
                        : run_execute(plan, desk->state, hold, &conduct, &result, err);
    output_live_end(false);
    if (result.run == NULL) {
        return done;
    }
    *status = result.exit_status;
    done = take_waiting(done, status, err);
    tell_end(desk, result.run, done ? NULL : err);
    return done;
}

/* --- what is there to do --- */

static void say_nothing_to_do(const struct plan *plan)
{
    CLEANUP(strbuf_clear) struct strbuf out = STRBUF_INIT;
    if (output_json()) {
        struct json_writer writer = json_writer_start(&out, false);
        json_write_object(&writer);
        json_write_member_integer(&writer, "format", 1);
        json_write_member_text(&writer, "plan", plan->id);
        json_write_member_text(&writer, "outcome", "nothing");
        json_write_object_end(&writer);
        output_print("%s\n", out.text);
    } else {
        output_print("Nothing to do: release %.*s is everywhere where \"%s\" brings it.\n",
                     DIGEST_SHOWN, plan->workflow->release->digest, plan->workflow->name);
    }
}

/* The first of what speaks against it; whether there is more. */
static bool refuse(struct plan *plan, struct error *err)
{
    size_t n = 0;
    for (size_t i = 0; i < plan->n; i++) {
        n += error_is_set(&plan->steps[i].refusal);
    }
    for (size_t i = 0; i < plan->n_findings; i++) {
        n += plan->findings[i].state == POLICY_FAILS;
    }
    error_move(err, &plan->refusal);
    if (n > 1) {
        const char *first = err->detail != NULL ? err->detail : "";
        (void)error_detail(err,
                           "%s%sThis is one of %zu things that speak against it; headgate run "
                           "%s --dry-run shows all.",
                           first, first[0] != '\0' ? " " : "", n, plan->workflow->path);
    }
    return false;
}

bool pipeline_execute(const struct options *options, const struct pipeline_desk *desk,
                      const struct run_hold *hold, struct plan *plan, bool resumes, int *status,
                      struct error *err)
{
    if (error_is_set(&plan->refusal)) {
        return refuse(plan, err);
    }
    if (!resumes && !plan_does_something(plan)) {
        say_nothing_to_do(plan);
        return true;
    }
    return ask(options, plan, err) && execute(options, desk, hold, plan, resumes, status, err);
}
