/*
 * The machine's ssh as a back end. When its session has died, the next request starts a new one
 * with the same ways in; who comes to a way before that is refused.
 */
#include "openssh.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "headgate/interrupt.h"

#define TRIES 4   /* to be let in, where a host is busy */
#define PAUSE 150 /* milliseconds before the second, more before the others */

/* --- the session --- */

static unsigned any_below(unsigned limit)
{
    uint32_t number = 0;
    random_bytes(&number, sizeof number);
    return number % limit;
}

/* A host that many come to at once turns some away before they have said anything: those may come
 * again. */
static bool let_in(struct remote *remote, msec deadline, struct error *err)
{
    for (int i = 1;; i++) {
        CLEANUP(error_clear) struct error failure = ERROR_INIT;
        if (master_start(remote, deadline, &failure)) {
            return true;
        }
        bool busy = failure.message != NULL && strstr(failure.message, "before anybody") != NULL;
        if (!busy || i == TRIES || deadline_passed(deadline)) {
            error_move(err, &failure);
            return false;
        }
        deadline_sleep(deadline_earlier(deadline, deadline_in(PAUSE * i + (msec)any_below(PAUSE))));
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
    }
}

static bool open_session(struct remote *remote, msec deadline, struct error *err)
{
    struct openssh *openssh = mem_new(1, sizeof *openssh);
    remote->state = openssh;
    openssh->master = (struct process_beside)PROCESS_BESIDE_INIT;
    openssh->starter = getpid();
    openssh->program = process_find("ssh");
    openssh->config = path_join(remote->folder, "config");
    openssh->control = path_join(remote->folder, "ctl");
    openssh->lock = path_join(remote->folder, "lock");
    if (openssh->program == NULL) {
        (void)error_set(err, ERROR_UNREACHABLE, "%s: there is no ssh on this machine",
                        remote->route.shown);
        return error_hint(err, "\"transport\": \"openssh\" needs it. Install the package "
                               "openssh-client.");
    }
    return openssh_config_write(remote, err) && let_in(remote, deadline, err);
}

/* Subsystems that are over need their connection no longer. */
static void let_go(struct openssh *openssh, bool of_all)
{
    size_t kept = 0;
    for (size_t i = 0; i < openssh->n_held; i++) {
        struct pollfd ended = {.fd = openssh->held[i], .events = POLLIN};
        bool is_over = of_all;
        while (!is_over && poll(&ended, 1, 0) > 0) {
            char bytes[64]; /* its exit status, which nobody wants */
            is_over = read(ended.fd, bytes, sizeof bytes) <= 0;
        }
        if (is_over) {
            fd_closep(&openssh->held[i]);
        } else {
            openssh->held[kept++] = openssh->held[i];
        }
    }
    openssh->n_held = kept;
}

static void hold(struct openssh *openssh, int *mux)
{
    openssh->held = mem_resize(openssh->held, openssh->n_held + 1, sizeof *openssh->held);
    openssh->held[openssh->n_held++] = fd_take(mux);
}

static void clear_way(struct openssh_way *way)
{
    doorman_end(&way->doorman);
    remote_way_clear(&way->way);
    mem_free(way->host);
    mem_free(way->folder);
}

static void close_session(struct remote *remote)
{
    struct openssh *openssh = TAKE(remote->state);
    if (openssh == NULL) {
        return;
    }
    master_end(openssh);
    let_go(openssh, true);
    mem_free(openssh->held);
    for (size_t i = 0; i < openssh->n_ways; i++) {
        clear_way(&openssh->ways[i]);
    }
    mem_free(openssh->ways);
    mem_free(openssh->program);
    mem_free(openssh->config);
    mem_free(openssh->control);
    mem_free(openssh->lock);
    mem_free(openssh);
}

static bool is_gone(const struct error *err)
{
    return err->sys_errno == ECONNREFUSED || err->sys_errno == ENOENT || err->sys_errno == EPIPE;
}

