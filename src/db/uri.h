/*
 * What Prisma adds to PostgreSQL's connection URIs.
 *
 * Prisma's own parameters are taken out before libpq, which knows none of them, sees the URI.
 * Nothing here quotes the URI: it may hold a password, and an unescaped character puts a piece of
 * it where a host or a database is expected.
 */
#pragma once

#include <stdbool.h>

#include "conninfo.h"
#include "headgate/error.h"

struct uri {
    char *text;   /* for libpq */
    char *schema; /* NULL where none is named */
    bool pooler;  /* pgbouncer=true */
};

/* True for anything that starts like scheme://, also for schemes that are not ours. */
bool uri_is_one(const char *url);
NODISCARD bool uri_parse(const char *url, struct uri *ret_uri, struct error *err);
void uri_clear(struct uri *uri);
/* A URI of libpq's with these parameters. Where the server is a socket, other programs understand
 * it too: they want a host in its place as well. The caller's. */
char *uri_write(const struct parameters *parameters);
