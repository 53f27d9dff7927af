/*
 * Ways in: sockets and ports on which libpq finds what listens on the host. A socket lies in a
 * folder that is ours alone; to a port of loopback only our own user is let in (loopback.c).
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "headgate/mem.h"
#include "link.h"

#define BACKLOG 1024

void way_clear(struct way *way)
{
    fd_closep(&way->fd);
    mem_free(way->host);
    mem_free(way->shown_host);
}

bool listen_at(const char *path, int *ret_fd, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (n < 0 || (size_t)n >= sizeof address.sun_path) {
        return error_set(err, ERROR_IO, "\"%s\" is too long a name for a socket", path);
    }
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        listen(fd, BACKLOG) != 0) {
        return error_set_errno(err, "could not listen at \"%s\"", path);
    }
    *ret_fd = fd_take(&fd);
    return true;
}

static bool open_socket(const struct forwarder *forwarder, struct way *way, struct error *err)
{
    way->shown_host = mem_printf("%s/w%zu", forwarder->folder, forwarder->n_ways);
    way->shown_port = way->port;
    CLEANUP(mem_freep) char *path = mem_printf("%s/.s.PGSQL.%d", way->shown_host, way->port);
    if (mkdir(way->shown_host, 0700) != 0 && errno != EEXIST) {
        return error_set_errno(err, "could not make folder \"%s\"", way->shown_host);
    }
    return listen_at(path, &way->fd, err);
}

static bool open_loopback(struct way *way, struct error *err)
{
    struct loopback loopback = {.fd = -1};
    if (!loopback_listen(way->port, &loopback, err)) {
        return false;
    }
    way->shown_host = loopback.host;
    way->shown_port = loopback.port;
    way->fd = loopback.fd;
    return true;
}

bool way_open(struct forwarder *forwarder, const char *host, int port, enum remote_door door,
              const struct way **ret_way, struct error *err)
{
    for (size_t i = 0; i < forwarder->n_ways; i++) {
        const struct way *way = &forwarder->ways[i];
        if (way->door == door && way->port == port && text_equal(way->host, host)) {
            *ret_way = way;
            return true;
        }
    }
    struct way way = {.host = mem_copy(host), .port = port, .door = door, .fd = -1};
    if (!(door == DOOR_SOCKET ? open_socket(forwarder, &way, err) : open_loopback(&way, err))) {
        way_clear(&way);
        return false;
    }
    forwarder->ways = mem_resize(forwarder->ways, forwarder->n_ways + 1, sizeof way);
    forwarder->ways[forwarder->n_ways] = way;
    *ret_way = &forwarder->ways[forwarder->n_ways++];
    return true;
}
