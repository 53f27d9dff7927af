/*
 * Files on a host, over SFTP (version 3, and OpenSSH's extensions where the server has them).
 *
 * Speaks over a socket that somebody else has opened (remote_subsystem), so it does not matter how
 * the host is reached. Reads and writes are pipelined: up to 8 MB are under way. Blocking, with a
 * deadline for silence: what moves takes as long as it takes. Gives way to a wish to stop.
 *
 * One thread of one process uses a session at a time. What breaks the session is ERROR_UNREACHABLE,
 * what the server refuses is ERROR_IO.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/clock.h"
#include "headgate/error.h"
#include "headgate/strbuf.h"

struct sftp;

/* Takes the descriptor, also when it fails. shown: the host, for messages. silence: how long the
 * server may say nothing while we wait for it. */
NODISCARD bool sftp_open(int fd, const char *shown, msec silence, struct sftp **ret_sftp,
                         struct error *err);
/* Closes the line, without a word: also what a forked child does with what is not its own. */
void sftp_closep(struct sftp **sftp);
/* It broke: nothing more goes over it, and a new one is needed. An error that is `retryable` says
 * that a new one may well do better. */
bool sftp_is_broken(const struct sftp *sftp);
/* From here on a wish to stop is not looked at, and all has to be done by then: to clean up. */
void sftp_wind_up(struct sftp *sftp, msec deadline);

struct sftp_entry {
    char *name;
    uint64_t size;
    int64_t modified; /* seconds */
    uint32_t mode;
};
struct sftp_entries {
    struct sftp_entry *items;
    size_t n;
};
/* Errors have sys_errno set where the server's status says as much: ENOENT, EACCES, ENOSPC, EEXIST
 * (not every server tells them apart). */
NODISCARD bool sftp_list(struct sftp *sftp, const char *folder, struct sftp_entries *ret_entries,
                         struct error *err);
void sftp_entries_clear(struct sftp_entries *entries);
/* The name in the entry is the path. */
NODISCARD bool sftp_stat(struct sftp *sftp, const char *path, struct sftp_entry *ret_entry,
                         struct error *err);
void sftp_entry_clear(struct sftp_entry *entry);
/* With all that are above it and missing; true where it is there. */
NODISCARD bool sftp_make_folder(struct sftp *sftp, const char *path, uint32_t mode,
                                struct error *err);
/* Gives it a name that may be another file's until now, where the server can; else only a free
 * one. */
NODISCARD bool sftp_rename(struct sftp *sftp, const char *from, const char *to, struct error *err);
NODISCARD bool sftp_remove(struct sftp *sftp, const char *path, struct error *err);
/* Free bytes of the file system; UINT64_MAX where the server does not tell. */
NODISCARD bool sftp_free_bytes(struct sftp *sftp, const char *path, uint64_t *ret_free,
                               struct error *err);

/* --- one file --- */

struct sftp_file;
NODISCARD bool sftp_open_to_read(struct sftp *sftp, const char *path, struct sftp_file **ret_file,
                                 struct error *err);
/* fresh: a new one, EEXIST where there is one; else one that is there goes on being written. */
NODISCARD bool sftp_open_to_write(struct sftp *sftp, const char *path, bool fresh, uint32_t mode,
                                  struct sftp_file **ret_file, struct error *err);
/* As many as were asked for, or fewer at the file's end. Who reads on where the last read ended is
 * read for ahead. */
NODISCARD bool sftp_read_at(struct sftp_file *file, void *bytes, size_t n, uint64_t at,
                            size_t *ret_n, struct error *err);
/* On its way when this returns; a failure may come with a later call. */
NODISCARD bool sftp_write_at(struct sftp_file *file, const void *bytes, size_t n, uint64_t at,
                             struct error *err);
/* So much of what was written from its beginning on has arrived, without a gap: the rest is to be
 * written again where the session breaks. */
uint64_t sftp_arrived(const struct sftp_file *file);
/* All that was written has arrived; and is on the disk, where the server can say so (ret_durable).
 */
NODISCARD bool sftp_sync(struct sftp_file *file, bool *ret_durable, struct error *err);
/* Errors of closing are told by sftp_sync only. */
void sftp_file_closep(struct sftp_file **file);

/* --- many files --- */

#define SFTP_FILES_MAX 64
/* A file's beginning and its end. */
struct sftp_ends {
    char *path;
    size_t first, last; /* so many bytes are wanted; of one that is not larger than `last` all of it
                           is its end */
    bool there;         /* it could be read; what is no plain file never is */
    uint64_t size;
    int64_t modified; /* seconds */
    char *head, *tail;
    size_t n_head, n_tail;
};
/* Of all of them together, in a few round trips, whatever their number, up to SFTP_FILES_MAX. Only
 * that the session breaks is a failure. */
NODISCARD bool sftp_read_ends(struct sftp *sftp, struct sftp_ends *files, size_t n,
                              struct error *err);
void sftp_ends_clear(struct sftp_ends *ends);
