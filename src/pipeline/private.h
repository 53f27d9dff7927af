/* What the files of this module share. */
#pragma once

#include "headgate/json_write.h"
#include "headgate/process.h"
#include "headgate/run.h"
#include "headgate/secret.h"

/* --- step kinds: one file and one line of the table each --- */

struct step_work;

struct step_kind {
    const char *name;   /* its key in the file */
    const char *coming; /* not part of this version: what to do without it; else NULL */
    /* Reads the value of its key; mistakes are noted in the document. */
    void (*read)(const struct workflow *workflow, struct json_object *object,
                 struct workflow_step *step);
    /* By looking only: fills in what is to be known about it. A reason not to run it is an answer
     * (step->refusal). NULL: there is nothing to look at. */
    bool (*look)(struct plan *plan, struct plan_step *step, const struct plan_request *request,
                 msec deadline, struct error *err);
    /* Its part of the plan's document: members of the step's object. NULL: none. */
    void (*write)(struct json_writer *writer, const struct plan_step *step);
    /* Does it, in a process of its own. A step that had begun when everything died is simply done
     * again: a deploy asks the target's history first, hooks and seeds must stand it. NULL: there
     * is nothing to do but to wait (a gate). */
    bool (*work)(struct step_work *work, struct error *err);
};
extern const struct step_kind step_kind_deploy, step_kind_hook, step_kind_gate, step_kind_check,
    step_kind_seed, step_kind_rehearse, step_kind_backup, step_kind_restore, step_kind_refresh;
extern const struct step_kind *const step_kinds[]; /* NULL terminated */

/* --- workflow --- */

/* The environment that a key names; NULL, with a mistake noted, where there is none. Also NULL
 * where the environments file itself could not be read. */
struct environment *workflow_environment(const struct workflow *workflow,
                                         struct json_object *object, const char *key,
                                         enum json_need need);
/* A path of the file, from where the file stands; in the document's arena. */
const char *workflow_path(const struct json_node *node, const char *path);
/* NULL, with a mistake noted, where it is no condition. `about` is its step; `workflow` has all
 * steps, so that names of steps are checked: they must come before. */
const struct condition *condition_read(const struct json_node *node, const char *text,
                                       const struct workflow *workflow,
                                       const struct workflow_step *about);

/* --- plan --- */

/* The facts that conditions ask for, as far as plan and record know them. record may be NULL. */
struct plan_facts {
    const struct plan *plan;
    const struct record *record;
};
enum fact plan_fact(void *context, const char *name, const char **ret_value);
/* What becomes of each step. */
NODISCARD bool plan_decide(struct plan *plan, struct state *state, const struct record *so_far,
                           struct error *err);
/* Will the step be done, or has the run done it already? */
bool plan_step_counts(const struct plan_step *step);
/* How long steps took in earlier runs of this pipeline. */
void plan_take_measures(struct plan *plan, struct state *state);
void plan_restore_freep(struct plan_restore **restore);
/* A step before it that restores the database that it deploys to, and is yet to do so; or NULL. */
const struct workflow_step *plan_restored_before(const struct plan *plan,
                                                 const struct workflow_step *deploy);
/* What the policies of the environments that it deploys to demand, each as a finding. */
NODISCARD bool plan_check_policies(struct plan *plan, struct state *state,
                                   const struct record *so_far, msec deadline, struct error *err);
/* Of a deploy, at the moment of the deploy: the policies that can be looked at, once more. */
NODISCARD bool policies_hold_now(const struct plan *plan, const struct plan_step *step,
                                 struct state *state, msec deadline, struct error *err);
/* How old a backup of it may be; 0: its policy does not say. */
msec backup_max_age(const struct environment *environment);
/* Is there a backup of that database as its environment's policy demands it? ret_because is which
 * one, or what the closest one lacks; the caller's. */
NODISCARD bool backup_policy_look(const struct environment *environment,
                                  const struct deploy_plan *target, msec deadline, bool *ret_holds,
                                  char **ret_because, struct error *err);
