/* What the files of this module share. */
#pragma once

#include "headgate/cluster.h"
#include "headgate/db_copy.h"
#include "headgate/restore.h"

/* --- the control session --- */

#define LOOK_PATIENCE 60000
#define SWAP_PATIENCE 30000 /* for the sessions of others to end */

/*
 * A session with a maintenance database of the environment's server: databases are made, renamed
 * and dropped from another one. It checks what `expect` says of the server.
 */
struct control {
    struct db *db;
    struct conninfo *conninfo; /* of it; conninfo_with_database leads to the others */
    char *database;            /* that the environment means; it may not be there */
};
NODISCARD bool control_open(struct environment *environment, bool read_only, msec deadline,
                            struct control *ret_control, struct error *err);
/* Only one restore of a database at a time: ERROR_LOCKED, naming who is at it. The lock is the
 * session's, so that it is gone when we are. */
NODISCARD bool control_lock(const struct control *control, msec deadline, struct error *err);
void control_clear(struct control *control);
/* The names of all databases of the server. */
NODISCARD bool control_list(const struct control *control, msec deadline, struct strlist *ret_names,
                            struct error *err);

/* --- names --- */

/* "shop_restoring_4f2a", "shop_before_20261128203000", "shop_restored_20261128203000" */
enum made { MADE_RESTORING, MADE_BEFORE, MADE_RESTORED };
/* A name for one that is not among the `taken`. The caller's. */
char *made_name(const char *database, enum made made, const struct strlist *taken);
/* Was the name made so for this database? */
bool made_is(const char *name, const char *database, enum made made);
/* Those among the names that were. */
void made_find(const struct strlist *names, const char *database, enum made made,
               struct strlist *ret_found);

/* --- databases --- */

struct creation {
    const struct manifest *manifest;
    const char *like;   /* the old database, whose owner it gets; NULL: there is none */
    bool without_owner; /* it is ours */
};
/* ERROR_REFUSED, naming it, where the server does not have the locale. */
NODISCARD bool database_create(struct db *db, const struct creation *creation, const char *name,
                               msec deadline, struct error *err);
/* With whoever is in it. Also after a wish to stop: what we have made goes. */
NODISCARD bool database_drop(struct db *db, const char *name, msec deadline, struct error *err);
/* Who is in it, one sentence each: "psql of role \"app\" (server process 4711, from 10.0.0.7)". */
NODISCARD bool database_users(struct db *db, const char *name, msec deadline,
                              struct strlist *ret_users, struct error *err);
/* What dead restores of it have left. */
NODISCARD bool leftovers_drop(const struct control *control, msec deadline, struct error *err);

/* --- the swap --- */

struct swap {
    const struct control *control; /* holds the lock */
    const char *beside, *kept;     /* becomes the database; what that is called from now on */
    msec patience;                 /* for the sessions of others to end */
};
/* ret_ended: how many sessions of others were ended. */
NODISCARD bool swap_databases(const struct swap *swap, size_t *ret_ended, struct error *err);

/* --- planning --- */

/* Facts of the server, and what they say against it. */
NODISCARD bool plan_look(struct restore_plan *plan, const struct control *control, msec deadline,
                         struct error *err);
NODISCARD bool plan_find_losses(struct restore_plan *plan, const struct control *control,
                                msec deadline, struct error *err);
bool request_is_partial(const struct restore_request *request);
/* Is this table among those that are named, as "orders" or as "public.orders"? */
bool chosen_table(const struct strlist *tables, const struct manifest_table *table);
/* Does each table and schema that is asked for name something of the backup? Else ERROR_REFUSED,
 * naming what is near. */
NODISCARD bool request_check_chosen(const struct restore_request *request,
                                    const struct manifest *manifest, struct error *err);
