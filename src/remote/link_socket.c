/*
 * A TCP connection with a deadline: the name resolved, all of its addresses tried. getaddrinfo
 * knows no deadline, so a child asks it, and is killed where it takes too long.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "headgate/process.h"
#include "link.h"

#define ADDRESSES_MAX 16

struct address {
    struct sockaddr_storage socket;
    socklen_t size;
};
struct addresses {
    int failed; /* of getaddrinfo */
    size_t n;
    struct address items[ADDRESSES_MAX];
};

int owner_watch_wait(struct owner_watch *owner, int fd, short events, msec deadline)
{
    struct pollfd fds[] = {{.fd = fd, .events = events},
                           {.fd = owner->socket, .events = POLLIN},
                           {.fd = owner->pidfd, .events = POLLIN}};
    int n = interrupt_poll(fds, ARRAY_LEN(fds), deadline);
    owner->ended = n < 0 || fds[1].revents != 0 || fds[2].revents != 0;
    return owner->ended ? -1 : fds[0].revents != 0;
}

static void look_up(const struct ssh_hop *hop, int flags, struct addresses *ret_addresses)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    CLEANUP(mem_freep) char *port = mem_printf("%d", hop->port);
    *ret_addresses = (struct addresses){.failed = getaddrinfo(hop->host, port, &hints, &found)};
    for (struct addrinfo *a = found; a != NULL && ret_addresses->n < ADDRESSES_MAX;
         a = a->ai_next) {
        struct address *address = &ret_addresses->items[ret_addresses->n++];
        memcpy(&address->socket, a->ai_addr, a->ai_addrlen);
        address->size = a->ai_addrlen;
    }
    if (found != NULL) {
        freeaddrinfo(found);
    }
}

static bool no_answer(const struct ssh_hop *hop, int n, struct error *err)
{
    if (n < 0) {
        return interrupt_pending() != 0
                   ? interrupt_error(err)
                   : error_set(err, ERROR_TERMINATED, "nobody waits for the session any more");
    }
    err->retryable = true;
    error_set(err, ERROR_UNREACHABLE, "could not find the address of \"%s\" in time", hop->host);
    return error_hint(err, "Look at the name servers of this machine, or give an address.");
}

static _Noreturn void resolve_in_child(const struct ssh_hop *hop, int fd)
{
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    struct addresses addresses;
    look_up(hop, AI_ADDRCONFIG, &addresses);
    process_exit_child(fd_write_all(fd, (const char *)&addresses, sizeof addresses, &ignored) ? 0
                                                                                              : 1);
}

static bool read_addresses(const struct ssh_hop *hop, struct owner_watch *owner, int fd,
                           msec deadline, struct addresses *ret_addresses, struct error *err)
{
    size_t got = 0;
    while (got < sizeof *ret_addresses) {
        int ready = owner_watch_wait(owner, fd, POLLIN, deadline);
        if (ready <= 0) {
            return no_answer(hop, ready, err);
        }
        ssize_t n = read(fd, (char *)ret_addresses + got, sizeof *ret_addresses - got);
        if (n <= 0) {
            return error_set(err, ERROR_IO, "could not look up the address of \"%s\"", hop->host);
        }
        got += (size_t)n;
    }
    return true;
}

static bool resolve_beside(const struct ssh_hop *hop, struct owner_watch *owner, msec deadline,
                           struct addresses *ret_addresses, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return error_set_errno(err, "could not make a pipe");
    }
    CLEANUP(fd_closep) int reading = ends[0];
    CLEANUP(fd_closep) int writing = ends[1];
    pid_t child = fork();
    if (child == 0) {
        resolve_in_child(hop, writing);
    }
    if (child < 0) {
        return error_set_errno(err, "could not start a process");
    }
    fd_closep(&writing);
    bool read = read_addresses(hop, owner, reading, deadline, ret_addresses, err);
    (void)kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return read;
}

