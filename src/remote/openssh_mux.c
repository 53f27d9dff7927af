/*
 * The protocol of OpenSSH's control socket (its PROTOCOL.mux, version 4). A packet is its size and
 * its type as 32 bits each, then numbers and texts with their size in front. Descriptors follow a
 * request, one a byte.
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "openssh.h"

#define VERSION 4
#define REQUEST 1 /* there is one a connection */
#define PACKET_MAX ((size_t)256 * 1024)
#define NO_ESCAPE 0xffffffff
#define FORWARD_LOCAL 1

#define HELLO 0x00000001U
#define NEW_SESSION 0x10000002U
#define OPEN_FORWARD 0x10000006U
#define NEW_STDIO_FORWARD 0x10000008U
#define OK 0x80000001U
#define DENIED 0x80000002U
#define FAILURE 0x80000003U
#define EXIT_MESSAGE 0x80000004U
#define SESSION_OPENED 0x80000006U

/* --- packets --- */

static void add_number(struct strbuf *packet, uint32_t number)
{
    const char bytes[] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8),
                          (char)number};
    strbuf_add_n(packet, bytes, sizeof bytes);
}

static void add_text(struct strbuf *packet, const char *text)
{
    add_number(packet, (uint32_t)strlen(text));
    strbuf_add(packet, text);
}

