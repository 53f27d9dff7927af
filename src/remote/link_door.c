/*
 * What is said over a forwarder's door.
 *
 * A request is its size, then the number of fields, then each field with its size, and up to three
 * descriptors beside it. The answer is one byte: "ok", after which the socket is the stream, or
 * tells more; or "failed", and then the whole error: code, message, detail, hint, each ending in
 * NUL.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "headgate/file.h"
#include "headgate/interrupt.h"
#include "headgate/mem.h"
#include "link.h"

#define REQUEST_MAX ((size_t)16 * 1024 * 1024)
#define REPORT_MAX ((size_t)1024 * 1024)
#define REPORT_FIELDS 5
#define RETRY 5 /* milliseconds, where so many stand at the door that no more fit */

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int) * DOOR_FDS)];
};

void door_request_clear(struct door_request *request)
{
    for (size_t i = 0; i < request->n; i++) {
        mem_free(TAKE(request->fields[i]));
    }
    request->n = 0;
    for (size_t i = 0; i < DOOR_FDS; i++) {
        fd_closep(&request->fds[i]);
    }
}

static void add_size(struct strbuf *text, size_t size)
{
    uint32_t number = (uint32_t)size;
    strbuf_add_n(text, (const char *)&number, sizeof number);
}

static size_t read_size(const char *bytes)
{
    uint32_t number;
    memcpy(&number, bytes, sizeof number);
    return number;
}

/* --- the client --- */

static bool gone(const char *shown, struct error *err)
{
    err->retryable = true;
    error_set(err, ERROR_UNREACHABLE, "the session with %s has ended", shown);
    return error_detail(err, "The process that had it is gone.");
}

static bool knock(const char *path, const char *shown, msec deadline, int *ret_fd,
                  struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    CLEANUP(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || n < 0 || (size_t)n >= sizeof address.sun_path) {
        return error_set_errno(err, "could not make a socket");
    }
    while (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        if (errno != EAGAIN && errno != EINTR) {
            return gone(shown, err);
        }
        if (interrupt_pending() != 0) {
            return interrupt_error(err);
        }
        if (deadline_passed(deadline)) {
            return error_set(err, ERROR_UNREACHABLE, "the session with %s is too busy", shown);
        }
        deadline_sleep(deadline_in(RETRY));
    }
    *ret_fd = fd_take(&fd);
    return true;
}

static bool wait_for(int fd, short events, const char *shown, msec deadline, struct error *err)
{
    struct pollfd news = {.fd = fd, .events = events};
    int n = interrupt_poll(&news, 1, deadline);
    if (n < 0) {
        return interrupt_error(err);
    }
    if (n == 0) {
        err->retryable = true;
        (void)error_set(err, ERROR_UNREACHABLE, "%s did not answer in time", shown);
        return error_hint(err, "Is it up, and does a firewall drop what is sent to it?");
    }
    return true;
}

/* The descriptors go with the first byte. */
static ssize_t send_some(int fd, const struct strbuf *text, size_t sent, const int *fds)
{
    struct iovec piece = {.iov_base = text->text + sent, .iov_len = text->size - sent};
    union control control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (sent == 0 && fds[0] >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * DOOR_FDS);
        memcpy(CMSG_DATA(rights), fds, sizeof(int) * DOOR_FDS);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool send_request(int fd, const char *shown, const struct door_request *request,
                         msec deadline, struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    size_t size = 1, sent = 0;
    for (size_t i = 0; i < request->n; i++) {
        size += sizeof(uint32_t) + request->sizes[i];
    }
    if (size > REQUEST_MAX) {
        return error_set(err, ERROR_IO, "cannot run a program with so many arguments on %s", shown);
    }
    add_size(&text, size);
    strbuf_add_char(&text, (char)request->n);
    for (size_t i = 0; i < request->n; i++) {
        add_size(&text, request->sizes[i]);
        strbuf_add_n(&text, request->fields[i], request->sizes[i]);
    }
    while (sent < text.size) {
        ssize_t n = send_some(fd, &text, sent, request->fds);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            return gone(shown, err);
        } else if (!wait_for(fd, POLLOUT, shown, deadline, err)) {
            return false;
        }
    }
    mem_wipe(text.text, text.size);
    return true;
}

/* What comes until the end; where that is longer than any report, it is none. */
static bool read_report(int fd, const char *shown, msec deadline, struct strbuf *report,
                        struct error *err)
{
    while (report->size < REPORT_MAX) {
        if (!wait_for(fd, POLLIN, shown, deadline, err)) {
            return false;
        }
        ssize_t n = read(fd, strbuf_room(report, 4096), 4096);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            continue;
        }
        if (n <= 0) {
            return true;
        }
        strbuf_grown(report, (size_t)n);
    }
    return true;
}

