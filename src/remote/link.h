/*
 * A session of libssh2's, and the process that has it (the forwarder).
 *
 *   link_owner.c    the owner's side: a forwarder for each hop, and requests to the last
 *   link_door.c     what is said over the sockets in between
 *   link_process.c  the forwarder: its life, its loop
 *   link_guest.c    who comes to its door, and to the ways in
 *   link_stream.c   one connection or program: bytes both ways
 *   link_failure.c  what its client is told where it cannot go on
 *   link_way.c      sockets and ports for libpq, and who may come to them
 *   link_opening.c  channels being opened, one at a time
 *   link_dial.c     a new session: reach, handshake, host key, authentication (link_auth.c,
 *                   with keys of link_agent.c and link_key.c)
 *   link_io.c       the bytes of a session: libssh2 never sees a full socket
 *   link_socket.c   a TCP connection with a deadline
 *   link_explain.c  what libssh2 could not do, in words
 */
#pragma once

#include <libssh2.h>
#include <poll.h>

#include "private.h"

#define LINK_BUFFER ((size_t)256 * 1024)
struct link {
    const struct ssh_hop *hop;
    struct owner_watch *owner;
    int fd; /* TCP, or a stream through the hop before */
    bool tcp;
    LIBSSH2_SESSION *session;

    char *buffer; /* LINK_BUFFER bytes, for whoever moves something */
    char *in;     /* what came and libssh2 has not taken yet */
    size_t in_from, in_to;
    size_t portion;    /* how much of that libssh2 may have for now */
    struct strbuf out; /* what libssh2 sent and the socket has not taken yet */
    size_t out_from;
    bool readable, ended;  /* there may be something to read; there will be nothing any more */
    int failed;            /* errno of the socket */
    struct strbuf opening; /* what the server sent in clear, until its keys are exchanged */
    bool keyed;
    char *farewell; /* why the server ended it, in its words */
    char *question; /* of an interactive server, to which there was no answer; NULL */
    bool answered;  /* one was answered, or all were */

    msec heard, probed; /* when something last came; when we asked for it, 0: we did not */
    uint64_t sent, progress;
    char *key; /* the host key that was checked */
    size_t key_size;
    char *other_key; /* one that the host showed later: "ssh-ed25519 SHA256:..."; NULL */
    struct remote_hop told;
};

/* --- link_io.c --- */

/* For a process that has sessions; without it all is the same, and slower. */
void link_be_quick(void);
/* Nobody is there any more: memory that many needed at once goes back to the system. */
void link_give_back(void);
struct link *link_new(const struct ssh_hop *hop, struct owner_watch *owner);
void link_closep(struct link **link);
/* libssh2 reads and writes through the link from here on. */
NODISCARD bool link_attach(struct link *link, int fd, bool tcp, struct error *err);
/* What it would wait for, as poll's events. */
short link_events(const struct link *link);
/* What poll said of its descriptor. Sends and receives what can be; true where something moved. */
bool link_move(struct link *link, short revents);
/* How many bytes are not sent yet. */
size_t link_unsent(const struct link *link);
/* Until something moves. False: the deadline passed, the owner has ended. */
NODISCARD bool link_wait(struct link *link, msec deadline, struct error *err);
/* A call of libssh2's came back with that: whether it means the end of the session. */
void link_note(struct link *link, ssize_t result);
/* So that the other side need not wait for our word that its bytes arrived. */
void link_acknowledge(const struct link *link);
/* How many bytes of ours the other side has acknowledged or the line has taken: moves as long as
 * the line does. */
uint64_t link_progress(const struct link *link);

/* --- link_socket.c --- */

/* Waits for one descriptor and the owner's end. 1: ready, 0: the deadline passed, -1: the owner has
 * ended, or this process was asked to stop (a forwarder is deaf to that). */
int owner_watch_wait(struct owner_watch *owner, int fd, short events, msec deadline);

/* --- link_dial.c --- */

/* before: the door of the forwarder before, or NULL. */
NODISCARD bool link_dial(const struct ssh_hop *hop, const char *before, struct owner_watch *owner,
                         struct link **ret_link, struct error *err);
/* The host's key is still the one that was checked. False: it is noted, and the session has
 * ended. */
bool link_key_is_same(struct link *link);

/* --- link_auth.c, link_agent.c, link_key.c --- */

NODISCARD bool link_authenticate(struct link *link, msec deadline, struct error *err);

/* One try with a key; sets link->told.authentication or adds to link->told.tried. False only where
 * the session is over. */
struct attempt {
    struct link *link;
    msec deadline;
    bool in; /* we are let in */
    bool skipped_rsa;
    bool locked;      /* a key could not be read without its passphrase */
    bool certificate; /* one lies beside a key */
};
NODISCARD bool attempt_agent(struct attempt *attempt, const char *only, size_t only_size,
                             bool *ret_had, struct error *err);
NODISCARD bool attempt_file(struct attempt *attempt, const char *path, struct error *err);
/* libssh2 1.10 signs with RSA and SHA-1 only; whether this server takes that. */
bool attempt_rsa_is_futile(const struct attempt *attempt);
/* What became of it. */
NODISCARD bool attempt_note(struct attempt *attempt, int result, const char *what,
                            struct error *err);

struct key_file {
    char *type; /* "ssh-ed25519"; NULL: not known */
    char *blob; /* the public key, where the file says it; NULL */
    size_t blob_size;
    bool encrypted;
    bool missing; /* only its public part lies there; the agent may have the other */
};
/* What can be said of a private key without its passphrase. False: there is no file that can be
 * read; errno says why. */
bool key_file_look(const char *path, struct key_file *ret_key);
void key_file_clear(struct key_file *key);

/* --- link_explain.c --- */

