/*
 * Settle: what a person decides by hand about a database's history, and the helpers of development.
 *
 * Each of them first looks, read only (x_make): what would be done, or, as an error, why it may not
 * be. Then the person is asked, and it is done under the lock of the database (x_execute), on the
 * server that was looked at; where it is about the history, that must still be what was shown.
 *
 * All but a marking refuse a database that says that it is another environment (ERROR_STALE).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/deploy.h"

/* --- resolve: what became of a migration --- */

enum resolve_verdict { RESOLVE_APPLIED, RESOLVE_ROLLED_BACK, RESOLVE_DONE, RESOLVE_AGAIN };
struct resolve_request {
    enum resolve_verdict verdict;
    const char *migration;
    size_t step; /* of DONE and AGAIN: the one in doubt, from 1 */
};
struct resolution {
    const struct deploy_plan *plan; /* borrowed */
    struct resolve_request request;
    const struct migration *migration; /* NULL where the release does not have it */
    const struct history_row *row;     /* the unfinished one, or NULL */
    bool nothing;                      /* it is settled so already */
    struct strlist staying; /* of one that ran step by step and is given up: what stays in the
                               database */
};
NODISCARD bool resolution_make(struct deploy_plan *plan, const struct resolve_request *request,
                               struct resolution *ret_resolution, struct error *err);
NODISCARD bool resolution_execute(const struct resolution *resolution,
                                  const struct deploy_conduct *conduct, struct error *err);
void resolution_clear(struct resolution *resolution);

/* --- baseline: a database that is there already --- */

struct baseline {
    const struct deploy_plan *plan; /* borrowed */
    size_t n;                       /* the first ones of the release, that are recorded */
    size_t n_promised;              /* objects that they make and that must be there */
    struct strlist missing;         /* those that are not: "table orders", "column users.phone" */
    const char *reason;             /* why it is recorded although something is missing; or NULL */
};
/* `until` NULL: the whole release. Something missing is refused (ERROR_DRIFT) without a reason. */
NODISCARD bool baseline_make(struct deploy_plan *plan, const char *until, const char *reason,
                             msec deadline, struct baseline *ret_baseline, struct error *err);
NODISCARD bool baseline_execute(const struct baseline *baseline,
                                const struct deploy_conduct *conduct, struct error *err);
void baseline_clear(struct baseline *baseline);

/* --- down: the last migration is taken back --- */

struct descent {
    const struct deploy_plan *plan;    /* borrowed */
    const struct migration *migration; /* its down.sql is run */
    const struct history_row *row;
};
/* Whether it may be done in this environment at all; connects to nothing. */
NODISCARD bool descent_check_policy(const struct environment *environment, struct error *err);
NODISCARD bool descent_make(struct deploy_plan *plan, struct descent *ret_descent,
                            struct error *err);
NODISCARD bool descent_execute(const struct descent *descent, const struct deploy_conduct *conduct,
                               struct error *err);

/* --- reset: everything is dropped --- */

struct reset {
    const struct deploy_plan *plan; /* borrowed */
    struct strlist schemas;         /* those that are dropped and are there */
    size_t n_tables;                /* in them */
    char *doomed, *made;            /* as parameters: all schemas, extensions of the migrations */
};
NODISCARD bool reset_check_policy(const struct environment *environment, struct error *err);
NODISCARD bool reset_make(struct deploy_plan *plan, msec deadline, struct reset *ret_reset,
                          struct error *err);
/* In one transaction. The schema of the connection is made anew with its owner, rights, comment and
 * extensions. */
NODISCARD bool reset_execute(const struct reset *reset, const struct deploy_conduct *conduct,
                             struct error *err);
void reset_clear(struct reset *reset);

/* --- seed: data to try things on --- */

/* The file of "seed"; the caller's. Refused in production, and where there is none. */
NODISCARD bool seed_find(const struct environment *environment, char **ret_path, struct error *err);
NODISCARD bool seed_execute(struct deploy_plan *plan, const char *path,
                            const struct deploy_conduct *conduct, struct error *err);

/* --- mark: which environment a database is --- */

struct marking {
    struct environment *environment;
    char *target, *version_text, *system_identifier, *schema;
    char *before; /* what it says so far; NULL: nothing */
};
NODISCARD bool marking_make(struct environment *environment,
                            void (*on_progress)(const char *sentence), msec deadline,
                            struct marking *ret_marking, struct error *err);
NODISCARD bool marking_execute(const struct marking *marking, const struct deploy_conduct *conduct,
                               struct error *err);
void marking_clear(struct marking *marking);
/* After a restore: a database that says it is the environment that the backup is of now says that
 * it is this one. One that says nothing is left so. */
NODISCARD bool marking_renew(struct environment *environment, const struct deploy_conduct *conduct,
                             struct error *err);
