/*
 * The Unix sockets our servers listen on, and the private folder in /tmp for those whose own
 * folder's path is too long for one.
 */
#pragma once

#include <stdbool.h>

#include "headgate/error.h"

/* Of a socket's address: it holds 107 bytes, some are kept for the temporary names of servers. */
#define SOCKET_PATH_MAX 100

/* Whether a socket folder of this path can be named in an address and in a connection string. */
bool socket_folder_fits(const char *folder);
/* Somebody listens there. */
bool socket_answers(const char *folder);
/* Removes a socket and its lock that a dead server left. */
void socket_remove(const char *folder);
/* "host=... port=5432 dbname=... user=postgres"; the caller's. */
char *socket_conninfo(const char *folder, const char *database);

/* The path of BASE/headgate-<uid>, the caller's; nothing is made. */
char *runtime_folder(const char *base);
/* True for a real folder of ours that nobody else can write to. */
NODISCARD bool runtime_folder_check(const char *folder, struct error *err);
/* The same, and makes it where it is not there. */
NODISCARD bool runtime_folder_make(const char *folder, struct error *err);
