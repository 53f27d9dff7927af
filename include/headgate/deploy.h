/*
 * Deploy: brings a database to a release.
 *
 * A plan is made by looking only, in a read-only session. Executing takes a plan and nothing else,
 * so that what was shown is what is done. Under the lock the history is read again: where somebody
 * was faster and nothing is left, that is fine; where something else is left than was planned, the
 * plan is stale.
 *
 * Each migration runs in one transaction together with its history row: after any crash it is there
 * as a whole, with its row, or not at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/environment.h"
#include "headgate/history.h"
#include "headgate/release.h"

enum migration_state {
    MIGRATION_APPLIED,
    MIGRATION_PENDING,
    MIGRATION_FAILED,       /* begun, neither finished nor rolled back */
    MIGRATION_EDITED,       /* applied, but the file is another one now */
    MIGRATION_MISSING,      /* applied, but not part of the release */
    MIGRATION_OUT_OF_ORDER, /* pending, but a later one is applied */
    MIGRATION_STATE_MAX
};
const char *migration_state_name(enum migration_state state);

struct plan_item {
    const char *name;
    enum migration_state state;
    const struct migration *migration; /* NULL where it is missing */
    const struct history_row *row;     /* NULL where it is pending */
};

struct deploy_plan {
    struct environment *environment;
    const struct release *release; /* borrowed */
    struct history *history;
    struct plan_item *items; /* in the order of their names */
    size_t n;
    size_t count[MIGRATION_STATE_MAX];
    /* The target as it was looked at. */
    char *target, *version_text, *system_identifier, *schema;
    /* Why it cannot be executed; ERROR_NONE where it can. */
    struct error refusal;
};

/* What a deploy would do: connects read only and looks. A reason not to is an answer
 * (plan->refusal), not a failure. */
NODISCARD bool deploy_plan_make(struct environment *environment, const struct release *release,
                                void (*on_progress)(const char *sentence), msec deadline,
                                struct deploy_plan **ret_plan, struct error *err);
void deploy_plan_freep(struct deploy_plan **plan);
/* How many migrations executing it would run. */
size_t deploy_plan_size(const struct deploy_plan *plan);

/* What the environment's policy says against executing it now: another environment must have the
 * release first, evidence that only a pipeline brings. Sets plan->refusal. Nothing to do is always
 * allowed. */
NODISCARD bool deploy_plan_check_policy(struct deploy_plan *plan, msec deadline, struct error *err);

struct deploy_observer {
    void (*waiting)(void *context, const struct history_holder *holder);
    void (*began)(void *context, const struct plan_item *item);
    void (*applied)(void *context, const struct plan_item *item, msec took);
    void (*notice)(void *context, const char *line);
    void *context;
};

/* Executes the plan. *n_applied grows with each migration applied, so that it is right also after a
 * failure. */
NODISCARD bool deploy_plan_execute(const struct deploy_plan *plan, msec lock_deadline,
                                   const struct deploy_observer *observer, size_t *n_applied,
                                   struct error *err);
