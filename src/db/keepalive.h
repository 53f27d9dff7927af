/* Noticing that the network is dead. */
#pragma once

#include <libpq-fe.h>

/* For a connection that was just made. */
void keepalive_set(PGconn *conn);
