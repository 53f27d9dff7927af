/*
 * Ports of loopback: for clients that have to come by TCP. Such a port is open to everybody on this
 * machine, so who comes there is looked up in /proc/net/tcp: only our own user is let in. The
 * address is one of 127.0.0.0/8 by chance, on which the real port is free nearly always.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/hash.h"
#include "headgate/mem.h"
#include "private.h"

#define BACKLOG 1024
#define ADDRESS_TRIES 50
#define TABLE_MAX ((size_t)64 * 1024 * 1024)

static void random_address(struct in_addr *ret_address)
{
    unsigned char dice[3];
    random_bytes(dice, sizeof dice);
    ret_address->s_addr = htonl(0x7f000000U | (1 + dice[0] % 254U) << 16 | (unsigned)dice[1] << 8 |
                                (1 + dice[2] % 254U));
}

/* Where the port is one that we may not have, any. */
bool loopback_listen(int port, struct loopback *ret_loopback, struct error *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
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
    *ret_loopback = (struct loopback){
        .host = mem_copy(inet_ntop(AF_INET, &address.sin_addr, text, sizeof text)),
        .port = ntohs(address.sin_port),
        .fd = fd_take(&fd)};
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

bool loopback_is_ours(int fd)
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
