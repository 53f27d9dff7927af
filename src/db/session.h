/* The inside of a session, for the files of this module that make one up. */
#pragma once

#include <libpq-fe.h>

#include "headgate/db.h"

/* The last lines that the server said besides its answers. */
struct notices {
    char **lines; /* a ring */
    size_t first, n;
    size_t n_dropped;
    size_t n_received; /* ever */
};

/* What is done while an answer is waited for. */
struct on_wait {
    void (*tick)(void *context); /* NULL: nothing */
    void *context;
    msec interval;
    bool runs;
};

enum copying { COPYING_NOT, COPYING_IN, COPYING_OUT };

struct db {
    PGconn *conn;  /* NULL once it is closed */
    char *display; /* "db1:5432/shop" */
    struct db_identity identity;
    bool read_only;
    char *schema; /* as db_set_schema was told, where the session itself cannot keep it */
    struct notices notices;
    struct on_wait on_wait;
    enum copying copying;
    size_t unsent; /* of COPY's bytes: how many libpq may still keep */
};

/* Closes the connection and keeps the object. */
void session_abandon(struct db *db);
/* Asks the server to cancel what runs, within two seconds, whatever the server does. */
void session_cancel(const struct db *db);

/* For PQsetNoticeReceiver, with the struct notices. */
void notices_receive(void *notices, const PGresult *result);
void notices_clear(struct notices *notices);
