/*
 * The machine's ssh as a back end: for what libssh2 cannot negotiate.
 *
 *   openssh.c          what the rest of the module calls
 *   openssh_master.c   one `ssh -M -N` that has the session, over as many jump hosts as it takes
 *   openssh_config.c   its configuration, and the two scripts it calls: for host keys, for secrets
 *   openssh_said.c     what it says, in our words
 *   openssh_refused.c  what it says where we are not let in
 *   openssh_mux.c      what is said over its control socket (OpenSSH's PROTOCOL.mux)
 *   openssh_exec.c     a program on the host: a process of ours that stands at its stdin
 *   openssh_doorman.c  a way in on loopback: a process of ours that looks at who comes there
 *   openssh_pump.c     what passes through that
 */
#pragma once

#include "private.h"

struct openssh_doorman {
    pid_t pid;     /* 0 and less: there is none */
    pid_t starter; /* whose child it is */
    int line;      /* it ends when that does */
};
struct openssh_way {
    char *host;
    int port;
    enum remote_door door;
    char *folder; /* of the socket on which ssh listens */
    struct openssh_doorman doorman;
    struct remote_way way;
};
struct openssh {
    struct process_beside master;
    pid_t starter; /* whose child it is: the owner's, or that of a forked child of it */
    char *program, *config, *control, *lock;
    struct openssh_way *ways;
    size_t n_ways;
    int *held; /* connections of subsystems: closing one would end it */
    size_t n_held;
};

/* --- openssh_master.c --- */

/* Starts the master, and waits until it is let in everywhere. */
NODISCARD bool master_start(struct remote *remote, msec deadline, struct error *err);
/* Ends it where it is a child of this process. */
void master_end(struct openssh *openssh);
/* Raises why a session that had come about has ended; true: that is known. */
bool master_lost(const struct remote *remote, struct error *err);
/* What the ssh of this hop has said up to now: the last one is the master. */
void master_said(const struct remote *remote, size_t hop, struct strbuf *ret_said);

/* --- openssh_config.c --- */

#define OPENSSH_ASKED "headgate: asked " /* before what a host asked that nobody answered */

NODISCARD bool openssh_config_write(const struct remote *remote, struct error *err);
/* How long it may take until this hop has let us in. */
msec openssh_patience(const struct ssh_route *route, size_t at);
/* "proxycommand" and the like: the user's configuration says something of it. */
bool openssh_has_option(const struct ssh_hop *hop, const char *word);
/* Whether ssh is given a connection (a lone "-" for a ProxyCommand), instead of making one. */
bool openssh_is_connected(const struct ssh_route *route);
/* Secrets lie in the folder only while somebody is let in. */
NODISCARD bool openssh_secrets_write(const struct remote *remote, struct error *err);
void openssh_secrets_remove(const struct remote *remote);
/* "hop0": the name that the configuration has for it. The caller's. */
char *openssh_hop_name(size_t hop);
/* FOLDER/said0 and the like. The caller's. */
char *openssh_file(const struct remote *remote, const char *what, size_t hop);

/* --- openssh_said.c --- */

/* Fills in what is known of a hop that let us in. */
void openssh_describe(const struct ssh_hop *hop, const char *said, struct remote_hop *ret_hop);
bool openssh_is_in(const char *said);
/* Raises that a hop that had let us in showed another key later; true: it did. */
bool openssh_key_changed(const struct ssh_hop *hop, const char *said, struct error *err);
/* What stands behind this on its line; NULL where it is nowhere. The last one counts. The caller's.
 */
char *said_behind(const char *said, const char *mark);
bool said_has(const char *said, const char *text);
/* The lines that are no debug messages, as one; the last of them. The caller's. */
char *said_words(const char *said);
char *said_last(const char *said);
/* "PATH ED25519 SHA256:... agent" in the words of remote_hop. The caller's. */
char *said_key(const char *offered);
/* Fills in how it was let in, and what was tried besides. */
void said_authentication(const char *said, struct remote_hop *ret_hop);

/* --- openssh_refused.c --- */

/* Raises why it did not let us in. before: what the ssh before it said, or NULL; shown: the file of
 * keys that the host has shown; in_time: ssh has ended by itself. */
bool openssh_refused(const struct ssh_hop *hop, const char *said, const char *before,
                     const char *shown, bool in_time, struct error *err);

/* --- openssh_mux.c --- */

#define MUX_SOCKET_PORT (-2) /* the "host" beside it is the path of a socket */

/* A connection to the master's control socket. sys_errno: ECONNREFUSED, ENOENT or EPIPE where there
 * is no master any more. */
NODISCARD bool mux_connect(const char *control, msec deadline, int *ret_fd, struct error *err);
/* ret_refused: the master's words where it would not; NULL where it did. */
struct mux_end {
    const char *host;
    int port;
};
NODISCARD bool mux_forward(int fd, struct mux_end from, struct mux_end to, msec deadline,
                           char **ret_refused, struct error *err);
NODISCARD bool mux_session(int fd, const char *command, bool subsystem, const int streams[3],
                           msec deadline, char **ret_refused, struct error *err);
/* A connection that the host makes; the descriptor is for both ways. */
NODISCARD bool mux_connection(int fd, struct mux_end to, int stream, msec deadline,
                              char **ret_refused, struct error *err);
/* Of a session's connection: reads what came. ret_status: its exit status once it has one. False:
 * there is nothing more to come. */
bool mux_read_end(int fd, struct strbuf *got, int *ret_status);

/* --- openssh_exec.c --- */

/* streams: the program's input, output and errors; -1: nothing. */
NODISCARD bool openssh_exec(const struct remote *remote, int mux, const struct process_spec *spec,
                            const int streams[3], struct remote_beside *ret_beside,
                            char **ret_refused, struct error *err);

/* --- openssh_doorman.c --- */

/* On loopback; fills in where that is. */
NODISCARD bool doorman_start(const struct remote *remote, struct openssh_way *way,
                             struct error *err);
void doorman_end(struct openssh_doorman *doorman);
