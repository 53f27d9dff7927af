/*
 * Environments: what environments.json says exists (targets), and what each of them demands
 * (policy).
 *
 * Reading checks the whole file and fetches no secret: url, direct_url, replica_url, ssh and expect
 * are only checked for their syntax. They are resolved for the environments that a command really
 * uses, so that a developer needs no password of production, and a password command runs only when
 * somebody connects.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/db.h"
#include "headgate/json.h"
#include "headgate/remote.h"

enum environment_kind { KIND_DEVELOPMENT, KIND_TEST, KIND_STAGING, KIND_PRODUCTION };
const char *environment_kind_name(enum environment_kind kind);

struct breaker {
    int64_t blocked_sessions; /* 0: off */
    msec after;
};

/* How a deploy behaves towards the other users of the database. */
struct courtesy {
    msec lock_timeout;
    int64_t lock_retries;
    msec statement_timeout; /* 0: none */
    struct breaker breaker;
};

/* What a deploy does when it is done. */
struct aftercare {
    bool analyze;       /* statistics of the tables that were changed are refreshed */
    const char *notify; /* a channel of NOTIFY, or NULL */
    msec replica_wait;  /* how long replica_url may take to have replayed it */
};

/* "Mon-Thu 08:00-16:00 Europe/Berlin" */
struct window {
    const char *text;
    unsigned days; /* bit 0 is Monday */
    int from, to;  /* minutes of the day, to is exclusive */
    const char *zone;
};

/* "2026-12-20/2027-01-03", both days included. */
struct freeze {
    const char *text;
    int first, last; /* 20261220 */
};

struct requirements {
    const char *const *evidence;
    size_t n_evidence;
    bool backup, backup_restored;
    msec backup_max_age;
    int64_t approvals;
    const char *approved_by; /* path of a file of allowed signers: only signatures count; or NULL */
    const char *approved_by_text; /* the same as it stands in the file */
    bool exclude_author;          /* who began the run may not approve it */
    const char *signed_by;        /* of the release: path of a file of allowed signers, or NULL */
    struct window *windows;
    size_t n_windows;
    struct freeze *freezes;
    size_t n_freezes;
};

/* Another tool that makes an environment's backups. */
struct backup_tool {
    const char *name;   /* "pgbackrest"; NULL: Headgate makes them itself */
    const char *stanza; /* its name for the server */
    const char *config; /* its configuration file; NULL: where it looks by itself */
};

/* Which pg_dump makes Headgate's own backups of an environment with "ssh". */
enum dump_on {
    DUMP_AUTO, /* one that is here, else one that the host has */
    DUMP_HERE, /* through the tunnel */
    DUMP_HOST, /* beside the database */
};

struct retention {
    int64_t last, hourly, daily, weekly, monthly;
    int64_t releases; /* of each of the last n releases the newest */
};

/* What is only known once the environment is resolved. */
struct target {
    bool resolved;
    const char *embedded;             /* "development" for embedded:development, else NULL */
    struct conninfo *conninfo;        /* NULL for an embedded one */
    struct conninfo *direct_conninfo; /* for migrations, where url goes through a pooler */
    struct conninfo *replica_conninfo;
    const char *expect_database, *expect_system_identifier;
    struct remote *remote; /* the session with the host in "ssh"; NULL until it is needed */
};

struct environment {
    const char *name;
    enum environment_kind kind;
    const char *const *after;
    size_t n_after;
    const char *seed;            /* path, or NULL */
    const struct ssh_place *ssh; /* over which host it is reached; NULL: none. Whole once it is
                                    resolved */
    struct courtesy courtesy;
    struct aftercare aftercare;
    bool allows_down; /* migrations may be taken back also where it is production */
    struct requirements require;
    struct backup_tool backup_tool;
    enum dump_on dump_on;
    struct target target;
    struct environments *set;
    struct json_node node;
};

struct environments {
    const char *path;           /* of the file, as the user would name it */
    const char *project_folder; /* above the folder of pipelines */
    const char *state_folder;   /* where headgate keeps what it makes */
    const char *vault_path;     /* as it stands in the file, or NULL */
    struct retention keep;
    struct json_node vault;
    struct environment *items; /* in the order of the file */
    size_t n;
    struct json_document *document;
    struct json_node root, list;
};

/* Where ${...} takes its values from: our environment, files, password commands. For pipelines as
 * well. */
extern const struct json_sources environment_sources;

/* state_folder NULL: .headgate beside the folder of pipelines. */
NODISCARD bool environments_read(const char *path, const char *state_folder,
                                 struct environments **ret_set, struct error *err);
