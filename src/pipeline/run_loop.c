/*
 * The loop of a run: one poll over what its steps say, whether they have ended, what others append
 * to the journal, and the clock. While nothing happens it sleeps.
 */
#include <poll.h>
#include <signal.h>

#include "headgate/interrupt.h"
#include "running.h"

#define LOOK_INTERVAL 1000

const struct live_step *run_step(const struct run *run, const struct workflow_step *step)
{
    for (size_t i = 0; i < run->n; i++) {
        if (run->steps[i].planned->step == step) {
            return &run->steps[i];
        }
    }
    return NULL;
}

/* --- what may begin --- */

static bool is_over(const struct live_step *step)
{
    return step->state == LIVE_PASSED || step->state == LIVE_FAILED;
}

/* Those of "always" come one after the other, however the others went. */
static bool has_its_turn(const struct run *run, const struct live_step *step)
{
    const struct workflow *workflow = run->plan->workflow;
    const struct workflow_step *about = step->planned->step;
    bool turn = about->always == run->closing;
    for (size_t i = 0; i < run->n && turn && about->always; i++) {
        bool earlier = run->steps[i].planned->step->always && &run->steps[i] < step;
        turn = !earlier || is_over(&run->steps[i]);
    }
    for (size_t i = 0; i < about->n_needs && turn; i++) {
        turn = run_step(run, &workflow->steps[about->needs[i]])->state == LIVE_PASSED;
    }
    return turn;
}

/* "when", now that what it asks for has ended. */
static bool is_the_case(const struct run *run, const struct live_step *step)
{
    struct plan_facts facts = {.plan = run->plan, .record = run->record};
    const struct condition_facts asked = {.fact = plan_fact, .context = &facts};
    return step->planned->verdict != PLAN_OPEN || step->planned->step->when == NULL ||
           condition_answer(step->planned->step->when, &asked) == CONDITION_YES;
}

static void begin_or_pass(struct run *run, struct live_step *step)
{
    const struct plan_step *planned = step->planned;
    if (planned->verdict == PLAN_SKIPPED) {
        step_pass(run, step, "skipped", planned->why);
    } else if (planned->verdict == PLAN_NOTHING) {
        step_pass(run, step, "nothing", planned->why);
    } else if (!is_the_case(run, step)) {
        CLEANUP(mem_freep) char *why = mem_printf("not the case: %s", planned->step->when_text);
        step_pass(run, step, "skipped", why);
    } else if (step_must_wait(run, step)) {
        return;
    } else if (planned->step->kind->work == NULL) {
        step_pass(run, step, "done", NULL);
    } else {
        step_begin(run, step);
    }
}

static bool may_begin(const struct run *run, const struct live_step *step)
{
    if (error_is_set(&run->broken) || (run->stop != STOP_NOT && !run->closing)) {
        return false;
    }
    return step->state == LIVE_BACKOFF
               ? deadline_passed(step->retry_at)
               : (step->state == LIVE_IDLE || step->state == LIVE_GATE) && has_its_turn(run, step);
}

void run_begin_ready(struct run *run)
{
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < run->n; i++) {
            struct live_step *step = &run->steps[i];
            enum live_state before = step->state;
            if (!may_begin(run, step)) {
                continue;
            }
            if (before == LIVE_BACKOFF) {
                step_begin(run, step);
            } else {
                begin_or_pass(run, step);
            }
            moved = moved || is_over(step);
        }
    }
}

/* --- when it is over --- */

static size_t count(const struct run *run, enum live_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < run->n; i++) {
        n += run->steps[i].state == state;
    }
    return n;
}

/* Nothing but gates: they are waited for only so long. */
static bool waits_on(struct run *run)
{
    if (run->gates_since == 0) {
        run->gates_since = clock_now();
    }
    return run->conduct->gate_patience > 0 &&
           clock_now() - run->gates_since < run->conduct->gate_patience;
}

static bool goes_on(struct run *run)
{
    if (count(run, LIVE_WORKING) > 0) {
        run->gates_since = 0;
        return true;
    }
    if (error_is_set(&run->broken) || (run->stop != STOP_NOT && !run->closing)) {
        return false;
    }
    if (count(run, LIVE_BACKOFF) > 0) {
        return true;
    }
    return count(run, LIVE_GATE) > 0 && waits_on(run);
}

/* --- stopping --- */

static void say_safe_points(struct run *run)
{
    size_t n = 0;
    for (size_t i = 0; i < run->n; i++) {
        const struct live_step *step = &run->steps[i];
        if (step->state != LIVE_WORKING) {
            continue;
        }
        bool deploy = step->planned->step->kind == &step_kind_deploy;
        CLEANUP(mem_freep)
        char *text = mem_printf("stops %s; Ctrl-C%s stops it now",
                                deploy ? "after the migration that runs now" : "when it has ended",
                                run->signal != 0 ? " again" : "");
        run_show_stopping(run, step->planned->step->id, text);
        n++;
    }
    if (n == 0) {
        run_show_stopping(run, NULL, "stops");
    }
}

static void stop_gently(struct run *run, enum why_stop why)
{
    run->stop = run->stop == STOP_NOT ? why : run->stop;
    for (size_t i = 0; i < run->n; i++) {
        if (run->steps[i].state == LIVE_WORKING) {
            worker_signal(&run->steps[i].worker, SIGUSR1);
        }
    }
    say_safe_points(run);
}

