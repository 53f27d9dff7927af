/* What a client of PostgreSQL's is told where its way leads nowhere. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "headgate/mem.h"
#include "headgate/strbuf.h"
#include "private.h"

#define PATIENCE 200 /* milliseconds, for a client that has asked and must go on */

/* A question whether the line may be encrypted (SSLRequest, GSSENCRequest). libpq shows no words
 * that come as an answer to that: anybody in between could have said them. */
static bool asks_for_encryption(const char *bytes, size_t size)
{
    static const char length[] = {0, 0, 0, 8, 4, (char)210, 22};
    return size == 8 && memcmp(bytes, length, sizeof length) == 0 &&
           (bytes[7] == 47 || bytes[7] == 48);
}

/* Bytes that nobody has read would reset the connection, and the words with it. */
static void hear_out(int fd, const char *begun, size_t size)
{
    char unread[4096];
    ssize_t n = (ssize_t)size;
    struct pollfd more = {.fd = fd, .events = POLLIN};
    if (size > 0 && size <= sizeof unread) {
        memcpy(unread, begun, size);
    } else {
        n = poll(&more, 1, PATIENCE) > 0 ? recv(fd, unread, sizeof unread, MSG_DONTWAIT) : 0;
    }
    while (n > 0 && asks_for_encryption(unread, (size_t)n)) {
        (void)send(fd, "N", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        n = poll(&more, 1, PATIENCE) > 0 ? recv(fd, unread, sizeof unread, MSG_DONTWAIT) : 0;
    }
    while (n > 0 && recv(fd, unread, sizeof unread, MSG_DONTWAIT) > 0) {
    }
}

/* As PostgreSQL's server says why it does not let a client in: libpq shows it. */
void libpq_refuse(int fd, const char *begun, size_t begun_size, const struct error *why)
{
    CLEANUP(strbuf_clear) struct strbuf body = STRBUF_INIT;
    const char *const fields[] = {"SFATAL", "VFATAL", "C08001"};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        strbuf_add_n(&body, fields[i], strlen(fields[i]) + 1);
    }
    strbuf_printf(&body, "M%s", why->message);
    strbuf_add_char(&body, '\0');
    if (why->detail != NULL) {
        strbuf_printf(&body, "D%s", why->detail);
        strbuf_add_char(&body, '\0');
    }
    if (why->hint != NULL) {
        strbuf_printf(&body, "H%s", why->hint);
        strbuf_add_char(&body, '\0');
    }
    strbuf_add_char(&body, '\0');
    hear_out(fd, begun, begun_size);
    size_t size = body.size + 4;
    const char head[] = {'E', (char)(size >> 24), (char)(size >> 16), (char)(size >> 8),
                         (char)size};
    (void)send(fd, head, sizeof head, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)send(fd, body.text, body.size, MSG_DONTWAIT | MSG_NOSIGNAL);
}
