/*
 * PostgreSQL servers of our own.
 *
 * An *embedded* cluster is kept: development with no set-up at all. It is made on first use,
 * listens on a Unix socket in a 0700 folder only, goes on running after the command that started
 * it, and is started again by the next command after any crash. A *scratch* cluster is thrown away:
 * fsync off, up in under a second, gone when it is closed or its owner dies; a keeper process sees
 * to it, and what a kill of both leaves behind is swept by the next start of any headgate.
 *
 * PostgreSQL refuses to run as root, so as root they run as another user (HEADGATE_SERVER_USER,
 * else postgres, else nobody).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headgate/clock.h"
#include "headgate/error.h"
#include "headgate/strlist.h"

/* --- the programs that are installed --- */

struct server_programs {
    char *folder; /* .../bin with initdb, postgres, pg_ctl, pg_dump, ... */
    int version;  /* 150020 */
    char *version_text;
};

struct server_list {
    struct server_programs *items; /* best first: the order of HEADGATE_PG_BINDIR, PATH, pg_config,
                                      then newest Debian folder */
    size_t n;
};

/* An empty list is an answer, not a failure. */
NODISCARD bool servers_find(struct server_list *ret_servers, struct error *err);
void server_list_clear(struct server_list *servers);
/* The first one found, quickly; ERROR_IO with a hint (which package) where there is none. */
NODISCARD bool servers_find_best(struct server_programs *ret_server, struct error *err);
/* The one of this major version; ERROR_IO with a hint where it is not installed. */
NODISCARD bool servers_find_major(int major, struct server_programs *ret_server, struct error *err);
void server_programs_clear(struct server_programs *server);

/* --- embedded clusters --- */

/*
 * The connection string of the embedded cluster `name` under the state folder: "host=... dbname=...
 * user=...". It is made and started where that is needed (say so through on_progress, which may be
 * NULL). Two commands that come at once wait for each other.
 */
NODISCARD bool embedded_open(const char *state_folder, const char *name, msec deadline,
                             void (*on_progress)(const char *sentence), char **ret_conninfo,
                             struct error *err);

struct embedded_status {
    char *name;
    char *folder;
    char *conninfo; /* also while it does not run */
    char *version_text;
    bool running;
    int pid;
    uint64_t bytes; /* of its folder */
};
struct embedded_list {
    struct embedded_status *items;
    size_t n;
};
NODISCARD bool embedded_find(const char *state_folder, struct embedded_list *ret_list,
                             struct error *err);
void embedded_list_clear(struct embedded_list *list);
/* A clean stop; one that does not run is fine. */
NODISCARD bool embedded_stop(const char *state_folder, const char *name, msec deadline,
                             struct error *err);
/* Stops it and removes its data for good. */
NODISCARD bool embedded_remove(const char *state_folder, const char *name, msec deadline,
                               struct error *err);

/* --- scratch clusters --- */

struct scratch;

/* server NULL: the best one found. The cluster has a database "scratch" and trusts its socket. */
NODISCARD bool scratch_open(const struct server_programs *server, msec deadline,
                            struct scratch **ret_scratch, struct error *err);
const char *scratch_conninfo(const struct scratch *scratch);
const char *scratch_folder(const struct scratch *scratch);
/* Stops it at once and removes its folder; when this returns nothing of it is left. */
void scratch_close(struct scratch *scratch);
void scratch_closep(struct scratch **scratch);

/* Removes what dead owners left: half-made embedded clusters, scratch folders and their servers.
 * Cheap when there is nothing. */
void clusters_sweep(const char *state_folder);
