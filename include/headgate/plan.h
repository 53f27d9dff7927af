/*
 * A plan: what a run would do, made by looking only. Every session is read only, every file that
 * takes part is hashed, nothing is written anywhere.
 *
 * Executing takes a plan and nothing else, so a dry run cannot say anything but what a run does.
 * The id of a plan is the digest of its document, which holds all that was looked at and nothing of
 * when: two plans of the same world have the same id.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/backup_tool.h"
#include "headgate/deploy.h"
#include "headgate/journal.h"
#include "headgate/restore.h"
#include "headgate/workflow.h"

#define PLAN_VALIDITY ((msec)12 * 3600 * 1000)

enum policy_state {
    POLICY_OK,
    POLICY_COMES, /* a step of this plan will bring it */
    POLICY_WAITS, /* it will be waited for: an approval, a window */
    POLICY_FAILS,
    POLICY_OVERRIDDEN /* it fails, and somebody has said why it may */
};
const char *policy_state_name(enum policy_state state);

/* What an environment can demand, NULL terminated. */
extern const char *const policy_names[];

struct policy_finding {
    const struct workflow_step *step; /* the deploy that it is about */
    char *policy;                     /* what --override names: "after", "evidence", "approvals",
                                         "windows", "freeze", "backup", "signature" */
    enum policy_state state;
    char *demand;  /* "staging must have this release", "evidence e2e" */
    char *because; /* "run 20261120-190501-3f2a, 2026-11-19 14:02 UTC", "will come from step 4" */
    char *hint;    /* where it fails: what to do; or NULL */
    char *reason;  /* where it is overridden */
};

struct policy_override {
    const char *policy, *reason; /* the policy may be followed by ":ENV" */
};

/* A database as it was looked at. */
struct plan_target {
    struct environment *environment;
    struct deploy_plan *deploy; /* how it stands to the release, with its address and version */
};

/* What a backup step would do. */
struct plan_backup {
    struct backup_plan own;    /* where Headgate makes it itself */
    struct tool_report report; /* where another tool does: the backups that it has made */
    bool by_tool;
};

/* What a restore step would do. */
struct plan_restore {
    struct vault *vault;
    struct vault_item item; /* the backup; not set where a step before makes it */
    struct restore_request request;
    struct restore_plan *plan;             /* NULL where a step before makes the backup */
    const struct workflow_step *made_from; /* that step; else NULL */
};

enum plan_verdict {
    PLAN_RUNS,
    PLAN_NOTHING, /* there is nothing to do: it is deployed already */
    PLAN_SKIPPED, /* its "when" says no */
    PLAN_OPEN,    /* its "when" will be known in the run */
    PLAN_SETTLED  /* on resumption: the run has done it before */
};
const char *plan_verdict_name(enum plan_verdict verdict);

struct plan_step {
    const struct workflow_step *step;
    size_t stage; /* from 0; steps of one stage may run side by side */
    enum plan_verdict verdict;
    bool repeats;                 /* a deploy: another step deploys there, too */
    char *why;                    /* where it does not simply run, one sentence; or NULL */
    struct plan_target *target;   /* of its environment; or NULL */
    struct deploy_plan *deploy;   /* of deploy and check */
    char *program;                /* of a hook: its path */
    char *seed;                   /* of a seed: its path */
    char file[HASH_HEX_SIZE];     /* of that program or seed; empty where it is no file of ours */
    struct plan_backup *backup;   /* of a backup; else NULL */
    struct plan_restore *restore; /* of a restore; else NULL */
    const struct workflow_step *restored_by; /* a deploy: a step before it restores its database,
                                                so that what is to be applied is not known yet */
    struct strlist variables; /* of a hook: the names of the variables that it gets */
    msec measured;            /* how long it took in an earlier run; -1: not known */
    char *measured_in;        /* that run; or NULL */
    struct error refusal;     /* why it cannot be done; ERROR_NONE where it can */
};

struct plan {
    char id[HASH_HEX_SIZE];
    struct workflow *workflow; /* borrowed */
    struct plan_target *targets;
    size_t n_targets;
    struct plan_step *steps; /* as in the workflow, those of "always" behind */
    size_t n;
    struct policy_finding *findings;
    size_t n_findings;
    const struct policy_override *overrides; /* borrowed */
    size_t n_overrides;
    const char *until;         /* the last step that runs; NULL: all of them */
    size_t to_apply;           /* migrations, over all its deploys */
    bool confirms;             /* production would be deployed to, and nobody approves it before */
    char *document;            /* JSON in canonical form */
    int64_t made, valid_until; /* wall clock, microseconds */
    struct error refusal;      /* why it cannot be executed as a whole */
};

struct record;
struct plan_request {
    const char *until;
    const struct policy_override *overrides;
    size_t n_overrides;
    const struct record *so_far; /* on resumption: what the run has done; or NULL */
    void (*on_progress)(const char *sentence);
    msec patience;
};

/* A reason not to execute it is an answer (plan->refusal), not a failure. */
NODISCARD bool plan_make(struct workflow *workflow, struct state *state,
                         const struct plan_request *request, msec deadline, struct plan **ret_plan,
                         struct error *err);
void plan_freep(struct plan **plan);
const struct plan_step *plan_find(const struct plan *plan, const char *id);
/* Does a run of it change anything? */
bool plan_does_something(const struct plan *plan);

/* --- saved plans --- */

struct saved_plan {
    char *id;
    char *pipeline, *environments, *release, *state, *until; /* paths; until may be NULL */
    int64_t made, valid_until;
    char *made_by;
    struct policy_override *overrides;
    size_t n_overrides;
    struct json_data *data; /* the whole file */
};
/* Durable, and whole or not at all. */
NODISCARD bool plan_save(const struct plan *plan, const struct workflow_source *source,
                         const char *actor, const char *path, struct error *err);
/* ERROR_CONFIG where it is no plan, or was changed since it was written. */
NODISCARD bool plan_load(const char *path, struct saved_plan **ret_saved, struct error *err);
void saved_plan_freep(struct saved_plan **saved);
/* ERROR_STALE, naming everything that has changed, where the world is not what it was then. */
NODISCARD bool plan_check_saved(const struct plan *now, const struct saved_plan *saved,
                                struct error *err);
