/*
 * A long line on one machine: what comes from either side is held back, and goes on when its time
 * has come. Nothing else of it is slow: it takes whatever it is given, as long as fewer than HELD
 * bytes of a direction are on their way.
 *
 *   delay_line MILLISECONDS PORT      one way; to that port of 127.0.0.1
 *
 * Prints the port that it listens on, and ends when its stdin does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "headgate/mem.h"

#define HELD ((size_t)64 << 20)
#define MARKS 65536 /* pieces on their way; one for each read */
#define LINES 128

struct mark {
    int64_t due; /* nanoseconds */
    size_t n;
};
/* One direction: a ring of bytes, and of marks over them. */
struct direction {
    char *bytes;
    struct mark *marks;
    size_t from, n; /* bytes */
    size_t first, n_marks;
    bool ended, told; /* nothing comes any more; and the other side knows */
};
struct line {
    int fds[2]; /* direction i goes from fds[i] to fds[1 - i] */
    struct direction ways[2];
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static size_t room_of(const struct direction *way)
{
    return way->n_marks == MARKS ? 0 : HELD - way->n;
}

/* --- one line --- */

static void take(struct direction *way, int fd, int64_t delay)
{
    size_t to = (way->from + way->n) % HELD, room = room_of(way);
    size_t most = room < HELD - to ? room : HELD - to;
    ssize_t n = recv(fd, way->bytes + to, most, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    way->ended = n <= 0;
    way->marks[(way->first + way->n_marks++) % MARKS] =
        (struct mark){.due = now_ns() + delay, .n = n > 0 ? (size_t)n : 0};
    way->n += n > 0 ? (size_t)n : 0;
}

/* False: nobody is there any more. */
static bool give(struct direction *way, int fd, int64_t now)
{
    while (way->n_marks > 0 && way->marks[way->first].due <= now) {
        struct mark *mark = &way->marks[way->first];
        size_t most = mark->n < HELD - way->from ? mark->n : HELD - way->from;
        ssize_t n =
            most > 0 ? send(fd, way->bytes + way->from, most, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
        if (n < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        way->from = (way->from + (size_t)n) % HELD;
        way->n -= (size_t)n;
        mark->n -= (size_t)n;
        if (mark->n == 0) {
            way->first = (way->first + 1) % MARKS;
            way->n_marks--;
        }
    }
    if (way->ended && way->n_marks == 0 && !way->told) {
        way->told = true;
        (void)shutdown(fd, SHUT_WR);
    }
    return true;
}

static int socket_to(int port)
{
    const struct sockaddr_in there = {.sin_family = AF_INET,
                                      .sin_port = htons((uint16_t)port),
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&there, sizeof there) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void hang_up(struct line *line)
{
    for (int i = 0; i < 2; i++) {
        if (line->fds[i] >= 0) {
            (void)close(line->fds[i]);
        }
        mem_free(line->ways[i].bytes);
        mem_free(line->ways[i].marks);
    }
    *line = (struct line){.fds = {-1, -1}};
}

static void begin(struct line *line, int listener, int port)
{
    static const int yes = 1;
    *line = (struct line){.fds = {accept4(listener, NULL, NULL, SOCK_CLOEXEC), socket_to(port)}};
    if (line->fds[0] < 0 || line->fds[1] < 0) {
        hang_up(line);
        return;
    }
    for (int i = 0; i < 2; i++) {
        (void)setsockopt(line->fds[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        line->ways[i].bytes = mem_resize(NULL, HELD, 1);
        line->ways[i].marks = mem_resize(NULL, MARKS, sizeof(struct mark));
    }
}

/* --- all of them --- */

/* poll's list: stdin, the listener, then each line's two; the time of the next piece. */
static int64_t gather(const struct line *lines, int64_t now, struct pollfd *fds)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < LINES; i++) {
        for (int side = 0; side < 2; side++) {
            const struct direction *in = &lines[i].ways[side], *out = &lines[i].ways[1 - side];
            bool due = out->n_marks > 0 && out->marks[out->first].due <= now;
            short events =
                (short)((in->bytes != NULL && !in->ended && room_of(in) > 0 ? POLLIN : 0) |
                        (due ? POLLOUT : 0));
            fds[2 + 2 * i + (size_t)side] =
                (struct pollfd){.fd = events != 0 ? lines[i].fds[side] : -1, .events = events};
            if (out->n_marks > 0 && !due && out->marks[out->first].due < next) {
                next = out->marks[out->first].due;
            }
        }
    }
    return next;
}

static void move(struct line *line, const struct pollfd *fds, int64_t delay)
{
    bool alive = line->fds[0] >= 0;
    for (int side = 0; side < 2 && alive; side++) {
        if (fds[side].fd >= 0 && (fds[side].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
            !line->ways[side].ended) {
            take(&line->ways[side], line->fds[side], delay);
        }
        alive = give(&line->ways[side], line->fds[1 - side], now_ns());
    }
    if (!alive || (line->ways[0].told && line->ways[1].told)) {
        hang_up(line);
    }
}

static void carry(int listener, int port, int64_t delay)
{
    static struct line lines[LINES];
    static struct pollfd fds[2 + 2 * LINES];
    for (size_t i = 0; i < LINES; i++) {
        lines[i] = (struct line){.fds = {-1, -1}};
    }
    for (;;) {
        int64_t now = now_ns(), next = gather(lines, now, fds);
        int64_t wait = next == INT64_MAX ? 1000000000 : next > now ? next - now : 0;
        const struct timespec time = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
        fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
        if (ppoll(fds, ARRAY_LEN(fds), &time, NULL) < 0 && errno != EINTR) {
            return;
        }
        if (fds[0].revents != 0) {
            return;
        }
        for (size_t i = 0; i < LINES; i++) {
            move(&lines[i], &fds[2 + 2 * i], delay);
        }
        for (size_t i = 0; i < LINES && (fds[1].revents & POLLIN) != 0; i++) {
            if (lines[i].fds[0] < 0) {
                begin(&lines[i], listener, port);
                break;
            }
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (argc != 3 || bind(listener, (const struct sockaddr *)&here, sizeof here) != 0 ||
        listen(listener, LINES) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &size) != 0) {
        (void)fputs("delay_line MILLISECONDS PORT\n", stderr);
        return 64;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)printf("%d\n", ntohs(here.sin_port));
    (void)fflush(stdout);
    carry(listener, (int)strtol(argv[2], NULL, 10), strtol(argv[1], NULL, 10) * 1000000);
    return 0;
}
