/*
 * Restoring a backup into an environment: into a new database beside the one that is there,
 * compared with the backup, and only then swapped in by renaming, both names in one transaction.
 * What was there is kept under a dated name until `restore_finish`. Nothing is ever cleaned out of
 * a living database.
 *
 * Where only some tables or schemas are wanted, the new database stays beside under its own name,
 * for a person to take from it what is needed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/backup.h"

struct restore_request {
    struct environment *environment;
    struct vault *vault;
    const struct vault_item *item;
    const struct strlist *tables, *schemas; /* only these, where either has any */
    bool without_owners;     /* also where roles are missing: everything belongs to who restores */
    const char *actor, *run; /* run may be NULL */
    unsigned jobs;           /* 0: as many as there are processors, at most 8 */
    struct backup_observer observer;
};

/* What has happened to a table since the backup: the server's own counters, then and now. */
struct table_loss {
    char *schema, *name;
    int64_t inserted, updated, deleted; /* rows, since the backup; -1: not known */
};

struct restore_plan {
    const struct restore_request *request; /* borrowed */
    char *address, *server_version;
    char *database;    /* that is there now */
    bool exists;       /* or is not */
    char *beside;      /* what it is restored into */
    char *kept;        /* what the old one will be called; NULL where nothing is swapped */
    size_t n_sessions; /* of others, that will be ended for the swap */
    struct table_loss
        *losses; /* of tables with any, the most first; also tables that are new since */
    size_t n_losses;
    char *losses_unknown; /* why they cannot be told: "the counters were reset ..."; or NULL */
    struct strlist missing_roles, missing_extensions;
    struct strlist earlier; /* databases kept by earlier restores */
    uint64_t size;          /* of the backup's data, about */
    struct error refusal;   /* why it cannot be done */
};
NODISCARD bool restore_plan_make(const struct restore_request *request, msec deadline,
                                 struct restore_plan **ret_plan, struct error *err);
void restore_plan_freep(struct restore_plan **plan);

struct restore_result {
    bool swapped;
    char *database; /* where it is now */
    char *kept;     /* where the old one is; or NULL */
    size_t n_ended; /* sessions */
    uint64_t rows;
    size_t n_tables;
    struct strlist not_proven;
    msec took;
};
/* All or nothing: after any failure or death the old database is as it was, and what was made
 * beside it is gone, or goes with the next restore. ERROR_BACKUP where the restored one differs. */
NODISCARD bool restore_execute(const struct restore_plan *plan, struct restore_result *ret_result,
                               struct error *err);
void restore_result_clear(struct restore_result *result);

/* The databases that earlier restores have kept; and dropping them. */
NODISCARD bool restore_list_kept(struct environment *environment, msec deadline,
                                 struct strlist *ret_databases, struct error *err);
NODISCARD bool restore_finish(struct environment *environment, const struct strlist *databases,
                              msec deadline, struct error *err);