static bool add_forward(int mux, const struct openssh_way *way, msec deadline, char **ret_refused,
                        struct error *err)
{
    bool to_socket = way->host[0] == '/';
    CLEANUP(mem_freep) char *from = mem_printf("%s/.s.PGSQL.%d", way->folder, way->port);
    CLEANUP(mem_freep)
    char *to = to_socket ? mem_printf("%s/.s.PGSQL.%d", way->host, way->port) : mem_copy(way->host);
    const struct mux_end here = {from, MUX_SOCKET_PORT};
    const struct mux_end there = {to, to_socket ? MUX_SOCKET_PORT : way->port};
    return mux_forward(mux, here, there, deadline, ret_refused, err);
}

static bool restore_ways(const struct remote *remote, msec deadline, struct error *err)
{
    const struct openssh *openssh = remote->state;
    for (size_t i = 0; i < openssh->n_ways; i++) {
        CLEANUP(fd_closep) int mux = -1;
        CLEANUP(mem_freep) char *refused = NULL;
        if (!mux_connect(openssh->control, deadline, &mux, err) ||
            !add_forward(mux, &openssh->ways[i], deadline, &refused, err)) {
            return false;
        }
        if (refused != NULL) {
            return error_set(err, ERROR_UNREACHABLE, "%s: a way in could not be opened again: %s",
                             remote->route.shown, refused);
        }
    }
    return true;
}

/* Forked children of the owner may notice at the same time: one of them does it. */
static bool renew(struct remote *remote, msec deadline, int *ret_mux, struct error *err)
{
    struct openssh *openssh = remote->state;
    CLEANUP(fd_closep) int lock __attribute__((unused)) = -1;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    if (!lock_file_wait(openssh->lock, deadline, &lock, err)) {
        return false;
    }
    if (mux_connect(openssh->control, deadline, ret_mux, &failure)) {
        return true;
    }
    master_end(openssh);
    return let_in(remote, deadline, err) && restore_ways(remote, deadline, err) &&
           mux_connect(openssh->control, deadline, ret_mux, err);
}

/* A connection to the master that lives. */
static bool find_session(struct remote *remote, msec deadline, int *ret_mux, struct error *err)
{
    struct openssh *openssh = remote->state;
    CLEANUP(error_clear) struct error failure = ERROR_INIT;
    let_go(openssh, false);
    if (mux_connect(openssh->control, deadline, ret_mux, &failure)) {
        return true;
    }
    if (is_gone(&failure)) {
        return renew(remote, deadline, ret_mux, err);
    }
    error_move(err, &failure);
    return error_prefix(err, "%s", remote->route.shown);
}

/* --- ways in --- */

static const struct openssh_way *find_way(const struct openssh *openssh, const char *host, int port,
                                          enum remote_door door)
{
    for (size_t i = 0; i < openssh->n_ways; i++) {
        const struct openssh_way *way = &openssh->ways[i];
        if (way->port == port && way->door == door && text_equal(way->host, host)) {
            return way;
        }
    }
    return NULL;
}

static bool open_door(const struct remote *remote, struct openssh_way *way, struct error *err)
{
    if (way->door == DOOR_LOOPBACK) {
        return doorman_start(remote, way, err);
    }
    way->way = (struct remote_way){.host = mem_copy(way->folder), .port = way->port};
    return true;
}

static bool add_way(struct remote *remote, struct openssh_way *way, msec deadline,
                    struct error *err)
{
    struct openssh *openssh = remote->state;
    CLEANUP(fd_closep) int mux = -1;
    CLEANUP(mem_freep) char *refused = NULL;
    way->folder = mem_printf("%s/w%zu", remote->folder, openssh->n_ways);
    if (mkdir(way->folder, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, "could not make folder \"%s\"", way->folder);
    }
    if (!find_session(remote, deadline, &mux, err) ||
        !add_forward(mux, way, deadline, &refused, err)) {
        return false;
    }
    if (refused != NULL) {
        return error_set(err, ERROR_UNREACHABLE, "%s: no way in to %s:%d could be opened: %s",
                         remote->route.shown, way->host, way->port, refused);
    }
    if (!open_door(remote, way, err)) {
        return false;
    }
    openssh->ways = mem_resize(openssh->ways, openssh->n_ways + 1, sizeof *way);
    openssh->ways[openssh->n_ways++] = *way;
    return true;
}

