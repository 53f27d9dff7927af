/*
 * Ways in: sockets and ports on which libpq finds what listens on the host. A socket lies in a
 * folder that is ours alone. A port of loopback is open to everybody on this machine, so who comes
 * there is looked up in /proc/net/tcp: only our own user is let in. The address is one of
 * 127.0.0.0/8 by chance, on which the real port is free nearly always.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "headgate/mem.h"
#include "link.h"

#define BACKLOG 1024
#define ADDRESS_TRIES 50
#define TABLE_MAX ((size_t)64 * 1024 * 1024)

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

static void random_address(struct in_addr *ret_address)
{
    unsigned char dice[3];
    random_bytes(dice, sizeof dice);
    ret_address->s_addr = htonl(0x7f000000U | (1 + dice[0] % 254U) << 16 | (unsigned)dice[1] << 8 |
                                (1 + dice[2] % 254U));
}

/* Where the port is one that we may not have, any. */
static bool open_loopback(struct way *way, struct error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)way->port)};
    socklen_t size = sizeof address;
    CLEANUP(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool bound = false;
    for (int i = 0; fd >= 0 && i < ADDRESS_TRIES && !bound; i++) {
        random_address(&address.sin_addr);
        bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
        address.sin_port = !bound && errno == EACCES ? 0 : address.sin_port;
    }
    if (!bound || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        return error_set_errno(err, "could not listen on an address of loopback");
    }
    char text[INET_ADDRSTRLEN];
    way->shown_host = mem_copy(inet_ntop(AF_INET, &address.sin_addr, text, sizeof text));
    way->shown_port = ntohs(address.sin_port);
    way->fd = fd_take(&fd);
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

/* --- who comes --- */

static char *as_in_table(const struct sockaddr_in *address)
{
    return mem_printf("%08X:%04X", address->sin_addr.s_addr, ntohs(address->sin_port));
}

/* The n-th of the words of a line. */
static char *word_of(const char *line, int n)
{
    static const char blanks[] = " ", ends[] = " \n";
    const char *word = line + strspn(line, blanks);
    for (int i = 0; i < n; i++) {
        word += strcspn(word, ends);
        word += strspn(word, blanks);
    }
    return mem_copy_n(word, strcspn(word, ends));
}

/* Of a line: number, local address, remote address, state, queues, timer, retransmits, user. */
static bool line_says_ours(const char *line, const char *theirs, const char *ours)
{
    CLEANUP(mem_freep) char *local = word_of(line, 1);
    CLEANUP(mem_freep) char *other = word_of(line, 2);
    CLEANUP(mem_freep) char *user = word_of(line, 7);
    return text_equal(local, theirs) && text_equal(other, ours) && user[0] != '\0' &&
           strtoul(user, NULL, 10) == geteuid();
}

bool way_is_ours(int fd)
{
    struct sockaddr_in here = {.sin_port = 0}, there = {.sin_port = 0};
    socklen_t here_size = sizeof here, there_size = sizeof there;
    CLEANUP(strbuf_clear) struct strbuf table = STRBUF_INIT;
    CLEANUP(error_clear) struct error ignored = ERROR_INIT;
    if (getsockname(fd, (struct sockaddr *)&here, &here_size) != 0 ||
        getpeername(fd, (struct sockaddr *)&there, &there_size) != 0 ||
        !file_read("/proc/net/tcp", TABLE_MAX, &table, &ignored)) {
        return false;
    }
    CLEANUP(mem_freep) char *ours = as_in_table(&here);
    CLEANUP(mem_freep) char *theirs = as_in_table(&there);
    bool found = false;
    for (const char *line = table.text; line != NULL && !found; line = strchr(line, '\n')) {
        line += *line == '\n';
        found = line_says_ours(line, theirs, ours);
        if (*line == '\0') {
            break;
        }
    }
    return found;
}
