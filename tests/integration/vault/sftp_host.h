/*
 * A host with OpenSSH's SFTP server, and a line to it that breaks when it is told to: after so many
 * bytes towards the server, which is killed then. Lines are counted by all processes of a test.
 */
#pragma once

#include <poll.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "depot_sftp.h"
#include "sftp.h"
#include "vaults.h"

#define LINES 64

struct host {
    atomic_int lines;        /* opened so far */
    size_t cut_after[LINES]; /* of each line; 0: never */
    size_t cut_others;       /* the same, of all behind those */
    size_t largest_file;     /* 0: any */
    bool lies;               /* about SHA-256 */
    atomic_int hashed;       /* by sha256sum */
};

static inline struct host *host_new(void)
{
    struct host *host =
        mmap(NULL, sizeof *host, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(host != MAP_FAILED);
    return host;
}

static inline bool pass_on(int from, int to, size_t *left)
{
    static char bytes[65536];
    ssize_t n = read(from, bytes, sizeof bytes < *left ? sizeof bytes : *left);
    for (ssize_t sent = 0, some = 0; sent < n; sent += some) {
        some = send(to, bytes + sent, (size_t)(n - sent), MSG_NOSIGNAL);
        if (some <= 0) {
            return false;
        }
    }
    *left -= n > 0 ? (size_t)n : 0;
    return n > 0 && *left > 0;
}

/* A process of its own, until the line is cut. */
static inline void relay(int client, struct sftp_peer *peer, size_t cut_after)
{
    size_t left = cut_after, any = SIZE_MAX;
    struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = peer->fd, .events = POLLIN}};
    bool open = true;
    while (open && poll(fds, 2, -1) > 0) {
        open = (fds[0].revents == 0 || pass_on(client, peer->fd, &left)) &&
               (fds[1].revents == 0 || pass_on(peer->fd, client, &any));
    }
    (void)kill(peer->pid, SIGKILL);
    _exit(0);
}

static inline bool host_connect(void *context, int *ret_fd, struct error *err)
{
    struct host *host = context;
    int line = atomic_fetch_add(&host->lines, 1);
    size_t cut_after = line < LINES ? host->cut_after[line] : host->cut_others;
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    int ends[2];
    (void)err;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO + 1); /* no line but its own is held open by it */
        (void)close_range(STDERR_FILENO + 2, ~0U, 0);
        (void)signal(SIGXFSZ, SIG_IGN); /* the server's writes fail instead */
        limit.rlim_cur = host->largest_file > 0 ? host->largest_file : RLIM_INFINITY;
        (void)setrlimit(RLIMIT_FSIZE, &limit);
        (void)fcntl(STDERR_FILENO + 1, F_SETFD, FD_CLOEXEC);
        struct sftp_peer peer = sftp_peer_start();
        relay(STDERR_FILENO + 1, &peer, cut_after > 0 ? cut_after : SIZE_MAX);
    }
    (void)close(ends[1]);
    *ret_fd = ends[0];
    return true;
}

static inline bool host_run(void *context, const char *const *argv,
                            struct process_result *ret_result, struct error *err)
{
    struct host *host = context;
    const struct process_spec spec = {.argv = argv, .folder = scratch_dir()};
    if (!process_run(&spec, ret_result, err)) {
        return false;
    }
    (void)atomic_fetch_add(&host->hashed, 1);
    if (host->lies) {
        ret_result->out.text[0] = ret_result->out.text[0] == '0' ? '1' : '0';
    }
    return true;
}

/* Members of "vault", as of vault_of; the folder is the host's, from the scratch folder on. */
static inline struct vault *vault_at(struct host *host, const char *folder, const char *members,
                                     bool runs)
{
    struct error err = ERROR_INIT;
    struct environments *set = NULL;
    const struct depot_line line = {.shown = "vault1",
                                    .connect = host_connect,
                                    .run = runs ? host_run : NULL,
                                    .context = host,
                                    .patience = 2000,
                                    .silence = 20000};
    CLEANUP(mem_freep) char *whole = path_join(scratch_dir(), folder);
    CLEANUP(mem_freep) char *path = path_join(scratch_dir(), "environments.json");
    CLEANUP(mem_freep)
    char *text = mem_printf("{\"vault\":{%s},\"environments\":{\"x\":{\"kind\":\"test\",\"url\":"
                            "\"embedded:x\"}}}",
                            members);
    assert_ok(file_write(path, text, strlen(text), 0600, &err));
    assert_ok(environments_read(path, NULL, &set, &err));
    struct vault *vault = vault_over_sftp(set, &line, whole, &err);
    assert_non_null(vault);
    environments_freep(&set);
    return vault;
}
