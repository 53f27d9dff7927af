/* What a server, or the loss of it, makes an error of. */
#pragma once

#include "session.h"

/* The server's answer was an error: ERROR_DATABASE with everything it said. Returns false. */
bool failure_of_result(const PGresult *result, struct error *err);
/* There is no connection any more; the result, NULL where there is none, holds the last words.
 * Returns false.
 */
bool failure_of_connection(const struct db *db, const PGresult *result, struct error *err);
