/*
 * A release: a folder of migrations in Prisma's layout, <timestamp>_<name>/migration.sql, in the
 * byte order of their names, with one digest: SHA-256 over the ordered list of (name, SHA-256 of
 * the file). What is promoted is the digest.
 *
 * Texts are not kept: a migration is read again when it is run, and refused when it is no longer
 * what was hashed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/error.h"
#include "headgate/hash.h"
#include "headgate/strbuf.h"

#define MIGRATION_LIMIT (256u << 20) /* bytes of one migration.sql */
#define DIGEST_SHOWN 8               /* digits of a digest that people see */

struct migration {
    const char *name;             /* the folder's */
    const char *path;             /* of migration.sql, as the user would name it */
    char checksum[HASH_HEX_SIZE]; /* of the file's bytes, as Prisma takes it */
    /* Prisma accepts a stored checksum of the same text with other line breaks; with \n only, and
     * with \r\n. */
    char checksum_lf[HASH_HEX_SIZE], checksum_crlf[HASH_HEX_SIZE];
};

struct release {
    char *folder;
    struct migration *migrations;
    size_t n;
    char digest[HASH_HEX_SIZE];
    struct arena *arena;
};

/* All that is wrong with the folder is reported at once (ERROR_CONFIG). */
NODISCARD bool release_read(const char *folder, struct release **ret_release, struct error *err);
void release_freep(struct release **release);
/* NULL where there is none of this name. */
const struct migration *release_find(const struct release *release, const char *name);

/* The text, checked against the checksum that was taken when the release was read. */
NODISCARD bool migration_load(const struct migration *migration, struct strbuf *ret_text,
                              struct error *err);
/* Is this stored checksum one of this migration's? Old Prisma wrote digits without zero padding. */
bool migration_matches(const struct migration *migration, const char *stored);

/* Makes <folder>/<timestamp>_<name>/migration.sql with a first comment, and migration_lock.toml
 * where there is none yet. The name is brought into shape (lower case, underscores). Its time is
 * later than that of every migration there is. */
NODISCARD bool migration_create(const char *folder, const char *name, int64_t now_usec,
                                char **ret_path, struct error *err);
