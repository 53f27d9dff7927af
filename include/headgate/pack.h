/*
 * A pack: a large archive in one file, .tar.zst, that any tar which knows zstd unpacks.
 *
 * Every member, with its tar header, is a zstd frame of its own (with zstd's checksum in it). So
 * frames are compressed by all processors at once, checked by all of them, and read from anywhere
 * in the file. Behind the archive's end, in frames that zstd skips, stands the index: of each frame
 * its place, its size and the SHA-256 of its bytes as they lie in the file, of each member name,
 * size and SHA-256; and last of all a footer of fixed size that has the SHA-256 of the index and of
 * itself. There is no byte in the file that is not covered by one of them.
 *
 * The last member, SHA256SUMS, lists all others for sha256sum -c.
 *
 * The same members give the same bytes, however many processors there are.
 *
 * Nobody else includes libarchive's and libzstd's headers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/error.h"
#include "headgate/hash.h"
#include "headgate/strbuf.h"

#define PACK_ROOM                                                                                  \
    ((size_t)8 * 1024 * 1024) /* the most that a member put in by pack_writer_put has */

struct pack_member {
    char *name;
    uint64_t size;
    char sha256[HASH_HEX_SIZE]; /* of its bytes */
    uint64_t at, stored;        /* where its frame stands in the file, and how long that is */
    char stored_sha256[HASH_HEX_SIZE];
};

/* --- writing --- */

struct pack_writer;

/* Writes to this descriptor, from where it stands; a pipe will do. It stays the caller's. threads:
 * how many compress; 0: as many as there are processors, at most 8. */
NODISCARD bool pack_writer_open(int fd, const char *shown, unsigned threads, int level,
                                struct pack_writer **ret_writer, struct error *err);
/* Room for PACK_ROOM bytes, to be filled and then put in; waits until there is some. */
NODISCARD bool pack_writer_room(struct pack_writer *writer, char **ret_room, struct error *err);
/* The first `size` bytes of that room become a member. It is compressed and written while the
 * caller goes on; a failure may come with a later call. */
NODISCARD bool pack_writer_put(struct pack_writer *writer, const char *name, size_t size,
                               struct error *err);
/* A member of any size that is there as a whole; copied or written before it returns. A room that
 * was not put in by then is gone. */
NODISCARD bool pack_writer_add(struct pack_writer *writer, const char *name, const char *bytes,
                               size_t size, struct error *err);
/* Waits for all that was put in. Then its members, borrowed until the next call, in their order. */
NODISCARD bool pack_writer_settle(struct pack_writer *writer,
                                  const struct pack_member **ret_members, size_t *ret_n,
                                  struct error *err);
/* Bytes written to the file so far. */
uint64_t pack_writer_size(const struct pack_writer *writer);
/* SHA256SUMS, the archive's end, index and footer. Not synced. */
NODISCARD bool pack_writer_finish(struct pack_writer *writer, struct error *err);
void pack_writer_freep(struct pack_writer **writer);

/* --- reading --- */

struct pack_reader;

/* A file that can be read anywhere; the descriptor stays the caller's. Reads and checks footer and
 * index: that they are whole, and that the frames cover the file without a gap. ERROR_BACKUP where
 * that is not so, ERROR_IO where it cannot be read. */
NODISCARD bool pack_reader_open(int fd, const char *shown, struct pack_reader **ret_reader,
                                struct error *err);
/* Another place that can be read anywhere, and stays the caller's. */
struct pack_source {
    /* Exactly these bytes; ERROR_BACKUP where there are fewer. What is neither that nor ERROR_IO
     * says nothing of the archive, and ends what is being done. */
    bool (*read_at)(void *context, void *ret_bytes, size_t n, uint64_t at, struct error *err);
    bool (*size)(void *context, uint64_t *ret_size, struct error *err); /* as it is now */
    void *context;
    bool threads; /* several threads may read at once; else they take turns, reading on and on */
};
NODISCARD bool pack_reader_open_source(const struct pack_source *source, const char *shown,
                                       struct pack_reader **ret_reader, struct error *err);
void pack_reader_freep(struct pack_reader **reader);
const struct pack_member *pack_reader_members(const struct pack_reader *reader, size_t *ret_n);
/* NULL where there is none. */
const struct pack_member *pack_reader_find(const struct pack_reader *reader, const char *name);
uint64_t pack_reader_size(const struct pack_reader *reader); /* of the file */
/* The SHA-256 that stands in the footer over index and all: it names this archive for good. */
const char *pack_reader_digest(const struct pack_reader *reader);
/* The bytes of a member, appended: the frame's SHA-256, the tar header and the member's SHA-256 are
 * checked. ERROR_BACKUP names the member. May be used by forked children of ours (pread), where the
 * source may. */
NODISCARD bool pack_reader_read(const struct pack_reader *reader, const struct pack_member *member,
                                struct strbuf *ret_bytes, struct error *err);

/* From here on pack_reader_read leaves out what pack_reader_check has just done for the whole file;
 * zstd's own checksum still counts. For reading once more what was checked a moment ago. */
void pack_reader_trust(struct pack_reader *reader);

struct pack_progress {
    void (*done)(void *context, uint64_t bytes, uint64_t total); /* of the file; NULL: not wanted */
    void *context;
};
/* Reads every byte of the file and compares the SHA-256 of each frame with the index, by as many
 * threads (0: as for writing). Every frame that differs is named in the error's detail, the first
 * twenty. Gives way to a wish to stop. */
NODISCARD bool pack_reader_check(const struct pack_reader *reader, unsigned threads,
                                 const struct pack_progress *progress, struct error *err);
