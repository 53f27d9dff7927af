/*
 * COPY ... FROM stdin.
 *
 * It goes in the simple protocol: in the extended one the server would, after an error, wait for a
 * Sync that libpq sends only with the end of the data, and an error at the wrong moment would leave
 * two of them on their way.
 *
 * Once the server has refused a row it reads all that follows and drops it, and libpq shows its
 * error only when the data has been ended. For a large table that may be an hour later. But in the
 * middle of the data a server says nothing, except notices, which libpq gives us, and the error
 * that ends it. Where nothing is encrypted we look at what has come before libpq takes it, and only
 * what is the beginning of an error is one: a slow network may cut a notice anywhere, and a COPY
 * that is ended in vain fails a good restore, while an error that is found late only costs time.
 * Else, where the server says something that does not turn out to be a notice within a time that no
 * network needs, we end the data and read what it was.
 */
#include "copy.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "headgate/db_copy.h"
#include "headgate/interrupt.h"
#include "request.h"
#include "wait.h"

/* libpq moves what is left in its buffer each time the socket takes a part of it: kept short it is
 * quick. */
#define PIECE ((size_t)64 << 10)
#define UNSENT_LIMIT ((size_t)256 << 10)
/* From so many bytes on libpq sends by itself. Where the socket is full it also reads, without a
 * word: so each time we look before. What comes in the instant between is found with the end of the
 * data. */
#define SEND_FROM ((size_t)8 << 10)
/* How long a notice may be under way, once it has begun to come in, where we cannot look at it. */
#define NOTICE_LIMIT 30000
/* An older server also tells of changed settings in the middle of a statement. */
#define FIRST_SILENT_VERSION 140000

enum progress { GOES_ON, OVER, OVERDUE };

static bool wait_until_ready(const PGconn *conn, short events, msec deadline)
{
    return wait_for_socket(conn, events, deadline, false) == WAIT_READY;
}

/* Takes in what came; false where the connection is lost. */
static bool take_in(PGconn *conn)
{
    bool taken = PQconsumeInput(conn) == 1;
    (void)PQisBusy(conn); /* this gives out the notices */
    return taken;
}

/* Something came, and it is no notice yet. */
static bool stays_no_notice(const struct exchange *x, size_t n_before)
{
    PGconn *conn = x->db->conn;
    msec deadline = deadline_earlier(x->deadline, deadline_in(NOTICE_LIMIT));
    while (wait_until_ready(conn, POLLIN, deadline)) {
        if (!take_in(conn)) {
            return true;
        }
        if (x->db->notices.n_received != n_before) {
            return false;
        }
    }
    return true;
}

/* 'E', a length of four bytes that is less than 64 KiB, and the first field, which is the severity.
 * No notice has that in its middle: two zeros stand only at its end, and then comes an 'N'. */
static bool is_error(const char *bytes, ssize_t n)
{
    return n >= 6 && bytes[0] == 'E' && bytes[1] == 0 && bytes[2] == 0 && bytes[5] == 'S';
}

