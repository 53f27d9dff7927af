/* What the files of this module share. */
#pragma once

#include "headgate/deploy.h"
#include "headgate/strlist.h"

/* Compares release and history: fills items and counts. */
void plan_compare(struct deploy_plan *plan);

/* Reads the history, in the schema of the plan, and compares. */
NODISCARD bool plan_read_history(struct deploy_plan *plan, struct db *db, msec deadline,
                                 struct error *err);
/* The same when nobody is at work any more; sets plan->refusal where somebody is for longer than
 * the request wants to wait. */
NODISCARD bool plan_read_quiet_history(struct deploy_plan *plan,
                                       const struct deploy_request *request, struct db *db,
                                       msec deadline, struct error *err);

/* NULL where none is in this state. */
const struct plan_item *plan_first_of(const struct deploy_plan *plan, enum migration_state state);
/* Where the refusal is about an edited migration: adds the place, if the applied text is known. */
NODISCARD bool plan_show_edit(struct deploy_plan *plan, struct db *db, msec deadline,
                              struct error *err);

/* What the history says against a deploy, the weightiest first. Sets plan->refusal. */
void plan_refuse_history(struct deploy_plan *plan);

/* What the texts to be run need of the database. */
struct needs {
    struct strlist locked;    /* relations that they lock, as SQL names them */
    struct strlist rewritten; /* those that are written anew */
    bool creates;             /* they make something in the schema of the connection */
    bool other_role;          /* they take another role: its rights are not ours to check */
};
void needs_clear(struct needs *needs);
/* Takes every text apart that is to be run: its mode, and what it needs. What speaks against
 * running it sets plan->refusal. */
NODISCARD bool plan_read_scripts(struct deploy_plan *plan, struct db *db, msec deadline,
                                 struct needs *ret_needs, struct error *err);

/* What server and role say against it: a standby, a pooler, read only, missing rights, no room on
 * the disk. Sets plan->refusal. */
NODISCARD bool plan_check_server(struct deploy_plan *plan, struct db *db, const struct needs *needs,
                                 msec deadline, struct error *err);

/* When all is applied: statistics, NOTIFY, the replica. */
NODISCARD bool deploy_aftercare(const struct deploy_plan *plan, struct engine *engine,
                                struct deploy_result *result, struct error *err);
