/* One message to the server and everything it answers. */
#pragma once

#include "session.h"

struct request {
    const char *text;
    struct db_params params;
    bool drop_rows;   /* as they come */
    bool unstoppable; /* a wish to stop is not noticed: for what must come to its end */
    msec deadline;
};

/* ret_result, which may be NULL, is for PQclear. */
NODISCARD bool session_request(struct db *db, const struct request *request, PGresult **ret_result,
                               struct error *err);
/* The same; what a pooler's session cannot keep is told to a transaction of its own. */
NODISCARD bool session_request_reminded(struct db *db, const struct request *request,
                                        PGresult **ret_result, struct error *err);
/* Would this request have to be told, outside of a transaction, what the session cannot keep? */
bool session_must_remind(const struct db *db);
