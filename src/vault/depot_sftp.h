/*
 * A folder of another machine, over SFTP. How a session is opened there is somebody else's to know.
 *
 * A session that breaks is replaced by a new one: reading goes on in it, and writing from where the
 * bytes have arrived. A forked child opens its own.
 */
#pragma once

#include "headgate/sftp.h"
#include "private.h"

struct depot_line {
    const char *shown; /* the host */
    /* A stream to an SFTP server there. */
    bool (*connect)(void *context, int *ret_fd, struct error *err);
    /* Runs a program there; NULL: nobody can. */
    bool (*run)(void *context, const char *const *argv, struct process_result *ret_result,
                struct error *err);
    void *context;
    void (*close)(void *context); /* of the context; may be NULL */
    msec patience; /* how long it is tried again after a session broke; 0: 2 minutes */
    msec silence;  /* of the server; 0: a minute */
};

/* One session, for all who read over it. */
struct sftp_line {
    struct sftp *sftp;
    pid_t owner;
    unsigned users;
};
void sftp_line_release(struct sftp_line **line);

/* What was seen of some files before they are asked for. */
struct sftp_ahead {
    struct sftp_ends *items; /* those that were there, and those that are known not to be */
    size_t n;
};

struct sftp_depot {
    struct depot_line line;
    char *shown;            /* the line's */
    struct sftp_line *open; /* or NULL */
    struct sftp_ahead ahead;
};

/* Takes the context of the line. */
struct depot depot_over_sftp(const struct depot_line *line, const char *folder);
/* The same, on a host that is reached over SSH; the place stays the caller's. */
struct depot depot_over_ssh(const struct ssh_place *place, const char *folder);
/* A vault of what `set` says, in such a depot. */
struct vault *vault_over_sftp(const struct environments *set, const struct depot_line *line,
                              const char *folder, struct error *err);

/* A session of our own, at once. */
NODISCARD bool sftp_depot_connect(const struct sftp_depot *depot, struct sftp **ret_sftp,
                                  struct error *err);
/* The one for all, which is opened where it is not, or broke. The caller releases it. */
NODISCARD bool sftp_depot_line(struct sftp_depot *depot, struct sftp_line **ret_line,
                               struct error *err);
/* May another session do better? Then waits a while, longer each time; at the deadline, or when
 * somebody asks us to stop, no more: then err is what it was, or the wish. Clears it else. */
bool sftp_try_again(const struct sftp_depot *depot, unsigned attempt, msec deadline,
                    struct error *err);
msec sftp_depot_patience(const struct sftp_depot *depot);

/* --- depot_sftp_read.c --- */

NODISCARD bool sftp_stored_open(const struct depot *depot, const char *name,
                                struct stored **ret_stored, struct error *err);

/* --- depot_sftp_ahead.c --- */

#define SFTP_TAIL ((size_t)128 * 1024) /* of an archive: index and manifest stand there */

void sftp_look_ahead(const struct depot *depot, const struct strlist *files,
                     const struct strlist *names);
/* What was seen of this file; it is told only once, so that it is never old. The caller clears it.
 * False: nothing. */
bool sftp_seen_ahead(struct sftp_depot *depot, const char *path, struct sftp_ends *ret_ends);
void sftp_forget_ahead(struct sftp_depot *depot);

/* --- pump.c, pump_work.c: writing --- */

/* The ops of a depot that write an archive. */
NODISCARD bool pump_create(const struct depot *depot, const char *name, struct vault_file *file,
                           bool *ret_taken, struct error *err);
NODISCARD bool pump_publish(struct vault_file *file, struct error *err);
void pump_discard(struct vault_file *file);
bool pump_explain(struct vault_file *file, struct error *err);

/* --- writer.c: who writes a part, told beside it --- */

/* "BOOT PIDS PID START": of this process. The caller's. */
char *writer_line(void);
/* True where that process is known to be gone; false where it lives, or is not of this machine. */
bool writer_is_dead(const char *line);
/* .NAME.part -> .NAME.writer.part. The caller's. */
char *writer_file(const char *part);
