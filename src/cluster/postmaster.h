/*
 * A server process, found by its data folder.
 *
 * postmaster.pid alone proves nothing: it outlives a crash, and its number may be another process's
 * by now. So the process is held by a pidfd first and then looked at in /proc.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "headgate/clock.h"
#include "headgate/error.h"

enum postmaster_state {
    POSTMASTER_GONE,
    POSTMASTER_STARTING,
    POSTMASTER_READY,
    POSTMASTER_STOPPING,
};

struct postmaster {
    enum postmaster_state state;
    pid_t pid; /* 0 where it is gone */
    int pidfd; /* -1 where it is gone */
};
#define POSTMASTER_INIT                                                                            \
    {                                                                                              \
        .state = POSTMASTER_GONE, .pid = 0, .pidfd = -1                                            \
    }

void postmaster_find(const char *data, struct postmaster *ret_postmaster);
void postmaster_clear(struct postmaster *postmaster);
/* Disconnects everybody and shuts down; at the deadline in a hurry, and then by force. The data
 * survive each of these. */
NODISCARD bool postmaster_stop(const struct postmaster *postmaster, msec deadline,
                               struct error *err);
/* A dead server's postmaster.pid whose number is now a stranger's would keep the next one from
 * starting: the number is replaced by one that no process has. The rest stays, PostgreSQL finds
 * forgotten backends by it. */
NODISCARD bool postmaster_forget(const char *data, struct error *err);

/* The last lines that were written to a log behind this offset; the caller's. */
char *log_tail(const char *path, off_t offset);
