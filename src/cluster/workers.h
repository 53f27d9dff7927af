/*
 * The server programs at work in a folder, found through /proc.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* A postgres or initdb process whose working folder, or a folder among whose arguments, is this one
 * or lies in it. Nobody else's shell or editor in that folder is meant. */
bool worker_is_in(pid_t pid, const char *folder);
/* Ends them by force and waits for their ends. */
void workers_kill(const char *folder);
