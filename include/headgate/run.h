/*
 * A run: one execution of a plan. One process with one poll loop; each step is a process of its
 * own that reports what it does.
 *
 * The journal is written ahead: what a step is about to do is durable before it begins, what came
 * of it before anything else follows from it. After any death the journal says which steps had
 * begun, and the targets' histories say what became of them; `run_resume` goes on from there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/journal.h"
#include "headgate/plan.h"

/* --- what a journal says --- */

enum step_state {
    STEP_OPEN,
    STEP_RUNNING,
    STEP_RETRYING, /* failed, and will be tried again */
    STEP_WAITING,  /* a gate, or a deploy that policy makes wait */
    STEP_DONE,
    STEP_SKIPPED,
    STEP_FAILED,
    STEP_CUT /* begun; nobody knows what became of it: it was cut off, and is begun again */
};
const char *step_state_name(enum step_state state);

struct record_step {
    const char *id, *kind;
    const char *environment; /* NULL: none */
    bool always;
    enum step_state state;
    size_t attempts;                 /* how often it was begun */
    size_t n_cut;                    /* how many of them were cut off */
    bool flaky;                      /* it failed before it succeeded */
    bool nothing;                    /* there was nothing to do */
    bool went_on;                    /* it failed, and the run was to go on */
    int64_t begun, ended;            /* wall clock, microseconds; of the last attempt; 0: not yet */
    const char *sentence;            /* how it ended, or what it waits for; or NULL */
    struct strlist applied;          /* migrations, in their order */
    const struct json_data *error;   /* of the last failure: kind, message, detail, hint; or NULL */
    const struct json_data *outputs; /* what a hook wrote to $HEADGATE_OUTPUT; or NULL */
    const struct json_data *came_to; /* of a backup or a restore: what it made, and how far that is
                                        proven; or NULL */
    const char *evidence;            /* that it brought; or NULL */
    enum error_code code;            /* of the last failure */
};

struct approval {
    const char *who, *how; /* how: "user", "signature" */
    const char *step;      /* the gate */
    const char *reason;    /* or NULL */
    int64_t time;
    bool rejects;
    bool by_author; /* who began the run */
};

enum run_state {
    RUN_RUNNING, /* somebody holds its lease */
    RUN_WAITING, /* at a gate */
    RUN_STOPPED, /* by a person, at a safe point */
    RUN_FAILED,  /* a step failed */
    RUN_CUT,     /* it died, or had to stop half-way */
    RUN_DONE,
    RUN_CANCELED
};
const char *run_state_name(enum run_state state);
/* May it be gone on with? */
bool run_state_is_open(enum run_state state);

struct record {
    const char *run;
    enum run_state state;
    const char *plan, *pipeline, *release, *author;
    const char *pipeline_path, *environments_path, *release_path; /* what it was begun with */
    const char *state_folder; /* where it is kept now; NULL where the journal is somebody else's */
    const struct json_data *plan_document;
    const struct json_data *policies; /* as they were weighed: step, environment, policy, demand,
                                         state, because, reason */
    const char *sentence;             /* of its end, or what it waits for; or NULL */
    struct lease_holder holder;       /* of RUN_RUNNING */
    int64_t begun, ended;
    int exit_status; /* of the last process that worked on it; -1: none ended in an orderly way */
    size_t n_resumed;
    bool cancel_asked;
    struct record_step *steps;
    size_t n;
    struct approval *approvals;
    size_t n_approvals;
    const struct policy_override *overrides;
    size_t n_overrides;
    const char *head; /* the hash of its last event */
    size_t n_events;
    const struct journal *journal; /* what all of it is borrowed from */
    struct journal *owned;         /* the same, where the record has opened it */
    struct arena *arena;
};

/* What a run's journal says. The record owns the journal that it opens. */
NODISCARD bool record_read(struct state *state, const char *run, struct record **ret_record,
                           struct error *err);
