/* Places on real OpenSSH servers of ours, for the tests of remote. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headgate/mem.h"
#include "headgate/remote.h"
#include "headgate/strbuf.h"
#include "scratch.h"

/* A test of one transport is the test of the other: with this defined, and its file included. */
#if !defined(TRANSPORT)
#define TRANSPORT TRANSPORT_LIBSSH2
#endif

/* The process that has the session, a child of ours: for pgrep. */
#define SESSION_PROCESS (TRANSPORT == TRANSPORT_OPENSSH ? "-x ssh" : "headgate-ssh")

#define PATIENCE 20000 /* milliseconds; no test waits for it to pass */
/* What a forwarder may hold in memory, however much goes through it; ASan keeps what was freed. */
#if defined(__SANITIZE_ADDRESS__)
#define RESIDENT_MAX (600L * 1000 * 1000)
#else
#define RESIDENT_MAX (40L * 1000 * 1000)
#endif

struct host {
    struct scratch_sshd sshd;
    char key[256], known_hosts[256];
    struct ssh_place place;
};

/* Those that run are not started again. */
static inline struct scratch_sshd sshd_once(const char *name, const char *settings)
{
    static struct scratch_sshd running[8];
    static char names[8][32];
    size_t i = 0;
    while (names[i][0] != '\0' && strcmp(names[i], name) != 0) {
        i++;
    }
    if (names[i][0] == '\0') {
        running[i] = scratch_sshd(name, settings);
        (void)snprintf(names[i], sizeof names[i], "%s", name);
    }
    return running[i];
}

/* A server, and the place on it, with a key that it knows. */
static inline struct host *host_open(const char *name, const char *settings)
{
    struct host *host = mem_new(1, sizeof *host);
    host->sshd = sshd_once(name, settings);
    (void)snprintf(host->key, sizeof host->key, "%s/user_ed25519", host->sshd.folder);
    (void)snprintf(host->known_hosts, sizeof host->known_hosts, "%s/known_hosts",
                   host->sshd.folder);
    host->place = (struct ssh_place){.host = "127.0.0.1",
                                     .port = host->sshd.port,
                                     .user = host->sshd.user,
                                     .identity = host->key,
                                     .known_hosts = host->known_hosts,
                                     .config = "/dev/null",
                                     .transport = TRANSPORT};
    return host;
}

static inline void host_freep(struct host **host)
{
    mem_free(TAKE(*host));
}

static inline struct remote *open_remote(const struct ssh_place *place)
{
    CLEANUP(error_clear) struct error err = ERROR_INIT;
    struct remote *remote = NULL;
    assert_ok(remote_open(place, deadline_in(PATIENCE), &remote, &err));
    return remote;
}

/* The place is not let in, for a reason that the error names it with. */
#define refused(place, err) refused_at((place), (err), __LINE__)
static inline void refused_at(const struct ssh_place *place, struct error *err, int line)
{
    struct error failure = ERROR_INIT;
    CLEANUP(remote_closep) struct remote *remote = NULL;
    bool opened = remote_open(place, deadline_in(PATIENCE), &remote, &failure);
    error_clear(err);
    error_move(err, &failure);
    if (opened) {
        fail_msg("it was let in, line %d", line);
    }
    assert_int_equal(err->code, ERROR_UNREACHABLE);
    assert_contains(err->message, "@127.0.0.1:");
}
