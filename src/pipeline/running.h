/* What the files of a running run share. */
#pragma once

#include "private.h"

enum live_state {
    LIVE_IDLE,    /* not begun yet */
    LIVE_GATE,    /* waits for people or the clock */
    LIVE_WORKING, /* its process works */
    LIVE_BACKOFF, /* failed, and will be tried again */
    LIVE_PASSED,  /* over; those that need it may begin */
    LIVE_FAILED   /* over; they may not */
};

struct live_step {
    const struct plan_step *planned;
    enum live_state state;
    struct worker worker;
    struct step_work work;
    struct strbuf heard;   /* of its news, what is no whole line yet */
    struct json_data *end; /* what it said at its end */
    pid_t group;           /* of the hook that it runs; 0: none */
    size_t tries;          /* of this process */
    msec began, deadline, retry_at;
    msec kill_at; /* when it is killed that was told to stop */
    bool timed_out, told_to_stop;
    bool asked; /* a gate: that it waits is in the journal */
    size_t said_approvals, said_waits;
    int64_t gate_until; /* wall clock; when a gate may open by itself; 0: only by people */
};

enum why_stop { STOP_NOT, STOP_PERSON, STOP_CANCELED, STOP_FAILURE, STOP_CUT };

struct run {
    struct plan *plan;
    struct state *state;
    const struct run_hold *hold;
    const struct lease *lease; /* the run's */
    const struct run_conduct *conduct;
    struct journal *journal;
    struct record *record;
    char *folder;
    struct live_step *steps; /* as in the plan */
    size_t n;
    bool closing;        /* the steps of "always" run */
    const char *outcome; /* for them */
    enum why_stop stop;
    int signal;           /* that asked to stop first */
    int wishes;           /* how often somebody asked */
    msec gates_since;     /* since when only gates are left; 0: not so */
    struct error failure; /* of the first step that failed */
    const char *failed_step;
    struct error broken; /* the journal cannot be written */
};

/* Appends to the journal, takes it into the record and shows it. After a failure the run is broken:
 * every step is told to stop, and nothing begins any more. data may be NULL. */
bool run_note(struct run *run, const char *step, const char *kind, const char *data, bool durable);
bool run_seal(struct run *run, const char *kind, const char *data);
void run_break(struct run *run, struct error *err);
/* Something of the moment, for the screen only. */
void run_show(struct run *run, const char *step, const char *text, bool from_hook);
void run_show_stopping(struct run *run, const char *step, const char *text);
/* The events of the record from this number on. */
void run_show_events(struct run *run, size_t known);
const struct live_step *run_step(const struct run *run, const struct workflow_step *step);

/* Everything that may begin, begins. */
void run_begin_ready(struct run *run);
/* Over all of its steps, until nothing works and nothing more can begin. */
void run_loop(struct run *run);

/* ERROR_STALE where the run cannot be gone on with by this plan. */
NODISCARD bool resume_check(const struct plan *plan, struct state *state, const char *run,
                            struct error *err);

/* What it came to: the steps of "always", the last event, the error. */
bool run_finish(struct run *run, struct error *err);
/* The same where the journal cannot be written. */
void run_explain_broken(struct run *run, struct error *err);

void step_begin(struct run *run, struct live_step *step);
/* Without a process. outcome: "skipped", "nothing", "done". */
void step_pass(struct run *run, struct live_step *step, const char *outcome, const char *sentence);
void step_fail(struct run *run, struct live_step *step, struct error *failure);
/* Takes in a piece of what its process says; false where there is nothing now. */
bool step_hear(struct run *run, struct live_step *step);
/* Its process has ended. */
void step_ended(struct run *run, struct live_step *step);
/* Its deadline has passed, or it does not obey. */
void step_watch(struct run *run, struct live_step *step);
/* Now: its process winds up. */
void step_stop(struct run *run, struct live_step *step);
void live_step_clear(struct live_step *step);

/* Does the step have to wait, for its own gate or for what its environment demands? It may fail
 * there. */
bool step_must_wait(struct run *run, struct live_step *step);
