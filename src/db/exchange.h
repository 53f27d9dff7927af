/*
 * What every kind of request to the server has in common: waiting for answers, and what is made of
 * their failure.
 */
#pragma once

#include "session.h"

struct exchange {
    struct db *db;
    msec start, deadline;
    bool unstoppable; /* a wish to stop is not noticed: for what must come to its end */
    bool stopped;     /* the server was asked to cancel */
    bool copied_out;  /* it sent rows of a COPY, which nobody reads */
    msec next_cancel, next_tick;
    PGresult *failure; /* the first error */
};

/* False where the session is closed or somebody asks us to stop: then nothing has happened. */
NODISCARD bool exchange_init(struct exchange *x, struct db *db, msec deadline, bool unstoppable,
                             struct error *err);
/* The same for a request that goes on, with COPY's next bytes: it may be stopped only in an orderly
 * way, so a wish to stop is the caller's to look for. */
NODISCARD bool exchange_go_on(struct exchange *x, struct db *db, msec deadline, struct error *err);
void exchange_clear(struct exchange *x);

/* These return false where the time is up. */
NODISCARD bool exchange_await(struct exchange *x, short events);
/* Sends what waits to be sent. */
NODISCARD bool exchange_flush(struct exchange *x);
/* Until an answer, or the loss of the connection, can be had from libpq without waiting. */
NODISCARD bool exchange_await_result(struct exchange *x);
/* After PGRES_COPY_IN or PGRES_COPY_OUT: there are no rows, and nobody wants any. */
NODISCARD bool exchange_end_copy(struct exchange *x, ExecStatusType status);

/* From sending what waits to be sent until the server has said everything. The last result that is
 * no failure goes to *ret_result, which may hold an earlier one: for PQclear. */
NODISCARD bool exchange_converse(struct exchange *x, PGresult **ret_result);

/* The answer is not wanted any more: asks the server to cancel, and leaves it a short time. */
void exchange_stop(struct exchange *x);
/* The same, but leaves it a moment to end by itself, as it has been told to. */
void exchange_stop_soon(struct exchange *x);

/* Takes the result and keeps it where it is the first error. */
void exchange_note_failure(struct exchange *x, PGresult *result);

/* After everything was answered, or the connection was lost. */
NODISCARD bool exchange_conclude(struct exchange *x, struct error *err);
/* The time is up: closes the session. Returns false. */
bool exchange_fail_overdue(struct exchange *x, struct error *err);
/* libpq did not take it, for the reason given: nothing of it can have happened. Returns false. */
bool exchange_fail_unsent(const struct exchange *x, const char *reason, struct error *err);
