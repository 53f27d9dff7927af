/*
 * What people and programs see: the same facts as text and as JSON ("format": 1; members are only
 * ever added).
 *
 * Results go to stdout, errors and progress to stderr, through output.h, which redacts. Whether it
 * is text or JSON is a setting of the output, so each function here knows for itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/adopt.h"
#include "headgate/backup.h"
#include "headgate/cluster.h"
#include "headgate/deploy.h"
#include "headgate/doctor.h"
#include "headgate/error.h"
#include "headgate/restore.h"
#include "headgate/run.h"
#include "headgate/settle.h"

/* The one place where an error becomes words: message, detail, hint, and each mistake with its
 * place. */
void report_error(const struct error *error);

struct environment_status {
    struct environment *environment;
    struct deploy_plan *plan; /* NULL where it could not be looked at */
    struct error error;       /* why not */
};
void report_status(const struct environment_status *statuses, size_t n,
                   const struct release *release);

/* What a deploy would do, and why not. */
void report_plan(const struct deploy_plan *plan);
/* A deploy while it runs; text only. */
void report_deploy_head(const struct deploy_plan *plan);
void report_deploy_event(const struct deploy_plan *plan, const struct engine_event *event);
/* And when it is done, also half-way (failed). */
void report_deploy_end(const struct deploy_plan *plan, const struct deploy_result *result,
                       msec took, bool failed);

/* What a release is. */
void report_release(const struct release *release);
/* What was made of it: "packed into", "signed in" a file. */
void report_release_file(const struct release *release, const char *done, const char *path);
/* It is good; signer is NULL where its signature was not looked at. */
void report_release_verified(const struct release *release, const char *signer);

/* What coming from another tool would make; and what it made, or would have (!done). */
void report_adoption_head(const struct adoption *adoption);
void report_adoption_end(const struct adoption *adoption, bool done);

/* What is settled by hand: before it is asked for, and after; the heads are text only. */
void report_resolution_head(const struct resolution *resolution);
void report_resolution_end(const struct resolution *resolution);
void report_baseline_head(const struct baseline *baseline);
void report_baseline_end(const struct baseline *baseline, bool done);
void report_descent_head(const struct descent *descent);
void report_descent_end(const struct descent *descent, msec took);
void report_marking_head(const struct marking *marking);
void report_marking_end(const struct marking *marking, bool changed);
void report_seeded(const struct deploy_plan *plan, const char *path, msec took);
/* A reset while it runs; text only. Then all of it: the plan is the one that was deployed. */
void report_reset_head(const struct reset *reset);
void report_reset_dropped(const struct reset *reset);
void report_reset_deployed(const struct deploy_plan *plan, const struct deploy_result *result,
                           msec took, bool failed);
void report_reset_end(const struct reset *reset, const struct deploy_plan *plan,
                      const struct deploy_result *result, const char *seed);

void report_findings(const struct findings *findings);
void report_embedded(const struct embedded_list *list);
/* What environments.json says, value by value; with_origin adds where each comes from. */
void report_settings(const struct environments *set, bool with_origin);

/* --- pipelines --- */

struct report_manner {
    bool markdown;        /* GitHub's, for a ticket */
    const char *saved_as; /* a plan: the file that it was written to; or NULL */
};
/* What a run would do, on what evidence, and all that speaks against it. */
void report_pipeline_plan(const struct plan *plan, const struct report_manner *manner);
/* What a run has done: who, when, on what evidence. */
void report_record(const struct record *record, const struct report_manner *manner);
/* Of a run that is done: there is nothing left of it. */
void report_nothing_to_resume(const struct record *record);

struct run_entry {
    const char *run;
    struct record *record; /* NULL where its journal cannot be read */
    struct error error;    /* why not */
};
/* Runs in the order in which they are given; n_older are not among them. */
void report_runs(const struct run_entry *entries, size_t n, size_t n_older);
/* run NULL: of all runs. `expected`: the head that it must have; or NULL. Returns whether all is as
 * it was written. */
bool report_audit(const struct audit *audit, const char *run, const char *expected);

/*
 * A run while it runs: report_run_news and report_run_tick are what its observer calls, with the
 * screen as their context. On a terminal what happens at the moment stands in a live block and what
 * is done goes up as lines; elsewhere each event is a line, or with --json an object on one line.
 */
struct run_screen;
struct run_screen *run_screen_new(void);
void run_screen_freep(struct run_screen **screen);
void report_run_news(void *context, const struct record *record, const struct run_news *news);
void report_run_tick(void *context, const struct record *record);
/* When the process that worked on it ends, however: what was done, and how it goes on, unless
 * the hint of its failure (NULL: none) says that. */
void report_run_end(const struct record *record, const struct error *failure);

/* --- backups --- */

/* What is at hand while a backup is made, verified or restored, on stderr: on a terminal one line
 * that is drawn anew, elsewhere a line for each stage that has ended, and one a minute while one
 * lasts. The observer has the screen as its context. */
struct backup_screen {
    const char *about; /* the backup, where it is one of several; or NULL */
    msec shown;        /* when a line was written last */
};
struct backup_observer report_backup_observer(struct backup_screen *screen);
void report_backup_observed(void);

/* What making one would do; before it is made it is text only. */
void report_backup_plan(const struct backup_request *request, const struct backup_plan *plan,
                        bool dry_run);
/* It is there; the proof is of the verification that came at once, or NULL. */
void report_backup_made(const struct backup_request *request, const struct backup_made *made,
                        const struct proof *proof);
/* environment: the only one of which they are; or NULL. */
void report_backups(const struct vault *vault, const struct vault_list *list,
                    const char *environment);
/* All that is known of one, from its manifest and its proof. */
void report_backup(const struct vault_item *item);

/* What came of verifying one. */
struct verification {
    const struct vault_item *item;
    enum proof_level level; /* that was asked for */
    struct proof proof;
    struct error error; /* nothing could be said of it; then there is no proof */
};
bool verification_is_good(const struct verification *verification);
/* Of one of several, as soon as it is known; text only. */
void report_verification(const struct verification *verification);
/* Of all of them. */
void report_verifications(const struct vault *vault, const struct verification *verifications,
                          size_t n);

/* What stays, what goes, and why; before anything was removed it is text only, unless it is a dry
 * run. */
void report_pruning(const struct vault_list *list, const struct prune_verdict *verdicts,
                    bool dry_run);
/* The first n_removed of those that go are gone. */
void report_pruned(const struct vault_list *list, const struct prune_verdict *verdicts,
                   size_t n_removed);

/* What restoring would do and what would be lost by it; before it is done it is text only. */
void report_restore_plan(const struct restore_plan *plan, bool dry_run);
void report_restored(const struct restore_plan *plan, const struct restore_result *result);
/* The databases that earlier restores have kept: before they are asked for, text only; and when
 * they are dropped, or there are none, or (dry_run) none is to be. */
void report_kept(const struct environment *environment, const struct strlist *kept);
void report_kept_end(const struct environment *environment, const struct strlist *kept,
                     bool dropped);