void record_freep(struct record **record);
const struct record_step *record_find(const struct record *record, const char *id);
/* A run by its id or the beginning of it; NULL: the only open one (where none is, the newest, if it
 * is done), or, where `open` is false, the newest. ERROR_USAGE where there is none, or several. The
 * caller's. */
NODISCARD bool run_find(struct state *state, const char *named, bool open, char **ret_run,
                        struct error *err);

/* --- running --- */

/* What happens, for the screen. Either an event of the journal, or something of the moment. */
struct run_news {
    const struct event *event; /* or NULL */
    const char *step;
    const char *text; /* a line of a hook's output; what a deploy is doing now */
    bool from_hook;   /* it is a line of output */
    bool stopping;    /* it says at which safe point the run will stop */
};
struct run_observer {
    /* Both may be NULL. `record` is what the journal says by now. */
    void (*news)(void *context, const struct record *record, const struct run_news *news);
    /* Every `interval`, where that is not 0, while something runs. */
    void (*tick)(void *context, const struct record *record);
    msec interval;
    void *context;
};

struct run_conduct {
    const char *actor;
    msec patience;      /* how long to wait for others who hold an environment */
    msec gate_patience; /* how long to wait at gates before it stops and says that it waits; 0: not
                         */
    struct run_observer observer;
};

struct run_result {
    char *run;
    int exit_status;
};

/*
 * One at a time: a run holds every environment that its workflow works with, from before its plan
 * is made until it is over, so that nobody makes the plan stale meanwhile. Other machines are kept
 * out by an advisory lock in each target while a step works with it.
 */
struct run_hold {
    char *run; /* the id of the run to come, or of the one that is resumed */
    struct lease **leases;
    size_t n;
};
/* run NULL: a new one. ERROR_LOCKED, with who has what since when, after `patience`. */
NODISCARD bool run_hold_take(const struct workflow *workflow, struct state *state, const char *run,
                             const char *actor, msec patience, struct run_hold **ret_hold,
                             struct error *err);
void run_hold_freep(struct run_hold **hold);

/* Executes the plan as a new run. That a step failed, or that a gate is closed, is an error: with
 * the code that the exit status is made of. *ret_result is right also then; its run is NULL where
 * none was begun. The plan must have no refusal, and was made after the hold was taken. */
NODISCARD bool run_execute(struct plan *plan, struct state *state, const struct run_hold *hold,
                           const struct run_conduct *conduct, struct run_result *ret_result,
                           struct error *err);
/* Goes on with a run. The plan was made for it (plan_request.so_far, read after the hold was taken)
 * and must be about the same release and pipeline; what is left to deploy must be what was planned,
 * or a part of it: else ERROR_STALE. */
NODISCARD bool run_resume(struct plan *plan, struct state *state, const struct run_hold *hold,
                          const struct run_conduct *conduct, struct run_result *ret_result,
                          struct error *err);
void run_result_clear(struct run_result *result);
/* Asks a run to stop at the next safe point, for good; one that is not running is canceled at once.
 * ret_at_once: it was. */
NODISCARD bool run_cancel(struct state *state, const char *run, const char *actor,
                          const char *reason, bool *ret_at_once, struct error *err);

/* --- approving --- */

struct approval_request {
    const char *run, *step; /* step NULL: the only one that waits for approvals */
    const char *actor;
    const char *reason;
    bool rejects;
    const char *key;       /* signs with this key (ssh-keygen -Y sign); or NULL */
    const char *signature; /* or a file with a signature that was made elsewhere; or NULL */
};
/* ret_sentence: what it came to: "1 of 2 approvals of gate \"go\"". The caller's. */
NODISCARD bool run_approve(struct state *state, const struct approval_request *request,
                           char **ret_sentence, struct error *err);
/* The line that a signature is made over: "headgate-approval-v1 <run> <plan> <step> approve\n". The
 * caller's. */
char *approval_text(const char *run, const char *plan, const char *step, bool rejects);
