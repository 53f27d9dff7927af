/* What the files of this module share: the hops that a place turns into, and what a back end does.
 */
#pragma once

#include "headgate/remote.h"

/* --- route.c: a place, with everything that config adds --- */

struct ssh_hop {
    char *shown;         /* "deploy@db1.example.net:22" */
    char *host;          /* where to connect */
    char *alias;         /* under which its key is looked up: HostKeyAlias, else the host */
    bool alias_is_meant; /* HostKeyAlias: the port is no part of the name then */
    int port;
    char *user;
    char *agent;               /* path of its socket; NULL: it is not asked */
    struct strlist identities; /* paths of keys, in the order in which they are tried */
    bool identities_only;      /* of the agent's keys only those that are among them as well */
    bool identity_is_meant; /* the one identity was named by us: that it is missing is an error */
    char *passphrase, *password; /* secrets; NULL */
    struct strlist known_hosts;  /* files */
    char *host_key;              /* pinned, or NULL */
    char *config;                /* the config that was asked, or NULL */
    char *written;               /* the host as it was written: the alias for `ssh` */
    struct strlist options;      /* for `ssh` alone: "Ciphers aes256-gcm@openssh.com", of config */
    msec connect_timeout, keepalive;
    enum remote_transport transport;
};
struct ssh_route {
    struct ssh_hop *hops; /* in the order in which they are passed; the host itself is the last */
    size_t n;
    char *shown; /* "deploy@db1.example.net:22, jump bastion.example.net" */
};
NODISCARD bool ssh_route_find(const struct ssh_place *place, msec deadline,
                              struct ssh_route *ret_route, struct error *err);
void ssh_route_clear(struct ssh_route *route);
/* Raises that the key that was named cannot be read. */
bool ssh_key_missing(const struct ssh_hop *hop, const char *path, int sys_errno, struct error *err);

/* --- known_hosts.c, host_key.c: whose key is it --- */

/* Of several entries, and of several files, the last of these counts. */
enum known { KNOWN_NOT, KNOWN_DIFFERS, KNOWN_MATCHES, KNOWN_REVOKED };
struct known_answer {
    enum known known;
    char *where;     /* "FILE:LINE" of the entry that decided; or NULL */
    char *authority; /* the same of an entry that wants a certificate (@cert-authority); or NULL */
    struct strlist fingerprints; /* other keys of it: "ssh-ed25519 SHA256:... (FILE:LINE)" */
};
#define KNOWN_ANSWER_INIT                                                                          \
    {                                                                                              \
        .known = KNOWN_NOT, .fingerprints = STRLIST_INIT                                           \
    }
struct known_file {
    const char *name, *text;
    size_t size;
};
/* Of one file. The key is the blob as it goes over the wire. On port 22 the host is looked
 * up by its name, else as "[host]:port" and as nothing else. */
void known_hosts_look(const struct known_file *file, const char *host, int port, const void *key,
                      size_t key_size, struct known_answer *answer);
/* Adds the key types ("ssh-ed25519") that are known of it, in the order of the file: they are to be
 * asked for first. */
void known_hosts_types(const struct known_file *file, const char *host, int port,
                       struct strlist *ret_types);
void known_answer_clear(struct known_answer *answer);

/* "SHA256:..." as OpenSSH writes it. The caller's. */
char *host_key_fingerprint(const void *key, size_t size);
/* The type that the blob says: "ssh-ed25519"; NULL where it is no key. The caller's. */
char *host_key_type(const void *key, size_t size);
/* All files of the hop, and its pinned key. False: refused, with both fingerprints and what to do.
 * ret_known_by: what vouches for it. The caller's. */
NODISCARD bool host_key_check(const struct ssh_hop *hop, const void *key, size_t size,
                              char **ret_known_by, struct error *err);
/* All files of the hop can be read, or are not there. */
NODISCARD bool host_key_files_check(const struct ssh_hop *hop, struct error *err);
/* Raises that it showed another key in the course of a session; both are "ssh-ed25519 SHA256:...".
 */
bool host_key_changed(const struct ssh_hop *hop, const char *first, const char *other,
                      struct error *err);