/* Raises what became of a call of libssh2's in the course of `what` ("could not log in"). */
bool link_failed(const struct link *link, int result, const char *what, struct error *err);
/* Raises why no session came about before there were keys. */
bool link_handshake_failed(const struct link *link, int result, struct error *err);
/* Raises that the host showed another key in the course of the session. */
bool link_key_changed(const struct link *link, struct error *err);
/* What we ask for, in this order: comma separated. */
extern const char link_kex[], link_host_keys[], link_ciphers[], link_macs[];

/* --- link_door.c --- */

#define DOOR_FIELDS 4
#define DOOR_FDS 3
struct door_request {
    char *fields[DOOR_FIELDS]; /* the first is the verb */
    size_t sizes[DOOR_FIELDS];
    size_t n;
    int fds[DOOR_FDS]; /* -1: none */
};
#define DOOR_REQUEST_INIT                                                                          \
    {                                                                                              \
        .n = 0, .fds = { -1, -1, -1 }                                                              \
    }
void door_request_clear(struct door_request *request);

/* The client's side. The socket is past "ok"; what follows on it is the verb's. */
NODISCARD bool door_ask(const char *path, const char *shown, const struct door_request *request,
                        msec deadline, int *ret_fd, struct error *err);
/* All that comes until its end, as texts. */
NODISCARD bool door_read_texts(int fd, const char *shown, msec deadline, struct strlist *ret_texts,
                               struct error *err);

/* The forwarder's side: bytes of a request as they come. 1: whole, 0: not yet, -1: it makes no
 * sense. */
struct door_guest {
    int fd;
    struct strbuf got;
    int fds[DOOR_FDS];
    size_t n_fds;
};
int door_read_request(struct door_guest *guest, struct door_request *ret_request);
void door_guest_clear(struct door_guest *guest);
void door_split(const struct strbuf *text, struct strlist *texts);
#define DOOR_OK 'O'
#define DOOR_FAILED 'F'

/* --- link_stream.c --- */

enum stream_stage {
    STREAM_WAITING, /* for a session, and for its turn */
    STREAM_OPENING,
    STREAM_OPEN,
    STREAM_CLOSING, /* nobody here wants it any more */
    STREAM_OVER
};
enum stream_kind { STREAM_CONNECT, STREAM_SUBSYSTEM, STREAM_EXEC, STREAM_PING };

struct pipe_end {
    int fd;
    bool socket;
    bool ready; /* worth a try */
    bool over;
    struct strbuf left; /* for it, and not taken yet */
    size_t left_from;
};
struct stream {
    enum stream_kind kind;
    enum stream_stage stage;
    char *host; /* connect: a name, an address, or the path of a socket; subsystem: its name; exec:
                   the command */
    int port;
    size_t command_size;
    int line;     /* who asked, until that is answered; then over which an exit is told; -1 */
    bool answers; /* with "ok" first: it came through the door */
    bool libpq;   /* it is a client of PostgreSQL's: told in its words why not */
    bool framed;  /* exec: its input goes in frames */
    bool started; /* exec, subsystem: the channel is open, the request is under way */
    bool retried;
    LIBSSH2_CHANNEL *channel;
    unsigned long widening; /* bytes by which its window grows, until the host is told */
    struct pipe_end in, out, err;
    struct strbuf up; /* for the channel, and not taken yet */
    size_t up_from;
    bool eof_sent, eof_told;
    bool gone; /* the client has closed its socket: what it sent is all there will be */
    struct stream *next;
};

struct stream *stream_new(enum stream_kind kind, int line);
void stream_free(struct stream *stream);
/* Takes the descriptor for both ways. */
void stream_join(struct stream *stream, int fd);
/* Takes those of a program; in: -1 where it has no input. */
void stream_adopt(struct stream *stream, int in, int out, int err);
/* Moves what can be moved; true where something did. */
bool stream_move(struct stream *stream, struct link *link);
/* Its descriptors for poll, STREAM_FDS of them, and what poll said. */
#define STREAM_FDS 4
size_t stream_watch(const struct stream *stream, struct pollfd *fds);
void stream_heed(struct stream *stream, const struct pollfd *fds);
/* link_failure.c: the session is gone, or it never came about: says so where somebody waits to be
 * told. */
void stream_fail(struct stream *stream, const struct error *why);

/* --- link_opening.c --- */

/* Goes on with the one that is being opened, or begins with the next that waits; true where
 * something moved. */
bool opening_move(struct stream *streams, struct link *link, const char *shown);

/* --- link_guest.c --- */

struct way {
    char *host;
    int port;
    enum remote_door door;
    int fd;
    char *shown_host; /* as libpq's host and port */
    int shown_port;
};
struct forwarder {
    const struct ssh_hop *hop;
    const char *shown;  /* of the whole route: for messages */
    const char *folder; /* its own */
    const char *before; /* the door of the one before; NULL */
    struct owner_watch owner;
    int door;
    struct link *link;
    struct stream *streams;
    struct door_guest *guests;
    size_t n_guests;
    struct way *ways;
    size_t n_ways;
};
/* Takes who stands at the door, or at a way. */
void forwarder_let_in(struct forwarder *forwarder);
void forwarder_let_in_by(struct forwarder *forwarder, const struct way *way);
/* Reads of a guest's request what came. */
void forwarder_hear(struct forwarder *forwarder, size_t at);

/* --- link_way.c --- */

NODISCARD bool way_open(struct forwarder *forwarder, const char *host, int port,
                        enum remote_door door, const struct way **ret_way, struct error *err);
void way_clear(struct way *way);
/* A socket at that path on which we listen. */
NODISCARD bool listen_at(const char *path, int *ret_fd, struct error *err);

/* --- link_process.c --- */

_Noreturn void forwarder_live(const struct forwarder *task);
