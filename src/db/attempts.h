/*
 * Attempts to connect that failed.
 *
 * A connection string can name several hosts, a host several addresses, and libpq strings its
 * complaints together. Here they are taken apart, one attempt a place, and made into one error with
 * a remedy.
 */
#pragma once

#include "headgate/db.h"

struct attempt {
    char *where;  /* "db1:5432"; NULL where libpq did not even try */
    char *reason; /* "connection refused" */
    char sqlstate[6];
    char *detail, *hint; /* the server's, or NULL */
};

struct attempts {
    struct attempt *items;
    size_t n;
    const char *via; /* what leads there: "ssh deploy@db1"; borrowed from the connection string */
};

/* Adds what a failed connection says; it must have been set to PQERRORS_VERBOSE, which alone tells
 * the SQLSTATE. */
void attempts_read(struct attempts *attempts, const char *libpq_says);
/* Adds one that we gave up. */
void attempts_add(struct attempts *attempts, const char *where, const char *reason);
/* Names the server where libpq names what leads there. */
void attempts_undo_detours(struct attempts *attempts, const struct conninfo *conninfo);
void attempts_clear(struct attempts *attempts);
/* Raises ERROR_UNREACHABLE, or ERROR_CONFIG where libpq did not even try; returns false. */
bool attempts_fail(const struct attempts *attempts, const char *database, struct error *err);
/* What to do about it, or NULL. */
const char *attempt_remedy(const char *sqlstate, const char *reason, bool *ret_retryable);
