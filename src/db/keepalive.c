/*
 * A network that is dead without a word is noticed in about half a minute.
 *
 * The system's own limit is two hours. Where connection string or service file say something about
 * keepalives, they have the last word; therefore ours are set on the socket, once libpq has set
 * theirs.
 */
#include "keepalive.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "connect.h"

static const struct {
    const char *keyword;
    int option, value;
} defaults[] = {
    {"keepalives_idle", TCP_KEEPIDLE, 15},            /* seconds of silence */
    {"keepalives_interval", TCP_KEEPINTVL, 5},        /* seconds */
    {"keepalives_count", TCP_KEEPCNT, 4},             /* questions without an answer */
    {"tcp_user_timeout", TCP_USER_TIMEOUT, 30 * 1000} /* milliseconds without an acknowledgement */
};

static bool is_tcp(int fd)
{
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain != AF_UNIX;
}

static bool are_off(PGconn *conn)
{
    CLEANUP(mem_freep) char *keepalives = connection_parameter(conn, "keepalives");
    return keepalives != NULL && strtol(keepalives, NULL, 10) == 0;
}

void keepalive_set(PGconn *conn)
{
    int fd = PQsocket(conn);
    if (!is_tcp(fd) || are_off(conn)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        CLEANUP(mem_freep) char *users = connection_parameter(conn, defaults[i].keyword);
        if (users == NULL) {
            (void)setsockopt(fd, IPPROTO_TCP, defaults[i].option, &defaults[i].value,
                             sizeof defaults[i].value);
        }
    }
}