static bool way_to(struct remote *remote, const char *host, int port, enum remote_door door,
                   msec deadline, struct remote_way *ret_way, struct error *err)
{
    struct openssh *openssh = remote->state;
    const struct openssh_way *known = find_way(openssh, host, port, door);
    if (known != NULL) {
        CLEANUP(fd_closep) int mux = -1;
        if (!find_session(remote, deadline, &mux, err)) {
            return false;
        }
    } else {
        struct openssh_way way = {
            .host = mem_copy(host), .port = port, .door = door, .doorman = {.line = -1}};
        if (!add_way(remote, &way, deadline, err)) {
            clear_way(&way);
            return false;
        }
        known = &openssh->ways[openssh->n_ways - 1];
    }
    *ret_way = (struct remote_way){.host = mem_copy(known->way.host), .port = known->way.port};
    return true;
}

/* --- sessions --- */

static bool refused_session(const struct remote *remote, const char *refused, struct error *err)
{
    (void)error_set(err, ERROR_UNREACHABLE, "%s: the host allows no more sessions",
                    remote->route.shown);
    (void)error_detail(err, "ssh says: %s", refused);
    return error_hint(err, "MaxSessions of its sshd is how many a connection may have at once.");
}

static bool subsystem(struct remote *remote, const char *name, msec deadline, int *ret_fd,
                      struct error *err)
{
    CLEANUP(fd_closep) int mux = -1;
    CLEANUP(fd_closep) int ours = -1;
    CLEANUP(fd_closep) int theirs = -1;
    CLEANUP(fd_closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    CLEANUP(mem_freep) char *refused = NULL;
    int ends[2];
    if (!find_session(remote, deadline, &mux, err)) {
        return false;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set_errno(err, "could not make a socket");
    }
    ours = ends[0];
    theirs = ends[1];
    const int streams[3] = {theirs, theirs, null};
    if (!mux_session(mux, name, true, streams, deadline, &refused, err)) {
        return error_prefix(err, "%s", remote->route.shown);
    }
    if (refused != NULL) {
        return refused_session(remote, refused, err);
    }
    hold(remote->state, &mux);
    *ret_fd = fd_take(&ours);
    return true;
}

static bool start(struct remote *remote, const struct process_spec *spec, int input, int output,
                  int said, struct remote_beside *ret_beside, struct error *err)
{
    CLEANUP(fd_closep) int mux = -1;
    CLEANUP(mem_freep) char *refused = NULL;
    msec deadline = spec->deadline > 0 ? spec->deadline : DEADLINE_NONE;
    const int streams[3] = {input, output, said};
    if (!find_session(remote, deadline, &mux, err) ||
        !openssh_exec(remote, mux, spec, streams, ret_beside, &refused, err)) {
        return false;
    }
    return refused == NULL || refused_session(remote, refused, err);
}

/* A connection to where nobody listens: that it is refused is the answer, and takes the host no
 * program. */
static bool ping(struct remote *remote, msec deadline, struct error *err)
{
    static const struct mux_end nobody = {"127.0.0.1", 1};
    CLEANUP(fd_closep) int mux = -1;
    CLEANUP(fd_closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    CLEANUP(mem_freep) char *refused = NULL;
    return find_session(remote, deadline, &mux, err) &&
           (mux_connection(mux, nobody, null, deadline, &refused, err) ||
            error_prefix(err, "%s", remote->route.shown));
}

const struct backend backend_openssh = {
    .open = open_session,
    .close = close_session,
    .way_to = way_to,
    .subsystem = subsystem,
    .ping = ping,
    .start = start,
};
