/* Rows around a result of libpq. */
#pragma once

#include <libpq-fe.h>

#include "headgate/db.h"

/* The result is the rows' from now on. */
struct db_rows *rows_new(PGresult *result);
