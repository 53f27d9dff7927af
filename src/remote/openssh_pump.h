/*
 * One connection that is passed on to another: bytes both ways, an end in either direction. What
 * one side does not take is not read of the other.
 */
#pragma once

#include <poll.h>

#include "openssh.h"

enum { PUMP_GUEST, PUMP_OVER, PUMP_FDS }; /* who came, and where they are passed on to */
struct pump_way {
    char *bytes;
    size_t from, to; /* what has been read and not written */
    bool ended, told;
};
struct pump {
    int fds[PUMP_FDS];
    struct pump_way ways[PUMP_FDS]; /* by where they come from */
    bool answered;
};
/* UNANSWERED: it has ended before anything came over; the guest is still there. */
enum pump_state { PUMP_GOES_ON, PUMP_UNANSWERED, PUMP_OVER_NOW };

/* Takes both. */
struct pump *pump_new(int guest, int over);
void pump_free(struct pump *pump);
/* Fills in PUMP_FDS of poll's. */
void pump_watch(const struct pump *pump, struct pollfd *fds);
enum pump_state pump_move(struct pump *pump, const struct pollfd *fds);
