/* What the files of this module share: a hand on the database, and what texts promise. */
#pragma once

#include "headgate/settle.h"
#include "headgate/strlist.h"

/* --- a hand on the database: its lock, on the server that was looked at --- */

struct grip {
    struct environment *environment;
    const char *schema, *system_identifier;
    const char *release_digest; /* or NULL */
};
struct grip grip_of(const struct deploy_plan *plan);
struct hand {
    struct engine *engine;
    char *run;
};
NODISCARD bool hand_open(const struct grip *grip, const struct deploy_conduct *conduct,
                         struct hand *ret_hand, struct error *err);
/* The same, and the history must be what the plan shows. */
NODISCARD bool hand_open_unchanged(const struct deploy_plan *plan,
                                   const struct deploy_conduct *conduct, struct hand *ret_hand,
                                   struct error *err);
struct db *hand_session(struct hand *hand);
void hand_close(struct hand *hand);
/* A session that only looks, in the history's schema. */
NODISCARD bool hand_look(struct environment *environment, const char *schema,
                         void (*on_progress)(const char *sentence), msec deadline,
                         struct db **ret_db, struct error *err);

/* Is this database another environment's? Then the plan's refusal becomes the error. */
NODISCARD bool settle_check_marker(struct deploy_plan *plan, struct error *err);
/* ERROR_USAGE, with a near name. */
bool settle_unknown_migration(const struct release *release, const char *name, struct error *err);
bool history_row_counts(const struct history_row *row);

/* --- what the texts of migrations promise to be there --- */

enum promise_kind {
    PROMISE_TABLE,
    PROMISE_COLUMN,
    PROMISE_INDEX,
    PROMISE_VIEW,
    PROMISE_SEQUENCE,
    PROMISE_TYPE,
    PROMISE_FUNCTION,
    PROMISE_SCHEMA,
    PROMISE_KIND_MAX
};
const char *promise_kind_name(enum promise_kind kind);

struct promise {
    enum promise_kind kind;
    char *schema; /* NULL: the text sets its search path, so it may be in any */
    char *name;   /* of a column: its table */
    char *column;
    char *table; /* of an index */
};
struct promises {
    const char *home; /* the schema of what the texts name without one; borrowed */
    struct promise *items;
    size_t n;
};
/* Follows one text: what it makes is added, what it drops is taken out. Where the text does not say
 * what a statement takes along, less is promised. */
void promises_follow(struct promises *promises, const char *text, const struct sql_script *script);
void promises_clear(struct promises *promises);
/* Those that the database does not keep: "table orders", "column users.phone". */
NODISCARD bool promises_find_missing(const struct promises *promises, struct db *db, msec deadline,
                                     struct strlist *ret_missing, struct error *err);

/* The list of them, for promise.c and follow.c. What is added is taken, what is there stays. */
struct promise promise_of(const struct promises *promises, enum promise_kind kind,
                          const char *schema, const char *name, bool vague);
bool promises_have(const struct promises *promises, const struct promise *promise);
void promises_add(struct promises *promises, struct promise promise);
/* Takes out all for which `gone` is true. */
void promises_forget(struct promises *promises,
                     bool (*gone)(const struct promise *promise, const void *what),
                     const void *what);
bool promise_is_relation(const struct promise *promise);
/* Do these mean the same schema, as far as the texts say it? */
bool promise_same_schema(const char *a, const char *b);
void promise_clear(struct promise *promise);
