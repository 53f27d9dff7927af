/* What the files of this module share. */
#pragma once

#include "depot.h"
#include "headgate/arena.h"
#include "headgate/process.h"
#include "headgate/vault.h"

#define ARCHIVE_END ".tar.zst"
#define ENCRYPTED_END ".tar.zst.age"
#define PROOF_END ".proof.json"
#define SUMMARY_END ".info.json"
#define PART_END ".part"
#define SEAL_EDGE 4096 /* of an encrypted one: what is looked at of its beginning and its end */
#define SMALL_FILE ((size_t)1 << 20) /* a proof or a summary is never larger */

struct vault {
    struct depot depot;
    struct strlist recipients;
    char *identity; /* or NULL */
    struct retention keep;
};

/* --- names: production-20261128T203000Z-4f2a --- */

#define NAME_STEP_USEC 16 /* two moments that far apart have different names */

char *backup_name_make(const char *environment, int64_t created);
/* False where it is none. The environment is the caller's. */
NODISCARD bool backup_name_parse(const char *name, char **ret_environment, int64_t *ret_created);
/* The name in a file's name, the caller's; NULL where it is no archive's. */
char *archive_name_of(const char *file, bool *ret_encrypted);

/* --- files of this machine that are not there yet --- */

/* Made 0600 and locked under its temporary name; ret_taken where somebody else writes this very
 * file. The path is folder/.NAME.part. */
NODISCARD bool part_open(const char *folder, const char *name, char **ret_path, int *ret_fd,
                         bool *ret_taken, struct error *err);
/* Synced, renamed, the folder synced. */
NODISCARD bool part_publish(const char *folder, const char *part, int fd, const char *path,
                            struct error *err);
/* A small file, whole and durable, replacing what is there. */
NODISCARD bool part_write(const char *folder, const char *name, const struct strbuf *text,
                          struct error *err);
/* Removes it where nobody writes it any more. */
void part_sweep(const char *path);
NODISCARD bool vault_make_folder(const struct vault *vault, struct error *err);

/* --- age --- */

/* Runs beside us, encrypting what is written into ret_input into that file. */
NODISCARD bool age_encrypt(const struct vault *vault, int file, int *ret_input,
                           struct process_beside *ret_age, struct error *err);
/* The contents of an encrypted file, in a file without a name. */
NODISCARD bool age_decrypt(const struct vault *vault, const struct vault_item *item,
                           const struct stored *encrypted, int *ret_fd, struct error *err);

/* --- what lies beside an archive --- */

/* Names the contents of an encrypted file, as far as that can be had without the key: from its
 * size, its time, its beginning (the keys) and its end (the last block's authentication). */
NODISCARD bool seal_of(const struct stored *stored, char ret_seal[HASH_HEX_SIZE],
                       struct error *err);
/* What may be told of an encrypted backup without the key: no tables, no settings, no roles. */
NODISCARD bool summary_write(const struct depot *depot, const struct manifest *manifest,
                             struct error *err);
/* Is what the summary told what the manifest inside says? told NULL: there was none. */
NODISCARD bool summary_check(const struct manifest *told, const struct manifest *manifest,
                             struct error *err);
/* NULL where there is none that is good. */
struct manifest *summary_read(const struct depot *depot, const char *name);
/* Leaves the proof as it is where there is none, or where it is not of this digest. */
void proof_read(const struct depot *depot, const char *name, const char *digest,
                struct proof *proof);
/* Where an archive lies; the vault's own place, or what is made in ret_other for one that lies
 * elsewhere. */
const struct depot *depot_of(const struct vault *vault, const char *folder,
                             struct depot *ret_other);

/* Reads what can be known of this file; what goes wrong becomes the item's error. */
void item_read(const struct depot *depot, const char *file, struct vault_item *ret_item);
NODISCARD bool archive_manifest(const struct pack_reader *reader, const char *name,
                                struct manifest **ret_manifest, struct error *err);
