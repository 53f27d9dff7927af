/* What COPY in and COPY out share, and the way out of one. */
#pragma once

#include "exchange.h"

/* The exchange has been begun, and the text given to libpq: `sent` is what that said. Until the
 * server is ready to copy in this direction. */
NODISCARD bool copy_begin(struct exchange *x, bool sent, ExecStatusType direction,
                          struct error *err);
/* Refused where a pooler's session cannot keep what it was told. */
NODISCARD bool copy_is_allowed(const struct db *db, struct error *err);

/* Ends a COPY ... FROM stdin that goes on, so that nothing of it stays; where there is none nothing
 * happens. Where the server does not answer the session is closed. */
void copy_in_give_up(struct db *db, msec deadline);
