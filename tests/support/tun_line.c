/*
 * A long and poor line between two network namespaces, where the kernel has no netem: a TUN device
 * in each, and this program in between, which holds every packet back, loses some, or all.
 *
 *   tun_line delay=MILLISECONDS loss=PERCENT rate=KILOBYTES seed=N SPACE:DEVICE SPACE:DEVICE FOLDER
 *
 * The delay is one way, the rate that of each way in a second (0: any). Which of a direction's
 * packets are lost is decided by the seed alone. Makes the devices, without addresses, prints the
 * process that stays, and returns; that one ends with SIGTERM, or with one of the namespaces.
 * SIGUSR1: nothing gets through any more, SIGUSR2: it does again. Exit status 77 where there are no
 * such devices. The folder is only named: whoever tidies it up finds the process by that.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "headgate/mem.h"

#define PACKET_MAX 2048 /* the devices have 1500 */
#define HELD 8192      /* packets on their way; what comes beyond that is lost, as on a real line */
#define TURN 64        /* packets of one direction before the other has its turn */
#define QUEUE 50000000 /* nanoseconds: what would have to wait longer for its turn is lost */
#define SKIP 77

struct packet {
    int64_t due; /* nanoseconds */
    size_t size;
    char bytes[PACKET_MAX];
};
struct direction {
    int from, to;
    uint64_t dice;
    int64_t busy; /* until then */
    size_t first, n;
    struct packet *packets; /* HELD of them, a ring */
};
struct line {
    int64_t delay;
    int64_t rate;  /* bytes a second */
    uint64_t loss; /* of 2^32 */
    bool silent;
    struct direction ways[2];
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int fail(const char *what)
{
    (void)fprintf(stderr, "tun_line: %s: %s\n", what, strerror(errno));
    return SKIP;
}

/* splitmix64: as good for the first packet as for the last, whatever the seed. */
static bool is_lost(struct direction *way, uint64_t loss)
{
    uint64_t z = way->dice += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return ((z ^ (z >> 31)) >> 32) < loss;
}

/* --- devices --- */

/* A descriptor belongs to the namespace in which it was opened, wherever it is used. */
static int open_device(const char *place)
{
    CLEANUP(mem_freep) char *space = mem_copy_n(place, strcspn(place, ":"));
    CLEANUP(mem_freep) char *path = mem_printf("/run/netns/%s", space);
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", strchr(place, ':') + 1);
    int name = open(path, O_RDONLY | O_CLOEXEC);
    if (name < 0 || setns(name, CLONE_NEWNET) != 0) {
        return -1;
    }
    (void)close(name);
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0 ? -1 : fd;
}

/* --- packets --- */

/* False: the device is gone. */
static bool take(struct line *line, struct direction *way)
{
    for (int i = 0; i < TURN; i++) {
        char spare[PACKET_MAX];
        struct packet *next = &way->packets[(way->first + way->n) % HELD];
        bool full = way->n == HELD;
        ssize_t n = read(way->from, full ? spare : next->bytes, PACKET_MAX);
        if (n <= 0) {
            return n < 0 && (errno == EAGAIN || errno == EINTR);
        }
        int64_t now = now_ns(), begin = way->busy > now ? way->busy : now;
        if (!is_lost(way, line->loss) && !line->silent && !full && begin - now < QUEUE) {
            way->busy = begin + (line->rate > 0 ? n * 1000000000 / line->rate : 0);
            next->due = way->busy + line->delay;
            next->size = (size_t)n;
            way->n++;
        }
    }
    return true;
}

/* A device that is down takes nothing: that is a lost packet as well. */
static void give(const struct line *line, struct direction *way, int64_t now)
{
    while (way->n > 0 && way->packets[way->first].due <= now) {
        const struct packet *packet = &way->packets[way->first];
        if (!line->silent) {
            (void)!write(way->to, packet->bytes, packet->size);
        }
        way->first = (way->first + 1) % HELD;
        way->n--;
    }
}

static int64_t next_due(const struct line *line)
{
    int64_t due = INT64_MAX;
    for (int i = 0; i < 2; i++) {
        const struct direction *way = &line->ways[i];
        if (way->n > 0 && way->packets[way->first].due < due) {
            due = way->packets[way->first].due;
        }
    }
    return due;
}

/* False: it is to end. */
static bool obey(struct line *line, int signals)
{
    struct signalfd_siginfo news;
    if (read(signals, &news, sizeof news) != (ssize_t)sizeof news) {
        return true;
    }
    line->silent = news.ssi_signo == SIGUSR1;
    return news.ssi_signo != SIGTERM;
}

static void carry(struct line *line, int signals)
{
    bool wanted = true;
    while (wanted) {
        struct pollfd fds[] = {{.fd = line->ways[0].from, .events = POLLIN},
                               {.fd = line->ways[1].from, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
        int64_t due = next_due(line), now = now_ns();
        int64_t wait = due > now ? due - now : 0;
        const struct timespec time = {.tv_sec = wait / 1000000000, .tv_nsec = wait % 1000000000};
        (void)ppoll(fds, ARRAY_LEN(fds), due == INT64_MAX ? NULL : &time, NULL);
        for (int i = 0; i < 2; i++) {
            wanted = wanted && (fds[i].revents == 0 || take(line, &line->ways[i]));
            give(line, &line->ways[i], now_ns());
        }
        wanted = wanted && (fds[2].revents == 0 || obey(line, signals));
    }
}

/* --- its life --- */

static int stay(struct line *line, const sigset_t *orders)
{
    pid_t pid = fork();
    if (pid != 0) {
        (void)printf("%d\n", (int)pid);
        return pid > 0 ? 0 : fail("fork");
    }
    (void)setsid();
    for (int stream = 0; stream < 3; stream++) { /* whoever reads what we print waits for its end */
        (void)close(stream);
        (void)open("/dev/null", O_RDWR);
    }
    carry(line, signalfd(-1, orders, SFD_CLOEXEC));
    return 0;
}

int main(int argc, char **argv)
{
    long delay = 0, rate = 0;
    double loss = 0;
    unsigned long seed = 0;
    if (argc != 8 || sscanf(argv[1], "delay=%ld", &delay) != 1 ||
        sscanf(argv[2], "loss=%lf", &loss) != 1 || sscanf(argv[3], "rate=%ld", &rate) != 1 ||
        sscanf(argv[4], "seed=%lu", &seed) != 1 || strchr(argv[5], ':') == NULL ||
        strchr(argv[6], ':') == NULL) {
        (void)fputs("tun_line delay=MILLISECONDS loss=PERCENT rate=KILOBYTES seed=N SPACE:DEVICE "
                    "SPACE:DEVICE FOLDER\n",
                    stderr);
        return 64;
    }
    struct line line = {.delay = delay * 1000000,
                        .rate = rate * 1000,
                        .loss = (uint64_t)(loss / 100 * 4294967296.0)};
    int one = open_device(argv[5]), other = one < 0 ? -1 : open_device(argv[6]);
    if (other < 0) {
        return fail("no device");
    }
    for (int i = 0; i < 2; i++) {
        line.ways[i] = (struct direction){.from = i == 0 ? one : other,
                                          .to = i == 0 ? other : one,
                                          .dice = seed * 2 + (uint64_t)i,
                                          .packets = mem_new(HELD, sizeof(struct packet))};
    }
    sigset_t orders;
    (void)sigemptyset(&orders);
    for (size_t i = 0; i < 3; i++) {
        (void)sigaddset(&orders, (const int[]){SIGUSR1, SIGUSR2, SIGTERM}[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &orders, NULL);
    return stay(&line, &orders);
}
