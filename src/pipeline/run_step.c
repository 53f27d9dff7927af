/*
 * One step of a run: its process begins, says what it does, and ends.
 *
 * That it begins is durable before its process is; how it ended is durable before anything that
 * needs it begins.
 */
#include <signal.h>
#include <unistd.h>

#include "headgate/interrupt.h"
#include "running.h"

#define PIECE ((size_t)64 << 10)
#define HEARD_LIMIT ((size_t)4 << 20)     /* no line of a step is longer */
#define STOP_GRACE (PROCESS_GRACE + 5000) /* the process winds up what it runs within its own */
#define BACKOFF_MOST 300000

void live_step_clear(struct live_step *step)
{
    worker_clear(&step->worker);
    strbuf_clear(&step->heard);
    json_data_freep(&step->end);
    mem_free(TAKE(step->work.folder));
}

/* --- begin --- */

static void prepare_work(struct run *run, struct live_step *step)
{
    const struct record_step *recorded = record_find(run->record, step->planned->step->id);
    mem_free(TAKE(step->work.folder));
    step->work = (struct step_work){
        .plan = run->plan,
        .step = step->planned,
        .state = run->state,
        .record = run->record,
        .run = run->hold->run,
        .actor = run->conduct->actor,
        .folder = mem_copy(run->folder),
        .attempt = recorded != NULL ? recorded->attempts + 1 : 1,
        .outcome = run->outcome,
        .failed_step = run->failed_step,
        .patience = run->conduct->patience,
        .news = -1,
    };
}

void step_begin(struct run *run, struct live_step *step)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    msec timeout = step->planned->step->timeout;
    prepare_work(run, step);
    CLEANUP(mem_freep) char *data = mem_printf("{\"attempt\":%zu}", step->work.attempt);
    if (!run_note(run, step->planned->step->id, "step-begun", data, true)) {
        return;
    }
    step->tries++;
    step->began = clock_now();
    step->deadline = timeout > 0 ? deadline_in(timeout) : DEADLINE_NONE;
    step->kill_at = DEADLINE_NONE;
    step->timed_out = step->told_to_stop = false;
    step->group = 0;
    json_data_freep(&step->end);
    strbuf_clear(&step->heard);
    if (!worker_start(work_body, &step->work, &step->worker, &failure)) {
        step_fail(run, step, &failure);
        return;
    }
    step->state = LIVE_WORKING;
}

/* --- news --- */

/* A kind that begins with "deploy-" and the like goes into the journal as it is. */
static void take_line(struct run *run, struct live_step *step, const char *line, size_t size)
{
    CLEANUP(json_data_freep) struct json_data *news = NULL;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    const char *id = step->planned->step->id;
    if (!json_data_parse(line, size, &news, &ignored)) {
        return; /* cut off by its death: its end will be missing, too */
    }
    const char *kind = json_data_text(news, "kind");
    const char *show = json_data_text(news, "show");
    if (json_data_text(news, "end") != NULL) {
        json_data_freep(&step->end);
        step->end = TAKE(news);
    } else if (show != NULL) {
        run_show(run, id, show, json_data_truth(news, "hook", false));
    } else if (kind != NULL) {
        CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
        struct json_writer writer = json_writer_start(&data, false);
        const struct json_data *members = json_data_member(news, "data");
        json_write_data(&writer, members);
        if (text_equal(kind, "hook-started")) {
            step->group = (pid_t)json_data_integer(members, "process", 0);
        }
        (void)run_note(run, id, kind, data.text, json_data_truth(news, "durable", false));
    }
}

static void take_lines(struct run *run, struct live_step *step)
{
    size_t begin = 0;
    const char *end = NULL;
    while ((end = memchr(step->heard.text + begin, '\n', step->heard.size - begin)) != NULL) {
        size_t size = (size_t)(end - (step->heard.text + begin));
        take_line(run, step, step->heard.text + begin, size);
        begin += size + 1;
    }
    size_t rest = step->heard.size - begin;
    memmove(step->heard.text, step->heard.text + begin, rest);
    strbuf_cut(&step->heard, rest < HEARD_LIMIT ? rest : 0);
}

bool step_hear(struct run *run, struct live_step *step)
{
    ssize_t n = read(step->worker.news, strbuf_room(&step->heard, PIECE), PIECE);
    if (n > 0) {
        strbuf_grown(&step->heard, (size_t)n);
        take_lines(run, step);
    } else if (n == 0) {
        fd_closep(&step->worker.news);
    }
    return n > 0;
}