/* Something has come, in the clear. What is no error goes to libpq. */
static bool error_has_come(PGconn *conn)
{
    char bytes[6];
    ssize_t n = recv(PQsocket(conn), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    return is_error(bytes, n) || !take_in(conn);
}

static bool server_has_ended_it(const struct exchange *x)
{
    PGconn *conn = x->db->conn;
    size_t n_before = x->db->notices.n_received;
    if (!wait_until_ready(conn, POLLIN, clock_now())) {
        return false;
    }
    if (!PQsslInUse(conn) && PQgssEncInUse(conn) == 0) {
        return error_has_come(conn);
    }
    if (!take_in(conn)) {
        return true;
    }
    return x->db->notices.n_received == n_before && PQserverVersion(conn) >= FIRST_SILENT_VERSION &&
           stays_no_notice(x, n_before);
}

static enum progress send_all(struct exchange *x)
{
    int left = 0;
    do {
        if (server_has_ended_it(x)) {
            return OVER;
        }
        left = PQflush(x->db->conn);
        if (left > 0 && !exchange_await(x, POLLIN | POLLOUT)) {
            return OVERDUE;
        }
        if (left < 0 || x->stopped) {
            return OVER;
        }
    } while (left > 0);
    x->db->unsent = 0;
    return GOES_ON;
}

static enum progress put(struct exchange *x, const char *bytes, size_t n)
{
    enum progress progress = GOES_ON;
    while (n > 0 && progress == GOES_ON) {
        size_t piece = n < PIECE ? n : PIECE;
        if (x->db->unsent + piece >= SEND_FROM && server_has_ended_it(x)) {
            return OVER;
        }
        if (PQputCopyData(x->db->conn, bytes, (int)piece) != 1) {
            return OVER;
        }
        x->db->unsent += piece;
        bytes += piece;
        n -= piece;
        if (x->db->unsent >= UNSENT_LIMIT) {
            progress = send_all(x);
        }
    }
    return progress;
}

/* Where the server itself has ended it, it does not listen to our reason. */
static bool end_in_failure(struct exchange *x, struct error *err)
{
    PGresult *result = NULL;
    x->db->copying = COPYING_NOT;
    (void)PQputCopyEnd(x->db->conn, "it was given up by the client");
    bool answered = exchange_converse(x, &result);
    PQclear(result);
    if (!answered) {
        return exchange_fail_overdue(x, err);
    }
    return exchange_conclude(x, err) &&
           error_set(err, ERROR_DATABASE, "the server ended a COPY without a reason");
}

/* A wish to stop ends the data, and with that the COPY. A server that waits for data does not even
 * notice that it is to cancel. */
static bool go_on(struct exchange *x, struct db *db, msec deadline, struct error *err)
{
    if (!exchange_go_on(x, db, deadline, err)) {
        return false;
    }
    assert(db->copying == COPYING_IN);
    if (interrupt_pending() == 0) {
        return true;
    }
    exchange_stop_soon(x);
    return end_in_failure(x, err);
}

static bool begin(struct exchange *x, const char *copy, struct error *err)
{
    struct db *db = x->db;
    if (!copy_begin(x, PQsendQuery(db->conn, copy) == 1, PGRES_COPY_IN, err)) {
        return false;
    }
    db->copying = COPYING_IN;
    db->unsent = 0;
    return !x->stopped || end_in_failure(x, err);
}

bool db_copy_in_begin(struct db *db, const char *copy, msec deadline, struct error *err)
{
    CLEANUP(exchange_clear) struct exchange x = {0};
    return exchange_init(&x, db, deadline, false, err) && copy_is_allowed(db, err) &&
           begin(&x, copy, err);
}

bool db_copy_in_put(struct db *db, const char *bytes, size_t n, msec deadline, struct error *err)
{
    CLEANUP(exchange_clear) struct exchange x = {0};
    if (!go_on(&x, db, deadline, err)) {
        return false;
    }
    switch (put(&x, bytes, n)) {
    case GOES_ON:
        return true;
    case OVER:
        return end_in_failure(&x, err);
    case OVERDUE:
        break;
    }
    return exchange_fail_overdue(&x, err);
}

static bool end(struct exchange *x, int64_t *ret_rows, struct error *err)
{
    PGresult *result = NULL;
    x->db->copying = COPYING_NOT;
    (void)PQputCopyEnd(x->db->conn, NULL); /* a failure of it shows in what follows */
    bool answered = exchange_converse(x, &result);
    bool done = answered ? exchange_conclude(x, err) : exchange_fail_overdue(x, err);
    if (done) {
        *ret_rows = strtoll(PQcmdTuples(result), NULL, 10);
    }
    PQclear(result);
    return done;
}

bool db_copy_in_end(struct db *db, msec deadline, int64_t *ret_rows, struct error *err)
{
    CLEANUP(exchange_clear) struct exchange x = {0};
    return go_on(&x, db, deadline, err) && end(&x, ret_rows, err);
}

void copy_in_give_up(struct db *db, msec deadline)
{
    CLEANUP(exchange_clear) struct exchange x = {0};
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (db->copying == COPYING_IN && exchange_go_on(&x, db, deadline, &ignored)) {
        x.unstoppable = true;
        (void)end_in_failure(&x, &ignored);
    }
}
