/*
 * Archives: .tar.zst, written and read as a stream, member by member, whatever its size. What is
 * open takes the memory of one compression window, never that of a member.
 *
 * The same members give the same bytes: no time, no owner, mode 0644, in the order in which they
 * are written. Any tar that knows zstd unpacks them.
 *
 * A reader trusts nothing: regular files only, with relative names without "..", below the limits
 * that the caller sets. That a member's bytes are those that were written is NOT checked here (tar
 * and zstd let flipped bits through in silence): whoever writes an archive keeps a SHA-256 of each
 * member, and whoever reads it compares.
 *
 * Nobody else includes libarchive's headers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/error.h"

/* --- writing --- */

struct archive_writer;

/* Writes to this descriptor, from where it stands; it stays the caller's, to be synced and closed.
 * `shown` names the archive in messages. */
NODISCARD bool archive_writer_open(int fd, const char *shown, struct archive_writer **ret_writer,
                                   struct error *err);
/* A member of exactly this size follows; its bytes are added in pieces of any size. */
NODISCARD bool archive_writer_begin(struct archive_writer *writer, const char *name, uint64_t size,
                                    struct error *err);
NODISCARD bool archive_writer_add(struct archive_writer *writer, const void *bytes, size_t n,
                                  struct error *err);
/* All of them were added. */
NODISCARD bool archive_writer_end(struct archive_writer *writer, struct error *err);
/* Writes what is still gathered, and the end of the archive. Without it the archive is cut off. */
NODISCARD bool archive_writer_finish(struct archive_writer *writer, struct error *err);
void archive_writer_freep(struct archive_writer **writer);

/* --- reading --- */

struct archive_reader;

struct archive_limits {
    uint64_t member;  /* bytes of one member */
    uint64_t total;   /* bytes of all members together */
    uint64_t members; /* how many there may be */
    /* What a damaged archive, or one beyond these limits, is for the caller: ERROR_CONFIG for a
     * release, ERROR_BACKUP for a backup. That it could not be read at all is ERROR_IO. */
    enum error_code code;
};

struct archive_member {
    const char *name; /* borrowed until the next member */
    uint64_t size;
};

/* Reads from this descriptor, which stays the caller's; a pipe will do. */
NODISCARD bool archive_reader_open(int fd, const char *shown, const struct archive_limits *limits,
                                   struct archive_reader **ret_reader, struct error *err);
/* The next member; what was not read of the one before is skipped. ret_found is false at the end of
 * the archive. */
NODISCARD bool archive_reader_next(struct archive_reader *reader, struct archive_member *ret_member,
                                   bool *ret_found, struct error *err);
/* The next bytes of this member, as many as there is room for; fewer only at its end. */
NODISCARD bool archive_reader_read(struct archive_reader *reader, void *room, size_t size,
                                   size_t *ret_n, struct error *err);
void archive_reader_freep(struct archive_reader **reader);

/* Can this be the name of a member? Relative, without empty parts, "." and "..". */
bool archive_name_is_good(const char *name);