/* --- stopping --- */

void step_stop(struct run *run, struct live_step *step)
{
    (void)run;
    if (step->state == LIVE_WORKING) {
        worker_signal(&step->worker, SIGTERM); /* told once more, it does not wait for its hook */
        step->kill_at = deadline_earlier(step->kill_at, deadline_in(STOP_GRACE));
    }
}

/* What it runs has a group of its own. */
static void kill_all(struct live_step *step)
{
    worker_kill(&step->worker);
    if (step->group > 1) {
        (void)kill(-step->group, SIGKILL);
    }
    step->kill_at = deadline_in(STOP_GRACE); /* should the kernel hold it, it is tried again */
}

void step_watch(struct run *run, struct live_step *step)
{
    if (step->state != LIVE_WORKING) {
        return;
    }
    if (deadline_passed(step->kill_at)) {
        kill_all(step);
    } else if (deadline_passed(step->deadline) && !step->timed_out) {
        step->timed_out = true;
        step_stop(run, step);
    }
}

/* --- the end --- */

static void write_end(struct strbuf *out, struct live_step *step, const char *outcome,
                      const char *sentence, const struct error *failure)
{
    const struct workflow_step *about = step->planned->step;
    const struct json_data *more = json_data_member(step->end, "more");
    bool good = text_equal(outcome, "done") || text_equal(outcome, "nothing");
    struct json_writer writer = json_writer_start(out, false);
    json_write_object(&writer);
    json_write_member_text(&writer, "outcome", outcome);
    if (step->work.attempt > 0) {
        json_write_member_integer(&writer, "attempt", (int64_t)step->work.attempt);
        json_write_member_integer(&writer, "took", clock_now() - step->began);
    }
    json_write_member_text(&writer, "sentence", sentence);
    if (good && step->tries > 1) {
        json_write_member_bool(&writer, "flaky", true);
    }
    if (failure != NULL) {
        json_write_key(&writer, "error");
        error_write(&writer, failure);
        json_write_member_bool(&writer, "went_on", about->goes_on);
    }
    if (good && about->evidence != NULL) {
        json_write_member_text(&writer, "evidence", about->evidence);
        json_write_member_text(&writer, "release", step->work.plan->workflow->release->digest);
    }
    for (size_t i = 0; i < json_data_count(more); i++) {
        json_write_key(&writer, json_data_key(more, i));
        json_write_data(&writer, json_data_member(more, json_data_key(more, i)));
    }
    json_write_object_end(&writer);
}

void step_pass(struct run *run, struct live_step *step, const char *outcome, const char *sentence)
{
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    write_end(&data, step, outcome, sentence, NULL);
    step->state = run_note(run, step->planned->step->id, "step-ended", data.text, true)
                      ? LIVE_PASSED
                      : LIVE_FAILED;
}

/* What cannot become right by itself is not tried again: a refusal, a mistake in a file, a
 * statement that the server does not take. A hook may fail for any reason. */
static bool may_be_tried_again(const struct live_step *step, const struct error *failure)
{
    bool passing = failure->retryable || failure->code == ERROR_UNREACHABLE ||
                   failure->code == ERROR_LOCKED || failure->code == ERROR_TIMEOUT;
    return step->tries <= (size_t)step->planned->step->retries &&
           (step->planned->step->hook != NULL || passing);
}

static void try_again(struct run *run, struct live_step *step, const struct error *failure)
{
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    struct json_writer writer = json_writer_start(&data, false);
    msec pause = step->planned->step->backoff;
    for (size_t i = 1; i < step->tries && pause < BACKOFF_MOST; i++) {
        pause *= 2;
    }
    pause = pause < BACKOFF_MOST ? pause : BACKOFF_MOST;
    json_write_object(&writer);
    json_write_member_integer(&writer, "attempt", (int64_t)step->work.attempt);
    json_write_member_integer(&writer, "in", pause);
    json_write_key(&writer, "error");
    error_write(&writer, failure);
    json_write_object_end(&writer);
    step->state = run_note(run, step->planned->step->id, "step-retrying", data.text, true)
                      ? LIVE_BACKOFF
                      : LIVE_FAILED;
    step->retry_at = deadline_in(pause);
}