/* What is known of it in all files of the hop. */
void host_key_types(const struct ssh_hop *hop, struct strlist *ret_types);

/* --- watcher.c: a command for the host, whose program ends when we end --- */

/* The words for the remote user's shell, whichever that is. has_input: its stdin carries more than
 * the environment. The environment itself, and what tells the watcher that it is over, is written
 * to its stdin first: ret_preface. */
NODISCARD bool watcher_command(const struct process_spec *spec, bool has_input, char **ret_command,
                               struct strbuf *ret_preface, struct error *err);

/* What its shell writes to stderr, before it ends with 127, where it has no such program. */
#define WATCHER_NO_PROGRAM "headgate: no program "

/* --- remote.c --- */

void remote_hop_clear(struct remote_hop *hop);

/* --- folder.c --- */

/* A new one, 0700, short enough for sockets in it. It is ours for as long as the lock is held. */
NODISCARD bool remote_folder_make(char **ret_folder, int *ret_lock, struct error *err);
void remote_folder_remove(const char *folder, int *lock);

/* --- link_socket.c --- */

/* What the forwarder must see while it waits for anything: its owner's end. */
struct owner_watch {
    int socket, pidfd; /* -1: it is its own owner */
    bool ended;
};
/* The first hop, by TCP. The descriptor does not block. */
NODISCARD bool link_connect(const struct ssh_hop *hop, struct owner_watch *owner, msec deadline,
                            int *ret_fd, struct error *err);

/* --- loopback.c: ports that only our own user may come to --- */

struct loopback {
    char *host; /* "127.x.y.z" */
    int port;   /* the one that was wished for, where we may have it */
    int fd;     /* on which we listen; does not block */
};
NODISCARD bool loopback_listen(int port, struct loopback *ret_loopback, struct error *err);
/* The process at the other end of this connection is of our own user. */
bool loopback_is_ours(int fd);

/* --- libpq_refuse.c --- */

/* As PostgreSQL's server does it, so that libpq shows why. Nothing was sent over it yet. begun:
 * what was read of it already. */
void libpq_refuse(int fd, const char *begun, size_t size, const struct error *why);

/* --- remote_run.c --- */

/* Ends what runs; what it said is kept. */
void remote_beside_stop(struct remote_beside *beside);

/* --- what an interactive host asks --- */

#define QUESTION_MAX 120 /* of it, as it is shown */
#define QUESTION_HINT                                                                              \
    "\"password\" is said once, to a question for a password. What is asked besides, nobody can "  \
    "answer for you: use a key that is let in without."

/* --- back ends --- */

struct backend {
    NODISCARD bool (*open)(struct remote *remote, msec deadline, struct error *err);
    void (*close)(struct remote *remote);
    NODISCARD bool (*way_to)(struct remote *remote, const char *host, int port,
                             enum remote_door door, msec deadline, struct remote_way *ret_way,
                             struct error *err);
    NODISCARD bool (*subsystem)(struct remote *remote, const char *name, msec deadline, int *ret_fd,
                                struct error *err);
    /* One round trip. */
    NODISCARD bool (*ping)(struct remote *remote, msec deadline, struct error *err);
    NODISCARD bool (*start)(struct remote *remote, const struct process_spec *spec, int input,
                            int output, int said, struct remote_beside *ret_beside,
                            struct error *err);
};
extern const struct backend backend_libssh2; /* link_*.c */
extern const struct backend backend_openssh; /* openssh_*.c */

struct remote {
    const struct backend *backend;
    struct ssh_route route;
    struct remote_hop *hops; /* as many as the route has; filled in by open */
    int lock;                /* of the folder; -1: there is none */
    char *folder;            /* 0700, short enough for sockets in it; removed with it */
    pid_t owner;
    void *state; /* the back end's */
};

/* What remote_open does once the route is known, which it takes. */
NODISCARD bool remote_open_route(const struct backend *backend, struct ssh_route *route,
                                 msec deadline, struct remote **ret_remote, struct error *err);

/* --- an error as it goes between processes (link_door.c) --- */

/* Sends it; raises what came, or, where that is none, that the session has ended. */
void door_tell_error(int fd, const struct error *error);
bool door_raise(const struct strbuf *report, const char *shown, struct error *err);
