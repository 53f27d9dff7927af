/* Waiting for a connection's socket. */
#pragma once

#include <libpq-fe.h>

#include "headgate/clock.h"

enum wait_end {
    WAIT_READY,    /* something happened, or something is wrong with the socket: ask libpq */
    WAIT_DEADLINE, /* nothing did */
    WAIT_STOP      /* somebody asks us to stop */
};

/* Without `stoppable` a wish to stop is not noticed: for the way out, which has a deadline of its
 * own. */
enum wait_end wait_for_socket(const PGconn *conn, short events, msec deadline, bool stoppable);

/* "2s" from 1999 milliseconds: the time that a deadline left, as the user wrote it. The caller's.
 */
char *wait_describe(msec start, msec deadline);