/* What to do where there is none. The caller's. */
char *backup_policy_hint(const struct environment *environment);
/* Is this demand of this environment overridden? NULL: it is not. */
const struct policy_override *policy_override_of(const struct plan *plan, const char *policy,
                                                 const char *environment);
/* What has changed between two documents, in words. */
void plan_find_changes(const struct json_data *then, const struct json_data *now,
                       struct strlist *ret_changes);
/* The document and the id. */
void plan_write_document(struct plan *plan);

/* --- evidence: what the runs of this state have recorded about a release --- */

struct evidence {
    char *run, *step;
    int64_t time;
};
/* The newest evidence of this name about this release; ret_found->run is NULL where there is none.
 */
NODISCARD bool evidence_find(struct state *state, const char *release, const char *name,
                             struct evidence *ret_found, struct error *err);
void evidence_clear(struct evidence *evidence);

/* --- records --- */

/* Of a journal that somebody else owns; `holder` stays empty. */
struct record *record_of(const struct journal *journal);
/* Takes in the events that the journal has got since. */
void record_follow(struct record *record);
/* Writes an error as the object that events carry. */
void error_write(struct json_writer *writer, const struct error *error);
/* The other way round; returns false. */
bool error_read(const struct json_data *data, struct error *err);
/* What is said at one place more: code, message, detail and hint. */
void refusal_copy(struct error *to, const struct error *from);

/* --- gates --- */

/* What is still waited for. Open where there are no sentences and nobody has rejected it. */
struct gate_waits {
    struct strlist sentences; /* "1 of 2 approvals" */
    int64_t until; /* microseconds: when it may change by itself at the earliest; 0: only a person
                      can change it */
    bool rejected;
    char *rejected_by;
    size_t approvals, wanted;
};
void gate_waits_clear(struct gate_waits *waits);
/* The gate is the step's own, or what gate_of_requirements has made of its environment's policy:
 * then all approvals of the run count that were given under the same demands or stricter ones.
 * record may be NULL: nothing has happened yet. */
NODISCARD bool gate_check(const struct gate *gate, const struct record *record,
                          const struct workflow *workflow, const struct workflow_step *step,
                          int64_t now, struct gate_waits *ret_waits, struct error *err);
/* Borrows from the requirements. */
void gate_of_requirements(const struct requirements *require, struct gate *ret_gate);
/* Its windows and freezes, as members of the plan's document. */
void gate_write_clock(struct json_writer *writer, const struct gate *gate);
/* Are "anna@buildhost", "anna@example.com" and "root@buildhost (sudo anna)" one person? In doubt
 * they are. */
bool person_is_same(const char *a, const char *b);

/* --- the work of a step, in its process --- */

struct step_work {
    const struct plan *plan;
    const struct plan_step *step;
    struct state *state;
    const struct record *record; /* what has happened before */
    const char *run, *actor;
    char *folder; /* of the run */
    size_t attempt;
    const char *outcome; /* of the run so far, for steps of "always": "done", "failed" */
    const char *failed_step;
    msec patience;
    int news;          /* to the engine */
    struct strbuf end; /* JSON members that the step's end gets: "\"exit_status\":0" */
    bool nothing;      /* there was nothing to do */
    char *sentence;    /* how it went, where there is something to say */
    struct db *held;   /* the session that holds its environment */
};
/* The body of a step's process. */
int work_body(void *context, int news);
/* Keeps runs on other machines away from the step's environment until this process ends; those
 * that hold it are waited for. Nothing to hold: fine. */
NODISCARD bool work_hold_environment(struct step_work *work, struct error *err);
/* Tells the engine something that goes into the journal. data: a JSON object on one line. */
void work_tell(struct step_work *work, const char *kind, const char *data, bool durable);
/* Tells the screen what is being done at this moment; nothing of it is kept. */
void work_show(struct step_work *work, const char *text, bool from_hook);
/* What a backup or a restore says meanwhile: struct backup_observer with the work as context. */
void work_backup_progress(void *context, const struct backup_progress *progress);
void work_backup_say(void *context, const char *sentence);
/* A line for the run's log: "2026-11-20T21:55:10.123456Z e2e out| text". Redacted. */
void work_log(struct step_work *work, const char *stream, const char *text, size_t size);
