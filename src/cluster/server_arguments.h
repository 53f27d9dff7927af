/*
 * How our servers are made and started: the arguments of initdb and postgres.
 */
#pragma once

#include <stdbool.h>

#include "headgate/cluster.h"
#include "headgate/strlist.h"

/* Kept: survives a power failure, its pages have checksums. Else as fast as it goes. */
void initdb_arguments(const struct server_programs *server, const char *data, bool kept,
                      struct strlist *ret_argv);
void postgres_arguments(const struct server_programs *server, const char *data,
                        const char *socket_folder, bool kept, struct strlist *ret_argv);
