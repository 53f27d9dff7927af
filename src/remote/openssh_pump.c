/* Bytes between two sockets; see openssh_pump.h. */
#include "openssh_pump.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM ((size_t)128 * 1024)

struct pump *pump_new(int guest, int over)
{
    struct pump *pump = mem_new(1, sizeof *pump);
    pump->fds[PUMP_GUEST] = guest;
    pump->fds[PUMP_OVER] = over;
    for (int i = 0; i < PUMP_FDS; i++) {
        pump->ways[i].bytes = mem_resize(NULL, ROOM, 1);
    }
    return pump;
}

void pump_free(struct pump *pump)
{
    for (int i = 0; i < PUMP_FDS; i++) {
        fd_closep(&pump->fds[i]);
        mem_free(pump->ways[i].bytes);
    }
    mem_free(pump);
}

static bool is_empty(const struct pump_way *way)
{
    return way->from == way->to;
}

/* A socket of which nothing is wanted is left out: that it hung up would be told again and again.
 */
void pump_watch(const struct pump *pump, struct pollfd *fds)
{
    for (int i = 0; i < PUMP_FDS; i++) {
        const struct pump_way *in = &pump->ways[i], *out = &pump->ways[1 - i];
        int events = (is_empty(in) && !in->ended ? POLLIN : 0) | (is_empty(out) ? 0 : POLLOUT);
        fds[i] = (struct pollfd){.fd = events != 0 ? pump->fds[i] : -1, .events = (short)events};
    }
}

/* False: the connection is broken. */
static bool take(struct pump_way *way, int fd)
{
    ssize_t n = recv(fd, way->bytes, ROOM, MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    way->from = 0;
    way->to = (size_t)n;
    way->ended = n == 0;
    return true;
}

static bool give(struct pump_way *way, int fd)
{
    if (!is_empty(way)) {
        ssize_t n =
            send(fd, way->bytes + way->from, way->to - way->from, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        way->from += (size_t)n;
    }
    if (way->ended && !way->told) {
        way->told = true;
        return shutdown(fd, SHUT_WR) == 0;
    }
    return true;
}

/* Who is still there learns that this was no end. */
static enum pump_state broken(const struct pump *pump, int where)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (where == PUMP_OVER && !pump->answered) {
        return PUMP_UNANSWERED;
    }
    (void)setsockopt(pump->fds[PUMP_GUEST], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return PUMP_OVER_NOW;
}

enum pump_state pump_move(struct pump *pump, const struct pollfd *fds)
{
    for (int i = 0; i < PUMP_FDS; i++) {
        struct pump_way *way = &pump->ways[i];
        bool came = (fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        if (came && is_empty(way) && !way->ended && !take(way, pump->fds[i])) {
            return broken(pump, i);
        }
        pump->answered = pump->answered || (i == PUMP_OVER && !is_empty(way));
        if (way->ended && i == PUMP_OVER && !pump->answered) {
            return PUMP_UNANSWERED;
        }
        if (!give(way, pump->fds[1 - i])) {
            return broken(pump, 1 - i);
        }
    }
    return pump->ways[0].told && pump->ways[1].told ? PUMP_OVER_NOW : PUMP_GOES_ON;
}