static bool resolve(const struct ssh_hop *hop, struct owner_watch *owner, msec deadline,
                    struct addresses *ret_addresses, struct error *err)
{
    look_up(hop, AI_NUMERICHOST, ret_addresses);
    if (ret_addresses->n > 0) {
        return true;
    }
    if (!resolve_beside(hop, owner, deadline, ret_addresses, err)) {
        return false;
    }
    if (ret_addresses->n > 0) {
        return true;
    }
    err->retryable = ret_addresses->failed == EAI_AGAIN;
    error_set(err, ERROR_UNREACHABLE, "could not find the address of \"%s\": %s", hop->host,
              gai_strerror(ret_addresses->failed));
    return error_hint(err, "Look for a mistake in the name, or at the name servers of this "
                           "machine.");
}

static void set_options(const struct ssh_hop *hop, int fd)
{
    int yes = 1, second = 1000, silence = (int)hop->keepalive;
    int idle = silence / (5 * second), interval = silence / (7 * second), count = 3;
    idle = idle > 0 ? idle : 1;
    interval = interval > 0 ? interval : 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

/* 0, an errno, or -1 when the owner has ended. */
static int try_address(const struct ssh_hop *hop, struct owner_watch *owner,
                       const struct address *address, msec deadline, int *ret_fd)
{
    CLEANUP(fd_closep)
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = 0;
    socklen_t size = sizeof failed;
    if (fd < 0) {
        return errno;
    }
    set_options(hop, fd);
    if (connect(fd, (const struct sockaddr *)&address->socket, address->size) != 0) {
        if (errno != EINPROGRESS) {
            return errno;
        }
        int ready = owner_watch_wait(owner, fd, POLLOUT, deadline);
        if (ready <= 0) {
            return ready < 0 ? -1 : ETIMEDOUT;
        }
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0 || failed != 0) {
            return failed != 0 ? failed : errno;
        }
    }
    *ret_fd = fd_take(&fd);
    return 0;
}

static const char *remedy(int failed)
{
    switch (failed) {
    case ECONNREFUSED:
        return "No SSH server listens there: look at host and port, and whether sshd runs.";
    case ETIMEDOUT:
        return "Nobody answers there: look at host and port, and at what firewalls let through; a "
               "host behind a jump host needs its \"jump\".";
    default:
        return "Look at the network between here and there.";
    }
}

static bool unreachable(const struct ssh_hop *hop, int failed, const struct strbuf *tried,
                        struct error *err)
{
    err->retryable = true;
    error_set(err, ERROR_UNREACHABLE, "could not connect to %s: %s", hop->shown, strerror(failed));
    if (tried->size > 0) {
        error_detail(err, "Tried: %s.", tried->text);
    }
    return error_hint(err, "%s", remedy(failed));
}

static void note_tried(const struct address *address, int failed, struct strbuf *tried)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (getnameinfo((const struct sockaddr *)&address->socket, address->size, host, sizeof host,
                    port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        strbuf_printf(tried, "%s%s port %s (%s)", tried->size > 0 ? ", " : "", host, port,
                      strerror(failed));
    }
}

bool link_connect(const struct ssh_hop *hop, struct owner_watch *owner, msec deadline, int *ret_fd,
                  struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf tried = STRBUF_INIT;
    struct addresses addresses;
    int failed = ETIMEDOUT;
    if (!resolve(hop, owner, deadline, &addresses, err)) {
        return false;
    }
    for (size_t i = 0; i < addresses.n; i++) {
        msec share = (deadline - clock_now()) / (msec)(addresses.n - i);
        failed = try_address(hop, owner, &addresses.items[i], deadline_in(share), ret_fd);
        if (failed <= 0) {
            return failed == 0 || no_answer(hop, -1, err);
        }
        note_tried(&addresses.items[i], failed, &tried);
    }
    return unreachable(hop, failed, &tried, err);
}
