/*
 * The bytes of a session.
 *
 * libssh2 asks that a call that could not send all it had be repeated exactly, before any other
 * call on the session; with many channels that rule is broken sooner or later, and then most of
 * them are lost. So it never sees a full socket here: what the socket does not take is kept, and
 * nobody gives libssh2 data to send while much is kept (link_unsent). What arrives is read in large
 * pieces.
 */
#include "link.h"

#include <errno.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "headgate/interrupt.h"
#include "headgate/keystream.h"
#include "headgate/mem.h"

#define IN_SIZE ((size_t)256 * 1024)
#define OPENING_MAX                                                                                \
    ((size_t)128 * 1024) /* of what a server may say before there are keys: banner, its lists */
#define BANNER_MAX ((size_t)64 * 1024) /* of what it may say before its banner */

#define MEMORY_KEPT (8 << 20) /* of what libssh2 needs no longer: two windows */
#define MEMORY_STEP (1 << 20)

union callback {
    LIBSSH2_RECV_FUNC((*receive));
    LIBSSH2_SEND_FUNC((*send));
    LIBSSH2_DISCONNECT_FUNC((*disconnect));
    void *any;
};

/* libssh2 asks for each packet's memory anew: given back to the system each time that would cost
 * more than what is in it. */
void link_be_quick(void)
{
    (void)mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT);
    (void)mallopt(M_TOP_PAD, MEMORY_STEP);
    (void)keystream_install();
}

void link_give_back(void)
{
    (void)malloc_trim(MEMORY_STEP);
}

struct link *link_new(const struct ssh_hop *hop, struct owner_watch *owner)
{
    struct link *link = mem_new(1, sizeof *link);
    link->hop = hop;
    link->owner = owner;
    link->fd = -1;
    link->in = mem_new(1, IN_SIZE);
    link->buffer = mem_new(1, LINK_BUFFER);
    link->out = link->opening = (struct strbuf)STRBUF_INIT;
    link->portion = SIZE_MAX;
    link->heard = clock_now();
    return link;
}

/* With a socket that nobody answers on, libssh2 could not free its session. */
void link_closep(struct link **link_p)
{
    struct link *link = TAKE(*link_p);
    if (link == NULL) {
        return;
    }
    if (link->fd >= 0) {
        (void)shutdown(link->fd, SHUT_RDWR);
    }
    link->ended = true;
    if (link->session != NULL) {
        (void)libssh2_session_free(link->session);
    }
    fd_closep(&link->fd);
    mem_free(link->in);
    mem_free(link->buffer);
    strbuf_clear(&link->out);
    strbuf_clear(&link->opening);
    mem_free(link->farewell);
    mem_free(link->question);
    mem_free(link->key);
    mem_free(link->other_key);
    remote_hop_clear(&link->told);
    mem_free(link);
}

/* --- what libssh2 calls --- */

/* What a server says in clear is kept, for messages. More of it than any server has to say is not
 * waited for. */
static void keep_opening(struct link *link, const char *bytes, size_t n)
{
    if (link->keyed) {
        return;
    }
    strbuf_add_n(&link->opening, bytes, n);
    bool banner = text_starts(link->opening.text, "SSH-") ||
                  memmem(link->opening.text, link->opening.size, "\nSSH-", 5) != NULL;
    if (link->opening.size > (banner ? OPENING_MAX : BANNER_MAX)) {
        link->ended = true;
        link->failed = EOVERFLOW;
    }
}

static void fill(struct link *link)
{
    if (link->in_from == link->in_to) {
        link->in_from = link->in_to = 0;
    }
    if (!link->readable || link->ended || link->in_to == IN_SIZE) {
        return;
    }
    ssize_t n = recv(link->fd, link->in + link->in_to, IN_SIZE - link->in_to, MSG_DONTWAIT);
    if (n > 0) {
        keep_opening(link, link->in + link->in_to, (size_t)n);
        link->in_to += (size_t)n;
        link->heard = clock_now();
        link->probed = 0;
    } else if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        link->readable = errno == EINTR;
    } else {
        link->ended = true;
        link->failed = n < 0 ? errno : 0;
    }
}

static LIBSSH2_RECV_FUNC(receive)
{
    (void)socket;
    (void)flags;
    struct link *link = *abstract;
    if (link->other_key != NULL) {
        return -ECONNRESET;
    }
    if (link->in_from == link->in_to) {
        fill(link);
    }
    size_t n = link->in_to - link->in_from;
    if (n == 0) {
        return link->ended ? -ECONNRESET : -EAGAIN;
    }
    n = n < length ? n : length;
    n = n < link->portion ? n : link->portion;
    if (n == 0) {
        return -EAGAIN;
    }
    memcpy(buffer, link->in + link->in_from, n);
    link->in_from += n;
    link->portion -= n;
    return (ssize_t)n;
}

static void flush(struct link *link)
{
    while (link->out_from < link->out.size) {
        ssize_t n = send(link->fd, link->out.text + link->out_from, link->out.size - link->out_from,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                link->ended = true;
                link->failed = errno;
                break;
            }
            return;
        }
        link->out_from += (size_t)n;
        link->sent += (uint64_t)n;
    }
    strbuf_cut(&link->out, 0);
    link->out_from = 0;
}