static void stop_now(struct run *run)
{
    for (size_t i = 0; i < run->n; i++) {
        step_stop(run, &run->steps[i]);
    }
}

/* The first wish is a gentle one, the second is not. */
static void take_wishes(struct run *run)
{
    if (interrupt_pending() == 0) {
        return;
    }
    run->signal = run->signal != 0 ? run->signal : interrupt_pending();
    int before = run->wishes;
    run->wishes += interrupt_count();
    interrupt_forget();
    if (before == 0) {
        stop_gently(run, STOP_PERSON);
    }
    if (run->wishes > 1) {
        stop_now(run);
    }
}

/* --- one turn --- */

static msec sooner_by_clock(msec until, int64_t wall)
{
    int64_t left = wall > 0 ? (wall - wall_now_usec()) / 1000 + 1 : 0;
    return wall > 0 ? deadline_earlier(until, deadline_in(left > 0 ? left : 0)) : until;
}

static msec next_deadline(const struct run *run)
{
    const struct run_observer *observer = &run->conduct->observer;
    bool ticks = observer->tick != NULL && observer->interval > 0;
    msec until = ticks ? deadline_in(observer->interval) : DEADLINE_NONE;
    for (size_t i = 0; i < run->n; i++) {
        const struct live_step *step = &run->steps[i];
        if (step->state == LIVE_WORKING) {
            msec own = step->timed_out ? step->kill_at : step->deadline;
            until = deadline_earlier(until, deadline_earlier(own, step->kill_at));
        } else if (step->state == LIVE_BACKOFF) {
            until = deadline_earlier(until, step->retry_at);
        } else if (step->state == LIVE_GATE) {
            until = sooner_by_clock(until, step->gate_until);
        }
    }
    if (run->gates_since > 0) {
        until = deadline_earlier(until, run->gates_since + run->conduct->gate_patience);
    }
    return until;
}

/* The wish may have come in with any append of ours. That somebody has stopped it before does not
 * keep it from being canceled. */
static void take_canceling(struct run *run)
{
    if (!run->record->cancel_asked) {
        return;
    }
    if (run->stop == STOP_NOT) {
        run->wishes++;
        stop_gently(run, STOP_CANCELED);
    } else if (run->stop == STOP_PERSON) {
        run->stop = STOP_CANCELED;
    }
}

static void take_in_others(struct run *run)
{
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!journal_catch_up(run->journal, &failure)) {
        run_break(run, &failure);
        return;
    }
    size_t known = run->record->n_events;
    record_follow(run->record);
    run_show_events(run, known);
}

/* What is polled. A system polls no more descriptors than a process may have open, so only those
 * that are open are among them, however many steps there are. */
struct watched {
    struct pollfd *fds;
    nfds_t n;
};

static void watched_clear(struct watched *watched)
{
    mem_free(watched->fds);
}

static void watch(struct watched *watched, int fd)
{
    if (fd >= 0) {
        watched->fds[watched->n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
}

static bool has_news(const struct watched *watched, int fd)
{
    for (nfds_t i = 0; i < watched->n; i++) {
        if (watched->fds[i].fd == fd) {
            return watched->fds[i].revents != 0;
        }
    }
    return false;
}

static void take_news(struct run *run, const struct watched *watched)
{
    int others = journal_watch(run->journal);
    if (others < 0 || has_news(watched, others)) {
        take_in_others(run);
    }
    for (size_t i = 0; i < run->n; i++) {
        struct live_step *step = &run->steps[i];
        if (step->state != LIVE_WORKING) {
            continue;
        }
        if (has_news(watched, step->worker.news)) {
            (void)step_hear(run, step);
        }
        if (has_news(watched, step->worker.pidfd)) {
            step_ended(run, step);
        } else {
            step_watch(run, step);
        }
    }
}

static void wait_for_news(struct run *run, struct watched *watched)
{
    watched->n = 0;
    watch(watched, journal_watch(run->journal));
    for (size_t i = 0; i < run->n; i++) {
        if (run->steps[i].state == LIVE_WORKING) {
            watch(watched, run->steps[i].worker.news);
            watch(watched, run->steps[i].worker.pidfd);
        }
    }
    msec until = next_deadline(run);
    if (journal_watch(run->journal) < 0) { /* the system has no more watches: so it is looked at */
        until = deadline_earlier(until, deadline_in(LOOK_INTERVAL));
    }
    if (interrupt_poll(watched->fds, watched->n, until) < 0) {
        watched->n = 0;
    }
}

void run_loop(struct run *run)
{
    const struct run_observer *observer = &run->conduct->observer;
    CLEANUP(watched_clear)
    struct watched watched = {.fds = mem_new(1 + 2 * run->n, sizeof *watched.fds)};
    take_wishes(run);
    run_begin_ready(run);
    take_canceling(run);
    while (goes_on(run)) {
        wait_for_news(run, &watched);
        take_wishes(run);
        take_news(run, &watched);
        run_begin_ready(run);
        take_canceling(run);
        if (observer->tick != NULL) {
            observer->tick(observer->context, run->record);
        }
    }
}
