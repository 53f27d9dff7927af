/*
 * A way in on loopback. ssh would let anybody of this machine come to such a port; so ssh listens
 * on a socket in our folder, and a process of ours on the port: it looks at who comes, and passes
 * on what they say (openssh_pump.c). It dies with its owner; that a session has died is no matter
 * to it, since the next one listens on the same socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/interrupt.h"
#include "openssh_pump.h"

struct doorman {
    int line;      /* whose other end the owner has */
    int listening; /* on the port */
    char *socket;  /* ssh's */
    char *shown, *where;
    struct pump **pumps;
    size_t n;
};

/* --- the process --- */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    bool connected = fd >= 0 && n > 0 && (size_t)n < sizeof address.sun_path &&
                     connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    return connected ? fd_take(&fd) : -1;
}

static void refuse_without_session(const struct doorman *doorman, int guest)
{
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    (void)error_set(&why, ERROR_UNREACHABLE, "the session with %s was lost", doorman->shown);
    (void)error_detail(&why, "The ssh that had it is gone.");
    libpq_refuse(guest, "", 0, &why);
}

/* ssh closes such a connection without a word to whoever made it. */
static void refuse_without_answer(const struct doorman *doorman, const struct pump *pump)
{
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    (void)error_set(&why, ERROR_UNREACHABLE, "%s: nothing answers at %s over there", doorman->shown,
                    doorman->where);
    (void)error_hint(&why, "Host and port are as seen from there: look whether the server listens "
                           "on that address, and whether its sshd_config lets us connect "
                           "(AllowTcpForwarding, AllowStreamLocalForwarding, PermitOpen).");
    libpq_refuse(pump->fds[PUMP_GUEST], pump->ways[PUMP_GUEST].bytes, pump->ways[PUMP_GUEST].to,
                 &why);
}

static void let_in(struct doorman *doorman)
{
    static const int yes = 1;
    int guest = -1;
    while ((guest = accept4(doorman->listening, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        bool ours = loopback_is_ours(guest);
        int over = ours ? connect_to(doorman->socket) : -1;
        if (ours && over < 0) {
            refuse_without_session(doorman, guest);
        }
        if (over < 0) {
            fd_closep(&guest);
            continue;
        }
        (void)setsockopt(guest, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        doorman->pumps = mem_resize(doorman->pumps, doorman->n + 1, sizeof(struct pump *));
        doorman->pumps[doorman->n++] = pump_new(guest, over);
    }
}

static void move_all(struct doorman *doorman, const struct pollfd *fds)
{
    size_t kept = 0;
    for (size_t i = 0; i < doorman->n; i++) {
        struct pump *pump = doorman->pumps[i];
        enum pump_state state = pump_move(pump, fds + i * PUMP_FDS);
        if (state == PUMP_UNANSWERED) {
            refuse_without_answer(doorman, pump);
        }
        if (state == PUMP_GOES_ON) {
            doorman->pumps[kept++] = pump;
        } else {
            pump_free(pump);
        }
    }
    doorman->n = kept;
}

/* False: the owner has ended. */
static bool wait_and_move(struct doorman *doorman, struct pollfd **fds)
{
    size_t n = 2;
    *fds = mem_resize(*fds, n + doorman->n * PUMP_FDS, sizeof **fds);
    (*fds)[0] = (struct pollfd){.fd = doorman->line, .events = POLLIN};
    (*fds)[1] = (struct pollfd){.fd = doorman->listening, .events = POLLIN};
    for (size_t i = 0; i < doorman->n; i++) {
        pump_watch(doorman->pumps[i], *fds + n);
        n += PUMP_FDS;
    }
    if (interrupt_poll(*fds, n, DEADLINE_NONE) < 0 || (*fds)[0].revents != 0) {
        return false;
    }
    move_all(doorman, *fds + 2);
    if ((*fds)[1].revents != 0) {
        let_in(doorman);
    }
    return true;
}

static int live(void *context, int news)
{
    struct doorman *doorman = context;
    CLEANUP(mem_freep) struct pollfd *fds = NULL;
    (void)news; /* closed with all that is not ours: the line says it */
    (void)signal(SIGPIPE, SIG_IGN);
    process_allow_descriptors();
    process_keep_only((int *const[]){&doorman->line, &doorman->listening}, 2);
    while (wait_and_move(doorman, &fds)) {
    }
    for (size_t i = 0; i < doorman->n; i++) {
        pump_free(doorman->pumps[i]);
    }
    mem_free(doorman->pumps);
    return 0;
}

/* --- the owner's side --- */

static bool start(struct doorman *doorman, struct openssh_doorman *ret_doorman, struct error *err)
{
    struct worker worker = {.pid = -1, .pidfd = -1, .news = -1};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return error_set_errno(err, "could not make a socket");
    }
    CLEANUP(fd_closep) int ours = ends[0];
    CLEANUP(fd_closep) int theirs = ends[1];
    doorman->line = theirs;
    if (!worker_start(live, doorman, &worker, err)) {
        return false;
    }
    fd_closep(&worker.pidfd);
    fd_closep(&worker.news);
    *ret_doorman =
        (struct openssh_doorman){.pid = worker.pid, .starter = getpid(), .line = fd_take(&ours)};
    return true;
}

bool doorman_start(const struct remote *remote, struct openssh_way *way, struct error *err)
{
    struct loopback loopback = {.fd = -1};
    if (!loopback_listen(way->port, &loopback, err)) {
        return false;
    }
    CLEANUP(mem_freep) char *host = loopback.host;
    CLEANUP(fd_closep) int listening = loopback.fd;
    CLEANUP(mem_freep) char *socket = mem_printf("%s/.s.PGSQL.%d", way->folder, way->port);
    CLEANUP(mem_freep)
    char *where = way->host[0] == '/' ? mem_printf("%s/.s.PGSQL.%d", way->host, way->port)
                                      : mem_printf("%s:%d", way->host, way->port);
    struct doorman doorman = {
        .listening = listening, .socket = socket, .shown = remote->route.shown, .where = where};
    if (!start(&doorman, &way->doorman, err)) {
        return false;
    }
    way->way = (struct remote_way){.host = TAKE(host), .port = loopback.port};
    return true;
}

/* A child of the owner's has inherited it and leaves it alone. */
void doorman_end(struct openssh_doorman *doorman)
{
    if (doorman->pid > 0 && doorman->starter == getpid()) {
        (void)kill(-doorman->pid, SIGKILL);
        while (waitpid(doorman->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    doorman->pid = -1;
    fd_closep(&doorman->line);
}
