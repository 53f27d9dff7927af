/*
 * The manifest of a backup: what it is a backup of, when, made with what, and what is in it, so
 * that a restored database can be compared with it. It is a member of the archive (manifest.json),
 * for people and programs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/clock.h"
#include "headgate/dump.h"
#include "headgate/pack.h"

#define MANIFEST_MEMBER "manifest.json"
#define GLOBALS_MEMBER "globals.sql"
#define DUMP_FOLDER "dump" /* its members, one behind the other, are what pg_dump wrote */

struct manifest_table {
    const char *schema, *name;
    int dump_id;
    uint64_t at, size; /* its block in pg_dump's stream */
    struct row_digest digest;
    int64_t inserted, updated, deleted; /* the server's counters at that moment; -1: not known */
};

struct manifest_extension {
    const char *name, *version;
};

struct manifest {
    const char *name; /* of the backup: "production-20261128T203000Z-4f2a" */
    const char *environment;
    int64_t created; /* wall clock, microseconds: when the snapshot was taken */
    msec took;
    const char *release; /* digest of what the database had; NULL: it has no history of ours */
    const char *last_migration; /* NULL: none */
    const char *actor, *run;    /* run may be NULL */
    /* the source */
    const char *address; /* "db1:5432/shop" */
    const char *database, *encoding, *collate, *ctype, *owner;
    const char *locale_provider; /* "c", "i"; NULL before PostgreSQL 15 */
    const char *icu_locale;      /* or NULL */
    const char *lc_monetary;
    const char *system_identifier; /* NULL where it could not be read */
    const char *database_oid;      /* a restore makes the database anew: then it has another one */
    const char *server_version;    /* "15.20" */
    int server_version_number;     /* 150020 */
    bool in_recovery;
    const char *lsn, *snapshot;
    const char *statistics_reset; /* since when the server counts; NULL: not known */
    /* how it was made */
    const char *headgate_version, *pg_dump_version;
    /* ALTER DATABASE ... SET, GRANT ... ON DATABASE: SQL in which %1$I is the database's name */
    struct strlist database_settings;
    struct strlist roles;       /* that own something or are granted something */
    struct strlist superusers;  /* those of them, or of what they are members of, that are */
    struct strlist memberships; /* what they are members of, in pairs: the group, the member */
    struct manifest_extension *extensions;
    size_t n_extensions;
    /* what is in it */
    uint64_t dump_size, toc_end;
    struct manifest_table *tables;
    size_t n_tables;
    bool has_blobs;
    struct row_digest blobs; /* all large objects; rows is their number */
    size_t n_sequences;
    /* members of the archive but this one; the archive's index has the same */
    const struct pack_member *members;
    size_t n_members;
    struct arena *arena; /* of one that was read; else NULL, and all is borrowed */
};

void manifest_write(const struct manifest *manifest, struct strbuf *out);
/* The same members into an object that is open: what it is a backup of, and what is in it. */
struct json_writer;
void manifest_write_facts(const struct manifest *manifest, struct json_writer *writer);
void manifest_write_contents(const struct manifest *manifest, struct json_writer *writer);
/* ERROR_BACKUP where it is none, or of a format that this version does not know. The members are
 * not read from it. */
NODISCARD bool manifest_parse(const char *text, size_t size, struct manifest **ret_manifest,
                              struct error *err);
void manifest_freep(struct manifest **manifest);
uint64_t manifest_rows(const struct manifest *manifest);
