/* What a server, or the loss of it, makes an error of. */
#pragma once

#include "session.h"

/* The server's answer was an error: ERROR_DATABASE with everything it said. Returns false. */
bool failure_of_result(const PGresult *result, struct error *err);
/* A statement failed, and the server that says so goes on; not its last words, nor libpq's. */
bool failure_is_of_statement(const PGresult *result);
/* There is no connection any more; the result, NULL where there is none, holds the last words.
 * Returns false.
 */
bool failure_of_connection(const struct db *db, const PGresult *result, struct error *err);