void environments_freep(struct environments **set);
/* ERROR_USAGE, with a near name, where there is none of this name. */
NODISCARD bool environments_find(struct environments *set, const char *name,
                                 struct environment **ret_environment, struct error *err);

/* Ends the sessions with the hosts that were needed so far; who needs one again gets a new one. */
void environments_disconnect(struct environments *set);

/* Where backups lie; relative paths start from the folder of the file. The texts live as long as
 * the set. */
struct vault_place {
    const char *folder;            /* without a "path": "vault" in the state folder */
    const struct ssh_place *ssh;   /* the host that the folder is on; NULL: this one */
    const char *const *recipients; /* age's public keys, or paths of files of them; none: not
                                      encrypted */
    size_t n_recipients;
    const char
        *identity; /* path of age's identity file, or NULL: what is encrypted cannot be read */
};
/* A text with a slash is the path of a file of recipients. */
bool vault_recipient_is_path(const char *recipient);
/* Fetches what stands outside of the file; ERROR_CONFIG with places where something cannot be had.
 */
NODISCARD bool environments_vault(const struct environments *set, struct vault_place *ret_place,
                                  struct error *err);

/* --- windows and freezes --- */

/* Lists of them as they stand in a file: for gates as well. */
void environment_read_windows(struct json_object *object, const char *key,
                              struct window **ret_windows, size_t *ret_n);
void environment_read_freezes(struct json_object *object, const char *key,
                              struct freeze **ret_freezes, size_t *ret_n);
struct opening {
    bool open;
    int64_t opens;    /* when the next window opens, or the freeze is over; 0: not within a year */
    const char *text; /* the window that is open or opens next; the freeze that is on */
};
/* No windows: always open. */
NODISCARD bool windows_check(const struct window *windows, size_t n, int64_t now,
                             struct opening *ret_opening, struct error *err);
/* A freeze is meant in the zone of the first window beside it, else in UTC (zone NULL). */
NODISCARD bool freezes_check(const struct freeze *freezes, size_t n, const char *zone, int64_t now,
                             struct opening *ret_opening, struct error *err);

/* Which environment is meant: the one named on the command line, else DATABASE_ENV, else NODE_ENV,
 * else development. ret_origin is for people: "--env", "DATABASE_ENV", ... */
const char *environment_meant(const char *named, const char **ret_origin);

/* Fetches what stands outside of the file. Done once; ERROR_CONFIG with places where something
 * cannot be had. */
NODISCARD bool environment_resolve(struct environment *environment, struct error *err);
/* "db1.example.net:5432/shop via ssh deploy@db1", "embedded:staging". The caller's. */
char *environment_display(const struct environment *environment);
/* Names the environment in the error, where it is not named yet: who adds it need not know who has.
 * Returns false. */
bool environment_name_error(const struct environment *environment, struct error *err);
/* The schema of the history: what ?schema= of direct_url, else of url, says, or NULL. */
const char *environment_schema(const struct environment *environment);

enum environment_route { ROUTE_USUAL, ROUTE_DIRECT, ROUTE_REPLICA };
struct environment_session {
    const char *purpose;
    bool read_only;
    enum environment_route route; /* direct: for migrations, over direct_url where there is one.
                                     replica: to replica_url, which must be there */
    void (*on_progress)(const char *sentence);
};
/* Resolves, starts an embedded cluster where needed, connects, and checks that this is the server
 * that `expect` names (ERROR_STALE where it is not). */
NODISCARD bool environment_connect(struct environment *environment,
                                   const struct environment_session *session, msec deadline,
                                   struct db **ret_db, struct error *err);
/* Where it is, for libpq and its programs: a copy, the caller's. Resolves, and starts an embedded
 * cluster where needed; connects to nothing. ROUTE_REPLICA only where there is a replica_url. */
NODISCARD bool environment_conninfo(struct environment *environment, enum environment_route route,
                                    msec deadline, struct conninfo **ret_conninfo,
                                    struct error *err);
/* The session with the host in "ssh", which must be there. The environment's; children of ours may
 * use it for as long as we live. */
NODISCARD bool environment_remote(struct environment *environment, msec deadline,
                                  struct remote **ret_remote, struct error *err);
/* "url" as a URI for another program, with all that is secret in it. Resolves, and starts an
 * embedded cluster where needed; connects to nothing. The caller's. */
NODISCARD bool environment_url(struct environment *environment, msec deadline, char **ret_url,
                               struct error *err);
