/*
 * Hosts that are reached over SSH.
 *
 * A `remote` is one authenticated session with a host, over as many jump hosts as it takes. A
 * process of its own, the forwarder, has it: it listens on sockets in a folder that only we can
 * enter, and everybody here who wants something of the host (libpq, pg_dump, hooks, forked children
 * of ours) connects to those as to anything local. It is gone when its owner is, whatever death
 * that was. When the session dies, what went through it ends; the next to come gets a new one.
 *
 * Two back ends do the same: libssh2 (the default), and the machine's `ssh`, for what libssh2
 * cannot negotiate. Host keys are always checked; nothing turns that off.
 *
 * Errors name host, user, what was tried and what helps: ERROR_UNREACHABLE.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "headgate/clock.h"
#include "headgate/error.h"
#include "headgate/process.h"
#include "headgate/strbuf.h"
#include "headgate/strlist.h"

enum remote_transport { TRANSPORT_LIBSSH2, TRANSPORT_OPENSSH };

/* Where it is, as a person writes it; texts are borrowed. NULL and 0: as ~/.ssh/config says, asked
 * through `ssh -G` where there is one, else what is usual. */
struct ssh_place {
    const char *host; /* a name, an address, or an alias of ~/.ssh/config */
    const char *user;
    int port;
    const char *identity;    /* "agent": only what it has; else the path of a key */
    const char *passphrase;  /* of that key; a secret */
    const char *password;    /* NULL: never asked with one; a secret */
    const char *known_hosts; /* the only file that is looked into */
    const char *host_key;    /* "SHA256:...": the only key that counts */
    const char *config;      /* instead of ~/.ssh/config */
    enum remote_transport transport;
    msec connect_timeout;         /* 0: 15 s; for each hop: to be let in */
    msec keepalive;               /* 0: 15 s; silence after which the session counts as dead */
    const struct ssh_place *jump; /* the first to go over first; NULL: what config says */
    size_t n_jump;
};

/* "ssh deploy@db1, jump bastion": for plans. As it is written, without asking anybody. The
 * caller's. */
char *ssh_place_sentence(const struct ssh_place *place);

struct remote;

/* Connects, checks the host's keys, is let in. Gives way to a wish to stop. */
NODISCARD bool remote_open(const struct ssh_place *place, msec deadline, struct remote **ret_remote,
                           struct error *err);
/* In a forked child of the owner only what is its own is closed. */
void remote_closep(struct remote **remote);

/* What one hop turned out to be: for people who look what is wrong. */
struct remote_hop {
    char *shown;             /* "deploy@db1.example.net:22" */
    char *banner;            /* "SSH-2.0-OpenSSH_9.2p1 Debian-2" */
    char *host_key_type;     /* "ssh-ed25519" */
    char *host_key;          /* "SHA256:..." */
    char *host_key_known_by; /* "/home/me/.ssh/known_hosts:12", "host_key of environments.json" */
    char *authentication;    /* "publickey, ED25519 SHA256:... from the agent" */
    struct strlist tried;    /* what was not accepted before that */
    char *algorithms;        /* "curve25519-sha256, aes128-ctr, hmac-sha2-256"; may be NULL */
    msec connected, authorized; /* how long each took */
};
/* In the order in which they are passed; the host itself is the last. */
const struct remote_hop *remote_hops(const struct remote *remote, size_t *ret_n);
/* "deploy@db1.example.net:22, jump bastion.example.net": for messages. */
const char *remote_shown(const struct remote *remote);
/* As ssh_place_sentence, of the place it was opened for; with the jumps of ~/.ssh/config, too. The
 * caller's. */
char *remote_sentence(const struct remote *remote, const struct ssh_place *place);
/* One round trip to the host and back through all of it. */
NODISCARD bool remote_ping(struct remote *remote, msec deadline, msec *ret_took, struct error *err);

/* --- ways in --- */

enum remote_door { DOOR_SOCKET, DOOR_LOOPBACK };
/* As host and port of libpq's. */
struct remote_way {
    char *host; /* socket: the folder with .s.PGSQL.PORT in it; loopback: "127.x.y.z" */
    int port;   /* loopback: the same port as over there where that can be had */
};
/*
 * From here on whoever connects there is connected with what listens on that host and port, as seen
 * from the remote host; a host with a slash is a folder of PostgreSQL's sockets there. On loopback
 * only processes of our own user are let in. The same is the same way when it is asked for again.
 */
NODISCARD bool remote_way_to(struct remote *remote, const char *host, int port,
                             enum remote_door door, msec deadline, struct remote_way *ret_way,
                             struct error *err);
void remote_way_clear(struct remote_way *way);

/* A subsystem of the host's ("sftp") as a socket, the caller's. */
NODISCARD bool remote_subsystem(struct remote *remote, const char *name, msec deadline, int *ret_fd,
                                struct error *err);

/* --- programs on the host --- */

/*
 * The same as process_run, over there. Of the spec argv (any bytes but NUL; no shell sees them as
 * anything but words), env (NAME=value, added to what a login there has; it goes over stdin, so
 * that it is in no argument list), input, deadline, on_output, context, enough and keep count. It
 * ends when we end, however that is; past the deadline it is stopped. That it could not be started
 * there (no such program) is ERROR_UNREACHABLE's neighbour ERROR_IO with the host's words.
 */
NODISCARD bool remote_run(struct remote *remote, const struct process_spec *spec,
                          struct process_result *ret_result, struct error *err);

/* The same as process_start and process_wait: its stdin and stdout are these two of ours; -1:
 * nothing. */
struct remote_beside {
    int line;  /* over which the forwarder tells how it ended; -1: there is none */
    pid_t pid; /* or the program of ours that has it running; -1 */
    int pidfd;
    int said; /* what it wrote to stderr: a file without a name */
    char *program;
};
#define REMOTE_BESIDE_INIT                                                                         \
    {                                                                                              \
        .line = -1, .pid = -1, .pidfd = -1, .said = -1, .program = NULL                            \
    }
NODISCARD bool remote_start(struct remote *remote, const struct process_spec *spec, int input,
                            int output, struct remote_beside *ret_beside, struct error *err);
NODISCARD bool remote_wait(struct remote_beside *beside, msec deadline, struct error *err);
/* Ends it where it still runs. */
void remote_beside_clear(struct remote_beside *beside);
