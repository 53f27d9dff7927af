/*
 * The database of a cluster of ours.
 */
#pragma once

#include "headgate/clock.h"
#include "headgate/error.h"

/* In the server at this socket folder; one that is there already is fine. */
NODISCARD bool database_make(const char *socket_folder, const char *name, msec deadline,
                             struct error *err);
