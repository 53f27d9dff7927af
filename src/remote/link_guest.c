/*
 * Who comes to a forwarder: with a request, through its door; with nothing but bytes, through a
 * way in.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "headgate/mem.h"
#include "link.h"

static void add_stream(struct forwarder *forwarder, struct stream *stream)
{
    struct stream **end = &forwarder->streams;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = stream;
}

void forwarder_let_in(struct forwarder *forwarder)
{
    int fd = -1;
    while ((fd = accept4(forwarder->door, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        forwarder->guests =
            mem_resize(forwarder->guests, forwarder->n_guests + 1, sizeof *forwarder->guests);
        forwarder->guests[forwarder->n_guests++] =
            (struct door_guest){.fd = fd, .got = STRBUF_INIT};
    }
}

static char *socket_path(const struct way *way)
{
    return way->host[0] == '/' ? mem_printf("%s/.s.PGSQL.%d", way->host, way->port)
                               : mem_copy(way->host);
}

void forwarder_let_in_by(struct forwarder *forwarder, const struct way *way)
{
    int fd = -1;
    while ((fd = accept4(way->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        if (way->door == DOOR_LOOPBACK && !loopback_is_ours(fd)) {
            fd_closep(&fd);
            continue;
        }
        struct stream *stream = stream_new(STREAM_CONNECT, -1);
        stream->host = socket_path(way);
        stream->port = way->port;
        stream->libpq = true;
        stream_join(stream, fd);
        add_stream(forwarder, stream);
    }
}

/* --- requests --- */

static void answer_way(struct forwarder *forwarder, const struct door_request *request, int fd)
{
    CLEANUP(error_clear) struct error why = ERROR_INIT;
    CLEANUP(strbuf_clear) struct strbuf answer = STRBUF_INIT;
    const struct way *way = NULL;
    enum remote_door door =
        text_equal(request->fields[3], "loopback") ? DOOR_LOOPBACK : DOOR_SOCKET;
    if (!way_open(forwarder, request->fields[1], (int)strtol(request->fields[2], NULL, 10), door,
                  &way, &why)) {
        door_tell_error(fd, &why);
        return;
    }
    strbuf_printf(&answer, "%c%s", DOOR_OK, way->shown_host);
    strbuf_add_char(&answer, '\0');
    strbuf_printf(&answer, "%d", way->shown_port);
    strbuf_add_char(&answer, '\0');
    (void)send(fd, answer.text, answer.size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* exec COMMAND PREFACE framed|plain, with its three descriptors. */
static struct stream *exec_stream(struct door_request *request, int line)
{
    struct stream *stream = stream_new(STREAM_EXEC, line);
    bool has_input = text_equal(request->fields[3], "framed");
    stream->framed = has_input;
    stream_adopt(stream, has_input ? fd_take(&request->fds[0]) : -1, fd_take(&request->fds[1]),
                 fd_take(&request->fds[2]));
    strbuf_add_n(&stream->up, request->fields[2], request->sizes[2]);
    mem_wipe(request->fields[2], request->sizes[2]);
    return stream;
}

static struct stream *request_stream(struct door_request *request, int line)
{
    const char *verb = request->fields[0];
    struct stream *stream = NULL;
    if (text_equal(verb, "connect") && request->n == 3) {
        stream = stream_new(STREAM_CONNECT, line);
        stream->port = (int)strtol(request->fields[2], NULL, 10);
    } else if (text_equal(verb, "subsystem") && request->n == 2) {
        stream = stream_new(STREAM_SUBSYSTEM, line);
    } else if (text_equal(verb, "exec") && request->n == 4 && request->fds[2] >= 0) {
        stream = exec_stream(request, line);
    } else if (text_equal(verb, "ping") && request->n == 1) {
        return stream_new(STREAM_PING, line);
    } else {
        return NULL;
    }
    stream->host = TAKE(request->fields[1]);
    return stream;
}

static void forget(struct forwarder *forwarder, size_t at)
{
    door_guest_clear(&forwarder->guests[at]);
    forwarder->guests[at] = forwarder->guests[--forwarder->n_guests];
}

void forwarder_hear(struct forwarder *forwarder, size_t at)
{
    CLEANUP(door_request_clear) struct door_request request = DOOR_REQUEST_INIT;
    struct door_guest *guest = &forwarder->guests[at];
    int heard = door_read_request(guest, &request);
    if (heard == 0) {
        return;
    }
    if (heard > 0 && text_equal(request.fields[0], "way") && request.n == 4) {
        answer_way(forwarder, &request, guest->fd);
    } else if (heard > 0) {
        int line = fd_take(&guest->fd);
        struct stream *stream = request_stream(&request, line);
        if (stream != NULL) {
            add_stream(forwarder, stream);
        } else {
            fd_closep(&line);
        }
    }
    forget(forwarder, at);
}