/*
 * When keys are exchanged again, libssh2 takes whatever host key it is shown. It keeps that first,
 * then sends that it uses the new keys from here on, and uses them only once that is sent: so this
 * is where another key is noticed, and where it ends. Nothing is ever encrypted for that other one,
 * and nothing of it decrypted.
 */
static LIBSSH2_SEND_FUNC(send_all)
{
    (void)socket;
    (void)flags;
    struct link *link = *abstract;
    if (link->ended || !link_key_is_same(link)) {
        return -ECONNRESET;
    }
    if (link->out_from > IN_SIZE) {
        size_t left = link_unsent(link);
        memmove(link->out.text, link->out.text + link->out_from, left);
        strbuf_cut(&link->out, left);
        link->out_from = 0;
    }
    strbuf_add_n(&link->out, buffer, length);
    flush(link);
    return (ssize_t)length;
}

static LIBSSH2_DISCONNECT_FUNC(note_farewell)
{
    (void)session;
    (void)reason;
    (void)language;
    (void)language_len;
    struct link *link = *abstract;
    mem_free(link->farewell);
    link->farewell = mem_copy_n(message, message_len > 0 ? (size_t)message_len : 0);
}

bool link_attach(struct link *link, int fd, bool tcp, struct error *err)
{
    link->fd = fd;
    link->tcp = tcp;
    link->readable = true;
    link->session = libssh2_session_init_ex(NULL, NULL, NULL, link);
    if (link->session == NULL) {
        return error_set(err, ERROR_INTERNAL, "libssh2 makes no session");
    }
    (void)libssh2_session_callback_set(link->session, LIBSSH2_CALLBACK_RECV,
                                       ((union callback){.receive = receive}).any);
    (void)libssh2_session_callback_set(link->session, LIBSSH2_CALLBACK_SEND,
                                       ((union callback){.send = send_all}).any);
    (void)libssh2_session_callback_set(link->session, LIBSSH2_CALLBACK_DISCONNECT,
                                       ((union callback){.disconnect = note_farewell}).any);
    libssh2_session_set_blocking(link->session, 0);
    return true;
}

/* --- the socket --- */

size_t link_unsent(const struct link *link)
{
    return link->out.size - link->out_from;
}

short link_events(const struct link *link)
{
    return (short)(POLLIN | (link_unsent(link) > 0 ? POLLOUT : 0));
}

bool link_move(struct link *link, short revents)
{
    size_t before = link_unsent(link), had = link->in_to;
    if ((revents & POLLOUT) != 0) {
        flush(link);
    }
    if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        link->readable = true;
        if (link->in_from == link->in_to) {
            had = 0;
            fill(link);
        }
    }
    return link_unsent(link) != before || link->in_to != had || link->ended;
}

bool link_wait(struct link *link, msec deadline, struct error *err)
{
    for (;;) {
        int n = owner_watch_wait(link->owner, link->fd, link_events(link), deadline);
        if (n < 0) {
            return error_set(err, ERROR_TERMINATED, "nobody waits for the session any more");
        }
        if (n == 0) {
            err->retryable = true;
            return error_set(err, ERROR_UNREACHABLE, "%s did not answer in time", link->hop->shown);
        }
        if (link_move(link, POLLIN | POLLOUT)) {
            return true;
        }
    }
}

void link_acknowledge(const struct link *link)
{
    static const int yes = 1;
    if (link->tcp) {
        (void)setsockopt(link->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
    }
}

uint64_t link_progress(const struct link *link)
{
    struct tcp_info info = {.tcpi_bytes_acked = 0};
    socklen_t size = sizeof info;
    if (link->tcp && getsockopt(link->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0) {
        return info.tcpi_bytes_acked;
    }
    return link->sent;
}

void link_note(struct link *link, ssize_t result)
{
    static const int deadly[] = {LIBSSH2_ERROR_SOCKET_RECV,
                                 LIBSSH2_ERROR_SOCKET_SEND,
                                 LIBSSH2_ERROR_SOCKET_DISCONNECT,
                                 LIBSSH2_ERROR_SOCKET_NONE,
                                 LIBSSH2_ERROR_INVALID_MAC,
                                 LIBSSH2_ERROR_DECRYPT,
                                 LIBSSH2_ERROR_ENCRYPT,
                                 LIBSSH2_ERROR_PROTO,
                                 LIBSSH2_ERROR_KEX_FAILURE,
                                 LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE,
                                 LIBSSH2_ERROR_HOSTKEY_INIT,
                                 LIBSSH2_ERROR_HOSTKEY_SIGN,
                                 LIBSSH2_ERROR_OUT_OF_BOUNDARY,
                                 LIBSSH2_ERROR_TIMEOUT,
                                 LIBSSH2_ERROR_ALLOC,
                                 LIBSSH2_ERROR_BUFFER_TOO_SMALL};
    for (size_t i = 0; i < ARRAY_LEN(deadly); i++) {
        link->ended = link->ended || result == deadly[i];
    }
}
