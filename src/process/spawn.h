/*
 * Starting a program: what process_run, process_start, process_start_detached and worker_start have
 * in common.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "headgate/error.h"
#include "headgate/process.h"

struct child {
    pid_t pid;
    int pidfd;
};

/* Starts the program with these three descriptors, which stay the caller's, as its standard
 * streams. When this returns true the program has been executed; the caller reaps it. A detached
 * child gets a session of its own and outlives us. */
NODISCARD bool spawn(const struct process_spec *spec, const int streams[3], bool detached,
                     struct child *ret_child, struct error *err);
/* Whoever started us may have had SIGCHLD ignored; then the kernel would forget how a child ended.
 */
void want_exit_statuses(void);
/* The error for a program that was to end well and did not: how it ended, and the last lines that
 * it said. Returns false. */
bool unwanted_end(const struct process_spec *spec, struct process_result *result,
                  struct error *err);
