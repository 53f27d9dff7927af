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
/* In a forked child that goes on in this program: forgets the wishes that its parent had got, and
 * not what it has been sent itself meanwhile. */
void interrupt_disown(void);
/* From here on SIGUSR1 is a gentle wish: to stop at the next safe point, not now. It ends no wait
 * but one of deadline_sleep, or of interrupt_poll without descriptors, which then returns 0: the
 * one that it comes in, else the next. Installs, where that was not done. */
void interrupt_accept_gentle(void);
/* A gentle wish or any other: for loops, between two pieces of work that are safe each. */
bool interrupt_is_wished(void);
/* Sets err to ERROR_INTERRUPTED or ERROR_TERMINATED; returns false. */
bool interrupt_error(struct error *err);