bool door_ask(const char *path, const char *shown, const struct door_request *request,
              msec deadline, int *ret_fd, struct error *err)
{
    CLEANUP(fd_closep) int fd = -1;
    CLEANUP(strbuf_clear) struct strbuf report = STRBUF_INIT;
    char first = '\0';
    if (!knock(path, shown, deadline, &fd, err) ||
        !send_request(fd, shown, request, deadline, err) ||
        !wait_for(fd, POLLIN, shown, deadline, err)) {
        return false;
    }
    if (read(fd, &first, 1) != 1) {
        return gone(shown, err);
    }
    if (first != DOOR_OK) {
        return read_report(fd, shown, deadline, &report, err) && door_raise(&report, shown, err);
    }
    *ret_fd = fd_take(&fd);
    return true;
}

void door_split(const struct strbuf *text, struct strlist *texts)
{
    size_t at = 0;
    while (at < text->size) {
        strlist_add(texts, text->text + at);
        at += strlen(text->text + at) + 1;
    }
}

bool door_read_texts(int fd, const char *shown, msec deadline, struct strlist *ret_texts,
                     struct error *err)
{
    CLEANUP(strbuf_clear) struct strbuf text = STRBUF_INIT;
    if (!read_report(fd, shown, deadline, &text, err)) {
        return false;
    }
    door_split(&text, ret_texts);
    return true;
}

/* --- the forwarder --- */

/* At most as many bytes as the request still has: what follows is the stream's. */
static ssize_t hear_some(struct door_guest *guest, size_t wanted)
{
    struct iovec piece = {.iov_base = strbuf_room(&guest->got, wanted), .iov_len = wanted};
    union control control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t n = recvmsg(guest->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *rights = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (rights != NULL && rights->cmsg_type == SCM_RIGHTS && guest->n_fds == 0) {
        guest->n_fds = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(guest->fds, CMSG_DATA(rights), guest->n_fds * sizeof(int));
    }
    strbuf_grown(&guest->got, n > 0 ? (size_t)n : 0);
    return n;
}

static int parse_request(struct door_guest *guest, struct door_request *ret_request)
{
    size_t at = sizeof(uint32_t), n = (size_t)guest->got.text[at++];
    struct door_request request = DOOR_REQUEST_INIT;
    while (request.n < n && n <= DOOR_FIELDS && at + sizeof(uint32_t) <= guest->got.size) {
        size_t size = read_size(guest->got.text + at);
        at += sizeof(uint32_t);
        if (size > guest->got.size - at) {
            break;
        }
        request.fields[request.n] = mem_copy_n(guest->got.text + at, size);
        request.sizes[request.n++] = size;
        at += size;
    }
    if (n == 0 || request.n != n || at != guest->got.size) {
        door_request_clear(&request);
        return -1;
    }
    memcpy(request.fds, guest->fds, guest->n_fds * sizeof(int));
    guest->n_fds = 0;
    *ret_request = request;
    return 1;
}

int door_read_request(struct door_guest *guest, struct door_request *ret_request)
{
    const size_t head = sizeof(uint32_t);
    for (;;) {
        size_t wanted = head;
        if (guest->got.size >= head) {
            size_t size = read_size(guest->got.text);
            wanted = size > 0 && size <= REQUEST_MAX ? head + size : 0;
        }
        if (wanted == 0) {
            return -1;
        }
        if (guest->got.size == wanted && wanted > head) {
            return parse_request(guest, ret_request);
        }
        ssize_t n = hear_some(guest, wanted - guest->got.size);
        if (n <= 0) {
            return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
        }
    }
}

void door_guest_clear(struct door_guest *guest)
{
    fd_closep(&guest->fd);
    for (size_t i = 0; i < guest->n_fds; i++) {
        fd_closep(&guest->fds[i]);
    }
    guest->n_fds = 0;
    mem_wipe(guest->got.text, guest->got.capacity);
    strbuf_clear(&guest->got);
}

/* --- errors --- */

void door_tell_error(int fd, const struct error *error)
{
    CLEANUP(strbuf_clear) struct strbuf report = STRBUF_INIT;
    const char *const texts[] = {error->message, error->detail, error->hint};
    strbuf_printf(&report, "%c%d", DOOR_FAILED, (int)error->code);
    strbuf_add_char(&report, '\0');
    strbuf_add(&report, error->retryable ? "1" : "0");
    strbuf_add_char(&report, '\0');
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        strbuf_add(&report, texts[i] != NULL ? texts[i] : "");
        strbuf_add_char(&report, '\0');
    }
    (void)send(fd, report.text, report.size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool door_raise(const struct strbuf *report, const char *shown, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist fields = STRLIST_INIT;
    door_split(report, &fields);
    if (fields.n != REPORT_FIELDS) {
        return gone(shown, err);
    }
    err->retryable = text_equal(fields.items[1], "1");
    error_set(err, (enum error_code)strtol(fields.items[0], NULL, 10), "%s", fields.items[2]);
    if (fields.items[3][0] != '\0') {
        error_detail(err, "%s", fields.items[3]);
    }
    return fields.items[4][0] == '\0' ? false : error_hint(err, "%s", fields.items[4]);
}
