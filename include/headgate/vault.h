/*
 * The vault: the folder where backups lie. A backup is one file, ENV-TIME-XXXX.tar.zst, or with
 * .age behind it where it is encrypted; beside it lies, once it was verified, NAME.proof.json, and
 * of an encrypted one NAME.info.json: what may be told of it without the key.
 *
 * There is no index that could be wrong: what is there is read from the archives themselves. A file
 * gets its name when it is whole and on the disk; before that it is .NAME.part, locked by whoever
 * writes it, and swept away by the next command once nobody does.
 *
 * It may be a folder of another host, reached over SSH: then archives are written and read over
 * SFTP, without a copy here.
 *
 * Where the vault has recipients (age's public keys), archives are encrypted by the program `age`
 * as they are written: a machine that writes cannot read. With an identity file they can be read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/environment.h"
#include "headgate/manifest.h"
#include "headgate/process.h"

struct vault;
struct depot;
struct stored;

/* Nothing is made, and no host connected to, before it is needed. A vault on another host needs the
 * set as long as it is open. */
NODISCARD bool vault_open(const struct environments *set, struct vault **ret_vault,
                          struct error *err);
void vault_freep(struct vault **vault);
/* Its path, or "sftp://deploy@vault1/srv/backups/shop". */
const char *vault_folder(const struct vault *vault);
bool vault_encrypts(const struct vault *vault);
/* Removes what dead writers left. Cheap when there is nothing. */
void vault_sweep(const struct vault *vault);

/* --- proofs --- */

enum proof_level { PROOF_NONE, PROOF_CHECKSUMS, PROOF_CONTENTS, PROOF_RESTORE };
const char *proof_level_name(enum proof_level level); /* "checksums", ... ; NONE: "none" */
/* "restored and compared", ...: what was done, for people. */
const char *proof_level_reached(enum proof_level level);
/* PROOF_NONE where it is none of them. */
enum proof_level proof_level_named(const char *name);

/* What came of verifying a backup; kept beside it. */
struct proof {
    enum proof_level level; /* the highest that was reached and passed */
    bool failed;            /* the last verification found it bad, or could not prove it */
    char *why;              /* then one sentence */
    int64_t time;           /* of the last verification */
    char *actor;
    char *archive; /* pack_reader_digest of what was verified */
    msec took;
    char *server_version;      /* of the scratch server; NULL: none was used */
    uint64_t tables, rows;     /* compared */
    struct strlist not_proven; /* sentences: what was not compared, and why */
};
void proof_clear(struct proof *proof);
/* "restored and compared 2026-11-28 20:31 UTC", "not verified", "BAD: ...": for people. The
 * caller's. */
char *proof_sentence(const struct proof *proof);

/* --- what is there --- */

struct vault_item {
    char *name, *path; /* the name is without .tar.zst and .age */
    char *environment; /* as its name says */
    int64_t created;   /* the same; more exactly what the manifest says */
    uint64_t size;
    bool encrypted;
    struct manifest *manifest; /* NULL where it could not be read; then: */
    struct error error;
    /* pack_reader_digest; empty where it could not be read. Of an encrypted one, which is not
     * decrypted for that, a digest of its size, its time, its beginning and its end. */
    char digest[HASH_HEX_SIZE];
    struct proof proof; /* level NONE and time 0 where it was never verified, or the file is no
                           longer what was verified */
};
struct vault_list {
    struct vault_item *items; /* newest first */
    size_t n;
};
/* environment NULL: of all. A file that cannot be read is an item with an error. Of an encrypted
 * one the manifest is what was written beside it: without tables, extensions, roles and settings;
 * vault_archive_open has all of it. */
NODISCARD bool vault_list(const struct vault *vault, const char *environment,
                          struct vault_list *ret_list, struct error *err);
void vault_list_clear(struct vault_list *list);
/* By its name, the beginning of one that is unique, its file name or path, or "latest" of that
 * environment. ERROR_USAGE, with what there is, where there is none. */
NODISCARD bool vault_find(const struct vault *vault, const char *environment, const char *named,
                          struct vault_item *ret_item, struct error *err);
void vault_item_clear(struct vault_item *item);

/* A backup that can be read anywhere: of an encrypted one, its contents in a file without a name
 * that is gone when it is closed. */
struct vault_archive {
    int fd;                /* of what was decrypted; -1 */
    struct stored *stored; /* else this, which the reader reads; the module's */
    struct pack_reader *reader;
    struct manifest *manifest;
};
NODISCARD bool vault_archive_open(const struct vault *vault, const struct vault_item *item,
                                  struct vault_archive *ret_archive, struct error *err);
void vault_archive_clear(struct vault_archive *archive);

/* Durable. */
NODISCARD bool vault_write_proof(const struct vault *vault, const struct vault_item *item,
                                 const struct proof *proof, struct error *err);

/* --- writing --- */

struct vault_file {
    char *name, *temporary, *path;
    int fd;   /* write here; a pipe where it is encrypted */
    int file; /* the file itself, or the way to it */
    /* Borrowed; set by who writes, before publishing. Of an encrypted backup what may be told
     * without the key is written beside it: NAME.info.json. NULL: nothing is told. */
    const struct manifest *manifest;
    /* and what the module keeps */
    struct process_beside encrypter; /* age, where it is encrypted */
    const struct depot *depot;       /* the vault's, which must be there as long as this */
    void *writing;                   /* the depot's */
};
#define VAULT_FILE_INIT                                                                            \
    {                                                                                              \
        .fd = -1, .file = -1, .encrypter = PROCESS_BESIDE_INIT                                     \
    }
/* A new one under its temporary name, 0600. */
NODISCARD bool vault_create(const struct vault *vault, const char *environment, int64_t created,
                            struct vault_file *ret_file, struct error *err);
/* Whole, synced, renamed, the folder synced. */
NODISCARD bool vault_publish(struct vault_file *file, struct error *err);
/* Writing into it failed: where the other end is a process that carries it to another machine, and
 * failed itself, err becomes its reason. Returns false. */
bool vault_file_explain(struct vault_file *file, struct error *err);
/* Removes it where it was not published. */
void vault_file_clear(struct vault_file *file);
/* Free room in the vault for about so many bytes? ERROR_BACKUP, with both figures, where not. */
NODISCARD bool vault_check_room(const struct vault *vault, uint64_t bytes, struct error *err);

/* --- pruning --- */

struct prune_verdict {
    bool keeps;
    char *why; /* "the last 7", "weekly 2026-W47", "the last that was proven", "nothing keeps it" */
};
/*
 * What `keep` of the environments file says of each item, per environment: the last n, and of each
 * of the last n hours, days, weeks, months that have one, the newest. The newest that was proven
 * the highest of an environment always stays, so does one that is being written, and what cannot be
 * read; without any rule everything stays. ret_verdicts has list->n.
 */
void vault_weigh_pruning(const struct vault *vault, const struct vault_list *list,
                         struct prune_verdict **ret_verdicts);
void prune_verdicts_free(struct prune_verdict *verdicts, size_t n);
/* The archive, then its proof. */
NODISCARD bool vault_remove(const struct vault *vault, const struct vault_item *item,
                            struct error *err);
