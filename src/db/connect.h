/* Making the connection, without blocking. */
#pragma once

#include "session.h"

/*
 * Sets db->conn. A host that does not answer is given up after its share of the time, or after the
 * user's connect_timeout, so that the next one of the connection string has its turn.
 */
NODISCARD bool session_connect(struct db *db, const struct conninfo *conninfo,
                               const char *application_name, msec deadline, struct error *err);

/* What counts in the end, with PG* variables and service file; NULL where there is none. The
 * caller's. */
char *connection_parameter(PGconn *conn, const char *keyword);
