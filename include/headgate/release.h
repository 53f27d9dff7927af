/*
 * A release: a folder of migrations in Prisma's layout, <timestamp>_<name>/migration.sql with an
 * optional down.sql beside it, in the byte order of their names, with one digest; or a bundle: the
 * same packed into one file (.tar.zst) that says so itself. What is promoted is the digest.
 *
 * The digest is SHA-256 over the ordered list of (name, SHA-256 of migration.sql) and, only where
 * there is a down.sql, (name/down.sql, SHA-256 of it), each text led by its length: "3:1_a64:2cf2".
 *
 * Texts of a folder are not kept: one is read again when it is run, and refused when it is no
 * longer what was hashed. Those of a bundle are kept, verified.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/clock.h"
#include "headgate/error.h"
#include "headgate/hash.h"
#include "headgate/strbuf.h"

#define MIGRATION_LIMIT (256u << 20) /* bytes of one migration.sql, or down.sql */
#define BUNDLE_LIMIT (512u << 20)    /* bytes of all files of a bundle, which are kept in memory */
#define DIGEST_SHOWN 8               /* digits of a digest that people see */

/* What lines such as "-- headgate: lock-timeout 5s" say about the file that they stand in. */
struct directives {
    bool no_transaction;
    msec lock_timeout, statement_timeout; /* 0: none; -1: it says nothing */
};

struct migration {
    const char *name;             /* the folder's */
    const char *path;             /* of migration.sql, as the user would name it */
    size_t size;                  /* of it in bytes */
    char checksum[HASH_HEX_SIZE]; /* of the file's bytes, as Prisma takes it */
    /* Prisma accepts a stored checksum of the same text with other line breaks; with \n only, and
     * with \r\n. */
    char checksum_lf[HASH_HEX_SIZE], checksum_crlf[HASH_HEX_SIZE];
    /* The directives of migration.sql: see struct directives. */
    bool no_transaction;
    msec lock_timeout, statement_timeout;

    const char *down_path; /* of down.sql; NULL where there is none */
    size_t down_size;
    char down_checksum[HASH_HEX_SIZE]; /* empty where there is none */
    struct directives down;

    const char *text, *down_text; /* those of a bundle; NULL in a folder */
};

/* A small file beside the migrations; its text is NULL where there is none. */
struct release_file {
    const char *text;
    size_t size;
};

struct release {
    char *folder; /* or bundle, as the user named it */
    bool bundled;
    struct migration *migrations;
    size_t n;
    char digest[HASH_HEX_SIZE];
    struct release_file lock;  /* migration_lock.toml */
    struct release_file order; /* .headgate: see order.c */
    struct arena *arena;
};

/* A folder or a bundle. All that is wrong with what it says is reported at once (ERROR_CONFIG); a
 * bundle that is not what it was when it was made is refused as a whole. */
NODISCARD bool release_read(const char *path, struct release **ret_release, struct error *err);
void release_freep(struct release **release);
/* NULL where there is none of this name. */
const struct migration *release_find(const struct release *release, const char *name);

/* The text, checked against the checksum that was taken when the release was read. */
NODISCARD bool migration_load(const struct migration *migration, struct strbuf *ret_text,
                              struct error *err);
/* The same for its down.sql; there must be one. */
NODISCARD bool migration_load_down(const struct migration *migration, struct strbuf *ret_text,
                                   struct error *err);
/* Is this stored checksum one of this migration's? Old Prisma wrote digits without zero padding. */
bool migration_matches(const struct migration *migration, const char *stored);

/* Makes <folder>/<timestamp>_<name>/migration.sql with a first comment, and migration_lock.toml
 * where there is none yet. The name is brought into shape (lower case, underscores). Its time is
 * later than that of every migration there is. */
NODISCARD bool migration_create(const char *folder, const char *name, int64_t now_usec,
                                char **ret_path, struct error *err);

/* --- bundles --- */

/*
 * Packs the release into one file. The first member, release.json, names every other one with its
 * size and SHA-256. The same release gives the same bytes: there is no time and no host in it.
 *
 * The file appears whole or not at all, and is read back before it gets its name. A file of that
 * name with other bytes is refused (ERROR_REFUSED) unless `force`.
 */
NODISCARD bool release_bundle_write(const struct release *release, const char *path, bool force,
                                    struct error *err);

/* --- signatures: ssh-keygen's, over the line "headgate-release-v1 <digest>\n" --- */

/* PATH.sig beside the folder or bundle; the caller's. */
char *release_signature_path(const struct release *release);
/* Writes it. The key is a private key, or a public one whose private half the SSH agent holds. */
NODISCARD bool release_sign(const struct release *release, const char *key, char **ret_path,
                            struct error *err);
/*
 * ERROR_CONFIG where there is no signature, or one of something else; ERROR_REFUSED where nobody in
 * the file of allowed signers (ssh-keygen's format) has made it. ret_signer is how that file calls
 * who has.
 */
NODISCARD bool release_verify_signature(const struct release *release, const char *allowed_signers,
                                        char **ret_signer, struct error *err);
