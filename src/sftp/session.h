/*
 * One session: requests go out with numbers, and answers are handed to whoever asked, in whatever
 * order they come. Only waiting brings answers: while something is to be sent, or awaited.
 *
 * A session that breaks (cut, silent, or talking nonsense) stays broken: every later call fails
 * with the same words, ERROR_UNREACHABLE. `retryable` says that a new session may do better.
 */
#pragma once

#include <sys/types.h>

#include "wire.h"

#define SFTP_SLOTS 256                           /* requests under way */
#define SFTP_UNDER_WAY ((size_t)8 * 1024 * 1024) /* bytes that they carry, or want */
#define SFTP_INBOX (SFTP_PACKET_MAX + (size_t)256 * 1024)

struct sftp_request {
    uint32_t id;
    bool busy;
    /* What its answer is handed to; NULL: nobody wants it any more. Must not wait, nor send. */
    void (*answer)(struct sftp *sftp, const struct sftp_request *request, struct sftp_reply *reply);
    void *context;
    uint64_t at; /* of a read or a write */
    size_t n;
};

struct sftp {
    int fd;
    pid_t owner;
    char *shown;
    msec silence;
    msec moved; /* when bytes went in either direction last */
    msec end;   /* when winding up must be done; DEADLINE_NONE while nobody does */
    char *broken;
    bool retryable;
    unsigned extensions;
    bool greeted;
    size_t read_piece, write_piece;
    struct sftp_request requests[SFTP_SLOTS];
    uint32_t next;
    size_t n_busy, under_way;
    char *in; /* SFTP_INBOX */
    size_t in_from, in_to;
};

/* --- line.c: bytes in and out --- */

/* Sends a packet and the bytes that belong to it; meanwhile answers are handed out. */
NODISCARD bool sftp_send(struct sftp *sftp, const struct strbuf *packet, const void *bytes,
                         size_t n, struct error *err);
/* Waits for bytes and hands out the answers in them. patience: for silence; 0: the session's. */
NODISCARD bool sftp_wait(struct sftp *sftp, msec patience, struct error *err);
/* Says that it is broken, from now on. Returns false. */
bool sftp_break(struct sftp *sftp, bool retryable, const char *format, ...) PRINTF_LIKE(3, 4);
/* The error of a broken session. Returns false. */
bool sftp_error(const struct sftp *sftp, struct error *err);

/* --- session.c: asking --- */

/* A number for a request that carries or wants n bytes; waits until so many more may be under way.
 */
NODISCARD bool sftp_begin(struct sftp *sftp, size_t n, struct sftp_request **ret_request,
                          struct error *err);
/* Sends it. Where that fails it was never begun. */
NODISCARD bool sftp_ask(struct sftp *sftp, struct sftp_request *request,
                        const struct strbuf *packet, const void *bytes, struct error *err);
/* Nobody wants the answers that would go to this context any more. */
void sftp_abandon(struct sftp *sftp, const void *context);

/* An answer that was waited for. */
struct sftp_answer {
    bool done;
    struct strbuf packet;
    struct sftp_reply reply; /* its texts stand in the packet */
};
#define SFTP_ANSWER_INIT                                                                           \
    {                                                                                              \
        .packet = STRBUF_INIT                                                                      \
    }
void sftp_answer_clear(struct sftp_answer *answer);
/* Asks and waits. */
NODISCARD bool sftp_call(struct sftp *sftp, struct sftp_request *request,
                         const struct strbuf *packet, msec patience, struct sftp_answer *answer,
                         struct error *err);
/* The same for what has a path, or a handle, as its only argument. */
NODISCARD bool sftp_call_with(struct sftp *sftp, uint8_t type, const char *bytes, size_t n,
                              struct sftp_answer *answer, struct error *err);
/* Wants an answer of this type (STATUS: that all is well). Else the error: "HOST: could not WHAT
 * PATH: no such file". */
NODISCARD bool sftp_expect(struct sftp *sftp, const struct sftp_reply *reply, uint8_t type,
                           const char *what, const char *path, struct error *err);
/* "could not WHAT PATH", with what a status says. Returns false. */
bool sftp_refused(const struct sftp *sftp, uint32_t status, const char *said, const char *what,
                  const char *path, struct error *err);
