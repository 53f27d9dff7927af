/*
 * The process that makes a scratch cluster, waits for its owner's end, and then removes it.
 */
#pragma once

#include "headgate/cluster.h"
#include "server_user.h"

struct keeper {
    const char *folder; /* made and empty; data/, log and the socket will be in it */
    const char *lock;   /* its lock file's path, removed last */
    const struct server_programs *server;
    const struct server_user *user;
    int owner_socket; /* tells the owner; its end tells us */
    int owner_pidfd;
    int lock_fd; /* held until all is gone */
};

/* In a forked child. */
_Noreturn void keeper_live(const struct keeper *task);
/* The owner's side: waits until the server is ready. */
NODISCARD bool keeper_wait_ready(int keeper_socket, msec deadline, struct error *err);
