/* What a client of PostgreSQL's is told where its way leads nowhere. */
#include <string.h>
#include <sys/socket.h>

#include "headgate/mem.h"
#include "headgate/strbuf.h"
#include "private.h"

/* As PostgreSQL's server says why it does not let a client in: libpq shows it. */
void libpq_refuse(int fd, const struct error *why)
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
    char unread[4096]; /* bytes that nobody has read would reset the connection, and the words with
                          it */
    while (recv(fd, unread, sizeof unread, MSG_DONTWAIT) > 0) {
    }
    size_t size = body.size + 4;
    const char head[] = {'E', (char)(size >> 24), (char)(size >> 16), (char)(size >> 8),
                         (char)size};
    (void)send(fd, head, sizeof head, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)send(fd, body.text, body.size, MSG_DONTWAIT | MSG_NOSIGNAL);
}
