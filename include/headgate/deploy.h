/*
 * Deploy: brings a database to a release.
 *
 * A plan is made by looking only, in a read-only session. Executing takes a plan and nothing else,
 * so that what was shown is what is done. Under the lock the history is read again: where somebody
 * was faster and nothing is left, that is fine; where something else is left than was planned, the
 * plan is stale. How a migration is run is the engine's (engine.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/engine.h"
#include "headgate/environment.h"
#include "headgate/history.h"
#include "headgate/release.h"

enum migration_state {
    MIGRATION_APPLIED,
    MIGRATION_PENDING,
    MIGRATION_UNFINISHED,   /* begun by us step by step: it will be gone on with */
    MIGRATION_FAILED,       /* begun, neither finished nor rolled back, and not by us */
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
    /* Of what is to be run: how, and how many statements. */
    char *mode;
    bool transactional;
    size_t n_statements;
};

struct deploy_plan {
    struct environment *environment;
    const struct release *release; /* borrowed */
    struct history *history;
    struct plan_item *items; /* in the order of their names */
    size_t n;
    size_t count[MIGRATION_STATE_MAX];
    size_t widest; /* how long the longest name is of what is to be done */
    /* The target as it was looked at. */
    char *target, *host, *port, *database, *version_text, *system_identifier, *schema;
    char *database_oid;                 /* as in struct db_identity */
    char history_digest[HASH_HEX_SIZE]; /* of the history's rows */
    char shape[HASH_HEX_SIZE];          /* of tables, views, functions, ...; empty: not asked for */
    const char *reason; /* why migrations out of order are allowed; NULL: they are not */
    /* Why it cannot be executed; ERROR_NONE where it can. */
    struct error refusal;
    const struct plan_item *refusal_about; /* the migration that it is about, or NULL */
};

struct deploy_request {
    void (*on_progress)(const char *sentence);
    const char *out_of_order_reason; /* allows them; borrowed by the plan; or NULL */
    msec patience; /* how long to wait for somebody who is running a migration now */
    bool shape;    /* take the digest of the database's shape, too */
};

/* What a deploy would do: connects read only and looks. A reason not to is an answer
 * (plan->refusal), not a failure. */
NODISCARD bool deploy_plan_make(struct environment *environment, const struct release *release,
                                const struct deploy_request *request, msec deadline,
                                struct deploy_plan **ret_plan, struct error *err);
void deploy_plan_freep(struct deploy_plan **plan);
/* How many migrations executing it would run. */
size_t deploy_plan_size(const struct deploy_plan *plan);
bool plan_item_is_to_do(const struct deploy_plan *plan, const struct plan_item *item);

/* What the environment's policy says against executing it now: another environment must have the
 * release first, evidence that only a pipeline brings. Sets plan->refusal. Nothing to do is always
 * allowed. */
NODISCARD bool deploy_plan_check_policy(struct deploy_plan *plan, msec deadline, struct error *err);

/* The parts of it that are looked up elsewhere, for those who weigh them themselves. A reason why
 * not is an answer: *ret_refusal is set. */
NODISCARD bool deploy_check_predecessor(const struct deploy_plan *plan, const char *before,
                                        msec deadline, struct error *ret_refusal,
                                        struct error *err);
NODISCARD bool deploy_check_signature(const struct deploy_plan *plan, struct error *ret_refusal,
                                      struct error *err);
/* How many migrations of the release the database does not have as they are in it. */
size_t deploy_plan_missing(const struct deploy_plan *plan);

struct deploy_result {
    char *run; /* its id */
    size_t n_applied;
    struct engine_cost cost;
    char *replica; /* what became of waiting for the replica, as a sentence; NULL: there is none */
    size_t n_analyzed;
};
void deploy_result_clear(struct deploy_result *result);

struct deploy_conduct {
    msec patience; /* how long to wait for others */
    const char *actor;
    const char *run;               /* the run that it is part of; NULL: it is one of its own */
    const char *again, *corrected; /* see struct engine_settings */
    struct engine_observer observer;
};
/* Executes the plan. A gentle wish to stop ends it between two migrations. The result is right also
 * after a failure. */
NODISCARD bool deploy_plan_execute(const struct deploy_plan *plan,
                                   const struct deploy_conduct *conduct,
                                   struct deploy_result *ret_result, struct error *err);
