/* The first member of a bundle, release.json: what the others are. */
#pragma once

#include "private.h"

#define MANIFEST_NAME "release.json"

/* In the order in which they stand in a bundle; those of one migration follow each other. */
enum member_kind { MEMBER_LOCK, MEMBER_ORDER, MEMBER_UP, MEMBER_DOWN };

struct member {
    enum member_kind kind;
    const char *path;      /* "migrations/NAME/migration.sql" */
    const char *migration; /* NAME; NULL for the files beside them */
    uint64_t size;
    char sha256[HASH_HEX_SIZE];
};

struct manifest {
    char digest[HASH_HEX_SIZE];
    struct member *members;
    size_t n, n_migrations;
};

/* Both live in the arena. */
void release_manifest_of(const struct release *release, struct arena *arena,
                         struct manifest *ret_manifest);
void release_manifest_write(const struct manifest *manifest, struct strbuf *out);
/* `shown` names the text in messages. Refuses what is not in the order above, or is not there for a
 * reason. */
NODISCARD bool release_manifest_read(const char *shown, const char *text, size_t size,
                                     struct arena *arena, struct manifest *ret_manifest,
                                     struct error *err);
