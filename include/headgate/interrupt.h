/*
 * The wish to stop. SIGINT, SIGTERM and SIGHUP only set a flag; code that waits uses
 * interrupt_poll, which returns at once when the flag is set, and then winds up in its own way. The
 * flag is file-scope state, in interrupt.c only.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include "headgate/clock.h"

/* Blocks the signals, except inside interrupt_poll. A SIGPIPE is ignored from here on. */
void interrupt_install(void);
/* The signal's number, or 0. */
int interrupt_pending(void);
/* How often somebody asked to stop: a second Ctrl-C means now. */
int interrupt_count(void);
void interrupt_forget(void);
/* poll(2) with a deadline that a signal to stop ends: returns -1 with errno EINTR only for such a
 * signal. */
int interrupt_poll(struct pollfd *fds, nfds_t n, msec deadline);
/* In a child between fork and exec: the signals as a program expects them. */
void interrupt_reset_in_child(void);
/* Sets err to ERROR_INTERRUPTED or ERROR_TERMINATED; returns false. */
bool interrupt_error(struct error *err);
