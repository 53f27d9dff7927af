/*
 * Backups that are proven. One is made with pg_dump of the server's own major version, in a
 * snapshot that a session of ours holds and others share to read the rows, packed and hashed as it
 * comes; and it counts when it was restored into a scratch server and is the same there: every
 * definition, every table's rows, every sequence.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "headgate/cluster.h"
#include "headgate/vault.h"

/* What is being done, for people: at most a few times a second. */
struct backup_progress {
    const char *stage;    /* "dump", "checksums", "contents", "restore: data", "restore: indexes",
                             "compare" */
    uint64_t done, total; /* bytes; total 0: not known */
    const char *what;     /* the table at hand; or NULL */
    msec elapsed;         /* of this stage */
};
struct backup_observer {
    void (*progress)(void *context, const struct backup_progress *progress); /* may be NULL */
    void (*say)(void *context, const char *sentence); /* a stage has ended, a notice; may be NULL */
    void *context;
};
/* "1.2 GB of about 1.9 GB, 240 MB/s, 3 s left". The caller's. */
char *backup_progress_sentence(const struct backup_progress *progress);

/* --- creating --- */

struct backup_request {
    struct environment *environment;
    struct vault *vault;
    const char *actor, *run; /* run may be NULL */
    bool with_passwords;     /* of roles; else they are left out */
    struct backup_observer observer;
};

/* What making one would do; by looking only. */
struct backup_plan {
    char *address, *server_version, *system_identifier, *pg_dump; /* its path */
    char *pg_dump_version;
    char *pg_dump_host;     /* "deploy@db1.example.net:22" that runs it; NULL: this machine */
    uint64_t database_size; /* of the database on the server's disk */
    uint64_t estimate;      /* of the archive */
    size_t n_tables;
    struct error refusal; /* why it cannot be made: no fitting pg_dump, no room */
};
NODISCARD bool backup_plan_make(const struct backup_request *request, msec deadline,
                                struct backup_plan *ret_plan, struct error *err);
void backup_plan_clear(struct backup_plan *plan);

struct backup_made {
    char *name, *path;
    uint64_t size, dump_size, rows;
    size_t n_tables;
    msec took;
};
NODISCARD bool backup_create(const struct backup_request *request, struct backup_made *ret_made,
                             struct error *err);
void backup_made_clear(struct backup_made *made);

/* --- verifying --- */

struct verify_request {
    struct vault *vault;
    const struct vault_item *item;
    enum proof_level level; /* up to this one, each that comes before it first */
    const char *actor;
    unsigned jobs; /* 0: as many as there are processors, at most 8 */
    struct backup_observer observer;
};
/*
 * What came of it is an answer: proof->failed and why. It is written beside the archive, unless
 * nothing could be said of the archive at all: then false, and the error is why it could not be
 * verified; of which backup is for the caller to say. ERROR_BACKUP is for the caller to make of
 * the answer.
 */
NODISCARD bool backup_verify(const struct verify_request *request, struct proof *ret_proof,
                             struct error *err);

/* --- restoring, for verify and for `restore` --- */

/* The folder of the pg_restore and pg_dump that can put this archive into a server of this major
 * version, and read it there; no server needs to be installed here. ERROR_BACKUP, naming the
 * package, where there are none. The caller's. */
NODISCARD bool backup_find_programs(const struct manifest *manifest, int major, char **ret_folder,
                                    struct error *err);

struct load_request {
    const struct vault_archive *archive;
    const struct conninfo *conninfo; /* a database that is there and empty */
    const char *programs;            /* the folder that has pg_restore and pg_dump */
    unsigned jobs;
    const struct strlist *tables, *schemas; /* only these, where either has any: "orders",
                                               "public.orders" */
    bool without_owners; /* everything belongs to the role that restores; no grants */
    bool scratch;        /* nobody else will ever see it: what makes loading fast may be done */
    /* Room for as many as the manifest has tables: then the rows are digested as soon as they are
     * in, while indexes are built, and backup_compare takes that. NULL: they are read by it. */
    struct row_digest *digests;
    struct backup_observer observer;
};
/* Definitions, rows, indexes and constraints, all or an error. */
NODISCARD bool backup_load(const struct load_request *request, struct error *err);
/* Is that database what the archive says? Each difference is a sentence. Takes the same request;
 * where only a part was loaded, only that is compared. rewritten: a second empty database of the
 * same server, for definitions that PostgreSQL rewrites; NULL: then those count as differences. */
NODISCARD bool backup_compare(const struct load_request *request, const struct conninfo *rewritten,
                              struct strlist *ret_differences, struct strlist *ret_not_proven,
                              struct error *err);

/* Roles and extensions that the archive needs and the server does not have. */
NODISCARD bool backup_find_missing(const struct manifest *manifest, struct db *db, msec deadline,
                                   struct strlist *ret_roles, struct strlist *ret_extensions,
                                   struct error *err);