static uint32_t number_at(const struct strbuf *packet, size_t at)
{
    const unsigned char *bytes = (const unsigned char *)packet->text + at;
    return at + 4 > packet->size ? 0
                                 : (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                                       (uint32_t)bytes[2] << 8 | bytes[3];
}

static char *text_at(const struct strbuf *packet, size_t at)
{
    size_t size = number_at(packet, at);
    size_t left = packet->size > at + 4 ? packet->size - at - 4 : 0;
    return mem_copy_n(packet->text + (left > 0 ? at + 4 : 0), size < left ? size : left);
}

static bool gone(struct error *err)
{
    err->sys_errno = EPIPE;
    return error_set(err, ERROR_UNREACHABLE, "the session of ssh has ended");
}

static bool send_packet(int fd, const struct strbuf *packet, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf whole = STRBUF_INIT;
    size_t sent = 0;
    add_number(&whole, (uint32_t)packet->size);
    strbuf_add_n(&whole, packet->text, packet->size);
    while (sent < whole.size) {
        ssize_t n = send(fd, whole.text + sent, whole.size - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return gone(err);
        }
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The first packet of what came, without its size, moved from one to the other; false: it is not
 * whole yet. */
static bool take_packet(struct strbuf *got, struct strbuf *packet)
{
    size_t size = number_at(got, 0);
    if (got->size < 4 || got->size - 4 < size) {
        return false;
    }
    strbuf_cut(packet, 0);
    strbuf_add_n(packet, got->text + 4, size);
    CLEANUP(strbuf_clear) struct strbuf rest = STRBUF_INIT;
    strbuf_add_n(&rest, got->text + 4 + size, got->size - 4 - size);
    strbuf_cut(got, 0);
    strbuf_add_n(got, rest.text, rest.size);
    return true;
}

/* Exactly so many bytes: what comes behind them is the next packet's. */
static bool read_exactly(int fd, size_t size, msec deadline, struct strbuf *got, struct error *err)
{
    strbuf_cut(got, 0);
    while (got->size < size) {
        struct pollfd news = {.fd = fd, .events = POLLIN};
        int n = interrupt_poll(&news, 1, deadline);
        if (n < 0) {
            return interrupt_error(err);
        }
        if (n == 0) {
            return error_set(err, ERROR_UNREACHABLE, "ssh did not answer in time");
        }
        ssize_t bytes = read(fd, strbuf_room(got, size - got->size), size - got->size);
        if (bytes <= 0) {
            return gone(err);
        }
        strbuf_grown(got, (size_t)bytes);
    }
    return true;
}

static bool read_packet(int fd, msec deadline, struct strbuf *packet, struct error *err)
{
    if (!read_exactly(fd, 4, deadline, packet, err)) {
        return false;
    }
    size_t size = number_at(packet, 0);
    if (size < 4 || size > PACKET_MAX) {
        return error_set(err, ERROR_UNREACHABLE, "what answers is no ssh");
    }
    return read_exactly(fd, size, deadline, packet, err);
}

/* --- the connection --- */

static bool greet(int fd, msec deadline, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    add_number(&packet, HELLO);
    add_number(&packet, VERSION);
    if (!send_packet(fd, &packet, err) || !read_packet(fd, deadline, &packet, err)) {
        return false;
    }
    return (number_at(&packet, 0) == HELLO && number_at(&packet, 4) == VERSION) ||
           error_set(err, ERROR_UNREACHABLE,
                     "this ssh speaks another version of its control "
                     "protocol");
}

bool mux_connect(const char *control, msec deadline, int *ret_fd, struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(control) >= sizeof address.sun_path) {
        return error_set(err, ERROR_IO, "\"%s\" is too long for a socket", control);
    }
    memcpy(address.sun_path, control, strlen(control) + 1);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        return error_set_errno(err, "could not connect to \"%s\"", control);
    }
    if (!greet(fd, deadline, err)) {
        return false;
    }
    *ret_fd = fd_take(&fd);
    return true;
}

static bool read_answer(int fd, uint32_t wanted, msec deadline, char **ret_refused,
                        struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    if (!read_packet(fd, deadline, &packet, err)) {
        return false;
    }
    uint32_t type = number_at(&packet, 0);
    if (type != wanted && type != DENIED && type != FAILURE) {
        return error_set(err, ERROR_UNREACHABLE, "ssh answers something else (%x)", type);
    }
    *ret_refused = type == wanted ? NULL : text_at(&packet, 8);
    return true;
}

bool mux_forward(int fd, struct mux_end from, struct mux_end to, msec deadline, char **ret_refused,
                 struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    add_number(&packet, OPEN_FORWARD);
    add_number(&packet, REQUEST);
    add_number(&packet, FORWARD_LOCAL);
    add_text(&packet, from.host);
    add_number(&packet, (uint32_t)from.port);
    add_text(&packet, to.host);
    add_number(&packet, (uint32_t)to.port);
    return send_packet(fd, &packet, err) && read_answer(fd, OK, deadline, ret_refused, err);
}

static bool send_descriptor(int fd, int descriptor, struct error *err)
{
    char byte = '\0';
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.room,
                             .msg_controllen = sizeof control.room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    ssize_t n = -1;
    do {
        n = sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == 1 || gone(err);
}

bool mux_session(int fd, const char *command, bool subsystem, const int streams[3], msec deadline,
                 char **ret_refused, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    add_number(&packet, NEW_SESSION);
    add_number(&packet, REQUEST);
    add_text(&packet, "");
    add_number(&packet, 0); /* a terminal */
    add_number(&packet, 0); /* X11 */
    add_number(&packet, 0); /* the agent */
    add_number(&packet, subsystem ? 1 : 0);
    add_number(&packet, NO_ESCAPE);
    add_text(&packet, ""); /* the terminal's type */
    add_text(&packet, command);
    if (!send_packet(fd, &packet, err)) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        if (!send_descriptor(fd, streams[i], err)) {
            return false;
        }
    }
    return read_answer(fd, SESSION_OPENED, deadline, ret_refused, err);
}

bool mux_connection(int fd, struct mux_end to, int stream, msec deadline, char **ret_refused,
                    struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    add_number(&packet, NEW_STDIO_FORWARD);
    add_number(&packet, REQUEST);
    add_text(&packet, "");
    add_text(&packet, to.host);
    add_number(&packet, (uint32_t)to.port);
    return send_packet(fd, &packet, err) && send_descriptor(fd, stream, err) &&
           send_descriptor(fd, stream, err) &&
           read_answer(fd, SESSION_OPENED, deadline, ret_refused, err);
}

bool mux_read_end(int fd, struct strbuf *got, int *ret_status)
{
    CLEANUP(strbuf_clear) struct strbuf packet = STRBUF_INIT;
    ssize_t n = read(fd, strbuf_room(got, 4096), 4096);
    if (n <= 0) {
        return n < 0 && errno == EINTR;
    }
    strbuf_grown(got, (size_t)n);
    while (take_packet(got, &packet)) {
        if (number_at(&packet, 0) == EXIT_MESSAGE) {
            *ret_status = (int)number_at(&packet, 8);
        }
    }
    return got->size <= PACKET_MAX;
}