void step_fail(struct run *run, struct live_step *step, struct error *failure)
{
    const struct workflow_step *about = step->planned->step;
    CLEANUP(strbuf_clear) struct strbuf data = STRBUF_INIT;
    if (run->stop == STOP_NOT && !error_is_set(&run->broken) && may_be_tried_again(step, failure)) {
        try_again(run, step, failure);
        return;
    }
    write_end(&data, step, "failed", failure->message, failure);
    step->state = about->goes_on || about->always ? LIVE_PASSED : LIVE_FAILED;
    if (!run_note(run, about->id, "step-ended", data.text, true)) {
        return;
    }
    if (!about->goes_on && !error_is_set(&run->failure)) {
        error_move(&run->failure, failure);
        run->failed_step = about->id;
    }
    if (step->state == LIVE_FAILED && run->stop == STOP_NOT) {
        run->stop = STOP_FAILURE;
    }
}

static void explain_timeout(const struct live_step *step, struct error *failure)
{
    CLEANUP(mem_freep) char *timeout = duration_format(step->planned->step->timeout);
    bool hook = step->planned->step->hook != NULL;
    struct error late = ERROR_INIT;
    (void)error_set(&late, hook ? ERROR_HOOK : ERROR_TIMEOUT, "stopped after its timeout of %s",
                    timeout);
    if (failure->detail != NULL) {
        (void)error_detail(&late, "%s", failure->detail);
    }
    error_clear(failure);
    error_move(failure, &late);
}

/* It was told to stop by a person, and did. Nothing is wrong with it: it is begun again when the
 * run is resumed. */
static bool was_stopped(const struct live_step *step, const struct error *failure)
{
    bool interrupted = failure->code == ERROR_INTERRUPTED || failure->code == ERROR_TERMINATED;
    return interrupted && !step->timed_out;
}

static void explain_death(const struct live_step *step, int status, int number,
                          struct error *failure)
{
    CLEANUP(mem_freep)
    char *how = number != 0 ? mem_printf("was killed by signal %d (%s)", number, strsignal(number))
                            : mem_printf("left with status %d", status);
    (void)error_set(failure, ERROR_HALFWAY, "the process of step \"%s\" %s",
                    step->planned->step->id, how);
    (void)error_detail(failure, "What it was doing is known to the target alone.");
}

/* Nothing of it is an ending: the journal shows that it had begun, and no more. */
static void leave_open(struct run *run, struct live_step *step, enum why_stop why,
                       struct error *failure)
{
    step->state = LIVE_FAILED;
    if (run->stop == STOP_NOT || why == STOP_CUT) {
        run->stop = why;
    }
    if (why == STOP_CUT && (!error_is_set(&run->failure) || run->failure.code != ERROR_HALFWAY)) {
        error_clear(&run->failure);
        error_move(&run->failure, failure);
        run->failed_step = step->planned->step->id;
    }
}

static void take_end(struct run *run, struct live_step *step)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    const char *outcome = json_data_text(step->end, "end");
    if (!text_equal(outcome, "failed")) {
        step_pass(run, step, outcome, json_data_text(step->end, "sentence"));
        return;
    }
    (void)error_read(json_data_member(step->end, "error"), &failure);
    if (step->timed_out) {
        explain_timeout(step, &failure);
    } else if (was_stopped(step, &failure)) {
        leave_open(run, step, STOP_PERSON, &failure);
        return;
    }
    step_fail(run, step, &failure);
}

void step_ended(struct run *run, struct live_step *step)
{
    int status = 0, number = 0;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!worker_has_ended(&step->worker, &status, &number)) {
        return;
    }
    while (step->worker.news >= 0 && step_hear(run, step)) {
        /* what it said last may still be in the pipe */
    }
    worker_clear(&step->worker);
    if (step->group > 1 && (number != 0 || step->end == NULL)) {
        (void)kill(-step->group, SIGKILL); /* its hook has nobody any more who watches it */
    }
    if (error_is_set(&run->broken)) {
        step->state = LIVE_FAILED;
    } else if (step->end != NULL) {
        take_end(run, step);
    } else if (step->timed_out) {
        (void)error_set(&failure, ERROR_TIMEOUT, "it did not end when it was told to");
        explain_timeout(step, &failure);
        step_fail(run, step, &failure);
    } else {
        explain_death(step, status, number, &failure);
        leave_open(run, step, STOP_CUT, &failure);
    }
}
