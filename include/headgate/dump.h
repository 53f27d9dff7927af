/*
 * What pg_dump writes in its custom format without compression (-Fc -Z0), read as a stream: first a
 * table of contents, then a block of data for each table, and those of the large objects. Blocks of
 * rows can be written, too.
 *
 * Reading trusts nothing: a stream that is cut, or is not what pg_dump writes, is ERROR_BACKUP.
 * Formats 1.12 to 1.16 are known (PostgreSQL 9 to 18).
 *
 * While a block goes by its rows are counted and digested: the digest of a table is the sum, modulo
 * 2^128, of a 128-bit hash of each row's COPY text, so it does not depend on the order of rows.
 *
 * Nobody else includes xxhash's header.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/error.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"

/* --- the table of contents --- */

enum dump_section { DUMP_PRE_DATA, DUMP_DATA, DUMP_POST_DATA, DUMP_NO_SECTION };

struct dump_entry {
    int id;                 /* the dump's own number of it */
    uint32_t oid;           /* in the source; of TABLE DATA: the table's. 0: none */
    bool has_data;          /* a block of data belongs to it */
    const char *kind;       /* "TABLE", "TABLE DATA", "SEQUENCE SET", "ACL", "BLOBS", ... */
    const char *schema;     /* or NULL */
    const char *tag;        /* its name: "orders", "TABLE orders" */
    const char *owner;      /* or NULL */
    const char *definition; /* SQL, or "" */
    const char *copy; /* of TABLE DATA: "COPY public.orders (id, total) FROM stdin;\n"; or NULL */
    const char *tablespace; /* or NULL */
    enum dump_section section;
};

struct dump_toc {
    int format;      /* 114 is 1.14 */
    int compression; /* as its header says it */
    char *database;
    char *server_version; /* "15.20 (Debian ...)" */
    char *dump_version;
    struct dump_entry *entries; /* in the order of the file */
    size_t n;
    struct arena *arena;
};
/* NULL where there is none of this kind, schema (may be NULL) and tag. */
const struct dump_entry *dump_toc_find(const struct dump_toc *toc, const char *kind,
                                       const char *schema, const char *tag);
/* "INDEX public.orders_total_idx", "BLOBS": for people. The caller's. */
char *dump_entry_display(const struct dump_entry *entry);

/*
 * Is `found`, the contents of a restored database, what `expected` says? Each difference becomes a
 * sentence. Numbers, oids, tablespaces, the order, and what is about the database as a whole
 * (DATABASE and what hangs on it) or about planner statistics do not count. `rewritten` may be
 * NULL, or the contents of a fresh restore of `expected`'s definitions: where PostgreSQL itself
 * writes a definition differently after it has read it once, that is no difference.
 */
void dump_toc_compare(const struct dump_toc *expected, const struct dump_toc *found,
                      const struct dump_toc *rewritten, struct strlist *ret_differences);

/* --- rows --- */

struct row_digest {
    uint64_t low, high; /* the sum */
    uint64_t rows;
    uint64_t bytes; /* of their text */
};
/* The digest of both together. */
void row_digest_add(struct row_digest *sum, const struct row_digest *more);
bool row_digest_equal(const struct row_digest *a, const struct row_digest *b);
/* 32 digits of hex. The caller's. */
char *row_digest_format(const struct row_digest *digest);
/* False where it is not 32 digits of hex; rows and bytes are left alone. */
bool row_digest_parse(const char *text, struct row_digest *ret_digest);

/* Takes the COPY text of a table in pieces of any size; a row may be as long as it likes. A row
 * "\." and what follows it count for nothing. */
struct row_hasher;
struct row_hasher *row_hasher_new(void);
void row_hasher_freep(struct row_hasher **hasher);
void row_hasher_add(struct row_hasher *hasher, const char *bytes, size_t n);
/* What was added so far, and begins anew. */
void row_hasher_take(struct row_hasher *hasher, struct row_digest *ret_digest);

/* --- the stream --- */

struct dump_block {
    const struct dump_entry *entry;
    uint64_t at, size;        /* where the whole block stands in the stream */
    bool is_blobs;            /* large objects; else the rows of a table */
    struct row_digest digest; /* of large objects: each one counts as a row, its digest is over oid
                                 and contents, whatever the pieces that it comes in */
};

struct dump_handler {
    /* Once, when the whole table of contents has been read. false: enough, *err is not set; what
     * follows is not looked at. May be NULL. */
    bool (*toc)(void *context, const struct dump_toc *toc);
    /* COPY text of a table as it comes, without the "\." at its end; NULL: not wanted. false ends
     * the reading, with *err set. Not called for large objects. */
    bool (*rows)(void *context, const struct dump_block *block, const char *bytes, size_t n,
                 struct error *err);
    /* A block has ended. May be NULL. */
    void (*block)(void *context, const struct dump_block *block);
    void *context;
    bool without_digests; /* not wanted */
};

struct dump_reader;
struct dump_reader *dump_reader_new(const struct dump_handler *handler);
/* For one block cut out of a stream whose contents are known: begins right at the block. */
struct dump_reader *dump_reader_at_block(const struct dump_toc *toc,
                                         const struct dump_handler *handler);
void dump_reader_freep(struct dump_reader **reader);
/* The next bytes, in pieces of any size. Memory is that of the table of contents, whatever the size
 * of the data. */
NODISCARD bool dump_reader_feed(struct dump_reader *reader, const char *bytes, size_t n,
                                struct error *err);
/* There is no more: ERROR_BACKUP where it was cut, or where an entry that has data got no block. */
NODISCARD bool dump_reader_finish(struct dump_reader *reader, struct error *err);
/* Borrowed; NULL before it was read. */
const struct dump_toc *dump_reader_toc(const struct dump_reader *reader);
/* Where the table of contents ends in the stream; 0 before it was read. */
uint64_t dump_reader_toc_end(const struct dump_reader *reader);
bool dump_reader_is_enough(const struct dump_reader *reader);
/* The blocks that have ended, in the order of the stream; borrowed until the next piece. */
const struct dump_block *dump_reader_blocks(const struct dump_reader *reader, size_t *ret_n);

/* --- writing blocks of rows --- */

/* A chunk is this many bytes that say how long it is, and so many bytes of COPY text: any piece of
 * it, not necessarily whole rows. */
#define DUMP_CHUNK_HEAD 5
void dump_chunk_head(char *head, size_t size);
/* What stands before the chunks of an entry's block, and behind them: the "\." of COPY is there. */
void dump_block_begin(int id, struct strbuf *out);
void dump_block_end(struct strbuf *out);
